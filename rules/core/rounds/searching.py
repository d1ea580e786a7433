"""The planner that searches: PyVRP 0.14 behind the port."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from pyvrp import IteratedLocalSearchParams, Result, Solution, SolveParams
from pyvrp import solve as pyvrp_solve
from pyvrp.exceptions import PenaltyBoundWarning

from rules.core.carp.pace import Budget
from rules.core.rounds.before import changes, tours_before
from rules.core.rounds.case import UNIT, Case
from rules.core.rounds.case_of import case_of
from rules.core.rounds.insertion import Inserter, begun
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.problem import Problem
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.tours import Tours, cost, repaired
from rules.core.rounds.write_down import plan_of

FEW, STARTS = 40, 4
"""Of so few bins the search is begun so often: with tips on the way it stays in the first hollow that it finds."""


def _params() -> SolveParams:
    # A shorter history than the 300 of PyVRP: it cools sooner, which suits budgets of a minute.
    return SolveParams(ils=IteratedLocalSearchParams(history_length=100))


class Until:
    """PyVRP's criterion for a budget: so many iterations, or until the clock says so."""

    def __init__(self, budget: Budget, share: int = 1) -> None:
        self._left = None if budget.iterations is None else math.ceil(budget.iterations / share)
        self._clock: Callable[[], float] | None = budget.clock
        self._ends = (
            0.0 if budget.seconds is None or budget.clock is None else budget.clock() + budget.seconds / share
        )

    def __call__(self, best_cost: float) -> bool:
        """Whether the search is over."""
        if self._left is not None:
            self._left -= 1
            return self._left < 0
        return self._clock is not None and self._clock() >= self._ends


@dataclass(frozen=True)
class Searching:
    """Begins anywhere, or from the plan before where there is one, and searches for better by PyVRP.

    Deterministic by seed where the budget is iterations. Never dearer than what the inserting planner
    gives: the two are compared by the same costs. A plan that changes the crews' rounds must save more than ``change_gbp``
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
        case, before = case_of(request), tours_before(request)
        inserter = begun(case, before)
        inserter.put_in(_left_of(case, inserter.tours))
        first = inserter.tours
        found, iterations = self._searched(case, first, before is not None)
        best, notes = _chosen(case, first, found, before is not None)
        return plan_of(request, best, "searching", self.seed, iterations, notes)

    def _searched(self, case: Case, first: Tours, warm: bool) -> tuple[Tours, int]:
        """Return the best tours found, and after how many iterations."""
        problem = Problem(case)
        if not problem.jobs or not problem.trucks:
            return first, 0
        found, iterations = self._feasible(problem, first, warm)
        if not found:
            # Not all must-go bins can be met: as many as can, by prizes.
            problem = Problem(case, required=False)
            found, more = self._feasible(problem, first, warm)
            iterations += more
        all_ = [_completed(case, problem.tours(solution)) for solution in found]
        return min(all_, key=lambda tours: cost(case, tours), default=first), iterations

    def _feasible(self, problem: Problem, first: Tours, warm: bool) -> tuple[list[Solution], int]:
        """Return what can be driven of what each start led to."""
        starts = STARTS if len(problem.jobs) <= FEW else 1
        results = [
            self._solve(problem, first if warm and n == 0 else None, self.seed + n, starts)
            for n in range(starts)
        ]
        found = [r.best for r in results if r.best.is_feasible()]
        return found, sum(r.num_iterations for r in results)

    def _solve(self, problem: Problem, first: Tours | None, seed: int, share: int) -> Result:
        with warnings.catch_warnings():
            # Told by the plan's own words where must-go bins are not met.
            warnings.simplefilter("ignore", PenaltyBoundWarning)
            return pyvrp_solve(
                problem.data,
                Until(self.budget, share),
                seed,
                collect_stats=False,
                params=self.params,
                initial_solution=None if first is None else problem.solution(first),
            )


def _completed(case: Case, tours: Tours) -> Tours:
    """Return what PyVRP found with breaks in it, and with what still has room."""
    kept = [repaired(case, truck, visits) for truck, visits in zip(case.trucks, tours, strict=True)]
    inserter = Inserter(case, kept)
    inserter.put_in(_left_of(case, kept))
    return inserter.tours


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
