"""One behaviour for both stores: what is fetched, written, refused and resumed."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from cityops.errors import TransientError
from devices.registry import Registry
from ingest.registry_store import store_registry
from ops_api.demo.verify import ALARMED, tally
from ops_api.rules_lag import SETTLE
from rules.catalogue.loader import load
from rules.core.effects import (
    ChangeSeverity,
    ClearAlarm,
    Decision,
    Event,
    Flapping,
    Member,
    MemberJoined,
    MemberLeft,
    RaiseAlarm,
    SubjectState,
)
from rules.core.memory import Row
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, CursorMovedError, Fetched, RuleStore
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes.rules_batches import RECEIVED_FROM, insert_batch
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import START, Reading, batch, hamlet, latest

pytestmark = pytest.mark.storage


class Bench:
    """A store, a way to add batches to it, and a way to read what it holds."""

    def __init__(self, store: RuleStore, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.store, self._conn, self._batches = store, conn, 0

    async def add(self, readings: Sequence[Reading]) -> None:
        self._batches += 1
        if self._conn is not None:
            await insert_batch(self._conn, readings, self._batches)
            await self._final(self._conn)
        else:
            assert isinstance(self.store, MemoryRuleStore)
            # The ingester stores a batch at once: within it, time decides.
            ordered = sorted(readings, key=lambda r: r[2])
            self.store.add_batch(RECEIVED_FROM.timestamp() + self._batches, batch(ordered))

    async def _final(self, conn: psycopg.AsyncConnection[Any]) -> None:
        """Wait until no older transaction of the cluster (a policy of TimescaleDB's) holds the batches back."""
        final = "select max(xid) < pg_snapshot_xmin(pg_current_snapshot()) from ingest_batch"
        async with asyncio.timeout(60):
            while await (await conn.execute(final)).fetchone() != (True,):
                await asyncio.sleep(0.02)

    async def want_settled(self) -> None:
        """Say that no more batches will come."""
        if self._conn is not None:
            await self._conn.execute(SETTLE)
            return
        assert isinstance(self.store, MemoryRuleStore)
        self.store.want_settled()

    async def retire(self, *devices: str) -> None:
        """Take devices away."""
        if self._conn is not None:
            statement = "update device set retired_at = now() where name = any (%s)"
            await self._conn.execute(statement, (list(devices),))
            return
        assert isinstance(self.store, MemoryRuleStore)
        before = self.store.installed
        self.store.installed = msgspec.structs.replace(
            before,
            devices=tuple(d for d in before.devices if d.name not in devices),
            homes=tuple(
                msgspec.structs.replace(h, devices=tuple(d for d in h.devices if d not in devices))
                for h in before.homes
            ),
            segments=tuple(
                msgspec.structs.replace(s, device=None if s.device in devices else s.device)
                for s in before.segments
            ),
            bins=tuple(b for b in before.bins if b.device not in devices),
        )

    async def rows(self, what: str) -> list[tuple[Any, ...]]:
        """The table's meaning: subjects and what was said of them, in order."""
        if self._conn is not None:
            return await (await self._conn.execute(QUERIES[what])).fetchall()
        assert isinstance(self.store, MemoryRuleStore)
        return memory_rows(self.store, what)


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the store in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryRuleStore(hamlet()), None)
        return
    dsn = database
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=3, open=False) as pool,
    ):
        await store_registry(conn, hamlet())
        yield Bench(PostgresRuleStore(pool), conn)


def change(from_cursor: int, to_cursor: int, *effects: Any, rows: tuple[Row, ...] = ()) -> Change:
    from_s = None if from_cursor == 0 else START
    return Change(from_cursor, to_cursor, START, START, rows, effects, from_settled_s=from_s)


RAISE = RaiseAlarm("bins.full", 1, "bin", "b0", "warning", START, "Bin 0: full", "85 % full.", {"fill": 85.0})
CLEAR = ClearAlarm("bins.full", "bin", "b0", START + 60, "Now 5 % full.")


