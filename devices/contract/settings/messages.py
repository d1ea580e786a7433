"""The two documents: what a device is to be like, and what it says it is like.

``desired`` is retained on the broker, so nothing personal and no secret may be in it. Its settings are all that are set: one
that is not named is as the device was installed, whatever an earlier version said of it. ``reported`` is said after each
connection and each change.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from devices.contract.settings.model import Value

State = Literal["applied", "settling", "rolled_back", "refused"]
"""Of the version that is spoken of: in force; in force and not yet confirmed; taken back; never in force."""
STATES: tuple[State, ...] = ("applied", "settling", "rolled_back", "refused")
CONFIRM_WITHIN_S = 600
"""How long a device waits for the confirmation of what could cut it off, where nothing else is said [s]."""
MOST_BYTES = 60_000
"""Size of a ``desired`` document that every broker takes."""
_Version = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]


class Desired(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Server to device, retained.

    Attributes:
        version: grows with each change of this device's.
        settings: all that are set.
        confirm_within_s: how long to wait for ``confirmed``, or a receipt, before a change that could cut the device
            off is taken back [s].
        confirmed: the server has heard the device on this version.
    """

    version: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    settings: dict[str, Value]
    confirm_within_s: Annotated[int, msgspec.Meta(ge=10, le=86_400)] = CONFIRM_WITHIN_S
    confirmed: bool = False


class Reported(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Device to server, retained.

    Attributes:
        version: in force; 0: as it was installed.
        settings: all in force, also those that nobody set.
        state: of ``about``.
        about: the version that the state is of; 0: the one in force.
        at_ms: by the device's clock [ms since 1970].
        reasons: why it was refused or taken back, a line each.
        unknown: names in it that this firmware does not know.
        unused: names in force that this device has nothing for (no eyes, no heater).
        firmware: its version.
        boot: of its outbox.
        parts: what it is made of beside sensors.
        confirm: whether it waits for a confirmation.
        faults: what its sensors failed with lately, a line each.
        launcher: version of what starts its agent, which no update renews; 0: none, or from before it had one.
    """

    version: _Version
    settings: dict[str, Value]
    state: State = "applied"
    about: _Version = 0
    at_ms: int = 0
    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    firmware: str = ""
    boot: int = 0
    parts: tuple[str, ...] = ()
    confirm: bool = False
    faults: tuple[str, ...] = ()
    launcher: Annotated[int, msgspec.Meta(ge=0)] = 0


_DESIRED = msgspec.json.Decoder(Desired)


def read_desired(payload: bytes) -> Desired:
    """Return the document; ValueError where it is none."""
    try:
        return _DESIRED.decode(payload)
    except RecursionError as e:  # retained: raised at each start
        raise ValueError("it is nested too deep") from e
