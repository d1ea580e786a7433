"""Simulated lorries follow the night's plan: all of it, and no other night's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from msgspec.structs import replace as with_

from ops_api.crews import Crews
from rules.core.cab.model import Contents
from rules.core.winter_nights import night_of
from tests.fakes.cab_desk import ZONE
from tests.fakes.cab_night import START_S, night
from tests.unit.test_officer import Rows


class World:
    """A world that remembers what lorries were told."""

    def __init__(self, at_s: float) -> None:
        self.now = datetime.fromtimestamp(at_s, UTC)
        self.told: list[tuple[str, int, bool]] = []

    def follow(self, gritter: str, ordered: tuple[object, ...], *, stays: bool = False) -> None:
        self.told.append((gritter, len(ordered), stays))


async def told(*plans: Contents, at_s: float = START_S + 60.0) -> list[list[tuple[str, int, bool]]]:
    """What each plan has lorries told, one after the other."""
    network, _, _ = night(3)
    found = []
    crews = Crews(cast("Any", None), cast("Any", None), ["L0", "L1", "L2"], ZONE, None, network)
    for version, contents in enumerate(plans, 1):
        row = {"version": version, "night": str(night_of(START_S, ZONE)), "at_s": START_S, "contents": msgspec.json.encode(contents).decode()}  # fmt: skip
        crews.conn = cast("Any", Rows([], [], [row]))
        world = World(at_s)

        async def act(action: Any, world: World = world) -> None:
            action(world)

        crews._act = act  # type: ignore[method-assign]
        await crews.step()
        found.append(world.told)
    return found


def without(c: Contents, *lorries: str, idle: tuple[str, ...] = ()) -> Contents:
    """A plan without some lorries, or with nothing for some."""
    trips = tuple(with_(t, steps=()) if t.lorry in idle else t for t in c.trips if t.lorry not in lorries)
    return with_(c, trips=trips, fleet=tuple(s for s in c.fleet if s.lorry not in lorries))


async def test_a_lorry_that_has_nothing_more_to_drive_stops_driving_by_the_old_plan() -> None:
    _, plan, _ = night(3)
    c = plan.contents
    first, second, third = await told(c, without(c, idle=("L1",)), without(c, idle=("L1",)))
    assert [g for g, n, _ in first if n] == ["L0", "L1", "L2"]
    assert ("L1", 0, False) in second
    assert "L1" not in {g for g, _, _ in third}


async def test_a_plan_of_a_night_that_is_over_is_not_driven_after_a_restart() -> None:
    _, plan, _ = night(3)
    assert await told(plan.contents, at_s=START_S + 2 * 86_400.0) == [[]]


async def test_a_lorry_that_is_back_begins_at_its_depot_and_not_where_it_failed() -> None:
    _, plan, _ = night(3)
    c = plan.contents
    _, failed, back = await told(c, without(c, "L1"), c)
    assert failed[0] == ("L1", 0, True)
    assert back[0] == ("L1", 0, False)
    assert [n > 0 for g, n, _ in back if g == "L1"] == [False, True]