async def test_the_registry_comes_back(bench: Bench) -> None:
    got, made = await bench.store.registry(), hamlet()
    assert {d.name for d in got.devices} == {d.name for d in made.devices}
    assert sorted(got.homes, key=lambda h: h.code) == sorted(made.homes, key=lambda h: h.code)
    assert got.segments == made.segments
    assert (got.nodes, got.routes, got.depots, got.bins) == (
        made.nodes, made.routes, made.depots, made.bins,
    )  # fmt: skip


async def test_batches_come_in_receive_order_and_once(bench: Bench) -> None:
    assert await bench.store.fetch(0, 10) is None
    late: Reading = ("frog", "frog-0", -3000.0, {"temperature_c": 0.0, "humidity_pct": 50.0})
    fresh: Reading = ("bin", "bin-1", 30.0, {"distance_mm": 500.0})
    await bench.add([fresh, ("frog", "frog-1", 20.0, {"temperature_c": 19.0, "humidity_pct": 60.0})])
    await bench.add([late])
    first = await bench.store.fetch(0, 1)
    assert first is not None
    assert (first.batches, first.readings_n) == (1, 2)
    both = await bench.store.fetch(0, 10)
    assert both is not None
    frog = both.readings["frog"]
    assert list(frog.device) == ["frog-1", "frog-0"]
    assert frog.ts_s.tolist() == [START + 20, START - 3000]
    assert frog.fields["temperature_c"].tolist() == [19.0, 0.0]
    assert sorted([*frog.position, *both.readings["bin"].position]) == [0, 1, 2] or (
        frog.position[0] < both.readings["bin"].position[0] < frog.position[1]
    )
    second = await bench.store.fetch(first.cursor, 10)
    assert second is not None
    assert second.readings["frog"].device[0] == "frog-0"
    assert await bench.store.fetch(second.cursor, 10) is None


async def test_a_change_is_written_and_resumed(bench: Bench) -> None:
    assert (await bench.store.resume()).cursor == 0
    row = Row("outdoor", "town", 1, b'{"at_s":5.0,"air_c":0.0}')
    decision = Decision("winter.gritting", 1, "route", "r1", START, "treat", "Cold.", {"a": 1}, {"b": 2})
    event = Event("bin_emptied", "bin", "b0", START, {"before_pct": 80.0})
    said = SubjectState("bin", "b0", START, {"fill_pct": 0.0})
    await bench.store.commit(change(0, 7, RAISE, decision, event, said, rows=(row,)))
    resumed = await bench.store.resume()
    assert resumed.cursor == 7
    assert (resumed.state.seen_s, resumed.state.settled_s) == (START, START)
    assert resumed.state.outdoor["town"].air_c == 0.0
    assert await bench.rows("alarms") == [("bins.full", "b0", START, None)]
    assert await bench.rows("decisions") == [("winter.gritting", "r1", "treat", START)]
    assert await bench.rows("events") == [("bin_emptied", "b0", START, {"before_pct": 80.0})]
    assert await bench.rows("states") == [("bin", "b0", START, {"fill_pct": 0.0})]


async def test_a_moved_cursor_writes_nothing(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 3))
    with pytest.raises(CursorMovedError):
        await bench.store.commit(change(0, 5, RAISE))
    assert await bench.rows("alarms") == []
    assert (await bench.store.resume()).cursor == 3


async def test_an_alarm_is_up_once_and_clears(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 1, RAISE, RAISE))
    await bench.store.commit(change(1, 2, CLEAR, RAISE, CLEAR))
    assert await bench.rows("alarms") == [
        ("bins.full", "b0", START, START + 60),
        ("bins.full", "b0", START, START + 60),
    ]


def member(name: str, at_s: float, severity: str = "warning") -> Member:
    return Member("segment", name, severity, at_s, f"{name} is icy", {"surface_temperature_c": -1.0})


ICE = ("winter.ice", "route", "r1")
GROUP = RaiseAlarm(
    "winter.ice", 2, "route", "r1", "warning", START, "Route 1: ice on S0 Road", "Ice on 1 of 3.", {"members": 1},
    is_group=True, members=(member("s0", START),), held_since_s=START - 600,
)  # fmt: skip


