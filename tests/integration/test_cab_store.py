"""One behaviour for plans on PostgreSQL and in memory, and what gritters' readings and orders make of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ingest.registry_store import store_registry
from rules.core.cab.codec import OnRoads
from rules.core.cab.making import make
from rules.core.cab.model import Plan, Service
from rules.core.cab.remaking import wish_of
from rules.core.fleet.roster import LorryEntry, Roster
from rules.core.winter_orders import model as m
from rules.winter.fleet.asking import Who
from rules.winter.fleet.ports import (
    NoSuchPlanError,
    NotPlannedError,
    PlanMovedError,
    Seen,
)
from rules.winter.fleet.service import PlanDesk
from rules.winter.fleet.store import PostgresPlans, PostgresTown
from rules.winter.orders.memory import MemoryOrders
from rules.winter.orders.store import PostgresOrders
from tests.fakes.cab_desk import ADA, NOW, ZONE, as_seen, builder, desk, ordered, small_town
from tests.fakes.cab_night import P, drive, every_pass
from tests.fakes.rules_town import START

HEARD = ("g1", "g2", "g3")


@dataclass
class Bench:
    """A desk of plans, its orders, and where readings go."""

    desk: PlanDesk
    orders: MemoryOrders | PostgresOrders
    conn: psycopg.AsyncConnection[Any] | None

    async def saw(self, seen: Sequence[Seen]) -> None:
        if self.conn is None:
            self.desk.town.seen += seen  # type: ignore[attr-defined]
            return
        for n, s in enumerate(seen):
            await self.conn.execute(
                "insert into gritter_reading (ts, device_id, boot, seq, latitude_deg, longitude_deg, speed_m_s, spread_rate_g_m2,"
                " salt_remaining_kg, received_at) select to_timestamp(%s), device_id, 1, %s, %s, %s, %s, %s, %s, now() from device where name = %s",
                (s.ts_s, n, s.latitude_deg, s.longitude_deg, s.speed_m_s, s.spread_rate_g_m2, s.salt_remaining_kg, s.device),
            )  # fmt: skip

    async def drives(self, plan: Plan, until_s: float, *lorries: str) -> None:
        on = await self.desk.on_roads(plan)
        for lorry in lorries or on.trips:
            await self.saw(as_seen(lorry, drive(on, lorry, until_s), plan.contents.start_s))


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the desk in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        plans, orders, _ = desk()
        yield Bench(plans, orders, None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=2, max_size=4, open=False) as pool,
    ):
        await store_registry(conn, small_town())
        day = datetime.fromtimestamp(START, UTC)
        await conn.execute("select ensure_partitions(%s, %s)", (day, day))
        found = PostgresOrders(pool)
        yield Bench(PlanDesk(PostgresPlans(pool), PostgresTown(pool), found, builder, P, ZONE), found, conn)


async def test_a_night_with_a_breakdown(bench: Bench) -> None:
    """Planned, driven, broken down, taken back, planned again: in one database, as making one is what takes time."""
    plans, book = bench.desk, bench.desk.book
    assert await plans.why_not() == ""
    assert [e.id for e in (await plans.roster()).lorry] == ["g1", "g2", "g3"]
    with pytest.raises(NotPlannedError, match="No order stands"):
        await plans.plan_tonight(ADA, NOW)
    assert await plans.situation(NOW) is None

    # A lorry that fails before there is a plan is not planned with.
    *most, last, _ = next(r.segments for r in await bench.orders.routes() if r.route_id == "r2")
    await ordered(bench.orders)  # type: ignore[arg-type]
    await ordered(bench.orders, "r2", segments=tuple(most))  # type: ignore[arg-type]
    broken = Who("Ada", "duty officer", "cli", "battery")
    assert await plans.breakdown("g3", broken, NOW) is None
    with pytest.raises(NotPlannedError, match="out of service already"):
        await plans.breakdown("g3", broken, NOW)
    with pytest.raises(NotPlannedError, match="needs a reason"):
        await plans.breakdown("g1", ADA, NOW)
    with pytest.raises(NoSuchPlanError, match="there are g1, g2, g3"):
        await plans.breakdown("g9", broken, NOW)
    first = await plans.plan_tonight(Who("Ada", "duty officer", "cli", request_id="k1"), NOW + 60.0)
    assert (first.version, first.kind, first.after, first.by) == (1, "tonight", None, "Ada")
    assert await plans.plan_tonight(Who("Bob", "x", "cli", request_id="k1"), NOW + 70.0) == first
    assert [s.lorry for s in first.contents.fleet] == ["g1", "g2"]
    assert first.contents.out == {"g3": "battery"}
    assert await book.newest(first.night) == first
    assert await book.plan(1) == first
    with pytest.raises(NoSuchPlanError):
        await book.plan(2)

    assert await plans.news(first, NOW + 70.0) == ()
    quiet = await plans.town.heard(HEARD, NOW, NOW + 960.0)
    await bench.drives(first, 900.0)
    assert await plans.town.heard(HEARD, NOW, NOW + 960.0) != quiet
    assert await plans.town.heard((), NOW, NOW + 960.0) == quiet
    found = await plans.situation(NOW + 60.0 + 900.0)
    assert found is not None
    assert {p.phase for p in found.progress.values()} == {"drives"}
    treated = {v: {found.on.trips[v].steps[n].job for n in p.treated} for v, p in found.progress.items()}  # type: ignore[union-attr]
    assert all(treated.values())

    second = await plans.breakdown("g1", Who("Ada", "duty officer", "page", "gearbox"), NOW + 960.0)
    assert second is not None
    assert (second.version, second.after, second.lorry, second.reason) == (2, 1, "g1", "gearbox")
    assert {d.job for d in second.contents.done if d.lorry == "g1"} == treated["g1"]
    assert sorted(every_pass(second.contents)) == sorted(OnRoads(found.on.network, first.contents).jobs)
    assert [t.lorry for t in second.contents.trips] == ["g2"]
    assert second.contents.out["g1"] == "gearbox"
    assert (await book.out())["g1"].by == "Ada"

    third = await plans.returned("g1", ADA, NOW + 1000.0)
    assert third is not None
    assert {t.lorry for t in third.contents.trips} == {"g1", "g2"}
    assert [v.version for v in await book.versions(first.night)] == [1, 2, 3]
    assert await book.numbers(first.night) == [1, 2, 3]
    with pytest.raises(NotPlannedError, match="in service already"):
        await plans.returned("g1", ADA, NOW + 1001.0)
    # Another order comes: what is done stays done.
    await ordered(bench.orders, "r2", at_s=NOW + 1100.0, segments=(last,))  # type: ignore[arg-type]
    fourth = await plans.plan_tonight(ADA, NOW + 1200.0)
    assert len(fourth.contents.asked) > len(third.contents.asked)
    assert {d.job for d in third.contents.done} <= {d.job for d in fourth.contents.done}
    assert len(set(every_pass(fourth.contents))) == len(list(every_pass(fourth.contents)))
    # The night after begins as this one's lorries know it.
    tomorrow = NOW + 86_400.0
    assert await book.newest(plans.night(tomorrow)) is None
    assert await book.before(plans.night(tomorrow)) == fourth
    await ordered(bench.orders, "r2", at_s=tomorrow)  # type: ignore[arg-type]
    next_night = await plans.plan_tonight(ADA, tomorrow)
    assert (next_night.contents.standing, next_night.after, next_night.version) == (4, None, 5)
    await _can_be_made_again(plans, 5)
    await only_the_database(bench, fourth)


async def _can_be_made_again(plans: PlanDesk, versions: int) -> None:
    """Every plan follows from what is kept of it, to the last time."""
    network = (await plans.roads()).network
    for version in range(1, versions + 1):
        kept = (await plans.book.plan(version)).contents
        assert make(wish_of(network, kept), builder(kept.iterations, kept.seed)) == kept
    changed = [kept.heard for kept in [(await plans.book.plan(v)).contents for v in (1, 2)]]
    assert (changed[0], {h.lorry for h in changed[1]}) == ((), {"g1", "g2"})


async def only_the_database(bench: Bench, last: Plan) -> None:
    """Nothing is rewritten, and one plan has one follower."""
    stale = {
        f: getattr(last, f) for f in ("night", "kind", "at_s", "by", "role", "via", "reason", "contents")
    }
    from rules.core.cab.model import NewPlan

    with pytest.raises(PlanMovedError):
        await bench.desk.book.add(NewPlan(**stale, after=1), await bench.desk.book.marks())
    again = Service(
        lorry="g2", what="broken", at_s=NOW, by="A", role="r", via="cli", reason="x", request_id="s1"
    )
    await bench.desk.book.put_service(again)
    await bench.desk.book.put_service(again)
    assert (await bench.desk.book.out())["g2"] == again
    roster = Roster(lorry=[LorryEntry(id="g1", depot="south", salt_t=6.0)])
    marks = await bench.desk.book.marks()
    await bench.desk.book.put_roster(roster, "Ada", "two are sold")
    newest = await bench.desk.book.newest(bench.desk.night(NOW + 86_400.0))
    assert newest is not None
    follower = NewPlan(**{**stale, "night": newest.night}, after=newest.version)
    with pytest.raises(PlanMovedError, match="have changed meanwhile"):
        await bench.desk.book.add(follower, marks)
    kept = await bench.desk.book.marks()
    assert (kept.services, kept.rosters) != (marks.services, marks.rosters)
    assert await bench.desk.roster() == roster
    if bench.conn is None:
        return
    for change in (
        "update winter_plan set reason = 'other'", "delete from winter_plan", "truncate winter_plan cascade",
        "delete from lorry_service", "update winter_roster set by = 'x'",
    ):  # fmt: skip
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="appended only"):
            await bench.conn.execute(change)
    # Roads that are changed in place are noticed: as many stretches as before, another speed on one.
    await bench.desk.on_roads(last)
    await bench.conn.execute(
        "update road_segment set speed_km_h = 16 where segment_id = %s", [last.contents.asked[0].segment_id]
    )
    with pytest.raises(
        NotPlannedError, match=r"roads have changed since plan 4 was made \(1 of its stretches: "
    ):
        await bench.desk.on_roads(last)


async def test_orders_of_the_desk_are_what_is_planned(bench: Bench) -> None:
    case = await ordered(bench.orders, g_m2=20.0, passes=2)  # type: ignore[arg-type]
    plan = await bench.desk.plan_tonight(ADA, NOW + 60.0)
    assert [(o.ref, o.passes, o.state) for o in plan.contents.orders] == [(case.ref, 2, "ordered")]
    assert {a.runs for a in plan.contents.asked} == {2}
    await bench.orders.act(m.Cancel(ref=case.ref, by="Ada", role="duty officer", reason="rain"), NOW + 90.0)
    assert await bench.desk.news(plan, NOW + 100.0) == (case.ref,)
    empty = await bench.desk.plan_tonight(ADA, NOW + 120.0)
    assert (empty.version, empty.contents.asked, empty.contents.orders) == (2, (), ())
    with pytest.raises(NotPlannedError, match="No order stands"):
        await bench.desk.plan_tonight(ADA, NOW + 150.0)
