"""What an observation asks of each severity of an alarm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.alarm_spec import AlarmSpec, Level
from rules.core.alarms import Demand, demand
from rules.core.psychrometrics import Floats

Bools = NDArray[np.bool_]
Asked = tuple[Demand | None, ...]
"""Per level what is asked for, from the least severe; None where it is unknown."""


def asked(spec: AlarmSpec, own: Demand | None, value: float | None = None) -> Asked:
    """Return what an observation asks of each level.

    Args:
        spec: the alarm's levels.
        own: what the rule's own condition asks for.
        value: the rule's quantity, in the unit of the levels' thresholds; None where unknown.
    """
    return tuple([_of_level(level, own, value) for level in spec.levels])


@dataclass(frozen=True, slots=True)
class Asking:
    """What observations of many subjects ask of each level: per level who asks for ON, and who for OFF."""

    spec: AlarmSpec
    on: tuple[Bools, ...]
    off: tuple[Bools, ...]

    @property
    def levels(self) -> int:
        """How many severities there are."""
        return len(self.on)


def asked_of_all(spec: AlarmSpec, value: Floats, raise_at: float, clear_below: float) -> Asking:
    """Return :func:`asked` of many values, NaN = unknown, whose own condition is :func:`demand`."""
    own_on, own_off = value >= raise_at, value < clear_below  # NaN is neither
    on, off = [], []
    for level in spec.levels:
        if level.raise_at is None or level.clear_at is None:
            on.append(own_on)
            off.append(own_off)
        elif level.clear_at < level.raise_at:
            on.append(~own_off & (value >= level.raise_at))
            off.append(own_off | (value < level.clear_at))
        else:
            on.append(~own_off & (value <= level.raise_at))
            off.append(own_off | (value > level.clear_at))
    return Asking(spec, tuple(on), tuple(off))


def _of_level(level: Level, own: Demand | None, value: float | None) -> Demand | None:
    if level.raise_at is None or level.clear_at is None or own is None or own is Demand.OFF:
        return own
    return beyond(value, level.raise_at, level.clear_at)


def beyond(value: float | None, raise_at: float, clear_at: float) -> Demand | None:
    """Return whether ``value`` has passed ``raise_at``, upwards or downwards, or is back beyond ``clear_at``."""
    if clear_at < raise_at:
        return demand(value, raise_at, clear_at)
    return demand(None if value is None else -value, -raise_at, -clear_at)
