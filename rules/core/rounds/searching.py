"""The planner that searches: PyVRP 0.14 behind the port."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from pyvrp import IteratedLocalSearchParams, PenaltyParams, Result, SolveParams
from pyvrp import solve as pyvrp_solve
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import NeighbourhoodParams

from rules.core.carp.pace import Budget
from rules.core.rounds.before import changes, tours_before
from rules.core.rounds.case import UNIT, Case
from rules.core.rounds.insertion import Inserter, begun
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.problem import Problem
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.tours import Tours, cost, repaired
from rules.core.rounds.write_down import plan_of


def _params() -> SolveParams:
    return SolveParams(
        ils=IteratedLocalSearchParams(),
        penalty=PenaltyParams(),
        neighbourhood=NeighbourhoodParams(),
    )


class Until:
    """PyVRP's criterion for a budget: so many iterations, or until the clock says so."""

    def __init__(self, budget: Budget) -> None:
        self._left = budget.iterations
        self._clock: Callable[[], float] | None = budget.clock
        self._ends = (
            0.0 if budget.seconds is None or budget.clock is None else budget.clock() + budget.seconds
        )

    def __call__(self, best_cost: float) -> bool:
        """Whether the search is over."""
        if self._left is not None:
            self._left -= 1
            return self._left < 0
        return self._clock is not None and self._clock() >= self._ends


@dataclass(frozen=True)
class Searching:
    """Begins as the inserting planner does, or from the plan before, and searches for better by PyVRP.

    Deterministic by seed where the budget is iterations. Never dearer than where it began: what the search found
    is compared with it by the same costs. A plan that changes the crews' rounds must save more than ``change_gbp``
    for every bin that changes.

    Attributes:
        budget: of the search: iterations, or seconds of a clock.
        seed: of everything random.
        params: of PyVRP.
    """

    budget: Budget
    seed: int = 1
    params: SolveParams = field(default_factory=_params)

    def __call__(self, request: RoundRequest) -> RoundPlan:
        """Return a plan."""
        case, before = request.case, tours_before(request)
        inserter = begun(case, before)
        inserter.put_in(_left_of(case, inserter.tours))
        first = inserter.tours
        found, iterations = self._searched(case, first)
        best, notes = _chosen(case, first, found, before is not None)
        return plan_of(request, best, "searching", self.seed, iterations, notes)

    def _searched(self, case: Case, first: Tours) -> tuple[Tours, int]:
        problem = Problem(case)
        if not problem.jobs or not problem.trucks:
            return first, 0
        result = self._solve(problem, first)
        iterations = result.num_iterations
        if not result.best.is_feasible():
            # Not all must-go bins can be met: as many as can, by prizes.
            problem = Problem(case, required=False)
            result = self._solve(problem, first)
            iterations += result.num_iterations
        if not result.best.is_feasible():
            return first, iterations
        tours = [
            repaired(case, truck, visits)
            for truck, visits in zip(case.trucks, problem.tours(result.best), strict=True)
        ]
        inserter = Inserter(case, tours)
        inserter.put_in(_left_of(case, tours))
        return inserter.tours, iterations

    def _solve(self, problem: Problem, first: Tours) -> Result:
        with warnings.catch_warnings():
            # Told by the plan's own words where must-go bins are not met.
            warnings.simplefilter("ignore", PenaltyBoundWarning)
            return pyvrp_solve(
                problem.data,
                Until(self.budget),
                self.seed,
                collect_stats=False,
                params=self.params,
                initial_solution=problem.solution(first),
            )


def _left_of(case: Case, tours: Tours) -> list[int]:
    done = {v for visits in tours for v in visits if v >= 0}
    return [j for j in range(len(case.jobs)) if j not in done]


def _chosen(case: Case, first: Tours, found: Tours, warm: bool) -> tuple[Tours, tuple[str, ...]]:
    """Return the better of two, changes counted where crews know the first."""
    saves = cost(case, first) - cost(case, found)
    changed = changes(case, first, found) if warm else 0
    if saves > round(UNIT * case.settings.change_gbp) * changed:
        words = f"{changed} bins change their lorry or place in the order, which saves £{saves / UNIT:.2f}"
        return found, (words,) if changed else ()
    if saves > 0:
        return first, (
            f"kept as it was: changing {changed} bins' lorry or place would save only £{saves / UNIT:.2f}",
        )
    return first, ()
