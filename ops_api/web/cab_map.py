"""A lorry's way as a plan without a map: what is treated, what is still to be, where it is."""

from __future__ import annotations

from dataclasses import dataclass

from ops_api.web.sheet_view import PlanFit
from rules.core.cab.codec import OnRoads
from rules.core.cab.progress import Progress
from rules.core.fleet.plan import Leg

WIDTH, HEIGHT = 640, 420


@dataclass(frozen=True, slots=True)
class CabMap:
    """SVG paths of one plan; ``at``: where the lorry is."""

    width: int
    height: int
    empty: str
    to_do: str
    treated: str
    missed: str
    at: tuple[float, float] | None


def map_of(on: OnRoads, lorry: str, progress: Progress | None) -> CabMap | None:
    """Return the plan of a lorry's way; None where it has nothing to drive."""
    steps = [(n, s) for n, s in enumerate(on.trips[lorry].steps) if isinstance(s, Leg)]
    if not steps:
        return None
    lines = {n: on.network.line(s.arc) for n, s in steps}
    fit = PlanFit([p for line in lines.values() for p in line], WIDTH, HEIGHT, margin=24)
    done = progress.treated if progress is not None else frozenset()
    missed = set(progress.skipped) if progress is not None else set()
    paths = {"empty": "", "to_do": "", "treated": "", "missed": ""}
    for n, leg in steps:
        kind = (
            "empty" if leg.job is None else "treated" if n in done else "missed" if n in missed else "to_do"
        )
        paths[kind] += fit.path(lines[n])
    at = None if progress is None or progress.at is None else fit.at(progress.at)
    inside = at is not None and 0.0 <= at[0] <= WIDTH and 0.0 <= at[1] <= HEIGHT
    return CabMap(WIDTH, HEIGHT, **paths, at=at if inside else None)
