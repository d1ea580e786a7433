"""What the engine remembers of bins, of lorries near them, and of what is said of them."""

from __future__ import annotations

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


NO_PASSES, NO_ACTS = BinPasses(), BinActs()
