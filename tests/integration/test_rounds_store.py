"""One behaviour for rounds on PostgreSQL and in memory."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from devices.registry import BinSite, Depot, Device, Registry
from ingest.registry_store import store_registry
from rules.core.rounds.model import LorryNow
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting
from rules.core.rounds.request import RoundRequest
from rules.rounds.making import in_thread, make
from rules.rounds.memory import MemoryRounds, MemoryRoundTown
from rules.rounds.own_process import OwnProcess
from rules.rounds.ports import Decided, NewRounds, NoRoundsError, NoSuchRoundsError, Rounds, RoundsMovedError
from rules.rounds.service import Asked, RoundDesk
from rules.rounds.store import PostgresRounds, PostgresRoundTown
from tests.fakes.rounds_town import candidates, day_of, lorries, town

ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 6, 13, 4, 30, tzinfo=UTC).timestamp()
DAY = "2026-06-13"


def installed() -> Registry:
    """Return the town with its bins."""
    network = town()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    sites, devices = [], []
    for c in candidates(network, 8):
        devices.append(Device(name=f"s-{c.bin_id}", kind="bin", shard=0, installed_at=at))
        sites.append(
            BinSite(
                bin_id=c.bin_id,
                label=f"Bin {c.bin_id}",
                street="Street",
                device=f"s-{c.bin_id}",
                latitude_deg=c.place.latitude_deg,
                longitude_deg=c.place.longitude_deg,
                capacity_l=600.0,
            )
        )
    return Registry(
        name="Little Rounds",
        devices=tuple(devices),
        nodes=network.nodes,
        segments=network.segments,
        turn_bans=network.turn_bans,
        depots=(Depot(depot_id="d", label="Yard", node_id=network.nodes[0].node_id),),
        bins=tuple(sites),
    )


ROWS: tuple[dict[str, Any], ...] = (
    {"bin_id": "b0", "must": True, "code": "full", "why": "over 80 %", "p_overflow": 0.9, "litres": 500.0},
    {"bin_id": "b1", "must": False, "code": "may", "why": "", "p_overflow": 0.6, "litres": 300.0},
    {"bin_id": "b2", "must": False, "code": "may", "why": "", "p_overflow": 0.001, "litres": 100.0},
    {"bin_id": "b3", "must": True, "code": "age", "why": "too old", "p_overflow": None, "litres": None},
    {"bin_id": "gone", "must": True, "code": "full", "why": "", "p_overflow": 1.0, "litres": 10.0},
)


@dataclass
class Bench:
    """A desk, and where decisions go."""

    desk: RoundDesk
    conn: psycopg.AsyncConnection[Any] | None

    async def decide(self, at_s: float, rows: tuple[dict[str, Any], ...] = ROWS) -> None:
        if self.conn is None:
            town_: Any = self.desk.town
            number = len(town_.decisions) + 1
            town_.decisions.append(Decided(decision_id=number, at_s=at_s, candidates=rows))
            return
        await self.conn.execute(
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, result)"
            " values ('bins.round', 1, 'town', 'bins', to_timestamp(%s), 'collect', 'test', %s::jsonb)",
            (at_s, json.dumps({"candidates": rows})),
        )


@pytest.fixture(params=["memory", "postgres"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the desk in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    def planner_of(iterations: int, seed: int) -> Inserting:
        return Inserting()

    if database is None:
        yield Bench(RoundDesk(MemoryRounds(), MemoryRoundTown(installed()), planner_of, ZONE), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True) as conn,
        AsyncConnectionPool(database, min_size=2, max_size=4, open=False) as pool,
    ):
        await pool.open()
        await store_registry(conn, installed())
        yield Bench(RoundDesk(PostgresRounds(pool), PostgresRoundTown(pool), planner_of, ZONE), conn)


def asked(at_s: float = NOW, **more: Any) -> Asked:
    return Asked("Ada", "waste manager", "cli", at_s, **more)


async def test_a_day_planned_and_planned_again(bench: Bench) -> None:
    """In one database, as making one is what takes time."""
    desk, book = bench.desk, bench.desk.book
    with pytest.raises(NoRoundsError, match="there are no lorries"):
        await desk.plan_today(asked())
    with pytest.raises(ValueError, match="is there twice"):
        await desk.put_fleet(msgspec.structs.replace(lorries(1), lorry=lorries(1).lorry * 2), "Ada")
    kept = await desk.put_fleet(lorries(2), "Ada", "first")
    assert await book.fleet() == kept
    with pytest.raises(NoRoundsError, match="no decision on bins"):
        await desk.plan_today(asked())

    await bench.decide(NOW - 3600.0)
    first = await desk.plan_today(asked(request_id="k1", reason="morning"))
    assert (first.version, first.day, first.after, first.by, first.reason) == (1, DAY, None, "Ada", "morning")
    assert {c.bin_id for c in first.plan.made_from.candidates} == {"b0", "b1", "b2", "b3"}
    assert {"b0", "b3"} <= set(first.plan.lorry_of)
    assert next(c.litres for c in first.plan.made_from.candidates if c.bin_id == "b3") == 600.0
    assert first.plan.made_from.roads
    assert await desk.plan_today(asked(NOW + 60.0, request_id="k1")) == first
    assert await desk.newest(NOW) == first == await book.rounds(1)
    with pytest.raises(NoSuchRoundsError):
        await book.rounds(2)

    began = first.plan.rounds[0].begins_s or first.plan.rounds[1].begins_s
    assert began is not None
    driver = next(r for r in first.plan.rounds if r.stops)
    stop = next(s for s in driver.stops if s.kind == "bin")
    now = LorryNow(
        lorry_id=driver.lorry_id, at_s=stop.ends_s, place=stop.place, load_kg=stop.load_kg, load_l=stop.load_l, began_s=began
    )  # fmt: skip
    second = await desk.plan_today(asked(NOW + 7200.0, now=(now,), done=frozenset({stop.ref})))
    assert (second.version, second.after) == (2, 1)
    assert stop.ref not in second.plan.lorry_of
    assert await book.numbers(DAY) == [1, 2]

    fields = {f: getattr(second, f) for f in Rounds.__struct_fields__ if f != "version"}
    with pytest.raises(RoundsMovedError, match="next plan meanwhile"):
        await book.add(NewRounds(**{**fields, "after": 1, "request_id": None}))
    await desk.put_fleet(lorries(1), "Ada")
    with pytest.raises(RoundsMovedError, match="lorries have changed"):
        await book.add(NewRounds(**{**fields, "after": 2, "request_id": None}))
    assert await desk.newest(NOW + 86_400.0) is None
    if bench.conn is not None:
        for statement in (
            "update round_plan set by = 'Eve'",
            "delete from round_fleet",
            "truncate round_plan",
        ):
            with pytest.raises(psycopg.Error, match="appended only"):
                await bench.conn.execute(statement)


async def test_a_plan_that_the_check_refuses_is_not_kept(bench: Bench) -> None:
    async def wrong(request: RoundRequest, planner: object) -> RoundPlan:
        def forgets(asked_: RoundRequest) -> RoundPlan:
            plan = Inserting()(asked_)
            return msgspec.structs.replace(plan, not_collected=())

        return make(request, forgets)

    desk = RoundDesk(bench.desk.book, bench.desk.town, lambda i, s: Inserting(), ZONE, wrong)
    await desk.put_fleet(lorries(2), "Ada")
    await bench.decide(NOW - 60.0)
    with pytest.raises(NoRoundsError, match="refused by its check: bin b2 is told of 0 times"):
        await desk.plan_today(asked())
    assert await desk.book.numbers(DAY) == []


async def test_a_process_of_its_own_makes_the_same_plan_and_tells_what_is_wrong() -> None:
    own, request = OwnProcess(), day_of(8)
    try:
        assert await own(request, Inserting()) == await in_thread(request, Inserting())
        bad = day_of(3, now=[LorryNow(lorry_id="L9", at_s=0)])
        with pytest.raises(NoRoundsError, match="there is no lorry 'L9'"):
            await own(bad, Inserting())
    finally:
        own.close()
