"""What the rules of data quality remember of each device."""

from __future__ import annotations

import msgspec


class Held(msgspec.Struct, frozen=True, array_like=True):
    """A field's last value, since when it is exactly that [s since 1970], in how many readings."""

    value: float
    since_s: float
    n: int


class QualityMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A device's readings as far as their quality goes.

    Attributes:
        at_s: its newest reading with a trusted clock [s since 1970], 0 before the first.
        held: by field.
        jumps: when it changed faster than physics allows [s since 1970].
        day: the day that is counted, from 1970 in UTC; from_s: since when.
        n, repaired, suspect: readings of that day, those with a repaired clock, those whose clock is
            not trusted (not in ``n``).
        told: rule ids whose work item was opened, and when it was last said [s since 1970].
    """

    at_s: float = 0.0
    held: dict[str, Held] = {}
    jumps: tuple[float, ...] = ()
    day: int = 0
    from_s: float = 0.0
    n: int = 0
    repaired: int = 0
    suspect: int = 0
    told: dict[str, float] = {}


class BatteryMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """A battery: its last level, the lowest of today, and the lowest of the days before."""

    level: float
    day: int
    low: float
    lows: tuple[tuple[int, float], ...] = ()


class DriftMemory(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a sensor is from what its neighbours say [°C].

    Attributes:
        night: number of the night that goes on.
        hours_c: what its hours said so far.
        nights_c: medians of the last nights.
        learnt_c: medians of the first nights.
    """

    night: int = 0
    hours_c: tuple[float, ...] = ()
    nights_c: tuple[float, ...] = ()
    learnt_c: tuple[float, ...] = ()


class HeardMemory(msgspec.Struct, frozen=True, array_like=True):
    """When a weather station's readings of the last hours were measured [s since 1970]."""

    times_s: tuple[float, ...] = ()
