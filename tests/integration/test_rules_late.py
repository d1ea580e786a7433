"""One behaviour on both stores: late readings mark what they would have changed, and change nothing else."""

from __future__ import annotations

import copy
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from cityops.errors import TransientError
from ingest.registry_store import store_registry
from rules.catalogue.loader import load
from rules.core.checkpoint import KEPT_S, packed
from rules.core.context import Context
from rules.core.diff import compare
from rules.core.effects import ChangeSeverity, ClearAlarm, LateReadings, RaiseAlarm
from rules.core.late import LateSpan
from rules.core.memory import EngineState
from rules.core.replayed import DecisionMade
from rules.memory_store import MemoryRuleStore
from rules.ports import Change, RuleStore
from rules.reopen.memory import MemoryLateWindows, StoreReadings
from rules.reopen.ports import Asked, Judged, LateWindows
from rules.reopen.service import Reopener
from rules.reopen.store import PostgresLateWindows
from rules.replay.ports import ReadingSource
from rules.replay.reader import PostgresReadings
from rules.replay.runner import run, widths_m
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from tests.fakes import late_night
from tests.fakes.databases import create, drop, own_database, seal, with_database
from tests.fakes.rules_batches import RECEIVED_FROM, insert_batch, until_final
from tests.fakes.rules_tables import QUERIES, memory_rows
from tests.fakes.rules_town import START, Reading, batch, context, hamlet

pytestmark = pytest.mark.storage

MARKS = """
select * from (
    select 'alarm', rule_id, subject_kind, subject, extract(epoch from raised_at)::float8, would_differ from alarm
    union all
    select 'decision', rule_id, subject_kind, subject, extract(epoch from decided_at)::float8, would_differ from decision
) x where would_differ is not null order by 1, 2, 3, 4, 5
"""
WINDOWS = """
select scope_kind, scope, extract(epoch from from_at)::float8, extract(epoch from to_at)::float8, devices, readings,
       state, checked_at is not null
from late_window order by late_window_id
"""
SAID = """
select rule_id, subject, detail ->> 'text' from alarm_log join alarm using (alarm_id)
where actor = 'engine' and what = 'would_differ' and planned_at is not null order by 1, 2, 3
"""
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass
class Bench:
    """Both stores of the rules, the readings, and a way to look at the tables."""

    rules: RuleStore
    late: LateWindows
    source: ReadingSource
    conn: psycopg.AsyncConnection[Any] | None
    added: int = 0

    async def add(self, readings: Sequence[Reading]) -> None:
        self.added += 1
        if self.conn is not None:
            await insert_batch(self.conn, readings, self.added)
            await until_final(self.conn)
            return
        ordered = sorted(readings, key=lambda r: r[2])
        self.memory.add_batch(RECEIVED_FROM.timestamp() + self.added, batch(ordered))

    async def evaluate(self, batches: Sequence[Sequence[Reading]]) -> None:
        """Add batches and take each through a step of its own."""
        worker = RulesService(
            self.rules, HintWaker(), ManualClock(NOW), load(), batch_limit=1, lateness_s=60.0
        )
        for readings in batches:
            await self.add(readings)
            while await worker.turn():
                pass

    def reopener(self, late: LateWindows | None = None, rested_s: float = 0.0) -> Reopener:
        return Reopener(
            self.late if late is None else late,
            self.source,
            surroundings,
            ManualClock(NOW),
            rested_s=rested_s,
        )

    async def commit(self, step: Change) -> None:
        """Write a step that begins where the store stands."""
        stands = await self.rules.resume()
        await self.rules.commit(replace(step, from_settled_s=stands.state.settled_s))

    async def rows(self, what: str) -> list[tuple[Any, ...]]:
        if self.conn is None:
            return memory_rows(self.memory, what)
        return await (await self.conn.execute(QUERIES[what])).fetchall()

    async def marks(self) -> dict[tuple[Any, ...], Any]:
        if self.conn is None:
            return dict(sorted(self.memory.late.marks.items()))
        rows = await (await self.conn.execute(MARKS)).fetchall()
        return {row[:5]: row[5] for row in rows}

    async def windows(self) -> list[tuple[Any, ...]]:
        if self.conn is None:
            return [
                (s.scope_kind, s.scope, s.from_s, s.to_s, list(s.devices), s.readings, w.state, w.looked)
                for w in self.memory.late.windows
                if (s := w.span)
            ]
        return await (await self.conn.execute(WINDOWS)).fetchall()

    async def said(self) -> list[tuple[Any, ...]]:
        """The lines of alarms' logs; nobody has to follow them up."""
        if self.conn is None:
            alarms = self.memory.alarms
            lines = [(alarms[e.alarm_id - 1].raised, e) for e in self.memory.log if e.what == "would_differ"]
            return sorted((r.rule_id, r.subject, e.detail["text"]) for r, e in lines)
        return await (await self.conn.execute(SAID)).fetchall()

    @property
    def memory(self) -> MemoryRuleStore:
        assert isinstance(self.rules, MemoryRuleStore)
        return self.rules


