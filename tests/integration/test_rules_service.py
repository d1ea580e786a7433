"""The rules service on both stores: what it decides, waits for, and survives."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cityops.clock import ManualClock
from cityops.errors import TransientError
from devices.registry import Registry
from rules.catalogue.loader import load
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, CursorMovedError, Fetched, RuleStore
from rules.service import RulesService
from rules.waker import HintWaker
from tests.fakes.rules_batches import RECEIVED_FROM
from tests.fakes.rules_bench import Bench, frosty, opened, service
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import START, Reading, batch, hamlet, latest

pytestmark = pytest.mark.storage


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the store in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    async with opened(database) as found:
        yield found


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
    assert states["route", "r1"]["outcome"] == "refer"  # at the end -12 °C: salt no longer works
    assert states["home", "ELM"]["risk"] == "high"
    assert states["bin", "b0"]["needs_collection"] is True
    collected = [
        s for rule, s, o, _ in await bench.rows("decisions") if (rule, o) == ("bins.round", "collect")
    ]
    # Once for each of the two service dates, candidates told again after four hours between, and once by their chance alone.
    assert collected == ["bins"] * 4


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
