"""The arc routing search on random towns: what it says it costs, it costs; what it plans can be driven."""

from __future__ import annotations

import itertools
from types import ModuleType

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.core.carp import carry, chance
from rules.core.carp.anneal import anneal
from rules.core.carp.carry import seeded
from rules.core.carp.compiled import flat
from rules.core.carp.drive import drives_of
from rules.core.carp.ends import ends_of
from rules.core.carp.instance import Instance
from rules.core.carp.load import plan_now, put
from rules.core.carp.matrix import problem_of
from rules.core.carp.pace import Budget
from rules.core.carp.problem import FORBIDDEN, Plan, Problem, Route
from rules.core.carp.recreate import best_place, insert, look_round, packed
from rules.core.carp.routes import bring_back, keep, reorient
from rules.core.carp.ruin import ruin
from rules.core.carp.savings import first_plan
from rules.core.carp.solve import prepare, solve
from rules.core.carp.state import (
    N_COST,
    N_OPEN,
    N_REMOVED,
    N_STAMP,
    N_USED,
    State,
    Tables,
    state_of,
    tables_of,
)
from rules.core.carp.verify import problems_of
from tests.fakes.carp_towns import town

towns = st.builds(
    town,
    seed=st.integers(0, 10_000),
    nodes=st.integers(4, 14),
    required=st.floats(0.4, 1.0),
    vehicles=st.integers(1, 4),
    one_way=st.sampled_from([0.0, 0.5, 1.0]),
    depots=st.integers(1, 3),
)
FEW = settings(max_examples=25, deadline=None)


def begun(problem: Problem, seed: int = 1) -> tuple[Tables, State]:
    """The search's tables and state with the first plan in it, for loops that are not compiled."""
    noise = np.random.default_rng(seed).random((problem.tasks, problem.tasks))
    plan = first_plan(problem)
    tables = tables_of(problem, noise, len(plan.routes) + 2)
    state = state_of(tables, seeded(seed))
    put(tables, state, plan.routes)
    state.num[N_STAMP] = 1
    return tables, state


def recomputed(problem: Problem, plan: Plan) -> int:
    return sum(problem.route_cost(route.depot, route.arcs) for route in plan.routes)