async def surroundings() -> tuple[int | None, Context]:
    return None, context()


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the store in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


def in_memory(store: MemoryRuleStore, added: int = 0) -> Bench:
    return Bench(store, MemoryLateWindows(store), StoreReadings(store), None, added)


@asynccontextmanager
async def in_database(dsn: str, added: int = 0) -> AsyncIterator[Bench]:
    kinds = ("weather", "road", "frog", "bin", "gritter")
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=3, open=False) as pool,
    ):
        rules, late = PostgresRuleStore(pool), PostgresLateWindows(pool)
        yield Bench(rules, late, PostgresReadings(dsn, kinds), conn, added)


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield in_memory(MemoryRuleStore(hamlet()))
        return
    async with in_database(database) as found:
        assert found.conn is not None
        await store_registry(found.conn, hamlet())
        yield found


@pytest.fixture(scope="module")
def nights() -> Iterator[dict[str, Any]]:
    """The store in memory after the night, and by server the name of a database that is."""
    made: dict[str, Any] = {}
    yield made
    for server in made.keys() - {"memory"}:
        drop(server, made[server])


@pytest.fixture(params=["postgres", "memory"])
def server(request: pytest.FixtureRequest) -> tuple[str, str] | None:
    """A server and an upgraded database of it, or None for the store in memory."""
    if request.param == "memory":
        return None
    return request.getfixturevalue("pg_server"), request.getfixturevalue("db_template")


@pytest.fixture
async def after(server: tuple[str, str] | None, nights: dict[str, Any]) -> AsyncIterator[Bench]:
    """The bench after the night, which is worked out once for each store."""
    night = late_night.batches()
    if server is None:
        if "memory" not in nights:
            made = in_memory(MemoryRuleStore(hamlet()))
            await made.evaluate(night)
            nights["memory"] = made.memory
        yield in_memory(copy.deepcopy(nights["memory"]), len(night))
        return
    where, template = server
    if where not in nights:
        name = f"cityops_night_{uuid.uuid4().hex[:12]}"
        create(where, name, template)
        async with in_database(with_database(where, name)) as made:
            assert made.conn is not None
            await store_registry(made.conn, hamlet())
            await made.evaluate(night)
        seal(where, name)
        nights[where] = name
    with own_database(where, "after", nights[where]) as dsn:
        async with in_database(dsn, len(night)) as found:
            yield found


def change(from_cursor: int, *effects: Any, at_s: float = START, checkpoint: bytes | None = None) -> Change:
    return Change(from_cursor, from_cursor + 1, at_s, at_s, (), effects, checkpoint=checkpoint)


async def fresh(bench: Bench) -> set[tuple[Any, ...]]:
    """Return what a replay of the whole night says otherwise: what the tables hold of it, or what stood then."""
    end_s, widths = START + 24 * 3600.0, widths_m(context())
    stored = (await bench.late.past(Asked(START - 1, START - 1, end_s, None, widths))).stored
    found = set()
    for d in compare(stored, run(bench.source, context(), START - 1, end_s, 0.0)):
        if d.rule_id == "device.silent":
            continue
        assert d.before is not None or d.what == "decision", d
        at_s = None if d.before is None else d.before["raised_s" if d.what == "alarm" else "at_s"]
        stood = at_s if at_s is not None else _stood(stored.decisions, d.subject, d.at_s)
        found.add((d.what, d.rule_id, d.subject_kind, d.subject, stood))
    return found


