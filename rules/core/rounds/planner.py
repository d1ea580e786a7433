"""The port of whoever plans a day's rounds, and the planner that only inserts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rules.core.rounds.before import tours_before
from rules.core.rounds.case_of import case_of
from rules.core.rounds.insertion import begun
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.write_down import plan_of


class RoundPlanner(Protocol):
    """Plans a day's rounds. What it gives passes ``verify``; how good it is differs."""

    def __call__(self, request: RoundRequest) -> RoundPlan:
        """Return a plan.

        Raises:
            ValueError: the request names what there is not, in words.
        """
        ...


@dataclass(frozen=True)
class Inserting:
    """Puts bin after bin where it costs least: quick, deterministic, and some ten percent dearer than a search."""

    def __call__(self, request: RoundRequest) -> RoundPlan:
        """Return a plan; where there was one before, its order stays and only what is new is put in."""
        case = case_of(request)
        inserter = begun(case, tours_before(request))
        done = {v for visits in inserter.tours for v in visits if v >= 0}
        inserter.put_in(j for j in range(len(case.jobs)) if j not in done)
        return plan_of(request, inserter.tours, "inserting", 0, 0)
