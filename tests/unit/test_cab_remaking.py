"""A kept plan made again from what it was made from, by the planner that searches."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace as with_

from rules.core.cab.making import make
from rules.core.cab.model import Contents
from rules.core.cab.remaking import wish_of
from rules.core.carp.pace import Budget
from rules.core.fleet.planner import FleetPlanner, Searcher
from rules.winter.fleet.service import Who
from tests.fakes.cab_desk import ADA, NOW, as_seen, desk, ordered
from tests.fakes.cab_night import drive

GEARBOX = Who("Ada", "duty officer", "page", "gearbox")


def searcher(iterations: int, seed: int) -> FleetPlanner:
    return Searcher(Budget(iterations=iterations), seed)


def from_text(c: Contents) -> Contents:
    """As it is read from the database."""
    return msgspec.json.decode(msgspec.json.encode(c), type=Contents)


async def test_the_same_inputs_and_seed_give_the_same_plan_and_others_another() -> None:
    plans, orders, town = desk()
    plans.planning.planner_of = searcher
    await ordered(orders)
    await ordered(orders, "r2")
    first = await plans.plan_tonight(ADA, NOW, seed=3, iterations=40)
    on = await plans.on_roads(first)
    town.seen += [r for v in on.trips for r in as_seen(v, drive(on, v, 900.0), first.contents.start_s)]
    second = await plans.breakdown("g2", GEARBOX, NOW + 900.0, seed=4, iterations=40)
    assert second is not None
    assert [(h.lorry, h.at_s) for h in second.contents.heard] == [("g2", 900.0)]
    assert second.contents.done
    network = (await plans.roads()).network
    for plan in (first, second):
        kept = from_text(plan.contents)
        assert make(wish_of(network, kept), searcher(kept.iterations, kept.seed)) == kept
    # Where the search began is part of it: without, the plan is another one.
    kept = second.contents
    other = make(wish_of(network, with_(kept, usual=())), searcher(kept.iterations, kept.seed))
    assert other != with_(kept, usual=())


async def test_a_plan_that_cannot_be_made_again_says_why() -> None:
    plans, orders, _ = desk()
    await ordered(orders)
    kept = (await plans.plan_tonight(ADA, NOW)).contents
    network = (await plans.roads()).network
    with pytest.raises(ValueError, match="does not say where the search began"):
        wish_of(network, with_(kept, usual=None))
    with pytest.raises(ValueError, match="the roads have changed"):
        wish_of(network, with_(kept, roads="0"))
