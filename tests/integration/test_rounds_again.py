"""A day planned, driven in part, and planned again: on PostgreSQL and in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
import pytest
import structlog
from psycopg_pool import AsyncConnectionPool

from ingest.registry_store import store_registry
from rules.collection_acts.memory import MemoryActs
from rules.collection_acts.ports import CollectionActs
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.record import NewAct, What
from rules.core.crew.model import Fix, SeenBin
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Lock
from rules.core.rounds.planner import Inserting
from rules.rounds.again import AgainInTheDay, When
from rules.rounds.following import Heard
from rules.rounds.memory import MemoryReports, MemoryRounds, MemoryRoundTown
from rules.rounds.ports import Decided, NoRoundsError, NoSuchRoundsError, RoundReports, Rounds
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.store import PostgresReports, PostgresRounds, PostgresRoundTown
from tests.fakes.driven_day import reports
from tests.fakes.rounds_town import lorries
from tests.integration.test_rounds_store import NOW, ZONE, installed

pytestmark = pytest.mark.storage
MUSTS = tuple(
    {"bin_id": f"b{n}", "must": True, "code": "full", "why": "over 80 %", "p_overflow": 0.9, "litres": 400.0}
    for n in range(7)
)
NOON = NOW + 6.5 * 3600.0
DAY = "2026-06-13"


@dataclass
class Bench:
    """A desk with everything that it hears."""

    desk: RoundDesk
    acts: CollectionActs
    conn: psycopg.AsyncConnection[Any] | None

    async def decide(self, at_s: float, rows: Sequence[dict[str, Any]] = MUSTS) -> None:
        if self.conn is None:
            town_: Any = self.desk.town
            town_.decisions.append(
                Decided(decision_id=len(town_.decisions) + 1, at_s=at_s, candidates=tuple(rows))
            )
            return
        await self.conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
            " values ('bins.round', 1, 'town', 'bins', to_timestamp(%s), 'collect', 'test', %s::jsonb)",
            (at_s, json.dumps({"candidates": list(rows)})),
        )

    async def report(self, lorry: str, fixes: Sequence[Fix]) -> None:
        heard: Any = self._reports
        lorry = lorry.lower()
        if self.conn is None:
            heard.fixes.setdefault(lorry, []).extend(fixes)
            return
        await self.conn.execute(
            "insert into device (name, kind, shard, installed_at) values (%s, 'lorry', 0, '2026-01-01')"
            " on conflict do nothing", (lorry,),
        )  # fmt: skip
        plain = await self.conn.execute(
            "select 1 from pg_partitioned_table where partrelid = 'lorry_reading'::regclass"
        )
        if await plain.fetchone() is not None:
            await self.conn.execute("select ensure_partitions('2026-06-12', '2026-06-15')")
        for n, f in enumerate(fixes):
            await self.conn.execute(
                "insert into lorry_reading (ts, device_id, boot, seq, latitude_deg, longitude_deg, speed_m_s, load_kg, quality, received_at)"
                " select to_timestamp(%s), device_id, 1, %s, %s, %s, %s, %s, 0, now() from device where name = %s",
                (f.at_s, n, f.place.latitude_deg, f.place.longitude_deg, f.speed_m_s, f.load_kg, lorry),
            )

    async def show(self, one: SeenBin) -> None:
        heard: Any = self._reports
        if self.conn is None:
            heard.bins.append(one)
            return
        kind = "bin_emptied" if one.emptied else "bin_not_emptied"
        await self.conn.execute(
            "insert into event (kind, subject_kind, subject, at) values (%s, 'bin', %s, to_timestamp(%s))",
            (kind, one.bin_id, one.at_s),
        )

    async def say(self, bin_id: str, what: What, at_s: float, **more: Any) -> int:
        new = NewAct(
            ref=f"bin:{bin_id}", what=what, at_s=at_s, by="Crew 1", role="crew", via="crew page", **more
        )
        return (await self.acts.append(new)).act_id

    @property
    def _reports(self) -> RoundReports:
        heard = self.desk._following.heard
        assert heard is not None
        return heard.reports


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the desk in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    def planner_of(iterations: int, seed: int) -> Inserting:
        return Inserting()

    if database is None:
        acts = MemoryActs({b.bin_id: {} for b in installed().bins})
        heard = Heard(acts, MemoryReports())
        yield Bench(
            RoundDesk(MemoryRounds(), MemoryRoundTown(installed()), planner_of, ZONE, heard=heard), acts, None
        )
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=2, max_size=4, open=False) as pool,
    ):
        await pool.open()
        await store_registry(conn, installed())
        book = PostgresActs(pool)
        desk = RoundDesk(
            PostgresRounds(pool),
            PostgresRoundTown(pool),
            planner_of,
            ZONE,
            heard=Heard(book, PostgresReports(pool)),
        )
        yield Bench(desk, book, conn)


def asked(at_s: float = NOW, **more: Any) -> Asked:
    return Asked("Ada", "waste manager", "cli", at_s, **more)


def fleet() -> RoundFleet:
    """Return two lorries that hold all there is; their devices have their names in small letters."""
    made = lorries(2, max_kg=3000.0, body_m3=20.0)
    return msgspec.structs.replace(
        made, lorry=tuple(msgspec.structs.replace(v, device=v.id.lower()) for v in made.lorry)
    )


async def planned(bench: Bench) -> Rounds:
    """Return the morning's plan: lorry L0 drives, L1 stays."""
    await bench.desk.put_fleet(fleet(), "Ada")
    await bench.decide(NOW - 3600.0)
    made = await bench.desk.plan_today(asked())
    assert len(made.plan.lorry_of) == 7
    return made


