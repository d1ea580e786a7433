"""Serviced but not emptied: the crew or a standing lorry says so, and the level has not fallen."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from rules.core.bin_emptying.evidence import Heard
from rules.core.bin_emptying.falls import HELD_READINGS
from rules.core.bin_emptying.judge import Found, claims, rate_pct_h
from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_level.hampel import median
from rules.core.bin_level.state import Fills, Point

SETTLES_S = 900.0
"""Readings so soon after a service may still be of the open lid."""
READINGS, SPARSE_READINGS = 3, 2
LORRY_FROM_PCT = 60.0
"""A lorry stands for many reasons: it is said of it only beside bins that were at least so full."""


def not_emptied(
    f: Fills, at_s: float, heard: Heard, p: EmptyingParameters
) -> tuple[Fills, tuple[Found, ...]]:
    """Return what is remembered, and the service that a bin's readings now deny; each is judged once.

    Args:
        f: with the reading at ``at_s`` taken.
        at_s: now [s since 1970].
        heard: what counts of what was heard of the bin.
        p: what counts as an emptying.
    """
    after_s = at_s - 2.0 * 86_400.0 if f.judged_s is None else f.judged_s
    due, track = sorted(claims(heard, after_s, p)), f.track
    if not due or f.dip is not None or track is None:
        return f, ()
    when_s, by = due[-1]
    after = [r for r in f.recent if r[0] > when_s + SETTLES_S]
    before = [r for r in f.recent if r[0] <= when_s]
    if len(after) < _needed(f.recent, p) or _hangs(f, when_s):
        return f, ()
    f = replace(f, judged_s=when_s)
    if not before or _was_emptied(f, when_s, p):
        return f, ()
    was, now = median(v for _, v in before), median(v for _, v in after)
    least = p.not_emptied_from_pct if by == "crew" else LORRY_FROM_PCT
    came = rate_pct_h(f, at_s, track.level_pct, p) * max(0.0, after[0][0] - when_s) / 3600.0
    if was < least or was + came - now >= p.not_emptied_pct:
        return f, ()
    sure = p.sure.crew if by == "crew" else p.sure.stopped
    return f, (Found("not_emptied", when_s, was, now, sure, (by,)),)


def _needed(recent: Sequence[Point], p: EmptyingParameters) -> int:
    sparse = len(recent) > 1 and recent[-1][0] - recent[-2][0] > p.sparse_s
    return SPARSE_READINGS if sparse else READINGS


def _hangs(f: Fills, when_s: float) -> bool:
    """Whether the sensor has said exactly the same since before the service: it may have hung, and accuses nobody."""
    return f.held is not None and f.held.n >= HELD_READINGS and f.held.since_s <= when_s


def _was_emptied(f: Fills, when_s: float, p: EmptyingParameters) -> bool:
    """Whether the bin was emptied about then, or later."""
    if f.emptied_s is not None and f.emptied_s >= when_s - p.lorry_s:
        return True
    fell = f.fell
    return fell is not None and bool(fell.evidence) and fell.low_s >= when_s - p.lorry_s
