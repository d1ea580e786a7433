"""A closure counts in its hours: what closes later is driven before, what is driven in its hours is closed for the plan."""

from __future__ import annotations

from typing import Any

import pytest

from rules.closing.memory import MemoryClosures
from rules.core.cab.making import driven_of_plan
from rules.core.cab.model import Plan
from rules.core.closing.hours import MARGIN_S, Driven, Later, around, for_plan, in_hours
from rules.core.closing.model import Closed, Closure, NewClosure, why_words
from rules.core.network.network import Network
from tests.fakes.cab_desk import ADA, NOW, ZONE, desk, ordered, small_town
from tests.unit.test_what_if_closing import SAID, closed_desk, closures_of

H = 3600.0


async def night(*closed: tuple[str, float, float | None]) -> tuple[Plan, MemoryClosures]:
    """A night planned with stretches closed from when until when [s after NOW]."""
    plans, orders, town = desk()
    await ordered(orders)
    closures = closures_of(town.installed)
    for name, from_s, until_s in closed:
        until = None if until_s is None else NOW + until_s
        await closures.close(
            NewClosure(segments=(name,), from_s=NOW + from_s, until_s=until, reason="works", **SAID)
        )
    return await closed_desk(plans, closures).plan_tonight(ADA, NOW), closures


def last_on(plan: Plan, name: str) -> float:
    return max(ends_s for s, _, ends_s in driven_of_plan(plan.contents) if s == name)


async def test_what_closes_after_the_last_lorry_was_there_changes_nothing() -> None:
    open_, _ = await night()
    name = open_.contents.trips[0].steps[0].segment_id
    assert name is not None
    after_s = last_on(open_, name) - NOW + MARGIN_S + 1.0
    plan, _ = await night((name, after_s, None))
    assert plan.contents.trips == open_.contents.trips
    assert plan.contents.closed == {}
    assert any("will be closed: works, from " in note for note in plan.contents.notes)


async def test_what_closes_while_a_lorry_would_be_there_is_gone_round() -> None:
    open_, _ = await night()
    name = open_.contents.trips[0].steps[0].segment_id
    assert name is not None
    plan, closures = await night((name, last_on(open_, name) - NOW - 1.0, 4 * H))
    hours = {s: ((c.from_s, c.ends_s(s)),) for c in closures.closures for s in c.segments}
    assert in_hours(driven_of_plan(plan.contents), hours) == []
    assert list(plan.contents.closed) == [name]
    assert ", from " in plan.contents.closed[name]


def closure(name: str, from_s: float, until_s: float | None) -> Closure:
    said: dict[str, Any] = SAID | {"at_s": 0.0}
    return Closure(closure_id=1, segments=(name,), from_s=from_s, until_s=until_s, reason="works", **said)


def test_roads_are_parted_into_closed_now_and_closing_later() -> None:
    network = Network.of(small_town())
    found = [
        closure("s1", NOW - 1.0, NOW + 60.0),
        closure("s1", NOW + 2 * H, NOW + 3 * H),
        closure("s2", NOW + H, NOW + 2 * H),
        closure("s2", NOW + 5 * H, None),
        closure("gone", NOW + H, None),
    ]
    roads, later = for_plan(network, found, NOW, NOW + 8 * H, ZONE)
    assert list(roads.closed_by_id) == ["s1"]
    assert list(later) == ["s2"]
    assert later["s2"].hours == ((NOW + H, NOW + 2 * H), (NOW + 5 * H, float("inf")))


@pytest.mark.parametrize(
    ("driven", "hit"),
    [
        ((0.0, 100.0 - MARGIN_S), False),
        ((0.0, 101.0 - MARGIN_S), True),
        ((150.0, 160.0), True),
        ((200.0 + MARGIN_S, 900.0), False),
    ],
)
def test_a_lorry_may_be_so_early_or_late(driven: tuple[float, float], hit: bool) -> None:
    assert in_hours([("a", *driven)], {"a": ((100.0, 200.0),)}) == ["a"] * hit


def test_a_plan_is_made_again_until_it_drives_nothing_that_is_closed_then() -> None:
    network = Network.of(small_town())
    later = {f"s{n}": Later(hours=((100.0, 200.0),), why="works") for n in range(1, 7)}
    made: list[int] = []

    def plan(roads: Network, _: object) -> list[Driven]:
        """Drive the first stretch that is open, when it is closed: one after the other."""
        made.append(len(roads.closed))
        left = [name for name in later if name not in roads.closed_by_id]
        return [(left[0], 150.0, 160.0)] if left else []

    assert around(network, later, plan, lambda found: found) == []
    # After three tries all of what is left is closed at once.
    assert made == [0, 1, 2, 6]


def test_words_say_the_day_and_from_when_where_that_is_to_come() -> None:
    one = Closed(segment_id="a", closure_id=1, from_s=NOW, until_s=NOW + 9 * 86_400.0, reason="works")
    assert why_words(one, ZONE).startswith("works, until ")
    assert len(why_words(one, ZONE).rpartition("until ")[2].split()) == 4
    assert ", from " in why_words(one, ZONE, NOW - 1.0)
    assert ", from " not in why_words(one, ZONE, NOW)