def tasks_of(plan: Plan) -> list[int]:
    return sorted(arc // 2 for route in plan.routes for arc in route.arcs)


@FEW
@given(instance=towns, seed=st.integers(0, 1000))
def test_every_plan_can_be_driven_and_costs_what_is_claimed(instance: Instance, seed: int) -> None:
    found = solve(problem_of(instance), Budget(iterations=60), seed)
    assert problems_of(instance, drives_of(instance, found.plan), found.plan.cost) == []
    assert found.plan.cost <= found.start_cost


@FEW
@given(instance=towns, seed=st.integers(0, 1000))
def test_ruin_and_insertion_keep_the_books(instance: Instance, seed: int) -> None:
    problem = problem_of(instance)
    tables, state = begun(problem, seed)
    before = plan_now(tables, state)
    ruin(tables, state)
    left = plan_now(tables, state)
    assert state.num[N_COST] == recomputed(problem, left)
    removed = [state.removed[i] for i in range(state.num[N_REMOVED])]
    assert sorted(tasks_of(left) + removed) == tasks_of(before)
    look_round(tables, state)
    for task in removed:
        was = state.num[N_COST]
        added, slot, at, way = best_place(tables, state, task)
        if slot < 0:
            break
        keep(tables, state, slot)
        insert(tables, state, slot, at, 2 * task + way)
        assert state.num[N_COST] == was + added == recomputed(problem, plan_now(tables, state))
        assert state.load[slot] <= problem.capacity
    bring_back(tables, state)
    assert plan_now(tables, state).routes == before.routes


@FEW
@example(instance=town(seed=130, nodes=14, required=0.71875, vehicles=4, one_way=0.5, depots=1), seed=799)
@given(instance=towns, seed=st.integers(0, 1000))
def test_what_is_known_of_a_place_is_what_it_costs(instance: Instance, seed: int) -> None:
    """Places are sought once per version of a route: after plans were taken and undone that must still be right."""
    problem = problem_of(instance)
    search = prepare(problem, first_plan(problem), seed)
    tables, state = search.tables, search.state
    known = 0
    # One iteration may cut every route, so that nothing is known after it: what is known is looked at after several.
    for iterations in (40, 1, 1, 1):
        anneal(tables, state, search.pool, iterations, float(problem.serving.mean()))
        for task, slot in itertools.product(range(tables.tasks), range(tables.slots)):
            k = task * tables.slots + slot
            if state.known_in[k] == state.version[slot] and state.slot_of[task] != slot:
                known += 1
                assert state.known[k] == packed(tables, state, task, slot, 0)
    # Where routes have one task each, every iteration cuts all of them: then nothing is known.
    assert known > 0 or tables.tasks < 2 * state.num[N_USED]


@FEW
@given(instance=towns, seed=st.integers(0, 1000))
def test_one_empty_route_of_each_depot_is_always_offered(instance: Instance, seed: int) -> None:
    """Also after one was used: a plan may need several more vehicles than the one that was ruined."""
    problem = problem_of(instance)
    tables, state = begun(problem, seed)
    ruin(tables, state)
    look_round(tables, state)
    for task in [state.removed[i] for i in range(min(2, state.num[N_REMOVED]))]:
        offered = [state.open[k] for k in range(state.num[N_OPEN])]
        empty = [slot for slot in offered if state.length[slot] == 0]
        assert len(offered) == len(set(offered))
        assert [tables.home[slot] for slot in empty] == [problem.depot(d) for d in range(problem.depots)]
        keep(tables, state, empty[-1])
        insert(tables, state, empty[-1], 1, 2 * task)


@FEW
@given(instance=towns)
def test_the_small_matrix_says_what_the_whole_one_says(instance: Instance) -> None:
    problem = problem_of(instance)
    ends = ends_of(problem)
    doing = np.zeros(problem.size, dtype=int)
    doing[: 2 * problem.tasks] = np.repeat(problem.serving, 2)
    driven = ends.way[np.ix_(ends.end, ends.start)]
    allowed = problem.step < FORBIDDEN
    assert ((driven + doing)[allowed] == problem.step[allowed]).all()
    assert (driven[~allowed] == FORBIDDEN).all()
    assert len(ends.way) <= min(problem.size, 2 * instance.nodes + problem.depots)


@FEW
@given(instance=towns)
def test_an_insertion_is_the_cheapest_there_is(instance: Instance) -> None:
    """Without blinks: the place found is that of a search over all routes, places and ways."""
    problem = problem_of(instance)
    tables, state = begun(problem)
    ruin(tables, state)
    look_round(tables, state)
    plan, task = plan_now(tables, state), state.removed[0]
    routes = [*plan.routes, *(Route(d, ()) for d in range(problem.depots))]
    best = min(
        problem.route_cost(r.depot, (*r.arcs[:k], 2 * task + w, *r.arcs[k:]))
        - problem.route_cost(r.depot, r.arcs)
        for r in routes
        if sum(problem.demand[a // 2] for a in r.arcs) + problem.demand[task] <= problem.capacity
        for k in range(len(r.arcs) + 1)
        for w in (0, 1)
    )
    # A blink can only make it dearer, and one in eight times in a row it does not happen.
    assert min(best_place(tables, state, task)[0] for _ in range(8)) == best


@FEW
@given(instance=towns, seed=st.integers(0, 1000))
def test_turning_tasks_round_is_the_best_of_all_ways(instance: Instance, seed: int) -> None:
    problem = problem_of(instance)
    tables, state = begun(problem, seed)
    slot = next(k for k in range(tables.slots) if state.length[k] > 0)
    plan = plan_now(tables, state)
    route = plan.routes[0]
    tasks = [arc // 2 for arc in route.arcs][:7]
    put(tables, state, [Route(route.depot, tuple(2 * task for task in tasks))])
    slot = next(k for k in range(tables.slots) if state.length[k] > 0)
    forth = state.num[N_COST]
    saved = reorient(tables, state, slot)
    ways = itertools.product((0, 1), repeat=len(tasks))
    best = min(
        problem.route_cost(route.depot, [2 * t + w for t, w in zip(tasks, way, strict=True)]) for way in ways
    )
    assert forth - saved == best
    assert recomputed(problem, plan_now(tables, state)) == best


def test_the_same_seed_and_iterations_give_the_same_plan() -> None:
    problem = problem_of(town(5, nodes=14))
    first, again, other = (solve(problem, Budget(iterations=300), seed) for seed in (1, 1, 2))
    assert first == again
    assert first.plan.routes != other.plan.routes


def test_a_clock_ends_it_with_a_plan() -> None:
    ticks = itertools.count()
    budget = Budget(seconds=30.0, clock=lambda: float(next(ticks)))
    instance = town(7)
    found = solve(problem_of(instance), budget)
    assert found.iterations > 0
    assert problems_of(instance, drives_of(instance, found.plan), found.plan.cost) == []


def test_a_standing_plan_is_where_it_begins() -> None:
    problem = problem_of(town(2))
    good = solve(problem, Budget(iterations=500)).plan
    found = solve(problem, Budget(iterations=1), start=good)
    assert (found.start_cost, found.plan.cost <= good.cost) == (good.cost, True)


@pytest.mark.parametrize(
    "wrong", [{}, {"iterations": 0}, {"seconds": 1.0}, {"iterations": 1, "seconds": 1.0}]
)
def test_a_budget_is_one_thing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"allowed|either"):
        Budget(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("source", "least", "above"), [(chance, 1, 2**31), (carry, 0, 2**32)])
def test_chance_is_even_and_starts_anywhere(source: ModuleType, least: int, above: int) -> None:
    state = flat(np.array(source.seeded(-3)))
    counts = np.bincount([source.below(state, 10) for _ in range(20_000)], minlength=10)
    assert abs(counts - 2000).max() < 250
    assert source.seeded(1) != source.seeded(2)
    assert all(least <= source.draw(state) < above for _ in range(100))
    assert all(0.0 < source.share(state) < 1.0 for _ in range(100))


def cheapest_of_all(problem: Problem) -> int:
    """The least cost of any plan, by dynamic programs over sets of tasks."""
    n, load = problem.tasks, problem.demand
    step = problem.step.astype(int)
    route = {0: 0}
    for depot in range(problem.depots):
        home = problem.depot(depot)
        ends = {(1 << a // 2, a): step[home, a] for a in range(2 * n) if step[home, a] < FORBIDDEN}
        layer = dict(ends)
        while layer:
            for (done, a), cost in layer.items():
                whole = cost + step[a, home]
                route[done] = min(route.get(done, FORBIDDEN), whole)
            following: dict[tuple[int, int], int] = {}
            for (done, a), cost in layer.items():
                for b in range(2 * n):
                    both = done | 1 << b // 2
                    fits = sum(load[i] for i in range(n) if both >> i & 1) <= problem.capacity
                    if both != done and fits:
                        following[both, b] = min(following.get((both, b), FORBIDDEN), cost + step[a, b])
            layer = {key: cost for key, cost in following.items() if cost < FORBIDDEN}
    total = [0] + [FORBIDDEN] * ((1 << n) - 1)
    for done in range(1, 1 << n):
        part = done
        while part:
            if part in route and part & -done & done:
                total[done] = min(total[done], route[part] + total[done ^ part])
            part = (part - 1) & done
    return total[-1]


@pytest.mark.parametrize("seed", range(8))
def test_small_towns_are_solved_exactly(seed: int) -> None:
    instance = town(
        seed, nodes=5, extra=0.5, vehicles=1 + seed % 3, one_way=0.5 * (seed % 2), depots=1 + seed % 2
    )
    problem = problem_of(instance)
    assert problem.tasks <= 7
    found = solve(problem, Budget(iterations=800))
    assert found.plan.cost == cheapest_of_all(problem)
