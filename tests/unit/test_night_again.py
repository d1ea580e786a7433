"""A night is planned again by itself where a closure concerns what its lorries still have to drive; people are told."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from rules.closing.memory import MemoryClosures
from rules.closing.watching import Watch
from rules.core.cab.ahead import driven_ahead
from rules.core.cab.model import Plan
from rules.core.closing.model import NewClosure, Opening
from rules.core.winter_orders import model as m
from rules.winter.fleet.again import AgainInTheNight
from rules.winter.fleet.planning import Ask
from rules.winter.fleet.service import PlanDesk
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.cab_desk import ADA, NOW, ZONE, as_seen, desk, ordered
from tests.fakes.cab_night import drive
from tests.unit.test_what_if_closing import SAID, closed_desk, closures_of


@dataclass
class Told:
    """Keeps what people are told."""

    said: list[tuple[str, str, str, str]] = field(default_factory=list)

    async def tell(self, to: str, key: str, title: str, body: str) -> None:
        self.said.append((to, key, title, body))


@dataclass
class Bench:
    desk: PlanDesk
    orders: MemoryOrders
    closures: MemoryClosures
    plan: Plan
    told: Told
    again: AgainInTheNight
    now_s: float = NOW + 60.0

    async def close(self, name: str, from_s: float = 0.0, until_s: float | None = None) -> None:
        until = None if until_s is None else self.now_s + until_s
        await self.closures.close(
            NewClosure(
                segments=(name,), from_s=self.now_s + from_s, until_s=until, reason="burst main",
                **(SAID | {"at_s": self.now_s}),
            )
        )  # fmt: skip

    async def ahead(self) -> list[str]:
        found = await self.desk.follow(self.plan, self.now_s)
        return [name for name, _, _ in driven_ahead(found.on, found.progress)]

    async def to_treat(self) -> str:
        """The last stretch that a lorry is still to treat."""
        steps = [s for t in self.plan.contents.trips for s in t.steps if s.job is not None]
        ahead = set(await self.ahead())
        return max((s.begins_s, s.segment_id) for s in steps if s.segment_id in ahead)[1]


@pytest.fixture
async def bench() -> Bench:
    plans, orders, town = desk()
    await ordered(orders)
    closures, told = closures_of(town.installed), Told()
    own = closed_desk(plans, closures)
    plan = await own.plan_tonight(ADA, NOW)
    on = await own.on_roads(plan)
    town.seen += [r for v in on.trips for r in as_seen(v, drive(on, v, 60.0), plan.contents.start_s)]

    async def now() -> float:
        return made.now_s

    watch = Watch(closures, told, "role:duty_officer", ZONE)
    made = Bench(own, orders, closures, plan, told, AgainInTheNight(own, watch, now, iterations=0))
    return made


async def test_a_road_ahead_is_closed_and_opened_again(bench: Bench) -> None:
    assert await bench.again.look() is None
    name = await bench.to_treat()
    await bench.close(name)
    plan = await bench.again.look()
    assert plan is not None
    assert (plan.version, plan.after) == (bench.plan.version + 1, bench.plan.version)
    assert (plan.by, plan.via) == ("cityops", "automatic")
    assert "is closed: burst main, until it is opened" in plan.reason
    assert all(s.segment_id != name for t in plan.contents.trips for s in t.steps if s.begins_s > 120.0)
    [(to, key, title, body)] = bench.told.said
    assert (to, key) == ("role:duty_officer", f"plan:night:{plan.version}")
    assert f"plan {plan.version}" in title
    assert "burst main" in body

    # It is made once; the road that is open again is taken back in where something was left out.
    assert await bench.again.look() is None
    bench.now_s += 60.0
    opening = Opening(segments=(name,), at_s=bench.now_s, by="Ada", role="duty officer", via="cli")
    await bench.closures.open(opening)
    back = await bench.again.look()
    assert plan.contents.left_out
    assert back is not None
    assert "is open again" in back.reason
    assert (back.contents.closed, back.contents.left_out) == ({}, ())
    assert await bench.again.look() is None


async def test_a_road_that_nobody_will_drive_makes_no_plan(bench: Bench) -> None:
    driven = {s.segment_id for t in bench.plan.contents.trips for s in t.steps}
    other = next(s for s in bench.closures.segments if s not in driven)
    await bench.close(other)
    assert await bench.again.look() is None
    # One that is driven closes long after the last lorry is home.
    await bench.close((await bench.ahead())[0], from_s=7.5 * 3600.0)
    assert await bench.again.look() is None
    assert bench.told.said == []


async def test_orders_that_nobody_planned_yet_stay_out_of_it(bench: Bench) -> None:
    await ordered(bench.orders, "r2", at_s=bench.now_s)
    await bench.close((await bench.ahead())[-1])
    plan = await bench.again.look()
    assert plan is not None
    assert [o.ref for o in plan.contents.orders] == [o.ref for o in bench.plan.contents.orders]


async def test_the_end_of_a_closure_counts_as_an_opening(bench: Bench) -> None:
    await bench.close(await bench.to_treat(), until_s=600.0)
    plan = await bench.again.look()
    assert plan is not None
    assert plan.contents.left_out
    bench.now_s += 599.0
    assert await bench.again.look() is None
    bench.now_s += 2.0
    back = await bench.again.look()
    assert back is not None
    assert back.contents.left_out == ()


async def test_what_closed_while_another_plan_was_made_is_looked_at_again(bench: Bench) -> None:
    await bench.close((await bench.ahead())[-1])
    bench.desk.planning._at = Ask("tonight", None, ADA, NOW, 1, 0)  # an officer's plan is being made
    assert await bench.again.look() is None
    bench.desk.planning._at = None
    assert await bench.again.look() is not None


async def test_a_night_without_a_plan_or_with_nothing_left_is_left_alone(bench: Bench) -> None:
    await bench.orders.act(
        m.Cancel(ref=bench.plan.contents.orders[0].ref, by="Ada", role="duty officer", reason="rain"),
        bench.now_s,
    )
    bench.now_s += 24 * 3600.0
    await bench.close("s1")
    assert await bench.again.look() is None
