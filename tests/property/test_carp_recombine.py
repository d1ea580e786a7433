"""Recombination of arc routes against all choices there are, and the schedule it is part of."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest

from rules.core.carp.anneal import anneal
from rules.core.carp.compiled import flat, flat_floats
from rules.core.carp.drive import drives_of
from rules.core.carp.load import best_plan, put
from rules.core.carp.matrix import problem_of
from rules.core.carp.pool import ROOM, compact
from rules.core.carp.prices import Columns, Prices, climb
from rules.core.carp.recombine import Remembered, cheaper
from rules.core.carp.savings import first_plan
from rules.core.carp.schedule import COLD, COLDEST, HOT, MOST, WARM, cycles_for, heat_at, is_worth_recombining
from rules.core.carp.solve import prepare
from rules.core.carp.verify import problems_of
from tests.fakes.carp_towns import town

TASKS = 6


def remembered(seed: int) -> Remembered:
    """Random sets of tasks with random costs; each task alone is among them, dear."""
    rng = random.Random(seed)
    sets = [{i} for i in range(TASKS)] + [set(rng.sample(range(TASKS), rng.randint(1, 4))) for _ in range(14)]
    does = np.array([[i in s for i in range(TASKS)] for s in sets])
    cost = np.array([rng.randint(20, 30) * len(s) ** 0.7 + (10 if len(s) == 1 else 0) for s in sets]).astype(
        int
    )
    return Remembered(cost, does.sum(axis=1), np.zeros((len(sets), TASKS), dtype=np.int64), cost, does)


def cheapest(known: Remembered) -> int:
    """The least cost of doing each task once, by trying every choice."""
    return min(
        int(known.cost[list(choice)].sum())
        for size in range(1, TASKS + 1)
        for choice in itertools.combinations(range(len(known.cost)), size)
        if (known.does[list(choice)].sum(axis=0) == 1).all()
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_choice_is_the_cheapest_there_is(seed: int) -> None:
    known, everything = remembered(seed), np.ones(TASKS, dtype=bool)
    best = cheapest(known)
    chosen = cheaper(known, everything, best + 1)
    assert int(known.cost[chosen].sum()) == best
    assert (known.does[chosen].sum(axis=0) == 1).all()
    assert cheaper(known, everything, best) == []


@pytest.mark.parametrize("seed", range(3))
def test_prices_never_promise_more_than_the_best_choice_costs(seed: int) -> None:
    known = remembered(seed)
    start = np.concatenate(([0], np.cumsum(known.does.sum(axis=1))))
    columns = Columns(flat(start), flat(np.nonzero(known.does)[1]), flat(known.cost))
    price = np.full(TASKS, 10.0)
    prices = Prices(
        flat_floats(price.copy()), flat_floats(price.copy()), flat(np.zeros(TASKS, dtype=np.int64))
    )
    best = cheapest(known)
    bound = climb(columns, prices, float(best))
    assert 0.8 * best < bound <= best + 1e-6


def test_tasks_that_no_remembered_route_does_are_left_alone() -> None:
    known = remembered(1)
    known.does[:, 2] = False
    assert cheaper(known, np.ones(TASKS, dtype=bool), 10_000) == []


@pytest.mark.parametrize("seed", range(4))
def test_recombined_plans_can_be_driven_and_are_no_dearer(seed: int) -> None:
    instance = town(seed, nodes=16, one_way=0.3, depots=1 + seed % 2)
    problem = problem_of(instance)
    begun = first_plan(problem)
    search = prepare(problem, begun, seed)
    anneal(search.tables, search.state, search.pool, 200, 5.0)
    put(search.tables, search.state, begun.routes)
    search.recombine()
    plan = best_plan(search.tables, search.state)
    assert problems_of(instance, drives_of(instance, plan), plan.cost) == []
    assert plan.cost <= begun.cost


def test_a_full_pool_keeps_the_routes_of_the_cheapest_solutions() -> None:
    problem = problem_of(town(1))
    search = prepare(problem, first_plan(problem), 1)
    pool, tables = search.pool, search.tables
    for entry in range(ROOM):
        pool.key[entry] = entry
        pool.score[entry] = (entry * 7919) % ROOM
    pool.used[0] = ROOM
    compact(tables, pool)
    kept = pool.used[0]
    assert 0 < kept < ROOM / 2
    assert sorted(pool.score[i] for i in range(kept)) == list(range(kept))
    found = sorted(pool.table[i] for i in range(len(pool.table)) if pool.table[i] >= 0)
    assert found == list(range(kept))


def test_the_schedule_cools_in_cycles_to_the_coldest() -> None:
    assert heat_at(10.0, 0.0, 3).temperature == pytest.approx(10 * HOT)
    assert heat_at(10.0, 1 / 3 - 1e-9, 3).temperature == pytest.approx(10 * COLD, rel=1e-3)
    second = heat_at(10.0, 1 / 3 + 1e-9, 3)
    assert (second.cycle, second.warm) == (1, True)
    assert second.temperature == pytest.approx(10 * WARM, rel=1e-3)
    assert heat_at(10.0, 1.0, 3).temperature == pytest.approx(10 * COLDEST)
    assert [heat_at(1.0, share, 1).part for share in (0.0, 0.49, 0.5, 0.74, 0.76)] == [0, 0, 1, 1, 2]


def test_small_budgets_and_large_networks_get_one_cycle() -> None:
    assert cycles_for(tasks=375, iterations=100_000) == 1
    assert cycles_for(tasks=51, iterations=2_000_000) > cycles_for(tasks=98, iterations=2_000_000) > 1
    assert cycles_for(tasks=375, iterations=2_000_000) == cycles_for(tasks=190, iterations=2_000_000)
    assert cycles_for(tasks=1, iterations=10**12) == MOST
    assert not is_worth_recombining(15_000, 1)
    assert is_worth_recombining(2_000_000, 5)
