"""The solver: ruin and recreate on arcs, in cycles of cooling, with recombination of good routes.

Deterministic by seed and number of iterations. With a budget of time the same is done, but how
much of it fits, and so where the temperature stands at each step, is up to the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.carp import recombine
from rules.core.carp.anneal import anneal, keep_best
from rules.core.carp.carry import seeded
from rules.core.carp.compiled import COMPILED, flat
from rules.core.carp.load import best_plan, has_room, plan_now, put
from rules.core.carp.pace import Budget, Pace
from rules.core.carp.pool import Pool, compact, pool_of, shrink
from rules.core.carp.problem import Plan, Problem
from rules.core.carp.routes import reorient
from rules.core.carp.savings import first_plan
from rules.core.carp.schedule import Heat, cycles_for, heat_at, is_worth_recombining
from rules.core.carp.state import N_BEST, N_COST, SPARE, State, Tables, state_of, tables_of


@dataclass(frozen=True, slots=True)
class Found:
    """What the search ended with.

    Attributes:
        plan: the best one met.
        iterations: done.
        start_cost: of the plan it began with.
    """

    plan: Plan
    iterations: int
    start_cost: int


@dataclass(frozen=True)
class Search:
    """One run's problem, tables, solution and remembered routes."""

    problem: Problem
    tables: Tables
    state: State
    pool: Pool

    def begin_at_best(self) -> None:
        """Make the best solution the one that is changed."""
        put(self.tables, self.state, best_plan(self.tables, self.state).routes)

    def recombine(self) -> None:
        """Look for cheaper routes among the remembered ones, for the solution now and for the best."""
        num = self.state.num
        self._improve(plan_now(self.tables, self.state))
        if num[N_COST] != num[N_BEST]:
            self._improve(best_plan(self.tables, self.state))

    def _improve(self, plan: Plan) -> None:
        better = recombine.recombine(self.problem, self.tables, self.state, self.pool, plan)
        if better.cost < plan.cost and has_room(self.tables, better.routes):
            put(self.tables, self.state, better.routes)


def solve(problem: Problem, budget: Budget, seed: int = 1, start: Plan | None = None) -> Found:
    """Return the best plan found within a budget.

    Args:
        problem: arcs, matrix, capacity.
        budget: iterations, or seconds by a clock of the caller.
        seed: of everything random.
        start: a plan to begin with, for instance the standing routes; else one is made.
    """
    pace = Pace(budget)
    begun = first_plan(problem) if start is None else start
    if problem.tasks < 2:
        return Found(begun, 0, begun.cost)
    search = prepare(problem, begun, seed)
    _run(search, pace, float(problem.serving.mean()))
    return Found(best_plan(search.tables, search.state), pace.iterations, begun.cost)


def _run(search: Search, pace: Pace, scale: float) -> None:
    last: Heat | None = None
    worth = False
    while (chunk := pace.chunk()) > 0:
        expected = 0 if pace.expected is None else pace.expected
        cycles = cycles_for(search.problem.tasks, expected)
        worth = is_worth_recombining(expected, cycles)
        heat = heat_at(scale, min(pace.share, 1.0), cycles)
        if last is not None and (heat.cycle, heat.part) != (last.cycle, last.part):
            _turn(search, heat, heat.cycle != last.cycle, worth)
        last = heat
        anneal(search.tables, search.state, search.pool, chunk, heat.temperature)
        compact(search.tables, search.pool)
        pace.done(chunk)
    if worth:
        search.recombine()


def _turn(search: Search, heat: Heat, new_cycle: bool, worth: bool) -> None:
    """Do what is due between two parts of a cycle, or two cycles."""
    if worth:
        search.recombine()
    if new_cycle and heat.warm:
        search.begin_at_best()


def prepare(problem: Problem, begun: Plan, seed: int) -> Search:
    """Return a run that begins with a plan."""
    rng = np.random.default_rng(seed)
    per_depot = max(sum(route.depot == d for route in begun.routes) for d in range(problem.depots))
    noise = rng.random((problem.tasks, problem.tasks))
    tables = tables_of(problem, noise, max(problem.fleet, per_depot) + SPARE)
    state = state_of(tables, seeded(seed))
    put(tables, state, begun.routes)
    # A plan from outside may treat a street against the cheaper direction.
    state.num[N_COST] -= sum(reorient(tables, state, slot) for slot in range(tables.slots))
    keep_best(tables, state)
    signs = rng.integers(1, 1 << 62, problem.tasks)
    return Search(problem, tables, state, pool_of(tables, flat(signs)))


def warm_up() -> None:
    """Compile everything, so that a budget of time is not spent on it."""
    if not COMPILED:
        return
    tasks = 4
    step = np.full((2 * tasks + 1, 2 * tasks + 1), 3, dtype=np.int32)
    ones = np.ones(tasks, dtype=np.int64)
    problem = Problem(step, ones, ones, 2, 2)
    plan = solve(problem, Budget(iterations=200)).plan
    search = prepare(problem, plan, 1)
    shrink(search.tables, search.pool)
    search.recombine()
    recombine.warm_up()