def _stood(decisions: Sequence[DecisionMade], subject: str, at_s: float) -> float:
    return max(x.at_s for x in decisions if x.subject == subject and x.at_s <= at_s)


async def tables(bench: Bench) -> dict[str, list[tuple[Any, ...]]]:
    return {what: await bench.rows(what) for what in QUERIES}


async def test_a_backlog_marks_exactly_what_a_replay_of_the_night_says_otherwise(after: Bench) -> None:
    night = late_night.batches()
    before = await tables(after)
    backlog = late_night.late(night)
    [(kind, scope, from_s, to_s, devices, readings, state, looked)] = await after.windows()
    assert (kind, scope, devices, state, looked) == ("route", "r1", ["road-0"], "open", False)
    assert from_s == START + backlog[0][2]
    assert to_s <= START + backlog[-1][2]
    assert 0 < readings <= len(backlog)
    worker = after.reopener()
    assert await worker.turn()
    assert not await worker.turn()
    marks, expected = await after.marks(), await fresh(after)
    assert {key[1] for key in expected} >= {"winter.gritting", "winter.ice"}
    assert set(marks) == expected
    for mark in marks.values():
        assert mark["late"] == [
            {"devices": ["road-0"], "from": "2026-01-09T18:00:01Z", "to": "2026-01-09T20:40:01Z", "readings": readings}
        ]  # fmt: skip
        assert mark["found_at"] == "2026-03-01T00:00:00Z"
        assert mark["text"]
    assert (await after.windows())[0][6:] == ("differs", True)
    assert await after.said() == sorted(
        (*key[1:4:2], mark["text"]) for key, mark in marks.items() if key[0] == "alarm"
    )
    assert await tables(after) == before


async def test_what_came_in_time_is_the_same_in_a_replay(bench: Bench) -> None:
    """A late reading that says what the others say: the window is looked at and nothing is marked."""
    night = [late_night.measured(float(m)) for m in range(0, 300, 10)]
    held = night[5].pop(3)
    assert held[1] == "frog-2"
    await bench.evaluate([*night[:20], [held], *night[20:]])
    assert [w[:2] for w in await bench.windows()] == [("home", "ELM")]
    assert await bench.reopener().turn()
    assert await bench.marks() == {}
    assert await bench.said() == []


async def test_it_is_looked_at_at_once_and_again_when_nothing_more_can_follow(bench: Bench) -> None:
    night = late_night.batches()
    half = next(i for i, b in enumerate(night) if b == late_night.late(night)) + 1
    await bench.evaluate(night[:half])
    worker = bench.reopener()
    assert await worker.turn()
    first = await bench.marks()
    assert {key[3] for key in first} >= {"r2"}
    assert (await bench.windows())[0][6:] == ("open", True)
    assert not await worker.turn()
    await bench.evaluate(night[half:])
    assert await worker.turn()
    assert (await bench.windows())[0][6:] == ("differs", True)
    assert set(await bench.marks()) == await fresh(bench)
    assert not await worker.turn()


async def test_killed_before_the_write_it_begins_again(after: Bench) -> None:
    with pytest.raises(TransientError):
        await after.reopener(_Killed(after.late)).turn()
    assert await after.marks() == {}
    assert (await after.windows())[0][6:] == ("open", False)
    assert await after.reopener().turn()
    marks = await after.marks()
    assert marks
    assert not await after.reopener().turn()
    assert await after.marks() == marks
    assert len(await after.said()) == sum(key[0] == "alarm" for key in marks)


class _Killed:
    """Ends before anything is written."""

    def __init__(self, late: LateWindows) -> None:
        self.due, self.checkpoint, self.past = late.due, late.checkpoint, late.past

    async def close(self, judged: Judged) -> int:
        raise TransientError("killed")


async def test_an_answer_that_is_lost_marks_nothing_twice(after: Bench) -> None:
    with pytest.raises(TransientError):
        await after.reopener(_Unanswered(after.late)).turn()
    marks = await after.marks()
    assert marks
    assert not await after.reopener().turn()
    assert await after.marks() == marks


class _Unanswered(_Killed):
    """Writes everything, but its answer is lost."""

    def __init__(self, late: LateWindows) -> None:
        super().__init__(late)
        self._close = late.close

    async def close(self, judged: Judged) -> int:
        await self._close(judged)
        raise TransientError("connection lost")


