"""Whether a fall was an emptying, how sure that is, and what becomes of it later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from rules.core.bin_emptying.evidence import Heard, Support, is_strong, support
from rules.core.bin_emptying.falls import least_pct
from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_level.state import Evidence, Fell, Fills
from rules.core.collection_acts.model import BLOCKED, COLLECTED, CONTAMINATED, NOT_OUT

REFUSED = (BLOCKED, CONTAMINATED, NOT_OUT)

SPARSE_HINDSIGHT = 4.0
LEAST_CYCLE_S, LEAST_DAY_S = 3.0 * 3600.0, 86_400.0
KEEPS = 0.7
"""A bin's rate is so much that of its cycles before, and the rest that of the last."""
LEAST_PCT_H = 0.02
TAKEN_BACK_READINGS = 6
"""A level that is back so few readings after a fall has not been filled."""


@dataclass(frozen=True, slots=True)
class Found:
    """Something found of a bin.

    Attributes:
        what: ``emptied``; ``confirmed``, more speaks for it than did; ``retracted``, it was none; ``not_emptied``.
        at_s: when the bin was emptied, or said to be [s since 1970].
        before_pct, after_pct: fills.
        sure: 0..1.
        evidence: what speaks for it.
    """

    what: Literal["emptied", "confirmed", "retracted", "not_emptied"]
    at_s: float
    before_pct: float
    after_pct: float
    sure: float
    evidence: tuple[Evidence, ...]


def judged(
    f: Fills, at_s: float, noise_pct: float, heard: Heard, p: EmptyingParameters
) -> tuple[Fills, tuple[Found, ...]]:
    """Return what is remembered once the last fall has been looked at again, and what was found.

    Args:
        f: with the reading at ``at_s`` taken.
        at_s: now [s since 1970].
        noise_pct: standard deviation of one reading [%].
        heard: what counts of what was heard of the bin.
        p: what counts as an emptying.
    """
    fell = f.fell
    if fell is None:
        return f, ()
    if fell.n > 2 and is_over(fell, at_s, p):
        return replace(f, fell=None), ()
    near = support(heard, f.pulse_s, fell.pre_s, fell.low_s, p)
    if fell.evidence:
        return _known(f, fell, near, p)
    sure = _believed(f, fell, noise_pct, near, p)
    if sure is None:
        return f, ()
    return _emptied(f, fell, near, sure, p)


def is_over(fell: Fell, at_s: float, p: EmptyingParameters) -> bool:
    """Whether nothing that comes now says anything of a fall."""
    return at_s - fell.low_s > p.hindsight_s * (SPARSE_HINDSIGHT if fell.sparse else 1.0)


def back(f: Fills, at_s: float, noise_pct: float, p: EmptyingParameters) -> tuple[Fills, tuple[Found, ...]]:
    """Return what is remembered after a jump upwards: to where a level fell from, in no time, the fall was none."""
    fell, level = f.fell, f.fill_pct
    if fell is None or level is None or fell.sparse or fell.n > TAKEN_BACK_READINGS:
        return f, ()
    if abs(level - fell.pre_pct) > max(p.back_pct, 6.0 * noise_pct):
        return f, ()
    after = replace(f, fell=None)
    if not fell.evidence:
        return after, ()
    found = Found("retracted", fell.low_s, fell.pre_pct, fell.after_pct, 0.0, fell.evidence)
    return replace(after, emptied_s=fell.earlier_s), (found,)


def rate_pct_h(f: Fills, at_s: float, level_pct: float, p: EmptyingParameters) -> float:
    """Return how fast a bin fills [%/h]: as in its cycles so far, else in this one up to a level, else as bins do."""
    if f.rate_pct_h is not None:
        return f.rate_pct_h
    if f.cycle is None or at_s - f.cycle[0] < LEAST_DAY_S:
        return p.rate_pct_h
    return max(LEAST_PCT_H, (level_pct - f.cycle[1]) * 3600.0 / (at_s - f.cycle[0]))


def left_pct(f: Fills, fell: Fell, p: EmptyingParameters) -> float:
    """Return how much there may be in the bin after it was emptied [%]: what stuck to it and what has come since."""
    least = max(p.empty_pct, p.empty_share * fell.pre_pct)
    came = p.grow_share * rate_pct_h(f, fell.pre_s, fell.pre_pct, p) * (fell.low_s - fell.pre_s) / 3600.0
    return max(least, min(least + came, p.most_left_share * fell.pre_pct))