async def test_a_group_steps_its_members_come_and_go_and_the_log_says_so(bench: Bench) -> None:
    await bench.store.resume()
    await bench.store.commit(change(0, 1, GROUP))
    joined = MemberJoined(
        *ICE, member("s1", START + 60, "major"), "Route 1: ice on 2 stretches", "Ice on 2 of 3."
    )
    worse = ChangeSeverity(*ICE, "major", "warning", START + 60, "Ice on 2 of 3.", {"members": 2})
    left = MemberLeft(
        *ICE, "segment", "s0", START + 120, "S0 Road is now dry.", "Route 1: ice on S1 Road", "One."
    )
    flaps = Flapping(*ICE, START + 120, True, 3)
    await bench.store.commit(change(1, 2, joined, worse))
    await bench.store.commit(change(2, 3, left, flaps))
    (alarm,) = await bench.rows("standing")
    assert alarm[3:] == (
        "major", START, "Route 1: ice on S1 Road", "One.", {"members": 2}, True, True, START - 600,
    )  # fmt: skip
    (opened,) = (await bench.store.resume()).open_alarms
    assert (opened.severity, opened.flapping, opened.members) == (
        "major",
        True,
        {("segment", "s1"): START + 60},
    )
    again = MemberJoined(*ICE, member("s0", START + 180))
    calm, over = Flapping(*ICE, START + 240, False, 3), ClearAlarm(*ICE, START + 240, "All dry.")
    await bench.store.commit(change(3, 4, again, calm, over))
    members = [(row[3], row[4], row[5], row[6]) for row in await bench.rows("members")]
    assert members == [
        ("s0", "warning", START, START + 120), ("s1", "major", START + 60, START + 240),
        ("s0", "warning", START + 180, START + 240),
    ]  # fmt: skip
    log = await bench.rows("log")
    assert [row[4] for row in log] == [
        "raised", "member_joined", "severity", "member_left", "flapping", "member_joined", "flapping", "cleared",
    ]  # fmt: skip
    assert {row[3] for row in log} == {"engine"}
    assert log[0][5]["members"] == [
        {"kind": "segment", "subject": "s0", "severity": "warning", "at_s": START, "reason": "s0 is icy"}
    ]
    assert log[2][5] == {
        "severity": "major", "before": "warning", "reason": "Ice on 2 of 3.", "inputs": {"members": 2},
        "at_s": START + 60,
    }  # fmt: skip
    assert (await bench.store.resume()).open_alarms == ()


async def test_everything_in_one_step_is_the_same_as_bit_by_bit(bench: Bench) -> None:
    await bench.store.resume()
    away = MemberLeft(*ICE, "segment", "s0", START + 60, "Dry.")
    back = MemberJoined(*ICE, member("s0", START + 120, "major"))
    over = ClearAlarm(*ICE, START + 180, "Dry.")
    other = RaiseAlarm(*ICE[:1], 2, *ICE[1:], "major", START + 240, "Again", "Ice.", {}, is_group=True)
    story = (GROUP, MemberJoined(*ICE, member("s1", START + 30)), away, back, over, CLEAR, other, RAISE)
    await bench.store.commit(change(0, 1, *story))
    assert [row[:2] + row[4:5] for row in await bench.rows("standing")] == [
        ("bins.full", "bin", START), ("winter.ice", "route", START), ("winter.ice", "route", START + 240),
    ]  # fmt: skip
    members = [(row[3], row[4], row[5], row[6]) for row in await bench.rows("members")]
    assert members == [
        ("s0", "warning", START, START + 60), ("s1", "warning", START + 30, START + 180),
        ("s0", "major", START + 120, START + 180),
    ]  # fmt: skip
    assert {a.key for a in (await bench.store.resume()).open_alarms} == {ICE, ("bins.full", "bin", "b0")}


async def test_what_is_said_of_an_alarm_that_is_not_up_changes_nothing(bench: Bench) -> None:
    await bench.store.resume()
    joined, left = MemberJoined(*ICE, member("s1", START)), MemberLeft(*ICE, "segment", "s1", START, "Dry.")
    worse = ChangeSeverity(*ICE, "major", "warning", START, "Worse.", {})
    await bench.store.commit(change(0, 1, joined, left, worse, Flapping(*ICE, START, True, 3)))
    assert [await bench.rows(what) for what in ("alarms", "members", "log")] == [[], [], []]