async def test_the_rest_of_a_day_begins_where_the_lorry_is(bench: Bench) -> None:
    desk = bench.desk
    assert await desk.day_now(NOW) is None
    with pytest.raises(NoRoundsError, match="no plan of today yet"):
        await desk.replan(asked())
    first = await planned(bench)
    day_s = first.plan.day_s
    round_ = next(r for r in first.plan.rounds if r.bins)
    name, stops = round_.lorry_id, [s for s in round_.stops if s.kind == "bin"]

    # Nothing was heard yet: before the shift everybody waits.
    now = await desk.day_now(NOW)
    assert now is not None
    assert (now.rounds, {p.phase for p in now.progress.values()}) == (first, {"waits", "idle"})

    # Three are emptied as the crew says, the fourth is blocked, the fifth only its series shows.
    at_s = day_s + float(stops[4].ends_s + 5)
    # It drove past the blocked one without a stop.
    past = range(day_s + stops[3].arrive_s - 20, day_s + stops[3].ends_s)
    await bench.report(
        name, [f for f in reports(first.plan, name, at_s - day_s) if round(f.at_s) not in past]
    )
    for stop in stops[:3]:
        await bench.say(stop.ref, "collected", day_s + stop.ends_s, lorry=name, plan_version=1)
    wrong = await bench.say(stops[5].ref, "collected", day_s + stops[4].ends_s, lorry=name)
    await bench.say(stops[5].ref, "withdrawn", day_s + stops[4].ends_s + 1, withdraws=wrong)
    await bench.say(stops[3].ref, "blocked", day_s + stops[3].ends_s, reason="a car", lorry=name)
    await bench.show(SeenBin(stops[4].ref, day_s + stops[4].ends_s))
    now = await desk.day_now(at_s)
    assert now is not None
    p = now.progress[name]
    assert (p.phase, p.done_n, p.skipped_n, p.bins_n) == ("drives", 4, 1, len(stops))
    assert [s.by for s in p.stops if s.kind == "bin" and not s.is_open] == ["crew"] * 4 + ["sensor"]

    # "plan --today" in mid-day is the same as a plan again: nobody begins in the depot.
    second = await desk.plan_today(asked(at_s, reason="again"))
    plan = second.plan
    assert (second.version, second.after) == (2, 1)
    assert set(plan.lorry_of) == {s.ref for s in stops[5:]} | (
        set(first.plan.lorry_of) - {s.ref for s in stops}
    )
    assert {n.bin_id: n.why for n in plan.not_collected} == {stops[3].ref: "left out today: blocked"}
    up = next(n for n in plan.made_from.now if n.lorry_id == name)
    assert up.place is not None
    assert up.began_s == 21_600
    assert up.load_l == pytest.approx(4 * 400.0)
    assert up.at_s == round(at_s - day_s)
    again = next(r for r in plan.rounds if r.lorry_id == name)
    assert again.stops[0].ref == ""

    # What was done counts in the day's story; what was left comes back when the crew takes its word back.
    now = await desk.day_now(at_s)
    assert now is not None
    assert (now.progress[name].done_n, now.progress[name].skipped_n) == (4, 1)
    assert [s.ref for s in now.progress[name].earlier if s.kind == "bin"] == [s.ref for s in stops[:5]]
    blocked = next(a for a in await bench.acts.of_lorries(day_s, at_s + 1.0) if a.what == "blocked")
    await bench.say(stops[3].ref, "withdrawn", at_s, withdraws=blocked.act_id)
    third = await desk.replan(asked(at_s + 60.0, reason="the car is gone"))
    assert stops[3].ref in third.plan.lorry_of
    # Its crew's series says that it is full again hours later: it is emptied again, and what was counts for before.
    await bench.decide(at_s + 3 * 3600.0, MUSTS[:1])
    late = await desk.replan(asked(at_s + 3 * 3600.0, reason="full again", iterations=0))
    now = await desk.day_now(at_s + 3 * 3600.0 + 1.0)
    assert now is not None
    assert now.progress[name].done_n >= 4
    assert {c.bin_id for c in late.plan.made_from.candidates} <= {"b0"}


