"""What a crew or a resident said of a bin."""

from __future__ import annotations

import msgspec

(
    COLLECTED,
    BLOCKED,
    CONTAMINATED,
    NOT_OUT,
    REPORTED_FULL,
    REPORTED_OVERFLOWING,
    REPORTED_DAMAGED,
    WITHDRAWN,
) = range(1, 9)
"""Codes of ``what``. ``WITHDRAWN``: the act of the same number does not count."""


class Act(msgspec.Struct, frozen=True, array_like=True):
    """An act.

    Attributes:
        number: of the act.
        what: a code.
        at_s: when it happened [s since 1970].
        from_s: it counts from then on, a full minute [s since 1970].
    """

    number: int
    what: int
    at_s: float
    from_s: float
