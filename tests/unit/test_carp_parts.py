"""Reading, the matrix, the first plan, the ways driven and the verifier of arc routing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from rules.core.carp.drive import Drive, Leg, drives_of
from rules.core.carp.instance import Instance, Link
from rules.core.carp.matrix import problem_of
from rules.core.carp.problem import FORBIDDEN, Plan, Problem, Route
from rules.core.carp.reader import parse
from rules.core.carp.savings import first_plan
from rules.core.carp.verify import problems_of
from tests.fakes.carp_towns import town, written

SQUARE = """4
5
0 1 2 1
1 2 3 1   # a remark
2 3 4 1

3 0 5 1
1 3 9 0
2
3
16
17
"""


def test_a_file_is_read() -> None:
    read = parse("square", SQUARE)
    assert (read.nodes, read.capacity, read.fleet, read.bounds) == (4, 3, 2, (16, 17))
    assert read.links[1] == Link(1, 2, 3, 1)
    assert read.required == (0, 1, 2, 3)


def test_what_is_written_is_read_again() -> None:
    made = dataclasses.replace(town(3), depots=(0,), bounds=(7, 9))
    assert parse(made.name, written(made)) == made


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (SQUARE.replace("9 0", "x 0"), "square, line 8: 'x' is no whole number"),
        (SQUARE[:-3], "square: 25 numbers, but 5 links need 26"),
        (SQUARE.replace("1 3 9", "1 4 9"), r"square: link 4 \(1 to 4\): junctions must be 0 to 3"),
        (SQUARE.replace("1 3 9 0", "1 3 -9 0"), r"square: link 4 \(1 to 3\): cost -9; allowed: 0 or more"),
        (SQUARE.replace("0 1 2 1", "0 1 2 8"), "demand 8; allowed: 0 to the capacity 3"),
        ("4", "square: 1 numbers; the first two must be junctions and links"),
    ],
)
def test_a_bad_file_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse("square", text)


def shortest(instance: Instance) -> list[list[float]]:
    """All shortest ways by Floyd and Warshall, in plain Python."""
    n = instance.nodes
    cost = [[0.0 if i == j else float("inf") for j in range(n)] for i in range(n)]
    for link in instance.links:
        cost[link.tail][link.head] = min(cost[link.tail][link.head], link.cost)
        if not link.one_way:
            cost[link.head][link.tail] = min(cost[link.head][link.tail], link.cost)
    for k in range(n):
        for i in range(n):
            for j in range(n):
                cost[i][j] = min(cost[i][j], cost[i][k] + cost[k][j])
    return cost


@pytest.mark.parametrize("seed", range(4))
def test_the_matrix_is_that_of_all_shortest_ways(seed: int) -> None:
    made = town(seed, nodes=12, required=0.7, one_way=0.5, depots=2)
    # Streets that cost nothing and streets beside each other must not vanish.
    free = (Link(0, 5, 0, 0), Link(made.links[0].tail, made.links[0].head, 1, 1))
    instance = dataclasses.replace(made, links=made.links + free)
    problem, way = problem_of(instance), shortest(instance)
    ends = [(i, w) for i in instance.required for w in (0, 1)]
    for x, (i, w) in enumerate(ends):
        a = instance.links[i]
        head = a.tail if w == 1 else a.head
        for y, (j, v) in enumerate(ends):
            b = instance.links[j]
            tail = b.head if v == 1 else b.tail
            barred = (a.one_way and w == 1) or (b.one_way and v == 1)
            assert problem.step[x, y] == (FORBIDDEN if barred else way[head][tail] + b.cost)
        for d, depot in enumerate(instance.depots):
            barred = a.one_way and w == 1
            assert problem.step[x, problem.depot(d)] == (FORBIDDEN if barred else way[head][depot])


def test_a_street_that_cannot_be_reached_is_named() -> None:
    lost = Instance("x", 3, (Link(0, 1, 1, 1), Link(2, 1, 1, 1, one_way=True)), 5, 1)
    with pytest.raises(ValueError, match="task 1 can't be reached from a depot and back"):
        problem_of(lost)


def test_costs_too_large_for_the_matrix_are_refused() -> None:
    with pytest.raises(ValueError, match="take a coarser unit"):
        problem_of(Instance("x", 2, (Link(0, 1, FORBIDDEN, 1),), 5, 1))


def test_sizes_that_do_not_fit_are_refused() -> None:
    one = np.ones(1, dtype=np.int64)
    with pytest.raises(ValueError, match=r"step is \(2, 2\) for 1 tasks and 1 depots, not \(3, 3\)"):
        Problem(np.zeros((2, 2), dtype=np.int32), one, one, 5, 1)
    with pytest.raises(ValueError, match="task 0 needs 1; allowed: up to the capacity 0"):
        Problem(np.zeros((3, 3), dtype=np.int32), one, one, 0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_the_first_plan_can_be_driven_and_costs_what_it_says(seed: int) -> None:
    instance = town(seed, nodes=15, one_way=0.4, depots=1 + seed % 3, required=0.8)
    plan = first_plan(problem_of(instance))
    assert problems_of(instance, drives_of(instance, plan), plan.cost) == []
    alone = problem_of(instance)
    single = sum(
        min(alone.route_cost(d, (2 * t + w,)) for d in range(alone.depots) for w in (0, 1))
        for t in range(alone.tasks)
    )
    assert plan.cost < single


def test_the_price_of_a_vehicle_is_in_the_cost() -> None:
    instance = town(1)
    plan = first_plan(problem_of(instance, vehicle_cost=1000))
    drives = drives_of(instance, plan)
    assert problems_of(instance, drives, plan.cost, vehicle_cost=1000) == []
    assert "add up to" in problems_of(instance, drives, plan.cost)[0]


ROUND = Instance("x", 3, (Link(0, 1, 2, 1), Link(1, 2, 3, 1), Link(2, 0, 4, 1, one_way=True)), 3, 1)
GOOD = (Leg(0, 0, 1, True), Leg(1, 1, 2, True), Leg(2, 2, 0, True))


def broken(place: int, **change: object) -> list[Drive]:
    legs = list(GOOD)
    legs[place] = dataclasses.replace(legs[place], **change)  # type: ignore[arg-type]
    return [Drive(0, tuple(legs))]


@pytest.mark.parametrize(
    ("drives", "cost", "problem"),
    [
        ([Drive(0, GOOD)], 9, None),
        ([Drive(0, GOOD)], 8, "cost: 8 claimed, the links driven add up to 9"),
        (broken(0, treat=False), 9, "link 0 is treated 0 times, not 1"),
        ([Drive(0, GOOD), Drive(0, GOOD)], 18, "link 0 is treated 2 times, not 1"),
        (broken(2, tail=0, head=2), 9, "route 1: link 2 can't be driven from 0 to 2"),
        (broken(1, tail=2, head=1), 9, "route 1: link 1 begins at 2, the vehicle is at 1"),
        ([Drive(0, GOOD[:2])], 5, "route 1: ends at 2, not at its depot 0"),
        ([Drive(1, (*GOOD[1:], GOOD[0]))], 9, "route 1: starts at 1, which is no depot"),
        (broken(0, link=7), 7, "route 1: link 7 does not exist"),
    ],
)
def test_the_verifier_finds(drives: list[Drive], cost: int, problem: str | None) -> None:
    found = problems_of(ROUND, drives, cost)
    assert found == [] if problem is None else problem in found


def test_the_verifier_weighs_the_load() -> None:
    small = dataclasses.replace(ROUND, capacity=2)
    assert problems_of(small, [Drive(0, GOOD)], 9) == ["route 1: load 3 is over the capacity 2"]


def test_a_wrong_plan_is_not_made_right_by_its_drive() -> None:
    instance = parse("square", SQUARE)
    plan = Plan((Route(0, (0, 2)),), 0)
    assert "link 3 is treated 0 times, not 1" in problems_of(instance, drives_of(instance, plan), 14)
