"""A day of bin rounds is planned again by itself where a road ahead of a lorry is closed, at once; people are told."""

from __future__ import annotations

from typing import Any

import pytest

from rules.closing.memory import MemoryClosures
from rules.closing.watching import Watch
from rules.collection_acts.memory import MemoryActs
from rules.core.closing.hours import MARGIN_S, hours_of, in_hours
from rules.core.closing.model import NewClosure, Opening
from rules.core.network.network import Network
from rules.core.rounds.planner import Inserting
from rules.core.rounds.streets_driven import driven_of_rounds
from rules.rounds.again import AgainInTheDay, ClosedRoads, When
from rules.rounds.following import Heard
from rules.rounds.memory import MemoryReports, MemoryRounds, MemoryRoundTown
from rules.rounds.ports import Decided, Rounds
from rules.rounds.service import Asked, RoundDesk
from tests.integration.test_rounds_again import MUSTS, fleet
from tests.integration.test_rounds_store import NOW, ZONE, installed
from tests.unit.test_night_again import Told

TOWN = installed()
ROADS = Network.of(TOWN)


class Bench:
    """A desk in memory with closures, and what looks again."""

    def __init__(self) -> None:
        self.closures, self.told, self.now_s = (
            MemoryClosures({s.segment_id for s in TOWN.segments}),
            Told(),
            NOW,
        )
        self.town = MemoryRoundTown(TOWN)
        self.town.decisions.append(Decided(decision_id=1, at_s=NOW - 3600.0, candidates=MUSTS))
        heard = Heard(MemoryActs({b.bin_id: {} for b in TOWN.bins}), MemoryReports())
        self.desk = RoundDesk(
            MemoryRounds(), self.town, lambda iterations, seed: Inserting(), ZONE, heard=heard, closures=self.closures
        )  # fmt: skip
        self.again = AgainInTheDay(
            self.desk, self.now, When(),
            closed=ClosedRoads(Watch(self.closures, self.told, "role:waste", ZONE), self.roads),
        )  # fmt: skip

    async def now(self) -> float:
        return self.now_s

    async def roads(self) -> Network:
        return ROADS

    async def planned(self) -> Rounds:
        await self.desk.put_fleet(fleet(), "Ada")
        return await self.desk.plan_today(Asked("Ada", "waste manager", "cli", self.now_s))

    async def close(self, *names: str, from_s: float, until_s: float | None = None) -> None:
        said: dict[str, Any] = {"by": "Ada", "role": "officer", "via": "cli", "at_s": self.now_s}
        await self.closures.close(
            NewClosure(segments=names, from_s=from_s, until_s=until_s, reason="burst main", **said)
        )


def last_street(made: Rounds) -> tuple[str, float]:
    """The street of the last bin of the day's longest round, and when its lorry leaves there [s since 1970]."""
    stop = max((s for r in made.plan.rounds for s in r.stops if s.kind == "bin"), key=lambda s: s.ends_s)
    return ROADS.segments[ROADS.arcs[stop.arcs[-1]].segment].segment_id, made.plan.day_s + stop.ends_s


@pytest.mark.filterwarnings("error")
async def test_a_street_ahead_is_closed_however_young_the_plan_is() -> None:
    bench = Bench()
    first = await bench.planned()
    bench.now_s += 30.0
    assert await bench.again.look() is None
    name, _ = last_street(first)
    await bench.close(name, from_s=bench.now_s)
    second = await bench.again.look()
    assert second is not None
    assert (second.after, second.via) == (first.version, "automatic")
    assert "is closed: burst main, until it is opened" in second.reason
    assert second.plan.made_from.closed == {name: "burst main, until it is opened"}
    assert all(n != name for n, _, _ in driven_of_rounds(ROADS, second.plan))
    [(to, key, title, _)] = bench.told.said
    assert (to, key) == ("role:waste", f"plan:day:{second.version}")
    assert f"plan {second.version}" in title
    assert await bench.again.look() is None

    # Open again: what could not be reached is taken back in.
    bench.now_s += 60.0
    await bench.closures.open(Opening(segments=(name,), at_s=bench.now_s, by="Ada", role="r", via="cli"))
    assert any(n.code == "stranded" for n in second.plan.not_collected)
    third = await bench.again.look()
    assert third is not None
    assert third.plan.made_from.closed == {}
    assert set(third.plan.lorry_of) == set(first.plan.lorry_of)


async def test_a_street_that_closes_after_the_lorry_was_there_is_driven_before() -> None:
    bench = Bench()
    first = await bench.planned()
    name, leaves_s = last_street(first)
    after_s = max(ends_s for n, _, ends_s in driven_of_rounds(ROADS, first.plan) if n == name)
    await bench.close(name, from_s=after_s + MARGIN_S + 60.0)
    assert await bench.again.look() is None
    again = await bench.desk.plan_today(Asked("Ada", "waste manager", "cli", bench.now_s))
    assert again.plan.made_from.closed == {}
    assert set(again.plan.lorry_of) == set(first.plan.lorry_of)
    # ... and not where it would be closed by then.
    await bench.close(name, from_s=leaves_s - 60.0, until_s=leaves_s + 3600.0)
    third = await bench.again.look()
    assert third is not None
    hours = hours_of(bench.closures.closures, bench.now_s, bench.now_s + 8 * 3600.0)
    assert in_hours(driven_of_rounds(ROADS, third.plan), hours) == []


async def test_a_street_that_nobody_drives_makes_no_plan() -> None:
    bench = Bench()
    first = await bench.planned()
    driven = {n for n, _, _ in driven_of_rounds(ROADS, first.plan)}
    other = next(s.segment_id for s in TOWN.segments if s.segment_id not in driven)
    await bench.close(other, from_s=bench.now_s)
    assert await bench.again.look() is None
    assert bench.told.said == []
