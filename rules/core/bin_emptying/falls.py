"""Falls of a level: opened by one low reading, confirmed by a second, then an emptying or none."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_level import kalman, take
from rules.core.bin_level.geometry import Shape
from rules.core.bin_level.hampel import WINDOW
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Dip, Fell, Fills, Point

MISSES, SPARSE_MISSES = 3, 2
"""Readings with the lid open, at most, between the fall and the second low one."""
ROOT_2 = 2.0**0.5
REFILLS = 3.0
"""A bin may fill so many times as fast as it does on average, weekends and markets."""
Again = Literal["low", "lower", "missed", "over"]
HELD_READINGS = 6
"""So many exactly equal readings say nothing new: the sensor may have hung."""


def opens(f: Fills, at_s: float, fill: float, noise_pct: float, p: EmptyingParameters) -> bool:
    """Whether a fill is so far below the level that the next one must say if it is true."""
    track = f.track
    if track is None or track.level_pct - fill < p.said_pct:
        return False
    least = p.said_pct if at_s - track.at_s > p.sparse_s else p.weak_pct
    return track.level_pct - fill >= max(least, least_pct(noise_pct, p))


def opened(f: Fills, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a first low reading: the level stays."""
    assert f.track is not None
    since_s, held = f.track.at_s, f.held
    if held is not None and held.n >= HELD_READINGS and 1.0 < held.pct < 99.0:
        since_s = held.since_s
    return replace(f, dip=Dip(f.track.level_pct, since_s, fill, at_s), recent=_with(f, at_s, fill))


def again(
    f: Fills,
    d: Dip,
    at_s: float,
    fill: float,
    noise_pct: float,
    shape: Shape,
    p: EmptyingParameters,
    reported: bool,
) -> Again:
    """Return what the next reading makes of a dip: ``low`` confirms it, ``lower`` begins it anew, ``missed``, or ``over``."""
    gap_s = at_s - d.low_s
    sparse, near = gap_s > p.sparse_s, max(2.0 * shape.floor_pct, 6.0 * noise_pct)
    if d.pre_pct - fill >= max(p.again_pct, p.drop_sd * noise_pct):
        if fill < d.low_pct - near:
            return "lower"
        if fill <= d.low_pct + near + p.again_pct_h * gap_s / 3600.0:
            return "low"
    elif reported and sparse and _refilled(f, d, fill, gap_s):
        return "low"
    elif fill - d.pre_pct <= near:
        return "over"  # as before: the low one was false
    return "over" if d.misses + 1 >= (SPARSE_MISSES if sparse else MISSES) else "missed"


def least_pct(noise_pct: float, p: EmptyingParameters) -> float:
    """Return the least fall that is not noise [%]: the difference of two readings spreads more than one."""
    return p.drop_sd * noise_pct * ROOT_2


def _refilled(f: Fills, d: Dip, fill: float, gap_s: float) -> bool:
    """Whether a bin that fills so fast may have filled again."""
    return f.rate_pct_h is not None and fill - d.low_pct <= REFILLS * f.rate_pct_h * gap_s / 3600.0


def fallen(
    f: Fills, d: Dip, at_s: float, fill: float, noise_pct: float, own: FilterParameters, p: EmptyingParameters,
    reported: bool,
) -> Fills:  # fmt: skip
    """Return what is remembered after a confirmed fall: the level is where the two readings are."""
    sparse = at_s - d.low_s > p.sparse_s
    after = d.low_pct if sparse else (d.low_pct + fill) / 2.0
    fell = Fell(
        d.pre_pct, d.pre_s, after, d.low_s, 2, _is_doubtful(f, d, sparse, reported, p),
        earlier_s=f.emptied_s, sparse=sparse,
    )  # fmt: skip
    track = kalman.begun(at_s, fill if sparse else after, noise_pct * noise_pct, own)
    low: Point = (d.low_s, d.low_pct)
    filtered = (after, fill) if sparse else (after,)
    return replace(
        f, track=track, n=2, recent=(low, (at_s, fill)), filtered=filtered, odd=None, rise=None, jam=None,
        dip=None, fell=fell, silent=None,
    )  # fmt: skip


def _is_doubtful(f: Fills, d: Dip, sparse: bool, reported: bool, p: EmptyingParameters) -> bool:
    """Whether the level before may never have been: too few readings, or it had just come from where it fell to."""
    if reported and sparse and f.n > 0:
        return False  # a device that tells one fill a day has judged its own echoes
    if f.rise is not None and -p.back_pct <= d.low_pct - f.rise.pct <= p.back_pct + _came(f, d.low_s, p):
        return True
    return f.n < (2 if sparse else take.RISE_READINGS)


def _came(f: Fills, at_s: float, p: EmptyingParameters) -> float:
    """Return what may have come since a jump [%]."""
    assert f.rise is not None
    hours = (at_s - f.rise.since_s) / 3600.0 if f.rise.since_s > 0.0 else 0.0
    return p.grow_share * (p.rate_pct_h if f.rate_pct_h is None else f.rate_pct_h) * hours


def _with(f: Fills, at_s: float, fill: float) -> tuple[Point, ...]:
    return (*f.recent, (at_s, fill))[-WINDOW:]


def lower(f: Fills, d: Dip, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a reading far below the first low one: that one was of the open lid."""
    return replace(f, dip=Dip(d.pre_pct, d.pre_s, fill, at_s), recent=_with(f, at_s, fill))


def missed(f: Fills, d: Dip, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a reading that was neither low nor as before."""
    dip = Dip(d.pre_pct, d.pre_s, d.low_pct, d.low_s, d.misses + 1)
    return replace(f, dip=dip, odd=(at_s, fill), recent=_with(f, at_s, fill))
