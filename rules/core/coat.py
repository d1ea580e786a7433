"""What lies on a stretch of road after gritters have passed, and for how long it holds. Pure.

Salt on a stretch does not last: what is left after some time is told pass by pass (:mod:`rules.core.salt_layers`), by the
road's own traffic and rain, as in the road forecast; of the passes until the newest forecast's issue there is no more than
it has there. A treatment counts in full for as long as it holds (a parameter); when another is put on top, only what is
left of the first is added. After that it still counts as far as what is left keeps the water of tonight liquid
(:mod:`rules.core.residual`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from rules.core.parameters import TreatmentParameters
from rules.core.road_surface.salt import KEPT_SHARE
from rules.core.road_surface.traffic import MOTORWAY
from rules.core.salt_layers import Known, Layer, Layers, amounts, laid
from rules.core.treatment import Pass

CELLS = 10
"""A stretch is looked at in so many parts: a lorry may have turned in the middle of it."""
MIDDLES = tuple((i + 0.5) / CELLS for i in range(CELLS))
COVERED_SHARE = 0.8
"""A stretch counts as treated where so much of it is."""
WORST = CELLS - math.ceil(COVERED_SHARE * CELLS)
RUN_S = 7200.0
"""Passes within this of the first are told as one treatment: a pass takes two hours at the most (``spread.limit_min``)."""


class Holds(Protocol):
    """How long a treatment holds: that of :class:`rules.core.gritting_parameters.TreatmentParameters`."""

    @property
    def holds_h(self) -> float:
        """How long it counts."""
        ...

    @property
    def rain_mm(self) -> float:
        """After more rain than this ..."""
        ...

    @property
    def holds_after_rain_h(self) -> float:
        """... it counts no longer than that."""
        ...


class Part(NamedTuple):
    """Parts of a stretch with the same passes: how many tenths of it they are, and what lies there."""

    tenths: int
    layers: Layers


@dataclass(frozen=True, slots=True)
class Coat:
    """The salt that counts on a segment.

    Attributes:
        g_m2: at ``at_s`` [g/m²], on at least ``COVERED_SHARE`` of the segment.
        at_s: when what counts was done, of parts that differ the first [s since 1970].
        until_s: how long it holds.
        washed: whether rain has washed it off since.
        rained_mm: the rain since [mm].
        snowed_mm: the snow since [mm of water].
        parts: what lies there of all passes; none: of that one treatment, as under a motorway's traffic.
        spread_g_m2: what that treatment itself spread [g/m²]; None: all that counts.
        own_g_m2: of that its last pass [g/m²]; None likewise.
        run_s: when that treatment began, its first pass [s since 1970]; None: at ``at_s``.
        done_s: when the last of the parts was done [s since 1970]; None: at ``at_s``.
    """

    g_m2: float
    at_s: float
    until_s: float
    washed: bool = False
    rained_mm: float = 0.0
    snowed_mm: float = 0.0
    parts: tuple[Part, ...] = ()
    spread_g_m2: float | None = None
    own_g_m2: float | None = None
    run_s: float | None = None
    done_s: float | None = None

    @property
    def last_s(self) -> float:
        """When somebody last put salt there that counts [s since 1970]."""
        return self.at_s if self.done_s is None else self.done_s

    def left_g_m2(self, at_s: float, coming_mm: float = 0.0, washed_mm: float = math.inf) -> float:
        """Return what is still there on all but the worst fifth [g/m²]; arguments as of :meth:`rules.core.salt_layers.Layers.left_g_m2`."""
        if len(self.parts) == 1:
            return self.parts[0].layers.left_g_m2(at_s, coming_mm, washed_mm)
        if self.parts:
            left = [(p.layers.left_g_m2(at_s, coming_mm, washed_mm), p.tenths) for p in self.parts]
            return sorted(g_m2 for g_m2, tenths in left for _ in range(tenths))[WORST]
        if self.washed:
            return 0.0
        alone = Layer((1.0 - KEPT_SHARE) * self.g_m2, KEPT_SHARE * self.g_m2, self.rained_mm)
        return Layers(self.at_s, MOTORWAY, (alone,)).left_g_m2(at_s, coming_mm, washed_mm)


BARE = Coat(0.0, 0.0, 0.0)
"""A segment that nobody has treated."""


class _Treatment(NamedTuple):
    """A pass over a part of a segment, with what is left there of those before; attributes as of :class:`Coat`."""

    g_m2: float
    at_s: float
    until_s: float
    washed: bool
    rained_mm: float
    spread_g_m2: float
    own_g_m2: float
    run_s: float


_NONE = _Treatment(0.0, 0.0, 0.0, False, 0.0, 0.0, 0.0, 0.0)


def coat(
    passes: Sequence[Pass],
    rain_mm: float,
    p: Holds,
    traffic: float = MOTORWAY,
    at_s: float | None = None,
    known: Known | None = None,
) -> Coat:
    """Return what the passes over a segment come to.

    Each part of the segment has its own history: a pass counts with what is left of those before, unless one of those still
    holds and is worth more. What lies there is the sum of all passes, whatever counts.
    The segment has what all but the worst fifth of its parts have.

    Args:
        passes: over the segment, in any order.
        rain_mm: the town's rain gauge now [mm since it began].
        p: how long a treatment holds.
        traffic: of the road, relative to a busy motorway; on a motorway the least is left.
        at_s: now [s since 1970]; None: at the last pass.
        known: what the newest road forecast has there, None = there is none.
    """
    ordered = sorted(passes)
    if not ordered:
        return BARE
    now_s = ordered[-1].at_s if at_s is None else at_s
    parts, cells = [], []
    for those, tenths in _histories(ordered):
        layers, found = _part(those, rain_mm, p, traffic, known)
        parts.append(Part(tenths, layers))
        cells += [_counts(found, now_s)] * tenths
    counted = sorted(cells)[WORST:]
    if counted[0].g_m2 == 0.0:
        return BARE
    return Coat(
        g_m2=counted[0].g_m2,
        at_s=min(c.at_s for c in counted),
        until_s=min(c.until_s for c in counted),
        washed=any(c.washed for c in counted),
        rained_mm=max(c.rained_mm for c in counted),
        parts=tuple(parts),
        spread_g_m2=min(c.spread_g_m2 for c in counted),
        own_g_m2=min(c.own_g_m2 for c in counted),
        run_s=min(c.run_s for c in counted),
        done_s=max(c.at_s for c in counted),
    )


def _histories(passes: Sequence[Pass]) -> list[tuple[Sequence[Pass], int]]:
    """Return the passes over the tenths of a segment, and of how many tenths they are."""
    half = [one for one in passes if one.low > MIDDLES[0] or one.high < MIDDLES[-1]]
    if not half:
        return [(passes, CELLS)]
    alike = Counter([tuple([one for one in half if not one.low <= m <= one.high]) for m in MIDDLES])
    return [([one for one in passes if one not in missed], tenths) for missed, tenths in alike.items()]


def _part(
    passes: Sequence[Pass], rain_mm: float, p: Holds, traffic: float, known: Known | None
) -> tuple[Layers, list[_Treatment]]:
    """Return what lies on a part of a segment after passes in order of time, and what each of them comes to."""
    there_g_m2 = amounts(known, passes, p.rain_mm, traffic)
    layers, before_g_m2 = laid(passes, there_g_m2, rain_mm, p.rain_mm, traffic)
    found: list[_Treatment] = []
    for one, old_g_m2 in zip(passes, before_g_m2, strict=True):
        rained_mm = rain_mm - one.rain_mm
        washed = rained_mm > p.rain_mm
        until_s = one.at_s + 3600.0 * (p.holds_after_rain_h if washed else p.holds_h)
        same_run = bool(found) and one.at_s - found[-1].run_s <= RUN_S
        spread_g_m2 = one.g_m2 + (found[-1].spread_g_m2 if same_run else 0.0)
        run_s = found[-1].run_s if same_run else one.at_s
        amount = one.g_m2 + old_g_m2
        found.append(_Treatment(amount, one.at_s, until_s, washed, rained_mm, spread_g_m2, one.g_m2, run_s))
    return layers, found


def _counts(found: Sequence[_Treatment], at_s: float) -> _Treatment:
    """Return which treatment of a part counts: of those that still hold the one worth most, else the last."""
    if not found:
        return _NONE
    return max((t for t in found if t.until_s > at_s), default=found[-1])


def coats(
    treated: Mapping[str, Sequence[Pass]],
    rain_mm: float,
    at_s: float,
    p: TreatmentParameters,
    traffic: Mapping[str, float],
    known: Mapping[str, Known] | None = None,
) -> dict[str, Coat]:
    """Return the coat of each segment that has one at ``at_s`` [s since 1970].

    ``traffic``: of the roads, relative to a busy motorway; of one that it does not know as on a motorway.
    ``known``: what the newest road forecast has on them, where there is one.
    """
    told = {} if known is None else known
    recent = {
        segment: [one for one in passes if one.at_s > at_s - p.passes_kept_s]
        for segment, passes in treated.items()
    }
    found = {
        segment: coat(passes, rain_mm, p, traffic.get(segment, MOTORWAY), at_s, told.get(segment))
        for segment, passes in recent.items()
        if passes
    }
    return {segment: one for segment, one in found.items() if one.g_m2 > 0.0}


@dataclass(frozen=True, slots=True)
class Done:
    """The treatments of a route that still hold. Times in s since 1970.

    Attributes:
        segments: how many are treated.
        from_s, to_s: between which they were.
        least_g_m2, most_g_m2: how much salt they spread there.
        until_s: when the first of them ends.
    """

    segments: int
    from_s: float
    to_s: float
    least_g_m2: float
    most_g_m2: float
    until_s: float


def done(found: Sequence[Coat], at_s: float) -> Done | None:
    """Return what of a route's coats still holds, None where nothing does."""
    held = [c for c in found if c.until_s > at_s]
    if not held:
        return None
    rates = [c.g_m2 if c.spread_g_m2 is None else c.spread_g_m2 for c in held]
    return Done(
        segments=len(held),
        from_s=min(c.at_s for c in held),
        to_s=max(c.last_s for c in held),
        least_g_m2=min(rates),
        most_g_m2=max(rates),
        until_s=min(c.until_s for c in held),
    )
