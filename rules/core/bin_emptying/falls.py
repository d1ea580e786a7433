"""Falls of a level: opened by one low reading, confirmed by a second, then an emptying or none."""

from __future__ import annotations

from msgspec.structs import replace

from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_level import kalman, take
from rules.core.bin_level.geometry import Shape
from rules.core.bin_level.parameters import FilterParameters
from rules.core.bin_level.state import Dip, Fell, Fills, Point

MISSES = 3
"""Readings with the lid open, at most, between the fall and the second low one."""
HELD_READINGS = 6
"""So many exactly equal readings say nothing new: the sensor may have hung."""


def opens(f: Fills, fill: float, noise_pct: float, p: EmptyingParameters) -> bool:
    """Whether a fill is so far below the level that the next one must say if it is true."""
    track = f.track
    return track is not None and track.level_pct - fill >= max(p.weak_pct, p.drop_sd * noise_pct)


def opened(f: Fills, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a first low reading: the level stays."""
    assert f.track is not None
    since_s, held = f.track.at_s, f.held
    if held is not None and held.n >= HELD_READINGS and 1.0 < held.pct < 99.0:
        since_s = held.since_s
    return replace(f, dip=Dip(f.track.level_pct, since_s, fill, at_s), recent=_with(f, at_s, fill))


def again(f: Fills, d: Dip, at_s: float, fill: float, noise_pct: float, shape: Shape, p: EmptyingParameters) -> str:
    """Return what the next reading makes of a dip: ``low`` confirms it, ``lower`` begins it anew, ``missed``, or ``over``."""
    hours = (at_s - d.low_s) / 3600.0
    near = max(2.0 * shape.floor_pct, 6.0 * noise_pct)
    if d.pre_pct - fill >= max(p.again_pct, p.drop_sd * noise_pct):
        if fill < d.low_pct - near and at_s - d.low_s <= p.sparse_s:
            return "lower"
        if fill <= d.low_pct + near + p.again_pct_h * hours:
            return "low"
    elif fill - d.pre_pct <= near:
        return "over"  # as before: the low one was false
    return "over" if d.misses + 1 >= MISSES or at_s - d.low_s > p.sparse_s else "missed"


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
    if reported and sparse:
        return False  # a device that tells one fill a day has judged its own echoes
    if f.rise is not None and abs(d.low_pct - f.rise.pct) <= p.back_pct:
        return True
    return f.n < (2 if sparse else take.RISE_READINGS)


def _with(f: Fills, at_s: float, fill: float) -> tuple[Point, ...]:
    return (*f.recent, (at_s, fill))[-take.WINDOW :]


def lower(f: Fills, d: Dip, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a reading far below the first low one: that one was of the open lid."""
    return replace(f, dip=Dip(d.pre_pct, d.pre_s, fill, at_s), recent=_with(f, at_s, fill))


def missed(f: Fills, d: Dip, at_s: float, fill: float) -> Fills:
    """Return what is remembered after a reading that was neither low nor as before."""
    dip = Dip(d.pre_pct, d.pre_s, d.low_pct, d.low_s, d.misses + 1)
    return replace(f, dip=dip, odd=(at_s, fill), recent=_with(f, at_s, fill))
