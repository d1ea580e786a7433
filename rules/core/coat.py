"""What lies on a stretch of road after gritters have passed, and for how long it holds. Pure.

Salt on a stretch does not last: what is left after some time is told by the two pools of
:mod:`rules.core.road_surface.salt`. A treatment counts in full for as long as it holds (a parameter);
when another is put on top, only what is left of the first is added. After that it still counts as far
as what is left keeps the water of tonight liquid (:mod:`rules.core.residual`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rules.core.parameters import TreatmentParameters
from rules.core.road_surface.salt import left_of_one
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
    """

    g_m2: float
    at_s: float
    until_s: float
    washed: bool = False
    rained_mm: float = 0.0
    snowed_mm: float = 0.0

    def left_g_m2(self, at_s: float) -> float:
        """Return what is still there [g/m²]."""
        return 0.0 if self.washed else self.g_m2 * left_of_one((at_s - self.at_s) / 3600.0)


BARE = Coat(0.0, 0.0, 0.0)
"""A segment that nobody has treated."""


def coat(passes: Sequence[Pass], rain_mm: float, p: Holds) -> Coat:
    """Return what the passes over a segment come to.

    Each part of the segment has its own history: a pass adds what is left of the one before,
    unless that alone still holds and is worth more. The segment has what all but the worst
    fifth of its parts have.

    Args:
        passes: over the segment, in any order.
        rain_mm: the town's rain gauge now [mm since it began].
        p: how long a treatment holds.
    """
    cells = [BARE] * CELLS
    for one in sorted(passes):
        rained_mm = rain_mm - one.rain_mm
        washed = rained_mm > p.rain_mm
        until_s = one.at_s + 3600.0 * (p.holds_after_rain_h if washed else p.holds_h)
        for i, before in enumerate(cells):
            if one.low <= (i + 0.5) / CELLS <= one.high:
                sum_g_m2 = one.g_m2 + before.left_g_m2(one.at_s)
                if sum_g_m2 >= before.g_m2 or one.at_s >= before.until_s:
                    cells[i] = Coat(sum_g_m2, one.at_s, until_s, washed, rained_mm)
    counted = sorted(cells, key=lambda c: c.g_m2)[CELLS - math.ceil(COVERED_SHARE * CELLS) :]
    if counted[0].g_m2 == 0.0:
        return BARE
    return Coat(
        g_m2=counted[0].g_m2,
        at_s=max(c.at_s for c in counted),
        until_s=min(c.until_s for c in counted),
        washed=any(c.washed for c in counted),
        rained_mm=max(c.rained_mm for c in counted),
    )


def coats(
    treated: Mapping[str, Sequence[Pass]], rain_mm: float, at_s: float, p: TreatmentParameters
) -> dict[str, Coat]:
    """Return the coat of each segment that has one at ``at_s`` [s since 1970]."""
    recent = {
        segment: [one for one in passes if one.at_s > at_s - p.passes_kept_s]
        for segment, passes in treated.items()
    }
    found = {segment: coat(passes, rain_mm, p) for segment, passes in recent.items() if passes}
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
