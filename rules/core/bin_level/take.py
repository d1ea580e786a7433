"""One fill into the filter: taken, held back as odd, or believed because the next one agrees."""

from __future__ import annotations

from msgspec.structs import replace

from rules.core.bin_level import kalman
from rules.core.bin_level.geometry import Shape
from rules.core.bin_level.hampel import WINDOW, is_odd
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Fills, Run, Track

FILTERED = 3
"""Levels of which two must be full."""
RISE_PCT = 15.0
"""A jump of so many points is remembered for a while: it may be a false echo's."""
RISE_READINGS = 4
SPARSE_RISE_PCT = 25.0
AGREE_PCT_H, AGREE_MOST_PCT = 2.0, 20.0
"""Two odd readings may differ by what is thrown in between."""
COUNTED = 9


def take(
    f: Fills, at_s: float, fill: float, noise_pct: float, shape: Shape, p: FilterParameters, sparse_s: float,
    reported: bool = False,
) -> Fills:  # fmt: skip
    """Return what is remembered after a fill that is no fall.

    Args:
        f: before.
        at_s: time of the reading [s since 1970], later than the last one's.
        fill: as measured [%].
        noise_pct: standard deviation of one reading [%].
        shape: the bin.
        p: of the filter.
        sparse_s: readings further apart say nothing of each other's noise [s].
        reported: whether the device says the fill itself: one a day is then taken as it is.
    """
    track = f.track
    if track is None:
        return accepted(f, kalman.begun(at_s, fill, noise_pct * noise_pct, p), at_s, fill)
    ahead = kalman.predicted(track, at_s, shape.sun_s, p)
    off = fill - ahead.level_pct
    sparse = at_s - track.at_s > sparse_s
    jam = _jam(f, track, at_s, fill, sparse, shape, p)
    if jam is not None:
        return replace(f, jam=jam, odd=None, recent=(*f.recent, (at_s, fill))[-WINDOW:])
    if f.jam is not None:
        if f.odd is None:  # the next one says whether the sensor is free
            return replace(f, odd=(at_s, fill), recent=(*f.recent, (at_s, fill))[-WINDOW:])
        f = replace(f, jam=None)
    fits = (reported and sparse) or off * off <= p.gate_sd * p.gate_sd * (
        ahead.level_var + noise_pct * noise_pct
    )
    if fits and (
        sparse or abs(off) <= shape.floor_pct or not is_odd(f.recent, fill, p.hampel_mad, shape.floor_pct)
    ):
        f = _risen(f, track.level_pct, fill, sparse, p)
        return accepted(f, kalman.updated(ahead, fill, noise_pct * noise_pct), at_s, fill)
    if f.odd is None or not agrees(f.odd[1], f.odd[0], fill, at_s, noise_pct, shape):
        return replace(f, odd=(at_s, fill), recent=(*f.recent, (at_s, fill))[-WINDOW:])
    return _jumped(f, track, at_s, fill, noise_pct, p, sparse_s)


def accepted(f: Fills, track: Track, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a fill that was taken."""
    return Fills(
        track, f.n + 1 if f.n < COUNTED else f.n, (*f.recent, (at_s, fill))[-WINDOW:],
        (*f.filtered, track.level_pct)[-FILTERED:], None, f.rise, None, f.dip, f.fell, f.held, f.edge, None, f.tilted,
        f.pulse_s, f.emptied_s, f.cycle or (at_s, fill), f.rate_pct_h, f.judged_s,
    )  # fmt: skip


def agrees(a: float, a_s: float, b: float, b_s: float, noise_pct: float, shape: Shape) -> bool:
    """Whether two readings [%] say the same, but for noise and what was thrown in between."""
    more = min(AGREE_MOST_PCT, AGREE_PCT_H * (b_s - a_s) / 3600.0)
    return abs(b - a) <= max(2.0 * shape.floor_pct, 6.0 * noise_pct) + more


def _risen(f: Fills, before: float, fill: float, sparse: bool, p: FilterParameters) -> Fills:
    """Count the readings since a jump, those right at the sensor not; a single reading a day may jump without being odd."""
    if sparse and fill - before >= SPARSE_RISE_PCT:
        return replace(f, rise=Run(0.0, 1, before))
    if f.rise is None or fill >= p.at_sensor_pct:
        return f
    gone = sparse or f.rise.n >= RISE_READINGS
    return replace(f, rise=None if gone else Run(f.rise.since_s, f.rise.n + 1, f.rise.pct))


def _jam(
    f: Fills, track: Track, at_s: float, fill: float, sparse: bool, shape: Shape, p: FilterParameters
) -> Run | None:
    """Return the readings in a row right at the sensor after a rise that the bin can't take."""
    if fill < p.at_sensor_pct:
        return None
    if f.jam is not None:
        return Run(f.jam.since_s, f.jam.n + 1, f.jam.pct)
    most = 100.0 * p.most_l_h * (at_s - track.at_s) / 3600.0 / shape.capacity_l
    if sparse or fill - track.level_pct < max(p.blocked_jump_pct, most):
        return None
    return Run(at_s, 1, track.level_pct)


def _jumped(
    f: Fills, track: Track, at_s: float, fill: float, noise_pct: float, p: FilterParameters, sparse_s: float
) -> Fills:
    """Return what is remembered after two odd readings that agree: the level is there."""
    odd_s, odd = f.odd or (at_s, fill)
    level = fill if at_s - odd_s > sparse_s else (odd + fill) / 2.0
    rise = Run(at_s, 2, track.level_pct) if level - track.level_pct >= RISE_PCT else None
    first = replace(f, rise=rise, filtered=(*f.filtered, odd)[-FILTERED:])
    return accepted(first, kalman.begun(at_s, level, noise_pct * noise_pct, p), at_s, fill)