async def test_a_storm_of_two_hundred_is_one_alarm(bench: Bench) -> None:
    await bench.store.resume()
    storm = dataclasses.replace(GROUP, members=tuple(member(f"s{i}", START) for i in range(200)))
    await bench.store.commit(change(0, 1, storm))
    assert len(await bench.rows("alarms")) == 1
    assert len(await bench.rows("members")) == 200
    assert [row[4] for row in await bench.rows("log")] == ["raised"]
    await bench.store.commit(change(1, 2, ClearAlarm(*ICE, START + 60, "Thawed.")))
    assert {row[6] for row in await bench.rows("members")} == {START + 60}


async def test_a_storm_takes_no_more_statements_than_one_member(
    db_dsn: str, pg: psycopg.AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[object] = []
    execute = psycopg.AsyncConnection.execute

    async def counted(self: Any, query: Any, *more: Any, **options: Any) -> Any:
        statements.append(query)
        return await execute(self, query, *more, **options)

    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=1, open=False) as pool:
        store = PostgresRuleStore(pool)
        await store.resume()
        monkeypatch.setattr(psycopg.AsyncConnection, "execute", counted)
        await store.commit(change(0, 1, GROUP))
        one = len(statements)
        members = tuple(member(f"s{i}", START) for i in range(200))
        await store.commit(change(1, 2, dataclasses.replace(GROUP, subject="r2", members=members)))
        joined = [MemberJoined("winter.ice", "route", "r2", member(f"t{i}", START + 60)) for i in range(200)]
        assert len(statements) == 2 * one
        await store.commit(change(2, 3, *joined))
    monkeypatch.undo()
    assert len(statements) <= 3 * one
    tallied = await tally(pg, ALARMED)
    assert tallied == {"winter.ice": 401}  # what a scenario's expectation is compared with


async def test_rows_of_an_older_version_are_migrated_and_their_alarms_go_on(bench: Bench) -> None:
    """What version 1 left up: a bin that is full, a segment with ice, a silent device; and a home dropped."""
    await bench.store.resume()
    life = '{"phase":"active","since_s":5.0,"held_since_s":5.0}'
    rows = (
        Row(
            "bin", "b0", 1, f'{{"at_s":{START},"first_s":{START},"full":{life},"distance_mm":200.0}}'.encode()
        ),
        Row("segment", "s0", 1, f'{{"state":"ice","ice":{life}}}'.encode()),
        Row("seen", "frog-0", 1, f'{{"at_s":{START - 9000},"silent":true}}'.encode()),
        Row("home", "OAK", 99, b'{"damp":"?"}'),
    )
    old = [
        RaiseAlarm("winter.ice", 1, "segment", "s0", "major", START, "Ice", "Ice.", {}),
        RaiseAlarm("device.silent", 1, "device", "frog-0", "warning", START, "Silent", "Silent.", {}),
        RaiseAlarm("damp.surface_humidity", 1, "home", "OAK", "warning", START, "Damp", "Damp.", {}),
        RaiseAlarm("platform.no_readings", 1, "town", "town", "major", START, "Nothing", "Nothing.", {}),
    ]
    await bench.store.commit(change(0, 0, RAISE, *old, rows=rows))
    state = (await bench.store.resume()).state
    assert state.bin["b0"].full.level == 1
    assert state.segment["s0"].ice.is_active
    assert state.seen["frog-0"].silent.held_since_s == START - 9000
    assert state.home == {}
    await bench.add([("weather", "wx-0", 60.0, {"air_temperature_c": 5.0, "humidity_pct": 80.0})])
    worker = service(bench.store)
    assert await worker.turn()
    up = {row[:2] for row in await bench.rows("alarms") if row[3] is None}
    assert up == {("bins.full", "b0"), ("platform.no_readings", "town"), ("device.silent", "OAK")}
    resumed = await bench.store.resume()
    assert not resumed.outdated
    ended = {row[0]: row[5]["reason"] for row in await bench.rows("log") if row[4] == "cleared"}
    assert ended["winter.ice"] == "Version 2 of the rule no longer calls for it."


