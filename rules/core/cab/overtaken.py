"""Whether the night has overtaken a plan while that was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Contents
from rules.core.cab.progress import Progress
from rules.core.fleet.plan import Leg


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A lorry has begun, meanwhile, what the new plan gives to another."""

    lorry: str
    other: str
    street: str


def overtaken(
    on: OnRoads, was: Mapping[str, Progress], progress: Mapping[str, Progress], new: Contents
) -> Overtaken | None:
    """Return what a lorry has begun meanwhile that a new plan gives to another; None where there is nothing.

    What was begun before, the new plan knows of: where it has such a pass driven, it is to be driven again.

    Args:
        on: the plan that is being driven, on its roads.
        was: of its lorries, as the new plan was made from it.
        progress: when the new plan is there.
        new: that plan.
    """
    gives = {s.job: t.lorry for t in new.trips for s in t.steps if s.job is not None}
    for lorry, p in progress.items():
        knew = _begun(on, was[lorry]) if lorry in was else frozenset()
        for number in sorted(_begun(on, p) - knew) if lorry not in new.out else ():
            leg = on.trips[lorry].steps[number]
            if not isinstance(leg, Leg) or gives.get(leg.job or "", lorry) == lorry:
                continue
            segment = on.network.segments[on.network.arcs[leg.arc].segment]
            return Overtaken(lorry, gives[leg.job or ""], segment.street or segment.segment_id)
    return None


def _begun(on: OnRoads, p: Progress) -> frozenset[int]:
    """Return the steps that a lorry has treated, and the one that it is treating."""
    here = frozenset({p.step}) if p.phase == "drives" and p.on_it and on.trips[p.lorry].steps else frozenset()
    return p.treated | p.assumed | here
