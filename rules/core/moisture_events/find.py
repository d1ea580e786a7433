"""Moisture events in the series of one box.

The rule is the rise of the five-minute mean of ABSOLUTE humidity over ten minutes, for relative
humidity also rises when a window is opened in the cold (Bristol SPHERE house: 34.2 → 35.0 % while
the air lost a tenth of its water). No published accuracy exists for domestic five-minute series;
``python -m bench moisture`` measures it on simulated homes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.moisture_events.clearing import grams_of, minutes_until
from rules.core.moisture_events.grid import Grid, Outdoor, grid_of
from rules.core.moisture_events.kinds import guess
from rules.core.moisture_events.model import Airing, Event
from rules.core.moisture_events.parameters import MoistureParameters
from rules.core.moisture_events.rises import Span, baseline_g_m3, falls, rises
from rules.core.psychrometrics import Floats

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a series shows, in order of time."""

    events: tuple[Event, ...]
    airings: tuple[Airing, ...]


def look_back_s(p: MoistureParameters) -> float:
    """Return how long before a window its series must begin, for the same events as over the whole [s]."""
    return p.airing.before_s + p.airing.longest_s + 2.0 * p.rise.longest_s


def look_ahead_s(p: MoistureParameters) -> float:
    """Return how long after a window its series must go on, for the same events as over the whole [s]."""
    return p.rise.longest_s + p.clear.within_s + p.rise.longest_s


def find(
    at_s: Floats,
    temperature_c: Floats,
    humidity_pct: Floats,
    p: MoistureParameters,
    outdoor: Outdoor | None = None,
    *,
    local_offset_s: float = 0.0,
    from_s: float = -np.inf,
    until_s: float = np.inf,
) -> Found:
    """Return showers, cooking and opened windows that begin within [``from_s``, ``until_s``).

    Over a window the result is the one of the whole series, provided that the readings given
    begin :func:`look_back_s` before it and go on :func:`look_ahead_s` after it. Of the latest
    hours less is known: an event may still be rising, and has not cleared.

    Args:
        at_s: times of the readings [s since 1970], in any order, with gaps.
        temperature_c: air [°C]; NaN leaves the reading out.
        humidity_pct: relative humidity [%]; NaN leaves the reading out.
        p: the settings.
        outdoor: vapour pressure outdoors; without it no event is excused by it.
        local_offset_s: of local time from UTC [s], for the hour of the day.
        from_s: beginning of the window [s since 1970].
        until_s: its end, not in it.
    """
    grid = grid_of(at_s, temperature_c, humidity_pct, p.rise.bin_s, outdoor)
    if len(grid) == 0:
        return Found(events=(), airings=())
    low = [_airing(grid, span) for span in falls(grid.vapour_g_m3, p.rise, p.airing)]
    aired = [a for a in low if a.toward_outdoor is None or a.toward_outdoor > 0.0]
    spans = rises(grid.vapour_g_m3, p.rise)
    limits = [*(start for start, _ in spans), len(grid)][1:]
    events = [
        _event(grid, s, limit, aired, p, local_offset_s) for s, limit in zip(spans, limits, strict=True)
    ]
    return Found(
        events=tuple(e for e in events if from_s <= e.start_s < until_s),
        airings=tuple(a for a in aired if from_s <= a.start_s < until_s),
    )


def _airing(grid: Grid, span: Span) -> Airing:
    start, low = span
    before, lowest, outdoor = grid.vapour_g_m3[start], grid.vapour_g_m3[low], grid.outdoor_g_m3[low]
    drier = bool(np.isfinite(outdoor))
    toward = (
        None if not drier else float((before - lowest) / (before - outdoor)) if before > outdoor else -1.0
    )
    return Airing(
        start_s=float(grid.at_s[start]),
        lowest_s=float(grid.at_s[low]),
        before_g_m3=float(before),
        lowest_g_m3=float(lowest),
        toward_outdoor=toward,
    )


def _event(
    grid: Grid, span: Span, limit: int, aired: list[Airing], p: MoistureParameters, local_offset_s: float
) -> Event:
    start, peak = span
    start_s, peak_s = float(grid.at_s[start]), float(grid.at_s[peak])
    base, top = baseline_g_m3(grid.vapour_g_m3, start, p.rise), float(grid.vapour_g_m3[peak])
    half, clear = _clears(grid, peak, limit, base, top, p)
    end_s = peak_s if clear is None else peak_s + 60.0 * clear
    rise_min = (peak_s - start_s) / 60.0
    above = np.maximum(grid.vapour_g_m3[start : peak + 1] - base, 0.0)
    standing = float(np.nanmean(above)) * rise_min
    activity, confidence = guess(rise_min, (start_s + local_offset_s) % DAY_S / 3600.0, p.kind)
    return Event(
        start_s=start_s,
        peak_s=peak_s,
        end_s=end_s,
        baseline_g_m3=base,
        peak_g_m3=top,
        grams=grams_of(top - base, standing, half, p.room),
        full=bool(grid.humidity_pct[peak] >= p.room.full_pct),
        half_min=half,
        clear_min=clear,
        aired=any(start_s <= a.start_s <= end_s for a in aired),
        outdoor_explains=_outdoor_explains(grid, start, peak, p),
        rebound=any(_is_rebound(start_s, top, a, p) for a in aired),
        activity=activity,
        confidence=confidence,
    )


def _clears(
    grid: Grid, peak: int, limit: int, base: float, top: float, p: MoistureParameters
) -> tuple[float | None, float | None]:
    """Return the minutes until half, and until nine tenths of a rise are gone."""
    last = min(limit, peak + int(p.clear.within_s / p.rise.bin_s))
    half, clear = (
        minutes_until(
            grid.at_s, grid.vapour_g_m3, peak, last, base + share * (top - base), 6.0 * p.rise.bin_s
        )
        for share in (0.5, p.clear.left_share)
    )
    return half, clear


def _outdoor_explains(grid: Grid, start: int, peak: int, p: MoistureParameters) -> bool | None:
    """Whether mixing with outdoor air could have lifted the room so far: no mixture is wetter than its parts."""
    around = grid.outdoor_g_m3[start : peak + 1]
    if np.isnan(around).all():
        return None
    return bool(grid.vapour_g_m3[peak] <= np.nanmax(around) + p.rise.noise_g_m3)


def _is_rebound(start_s: float, top_g_m3: float, a: Airing, p: MoistureParameters) -> bool:
    near = -p.rise.bin_s <= start_s - a.lowest_s <= p.airing.rebound_s
    return near and top_g_m3 <= a.before_g_m3 + p.rise.noise_g_m3