def _believed(f: Fills, fell: Fell, noise_pct: float, near: Support, p: EmptyingParameters) -> float | None:
    """Return how sure an emptying is by the fall alone; None: it is not believed."""
    drop, left = fell.pre_pct - fell.after_pct, left_pct(f, fell, p)
    if is_strong(near, p):
        enough = drop >= max(p.said_pct, least_pct(noise_pct, p))
        most = max(left, p.half_share * fell.pre_pct)
        if enough and fell.after_pct <= most:
            return p.sure.drop if drop >= p.drop_pct else p.sure.weak
    if fell.doubtful or drop < least_pct(noise_pct, p):
        return None
    if drop >= p.drop_pct and fell.after_pct <= left:
        return p.sure.drop
    lasts = fell.n >= (2 if fell.sparse else p.weak_readings)
    weak = drop >= p.weak_pct and fell.after_pct <= min(p.empty_pct, p.half_share * fell.pre_pct)
    return p.sure.weak if lasts and weak else None


def _emptied(
    f: Fills, fell: Fell, near: Support, sure: float, p: EmptyingParameters
) -> tuple[Fills, tuple[Found, ...]]:
    evidence: tuple[Evidence, ...] = ("drop", *near.evidence)
    again = f.emptied_s is not None and fell.low_s - f.emptied_s < p.refractory_s
    if again:
        return replace(f, fell=None), ()
    after = replace(
        f, fell=replace(fell, evidence=evidence), emptied_s=fell.low_s, rate_pct_h=_learnt(f, fell),
        cycle=(fell.low_s, fell.after_pct),
    )  # fmt: skip
    return after, (_found("emptied", fell, evidence, sure, near),)


def _known(f: Fills, fell: Fell, near: Support, p: EmptyingParameters) -> tuple[Fills, tuple[Found, ...]]:
    """Say of an emptying that more speaks for it now."""
    evidence: tuple[Evidence, ...] = ("drop", *near.evidence)
    if len(evidence) <= len(fell.evidence):
        return f, ()
    sure = p.sure.drop if fell.pre_pct - fell.after_pct >= p.drop_pct else p.sure.weak
    return replace(f, fell=replace(fell, evidence=evidence)), (
        _found("confirmed", fell, evidence, sure, near),
    )


def _found(
    what: Literal["emptied", "confirmed"],
    fell: Fell,
    evidence: tuple[Evidence, ...],
    sure: float,
    near: Support,
) -> Found:
    both = 1.0 - (1.0 - sure) * (1.0 - near.sure)
    return Found(what, fell.low_s, fell.pre_pct, fell.after_pct, both, evidence)


def _learnt(f: Fills, fell: Fell) -> float | None:
    """Return how fast the bin fills [%/h], with the cycle that this emptying ended."""
    if f.cycle is None or fell.pre_s - f.cycle[0] < LEAST_CYCLE_S:
        return f.rate_pct_h
    own = max(LEAST_PCT_H, (fell.pre_pct - f.cycle[1]) * 3600.0 / (fell.pre_s - f.cycle[0]))
    return own if f.rate_pct_h is None else KEEPS * f.rate_pct_h + (1.0 - KEEPS) * own


def count(f: Fills) -> Fills:
    """Count a reading since the last fall."""
    fell = f.fell
    return f if fell is None or fell.n > TAKEN_BACK_READINGS else replace(f, fell=replace(fell, n=fell.n + 1))


def claims(heard: Heard, after_s: float, p: EmptyingParameters) -> Iterator[tuple[float, Evidence]]:
    """Yield when somebody says that the bin was serviced, later than a time [s since 1970]: the crew, or a lorry that stood there.

    One that stood at another bin nearby says nothing of this one.
    """
    refused = [a.at_s for a in heard.acts if a.what in REFUSED]
    for act in heard.acts:
        if act.what == COLLECTED and act.at_s > after_s:
            yield act.at_s, "crew"
    for stop in heard.passes:
        if (
            stop.own >= 2
            and stop.at_s > after_s
            and not any(abs(t - stop.at_s) <= p.lorry_s for t in refused)
        ):
            yield stop.at_s, "lorry"