async def test_what_is_locked_stays_so_until_it_is_forgotten(bench: Bench) -> None:
    first = await planned(bench)
    skip, to = Lock(kind="skip", bins=("b1",), reason="roadworks", by="Ada"), first.plan.lorry_of["b2"]
    other = "L1" if to == "L0" else "L0"
    lock = Lock(kind="lorry", bins=("b2",), lorry_id=other, reason="its key", by="Ada")
    second = await bench.desk.plan_today(asked(NOW + 60.0, locks=(skip, lock)))
    third = await bench.desk.replan(asked(NOW + 120.0))
    for rounds in (second, third):
        assert "b1" not in rounds.plan.lorry_of
        assert rounds.plan.lorry_of["b2"] == other
    last = await bench.desk.replan(asked(NOW + 180.0, forget_locks=True))
    assert "b1" in last.plan.lorry_of
    assert last.plan.made_from.locks == ()


async def test_a_breakdown_goes_to_the_others_and_a_lorry_comes_back(bench: Bench) -> None:
    desk = bench.desk
    await desk.put_fleet(fleet(), "Ada")
    with pytest.raises(NoSuchRoundsError, match="no lorry 'L7'; there are L0, L1"):
        await desk.breakdown("L7", asked(reason="smoke"))
    with pytest.raises(NoRoundsError, match="needs a reason"):
        await desk.breakdown("L0", asked())
    # Known before the day is planned: the first plan goes without it.
    assert await desk.breakdown("L1", asked(reason="service", request_id="k")) is None
    assert await desk.breakdown("L1", asked(reason="service", request_id="k")) is None
    with pytest.raises(NoRoundsError, match="out of service already"):
        await desk.breakdown("L1", asked(reason="service"))
    await bench.decide(NOW - 3600.0)
    first = await desk.plan_today(asked())
    assert set(first.plan.lorry_of.values()) == {"L0"}
    assert await desk.returned("L1", asked(NOW + 10.0)) is not None
    with pytest.raises(NoRoundsError, match="in service already"):
        await desk.returned("L1", asked(NOW + 10.0))

    stops = [s for s in first.plan.rounds[0].stops if s.kind == "bin"]
    at_s = first.plan.day_s + float(stops[1].ends_s + 16)
    await bench.report("L0", reports(first.plan, "L0", at_s - first.plan.day_s))
    made = await desk.breakdown("L0", asked(at_s, reason="hydraulics"))
    assert made is not None
    assert set(made.plan.lorry_of.values()) == {"L1"}
    assert set(made.plan.lorry_of) == {s.ref for s in stops[2:]}
    now = await desk.day_now(at_s + 1.0)
    assert now is not None
    assert {n: s.reason for n, s in now.out.items()} == {"L0": "hydraulics"}
    assert (now.progress["L0"].done_n, now.progress["L1"].bins_n) == (2, len(stops) - 2)
    if bench.conn is not None:
        with pytest.raises(psycopg.Error, match="appended only"):
            await bench.conn.execute("delete from round_lorry_service")


async def test_a_day_is_planned_anew_by_itself_and_not_too_often(bench: Bench) -> None:
    town_s = NOW

    async def now_s() -> float:
        return town_s

    again = AgainInTheDay(bench.desk, now_s, When(behind_s=1800.0, apart_s=1200.0), iterations=0)
    assert await again.look() is None  # no plan yet
    first = await planned(bench)
    await bench.report("L0", [Fix(NOW, fleet().depot[0].place, 0.0)])
    town_s = NOW + 1300.0
    assert await again.look() is None  # no reason

    over = {
        "bin_id": "b7",
        "must": True,
        "code": "overflow",
        "why": "overflowing: 100 % full",
        "p_overflow": 1.0,
        "litres": 600.0,
    }
    await bench.decide(town_s, [*MUSTS, over])
    made = await again.look()
    assert made is not None
    assert (made.via, made.reason) == ("automatic", "overflowing, and in no round: b7")
    assert "b7" in made.plan.lorry_of
    assert {b: v for b, v in made.plan.lorry_of.items() if b != "b7"} == first.plan.lorry_of
    town_s += 60.0
    await bench.desk.book.put_service(_broken(made.plan.lorry_of["b7"], town_s))
    assert await again.look() is None  # too soon
    town_s += 1200.0
    last = await again.look()
    assert last is not None
    assert last.reason.startswith("out of service with bins left")
    assert made.plan.lorry_of["b7"] not in last.plan.lorry_of.values()
    town_s += 1200.0
    with structlog.testing.capture_logs() as told:
        assert await again.look() is None
    assert told == []


def _broken(lorry: str, at_s: float) -> Any:
    from rules.core.cab.model import Service

    return Service(lorry=lorry, what="broken", at_s=at_s, by="Ada", role="manager", via="cli", reason="smoke")
