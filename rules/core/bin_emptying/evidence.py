"""What speaks for an emptying beside the fall itself: a lorry, a tilt, the crew's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rules.core.bin_emptying.parameters import EmptyingParameters
from rules.core.bin_emptying.passes import Pass, newest
from rules.core.bin_level.state import Evidence
from rules.core.collection_acts.model import COLLECTED, WITHDRAWN, Act


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a bin beside its own readings, as far as it counts."""

    passes: Sequence[Pass] = ()
    acts: Sequence[Act] = ()


NOTHING = Heard()


@dataclass(frozen=True, slots=True)
class Support:
    """What speaks for an emptying, and how sure it makes by itself, 0..1."""

    evidence: tuple[Evidence, ...]
    sure: float


NONE = Support((), 0.0)


def heard_by(heard: Heard, at_s: float) -> Heard:
    """Return what counts at a time [s since 1970]; what is withdrawn was not said."""
    acts = [a for a in heard.acts if a.from_s <= at_s]
    withdrawn = {a.number for a in acts if a.what == WITHDRAWN}
    if withdrawn:
        acts = [a for a in acts if a.number not in withdrawn]
    return Heard(newest([p for p in heard.passes if p.from_s <= at_s]), acts)


def support(
    heard: Heard, pulse_s: float | None, from_s: float, to_s: float, p: EmptyingParameters
) -> Support:
    """Return what speaks for an emptying between two times [s since 1970]."""
    begin, end, sure = from_s - p.lorry_s, to_s + p.lorry_s, p.sure
    found: list[Evidence] = []
    doubt = 1.0
    near = [q for q in heard.passes if begin <= q.at_s <= end]
    if near:
        found.append("lorry")
        doubt *= 1.0 - (sure.stopped if any(q.slow for q in near) else sure.passed)
    if pulse_s is not None and begin <= pulse_s <= end:
        found.append("tilt")
        doubt *= 1.0 - sure.tilt
    if any(a.what == COLLECTED and begin <= a.at_s <= end for a in heard.acts):
        found.append("crew")
        doubt *= 1.0 - sure.crew
    return Support(tuple(found), 1.0 - doubt)


def is_strong(found: Support, p: EmptyingParameters) -> bool:
    """Whether a weak fall may be believed by this: a lorry that only drives by is none."""
    return found.sure >= min(p.sure.stopped, p.sure.tilt, p.sure.crew)
