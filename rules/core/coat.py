"""What lies on a stretch of road after gritters have passed, and for how long it holds. Pure.

Salt on a stretch does not last: what is left after some time is told by the two pools of
:mod:`rules.core.road_surface.salt`, by the road's own traffic, as in the road forecast. A treatment counts in
full for as long as it holds (a parameter); when another is put on top, only what is left of the first is added.
After that it still counts as far as what is left keeps the water of tonight liquid (:mod:`rules.core.residual`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from rules.core.parameters import TreatmentParameters
from rules.core.road_surface.salt import Lying, kept_in_rain
from rules.core.road_surface.traffic import MOTORWAY
from rules.core.treatment import Pass

CELLS = 10
"""A stretch is looked at in so many parts: a lorry may have turned in the middle of it."""
COVERED_SHARE = 0.8
"""A stretch counts as treated where so much of it is."""


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


@dataclass(frozen=True, slots=True)
class Coat:
    """The salt that counts on a segment.

    Attributes:
        g_m2: at ``at_s`` [g/m²], on at least ``COVERED_SHARE`` of the segment.
        at_s: when the last treatment that counts was done [s since 1970].
        until_s: how long it holds.
        washed: whether rain has washed it off since.
        rained_mm: the rain since [mm].
        snowed_mm: the snow since [mm of water].
        lying: what lies there of all passes, pool by pool; None: of that one treatment, as under a motorway's traffic.
    """

    g_m2: float
    at_s: float
    until_s: float
    washed: bool = False
    rained_mm: float = 0.0
    snowed_mm: float = 0.0
    lying: Lying | None = None

    def left_g_m2(self, at_s: float) -> float:
        """Return what is still there [g/m²]."""
        if self.lying is not None:
            return self.lying.left_g_m2(at_s)
        if self.washed:
            return 0.0
        stays_g_m2 = self.g_m2 * kept_in_rain(self.rained_mm)
        return _first(self.at_s, MOTORWAY).spread(stays_g_m2, self.at_s).left_g_m2(at_s)

    def worn_to(self, share: float) -> Coat:
        """Return it with that share of what lies there left [-]; what was spread, and how long that holds, stay."""
        old = self.lying
        if old is None:
            old = _first(self.at_s, MOTORWAY).spread(0.0 if self.washed else self.g_m2, self.at_s)
        return replace(
            self, lying=old._replace(fast_g_m2=share * old.fast_g_m2, slow_g_m2=share * old.slow_g_m2)
        )


BARE = Coat(0.0, 0.0, 0.0)
"""A segment that nobody has treated."""


def _first(at_s: float, traffic: float) -> Lying:
    return Lying(0.0, 0.0, at_s, traffic)


def coat(passes: Sequence[Pass], rain_mm: float, p: Holds, traffic: float = MOTORWAY) -> Coat:
    """Return what the passes over a segment come to.

    Each part of the segment has its own history: a pass counts with what is left of the one before,
    unless that alone still holds and is worth more. What lies there is the sum of all passes, whatever counts.
    The segment has what all but the worst fifth of its parts have.

    Args:
        passes: over the segment, in any order.
        rain_mm: the town's rain gauge now [mm since it began].
        p: how long a treatment holds.
        traffic: of the road, relative to a busy motorway; on a motorway the least is left.
    """
    cells = [BARE] * CELLS
    for one in sorted(passes):
        after: dict[int, Coat] = {}  # most parts have the same history
        for i, before in enumerate(cells):
            if one.low <= (i + 0.5) / CELLS <= one.high:
                if id(before) not in after:
                    after[id(before)] = _covered(before, one, rain_mm - one.rain_mm, p, traffic)
                cells[i] = after[id(before)]
    counted = sorted(cells, key=lambda c: c.g_m2)[CELLS - math.ceil(COVERED_SHARE * CELLS) :]
    if counted[0].g_m2 == 0.0:
        return BARE
    return Coat(
        g_m2=counted[0].g_m2,
        at_s=max(c.at_s for c in counted),
        until_s=min(c.until_s for c in counted),
        washed=any(c.washed for c in counted),
        rained_mm=max(c.rained_mm for c in counted),
        lying=_least(counted),
    )


def _covered(before: Coat, one: Pass, rained_mm: float, p: Holds, traffic: float) -> Coat:
    """Return a part's coat after a pass; ``rained_mm``: since the pass."""
    washed = rained_mm > p.rain_mm
    until_s = one.at_s + 3600.0 * (p.holds_after_rain_h if washed else p.holds_h)
    old = _first(one.at_s, traffic) if before.lying is None else before.lying
    # What rain has washed off is gone, and with it all that lay there before: of that more rain has fallen.
    stays_g_m2 = one.g_m2 * kept_in_rain(rained_mm)
    lying = _first(one.at_s, traffic) if washed else old.spread(stays_g_m2, one.at_s)
    sum_g_m2 = one.g_m2 + old.left_g_m2(one.at_s)
    if sum_g_m2 >= before.g_m2 or one.at_s >= before.until_s:
        return Coat(sum_g_m2, one.at_s, until_s, washed, rained_mm, lying=lying)
    return replace(before, lying=lying)


def _least(parts: Sequence[Coat]) -> Lying:
    """Return what lies on each of some parts at least, in each pool."""
    newest_s = max(c.lying.at_s for c in parts if c.lying is not None)
    there = [c.lying.after(newest_s) for c in parts if c.lying is not None]
    return there[0]._replace(
        fast_g_m2=min(one.fast_g_m2 for one in there), slow_g_m2=min(one.slow_g_m2 for one in there)
    )


def coats(
    treated: Mapping[str, Sequence[Pass]],
    rain_mm: float,
    at_s: float,
    p: TreatmentParameters,
    traffic: Mapping[str, float],
) -> dict[str, Coat]:
    """Return the coat of each segment that has one at ``at_s`` [s since 1970].

    ``traffic``: of the roads, relative to a busy motorway; of one that it does not know as on a motorway.
    """
    recent = {
        segment: [one for one in passes if one.at_s > at_s - p.passes_kept_s]
        for segment, passes in treated.items()
    }
    found = {
        segment: coat(passes, rain_mm, p, traffic.get(segment, MOTORWAY))
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
        least_g_m2, most_g_m2: how much salt counts on them.
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
    rates = [c.g_m2 for c in held]
    return Done(
        segments=len(held),
        from_s=min(c.at_s for c in held),
        to_s=max(c.at_s for c in held),
        least_g_m2=min(rates),
        most_g_m2=max(rates),
        until_s=min(c.until_s for c in held),
    )
