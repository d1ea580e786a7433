"""What the frog thinks of the air in its room: calm, look or act. Pure.

The frog knows one room and no weather, so this is a first look, not the town's answer: it goes by
the wall where there is a probe, else by the humidity of the air. Limits: surface humidity
80 % is where a risk begins if it lasts (BS 5250:2002), 70 % is near it; without a probe the usual
60 % and 70 % of the air. A shower must not make the eyes call for help, so ``act`` needs
the mean of three hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from devices.air import surface_humidity_pct
from devices.page.samples import Sample

Mood = Literal["calm", "look", "act"]

LOOK_S = 1800
ACT_S = 3 * 3600
WALL_LOOK_PCT, WALL_ACT_PCT = 70.0, 80.0
AIR_LOOK_PCT, AIR_ACT_PCT = 60.0, 70.0
COLD_C = 16.0


@dataclass(frozen=True, slots=True)
class Limits:
    """By what it is judged; the usual ones where a device is not told others (docs/fleet-settings.md).

    Attributes:
        wall_look_pct, wall_act_pct: humidity at the wall's surface [%].
        air_look_pct, air_act_pct: humidity of the air, where there is no probe [%].
        cold_c: below it a room is cold [°C].
    """

    wall_look_pct: float = WALL_LOOK_PCT
    wall_act_pct: float = WALL_ACT_PCT
    air_look_pct: float = AIR_LOOK_PCT
    air_act_pct: float = AIR_ACT_PCT
    cold_c: float = COLD_C


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the frog thinks.

    Attributes:
        mood: what the eyes show.
        by_wall: whether it went by the wall's probe, else by the air.
        cold: whether the room was cold in the last half hour.
    """

    mood: Mood
    by_wall: bool
    cold: bool


def opinion(samples: Sequence[Sample], now_s: int, limits: Limits = USUAL) -> Opinion | None:
    """Return what to think of the last three hours; None without a sample of the last half hour.

    Args:
        samples: oldest first.
        now_s: [s since 1970].
        limits: by what to judge.
    """
    lately = [s for s in samples if now_s - LOOK_S <= s.at_s <= now_s]
    if not lately:
        return None
    long = [s for s in samples if now_s - ACT_S <= s.at_s <= now_s]
    by_wall = all(s.wall_c is not None for s in lately)
    look_pct, act_pct = (
        (limits.wall_look_pct, limits.wall_act_pct) if by_wall else (limits.air_look_pct, limits.air_act_pct)
    )
    spans_long = long[-1].at_s - long[0].at_s >= ACT_S // 2
    cold = _mean([s.temperature_c for s in lately]) < limits.cold_c
    mood: Mood = "calm"
    if spans_long and _wetness_pct(long, by_wall=by_wall) >= act_pct:
        mood = "act"
    elif cold or _wetness_pct(lately, by_wall=by_wall) >= look_pct:
        mood = "look"
    return Opinion(mood, by_wall, cold)


def wall_pct(s: Sample) -> float | None:
    """Return the humidity at the wall's surface [%]; None without a probe."""
    return None if s.wall_c is None else surface_humidity_pct(s.temperature_c, s.humidity_pct, s.wall_c)


def _wetness_pct(samples: Sequence[Sample], *, by_wall: bool) -> float:
    if not by_wall:
        return _mean([s.humidity_pct for s in samples])
    return _mean([pct for s in samples if (pct := wall_pct(s)) is not None])


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