async def test_rows_of_another_version_are_built_again(bench: Bench) -> None:
    await bench.store.resume()
    rows = (Row("outdoor", "town", 99, b'{"what":1}'), Row("nonsense", "x", 1, b"{}"))
    await bench.store.commit(change(0, 1, rows=rows))
    assert (await bench.store.resume()).state.outdoor == {}


def frosty(minutes: float) -> list[Reading]:
    """A cold evening's readings of one ten-minute interval."""
    at_s = minutes * 60.0
    surface = 2.5 - minutes / 40.0
    road = {
        "surface_temperature_c": surface,
        "air_temperature_c": surface + 1,
        "humidity_pct": 97.0,
        "water_film_mm": 0.3,
    }
    return [
        ("weather", "wx-0", at_s, {"air_temperature_c": surface + 1, "humidity_pct": 96.0, "wind_speed_m_s": 0.5}),
        ("road", "road-0", at_s + 1, road),
        ("road", "road-1", at_s + 2, {**road, "surface_temperature_c": surface - 0.5}),
        ("frog", "frog-2", at_s + 3, {"temperature_c": 15.0, "humidity_pct": 85.0}),
        ("bin", "bin-0", at_s + 4, {"distance_mm": max(150.0, 900.0 - 5 * minutes)}),
    ]  # fmt: skip


def service(store: RuleStore, lateness_s: float = 0.0) -> RulesService:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    return RulesService(store, HintWaker(), clock, load(), batch_limit=7, lateness_s=lateness_s)


async def test_a_frosty_night_is_decided(bench: Bench) -> None:
    for minutes in range(0, 600, 10):
        await bench.add(frosty(float(minutes)))
    worker = service(bench.store)
    while await worker.turn():
        pass
    alarms = {(rule, subject) for rule, subject, _, cleared in await bench.rows("alarms") if cleared is None}
    assert {("winter.ice", "r1"), ("winter.ice", "r2"), ("bins.full", "b0")} <= alarms
    assert ("damp.surface_humidity", "ELM") in alarms
    decided = [(s, o) for rule, s, o, _ in await bench.rows("decisions") if rule == "winter.gritting"]
    assert {("r1", "treat"), ("r2", "treat")} <= set(decided)
    states = {(k, s): state for k, s, _, state in await bench.rows("states")}
    assert states["segment", "s0"]["state"] == "ice"
    assert states["segment", "s1"]["source"] == "neighbour"
    assert states["route", "r1"]["drive"]["legs"]
    assert states["home", "ELM"]["risk"] == "high"
    assert states["bin", "b0"]["needs_collection"] is True
    collected = [
        s for rule, s, o, _ in await bench.rows("decisions") if (rule, o) == ("bins.round", "collect")
    ]
    assert collected == ["bins", "bins"]  # once for each of the two service dates


@pytest.mark.parametrize("lateness_s", [0.0, 900.0])
async def test_killed_and_started_again_the_result_is_the_same(bench: Bench, lateness_s: float) -> None:
    """Each turn by a new process that knows only the store; some commits are never answered."""
    readings = [frosty(float(m)) for m in range(0, 600, 10)]
    for part in readings:
        await bench.add(part)
    await bench.want_settled()
    turn = 0
    while True:
        turn += 1
        worker = service(_Unanswered(bench.store) if turn % 3 == 0 else bench.store, lateness_s)
        try:
            if not await worker.turn():
                break
        except TransientError:
            continue
    calm = MemoryRuleStore(hamlet())
    for number, part in enumerate(readings, start=1):
        calm.add_batch(RECEIVED_FROM.timestamp() + number, batch(sorted(part, key=lambda r: r[2])))
    calm.want_settled()
    worker = service(calm, lateness_s)
    while await worker.turn():
        pass
    assert (await calm.resume()).state.settled_s == START + 590 * 60.0 + 4.0
    for what in QUERIES:
        assert await bench.rows(what) == memory_rows(calm, what), what


