"""The exceptions of the whole product: one root, three families.

``ConfigurationError``: fix what you gave us and start again.
``TransientError``: the outside world failed; trying again may help.
``InvariantError``: a bug; stop rather than go on.

The text of each is shown to the user as it is, without a traceback: it names
the thing, its value and what is allowed or what to do.
"""

from __future__ import annotations


class CityopsError(Exception):
    """Root of every exception that cityops raises on purpose."""

    exit_code = 1


class ConfigurationError(CityopsError):
    """What the user or an installation gave is wrong or missing."""

    exit_code = 2


class TransientError(CityopsError):
    """A database, broker or network did not answer; retry with back-off."""

    exit_code = 3


class InvariantError(CityopsError):
    """Something that can't be is: a bug in cityops."""

    exit_code = 4