LATE = LateReadings("road", "road-0", "route", "r1", START - 600.0, START - 300.0, 2)


async def test_windows_merge_while_they_are_open(bench: Bench) -> None:
    await bench.rules.resume()
    more = LateReadings("road", "road-9", "route", "r1", START - 900.0, START - 900.0, 1)
    other = LateReadings("weather", "wx-0", "town", "town", START - 30.0, START - 30.0, 1)
    await bench.commit(change(0, LATE))
    await bench.commit(change(1, more, LATE, other))
    assert await bench.windows() == [
        ("route", "r1", START - 900.0, START - 300.0, ["road-0", "road-9"], 5, "open", False),
        ("town", "town", START - 30.0, START - 30.0, ["wx-0"], 1, "open", False),
    ]
    due = await bench.late.due(0.0)
    assert due.settled_s == START
    assert due.windows[1].span == LateSpan("town", "town", START - 30.0, START - 30.0, ("wx-0",), 1)
    assert (await bench.late.due(3600.0)).windows == ()  # they have not rested


async def test_what_is_too_long_ago_is_closed_and_counted(bench: Bench) -> None:
    await bench.rules.resume()
    old = LateReadings("road", "road-0", "route", "r1", START - 50_000.0, START - 49_000.0, 3)
    await bench.commit(change(0, old))
    worker = bench.reopener()
    assert await worker.turn()
    assert (await bench.windows())[0][6] == "too_late"
    assert worker.metrics.windows.labels("too_late")._value.get() == 1
    await bench.commit(change(1, LATE))  # nothing is known of the time before: no checkpoint
    assert await worker.turn()
    assert [w[6] for w in await bench.windows()] == ["too_late", "too_late"]
    assert not await worker.turn()


async def test_readings_added_while_it_is_judged_keep_the_window_open(after: Bench) -> None:

    class _Meanwhile(_Killed):
        async def close(self, judged: Judged) -> int:
            cursor = (await after.rules.resume()).cursor
            at_s = START + 42604.0
            await after.commit(change(cursor, LATE, at_s=at_s))
            return await after.late.close(judged)

    assert await after.reopener(_Meanwhile(after.late)).turn()
    assert await after.marks()
    assert (await after.windows())[0][6:] == ("open", False)


async def test_checkpoints_are_found_and_dropped_when_they_are_old(bench: Bench) -> None:
    await bench.rules.resume()
    data = packed(EngineState())
    await bench.commit(change(0, checkpoint=data))
    await bench.commit(change(1, at_s=START + 60.0, checkpoint=data))
    kept = await bench.late.checkpoint(START + 61.0)
    assert kept is not None
    assert (kept.settled_s, kept.data) == (START + 60.0, data)
    assert await bench.late.checkpoint(START) is None
    await bench.commit(change(2, at_s=START + KEPT_S + 30.0, checkpoint=data))
    assert await bench.late.checkpoint(START + 60.0) is None
    kept = await bench.late.checkpoint(START + 61.0)
    assert kept is not None


async def test_the_past_is_as_it_was_then(bench: Bench) -> None:
    """An alarm that was worse later, and cleared later still."""
    await bench.rules.resume()
    key = ("bins.full", "bin", "b0")
    raised = RaiseAlarm("bins.full", 1, "bin", "b0", "warning", START, "Bin 0: full", "Full.", {})
    worse = ChangeSeverity(*key, "major", "warning", START + 600.0, "Overflows.", {})
    await bench.commit(change(0, raised))
    await bench.commit(change(1, worse, ClearAlarm(*key, START + 1200.0, "Emptied.")))
    for at_s, severity, cleared_s in [
        (START + 300.0, "warning", None),
        (START + 900.0, "major", None),
        (START + 1500.0, "major", START + 1200.0),
    ]:
        past = await bench.late.past(Asked(START + 60.0, START - 60.0, at_s, None, {}))
        [alarm] = past.stored.alarms
        assert (alarm.severity, alarm.raised_s, alarm.cleared_s) == (severity, START, cleared_s)
        assert [a.severity for a in past.up] == ["warning"]
    later = await bench.late.past(Asked(START + 1300.0, START + 1300.0, START + 1400.0, None, {}))
    assert (later.up, later.stored.alarms) == ((), ())