async def test_what_waits_counts_when_it_has_been_quiet_or_somebody_knows(bench: Bench) -> None:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    worker = RulesService(bench.store, HintWaker(), clock, load(), lateness_s=300.0)
    for minutes in (0.0, 10.0):
        await bench.add(frosty(minutes))
        assert await worker.turn()
    resumed = await bench.store.resume()
    assert (resumed.state.seen_s, resumed.state.settled_s) == (START + 604.0, START + 4.0)
    assert sum(len(r) for r in resumed.since.values()) == 5
    clock.advance(299.0)
    assert not await worker.turn()
    assert (await bench.store.resume()).state.settled_s == START + 4.0
    clock.advance(2.0)
    assert not await worker.turn()
    resumed = await bench.store.resume()
    assert (resumed.state.settled_s, resumed.waiting_from) == (START + 604.0, None)
    await bench.add(frosty(20.0))
    await bench.want_settled()
    assert await worker.turn()
    assert await bench.store.settle_wanted(resumed.cursor + 10**9)
    assert not await worker.turn()
    resumed = await bench.store.resume()
    assert resumed.state.settled_s == START + 1204.0
    assert not await bench.store.settle_wanted(resumed.cursor)


async def test_of_two_processes_one_lets_what_waits_count(bench: Bench) -> None:
    """What waits counts without a new batch: the cursor stays, and says nothing of who was first."""
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    workers = [RulesService(bench.store, HintWaker(), clock, load(), lateness_s=300.0) for _ in range(2)]
    for minutes in (0.0, 10.0):
        await bench.add(frosty(minutes))
        assert await workers[0].turn()
    assert not await workers[1].turn()
    clock.advance(301.0)
    assert not await workers[0].turn()
    once = {what: await bench.rows(what) for what in QUERIES}
    assert once["decisions"]
    with pytest.raises(CursorMovedError):
        await workers[1].turn()
    assert {what: await bench.rows(what) for what in QUERIES} == once


async def test_what_is_no_longer_installed_has_no_alarm_and_is_forgotten(bench: Bench) -> None:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    worker = RulesService(bench.store, HintWaker(), clock, load())
    for minutes in range(0, 600, 10):
        await bench.add(frosty(float(minutes)))
        assert await worker.turn()
    up = {(rule, subject) for rule, subject, _, cleared in await bench.rows("alarms") if cleared is None}
    assert {("bins.full", "b0"), ("damp.surface_humidity", "ELM"), ("winter.ice", "r1")} <= up
    await bench.retire("bin-0", "frog-2", "road-0", "road-1")
    clock.advance(60.0)
    for minutes in range(600, 630, 10):
        await bench.add([r for r in frosty(float(minutes)) if r[0] == "weather"])
    while await worker.turn():
        pass
    up = {(rule, subject) for rule, subject, _, cleared in await bench.rows("alarms") if cleared is None}
    assert up == set()
    ended = {(r, s): d["reason"] for r, s, _, _, what, d in await bench.rows("log") if what == "cleared"}
    assert ended["bins.full", "b0"] == "It is no longer installed."
    assert ended["damp.surface_humidity", "ELM"] == "It is no longer installed."
    state = (await bench.store.resume()).state
    assert (state.bin, state.home, state.road) == ({}, {}, {})
    assert set(state.seen) == {"wx-0"}
    told = {(kind, subject) for kind, subject, *_ in await bench.rows("states")}
    assert not told & {("home", "ELM"), ("bin", "b0")}


async def test_while_the_database_was_away_it_was_not_quiet(bench: Bench) -> None:
    clock, stop = ManualClock(datetime(2026, 3, 1, tzinfo=UTC)), asyncio.Event()
    away = _Away(bench.store, clock)
    worker = RulesService(away, HintWaker(), clock, load(), poll_s=0.05, lateness_s=300.0)
    for minutes in (0.0, 10.0):
        await bench.add(frosty(minutes))
        assert await worker.turn()
    away.is_away = True
    running = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(30):
        while away.looks < 4:
            await asyncio.sleep(0.05)
    stop.set()
    await running
    assert (await bench.store.resume()).state.settled_s == START + 4.0


