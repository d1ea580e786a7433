"""What the engine remembers of bins, of lorries near them, and of what is said of them."""

from __future__ import annotations

from typing import Literal

import msgspec

from rules.core.bin_emptying.passes import Pass
from rules.core.bin_level.state import Fills
from rules.core.collection_acts.model import Act
from rules.core.conditions.condition import DOWN, Condition

Heat = tuple[tuple[float, float], ...]
"""Times [s since 1970] and temperatures [°C], oldest first."""


class FireTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """A fire told by a reading that does not count yet; None: none."""

    at_s: float | None = None
    heat: Heat = ()


class BinMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A bin: fills, alarms, temperatures of the last minutes, and what was last reported."""

    at_s: float
    first_s: float
    fills: Fills = Fills()
    full: Condition = DOWN
    fire: Condition = DOWN
    heat: Heat = ()
    distance_mm: float | None = None
    temperature_c: float | None = None
    tilt_deg: float | None = None
    battery_pct: float | None = None


class BinPasses(msgspec.Struct, frozen=True, omit_defaults=True):
    """Lorries that were near a bin lately, by the minute, oldest first."""

    passes: tuple[Pass, ...] = ()


class BinActs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What crews and residents last said of a bin, oldest first."""

    acts: tuple[Act, ...] = ()


class Overflow(msgspec.Struct, frozen=True, array_like=True):
    """An incident: since when a bin overflows [s since 1970], by its level or by the report of this number."""

    since_s: float
    by: Literal["level", "report"]
    act: int = 0


class TroubleMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong at a bin.

    Attributes:
        at_s: when that last changed [s since 1970].
        tilted, blocked, not_emptied, contaminated: alarms.
        overflow: an incident; None: the bin does not overflow.
        denied_s: the last service that the level denied [s since 1970].
        contradicted: number of the last report that was told as contradicted by the sensor.
    """

    at_s: float
    tilted: Condition = DOWN
    blocked: Condition = DOWN
    not_emptied: Condition = DOWN
    contaminated: Condition = DOWN
    overflow: Overflow | None = None
    denied_s: float | None = None
    contradicted: int = 0


class SaidMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """Acts that have not been looked at yet: as of when they count [s since 1970], and of which bin."""

    waiting: tuple[tuple[float, str], ...] = ()


NO_PASSES, NO_ACTS, NO_TROUBLE, NONE_SAID = BinPasses(), BinActs(), TroubleMemory(0.0), SaidMemory()