async def test_batches_without_readings_keep_nothing_waiting(bench: Bench) -> None:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    worker = RulesService(bench.store, HintWaker(), clock, load(), lateness_s=300.0)
    for minutes in (0.0, 10.0):
        await bench.add(frosty(minutes))
        assert await worker.turn()
    clock.advance(200.0)
    await bench.add([])
    assert await worker.turn()
    clock.advance(101.0)
    assert not await worker.turn()
    assert (await bench.store.resume()).state.settled_s == START + 604.0


async def test_a_clock_that_is_ahead_makes_nobody_late_when_a_backlog_is_read() -> None:
    """Live the clock on the wall holds it back; hours later the time of receipt does."""
    store, values = MemoryRuleStore(hamlet()), {"temperature_c": 19.0, "humidity_pct": 50.0}
    for minute in range(20):
        both: list[Reading] = [
            ("frog", "frog-0", 60.0 * minute, values), ("frog", "frog-1", 60.0 * minute + 240.0, values)
        ]  # fmt: skip
        store.add_batch(START + 60.0 * minute + 1.0, batch(both))
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    worker = RulesService(store, HintWaker(), clock, load(), batch_limit=1, lateness_s=60.0)
    while await worker.turn():
        pass
    assert store.late.windows == []


async def test_strangers_in_turns_do_not_make_it_read_the_registry_for_each_batch() -> None:
    store = _Counted(hamlet())
    worker = service(store)
    values = {"temperature_c": 19.0, "humidity_pct": 50.0}
    for minute in range(10):
        stranger: Reading = ("frog", f"gone-{minute % 2}", 60.0 * minute, values)
        store.add_batch(START + 60.0 * minute, batch([stranger]))
        assert await worker.turn()
    assert store.looks <= 3


class _Away:
    """A store that does not answer once, for ten minutes."""

    def __init__(self, store: RuleStore, clock: ManualClock) -> None:
        self._store, self._clock = store, clock
        self.registry, self.resume, self.commit = store.registry, store.resume, store.commit
        self.settle_wanted, self.pending = store.settle_wanted, store.pending
        self.is_away, self.looks = False, 0

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        self.looks += 1
        if self.is_away:
            self.is_away = False
            self._clock.advance(600.0)
            raise TransientError("connection lost")
        return await self._store.fetch(cursor, limit)


@dataclasses.dataclass
class _Counted(MemoryRuleStore):
    """Counts how often the registry is read."""

    looks: int = 0

    async def registry(self) -> Registry:
        self.looks += 1
        return await super().registry()


class _Unanswered:
    """A store whose commits happen, but whose answers are lost."""

    def __init__(self, store: RuleStore) -> None:
        self._store = store
        self.registry, self.resume, self.fetch = store.registry, store.resume, store.fetch
        self.settle_wanted, self.pending = store.settle_wanted, store.pending

    async def commit(self, change: Change) -> None:
        await self._store.commit(change)
        raise TransientError("connection lost")


async def test_the_running_service_recovers_and_stops(bench: Bench) -> None:
    """A lost answer makes it resume; a hint makes it look; stop ends it soon."""
    flaky = _FailsOnce(bench.store)
    waker, stop = HintWaker(), asyncio.Event()
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    worker = RulesService(flaky, waker, clock, load(), poll_s=60.0)
    running = asyncio.create_task(worker.run(stop))
    for minutes in range(0, 600, 10):
        await bench.add(frosty(float(minutes)))
        waker()
    async with asyncio.timeout(30):
        while ("home", "ELM", latest(frosty(590.0)) - 1) not in {r[:3] for r in await bench.rows("states")}:
            await asyncio.sleep(0.05)
            waker()
        while not all(worker.ready().values()):
            await asyncio.sleep(0.05)
    assert flaky.failed
    stop.set()
    async with asyncio.timeout(5):
        await running
    raised = [a[:2] for a in await bench.rows("alarms")]
    assert len(raised) == len(set(raised))


class _FailsOnce(_Unanswered):
    failed = False

    async def commit(self, change: Change) -> None:
        await self._store.commit(change)
        if not self.failed:
            self.failed = True
            raise TransientError("connection lost")
