"""One behaviour for the desk in PostgreSQL and in memory: commands, following up, timers, crashes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import psycopg
import pytest
from msgspec.structs import replace
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.errors import TransientError
from rules.core.desk import model as m
from rules.core.desk.commands import DeskRefusedError
from rules.core.desk.standing import replayed
from rules.core.notify.model import Notification
from rules.desk.memory import MemoryDesk
from rules.desk.ports import DeskAct, DeskWork, NoSuchAlarmError
from rules.desk.service import DeskService, FanOut
from rules.desk.store import PostgresDesk
from rules.waker import HintWaker
from tests.fakes.desk_alarms import NOW_S, alarm, escalations, tell_one

pytestmark = pytest.mark.storage

Desk = PostgresDesk | MemoryDesk
ADA = m.Acknowledge(by="Ada", note="on my way")


class Bench:
    """A desk, what the engine does to it, and what it holds."""

    def __init__(self, desk: Desk, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.desk, self._conn = desk, conn
        self.now_s = NOW_S

    async def raises(self, new: m.DeskAlarm) -> None:
        if self._conn is None:
            assert isinstance(self.desk, MemoryDesk)
            self.desk.raised(new)
            return
        async with self._conn.transaction():
            await self._conn.execute(
                "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
                " values (%s, 1, %s, %s, %s, to_timestamp(%s), %s, %s)",
                (new.rule_id, new.subject_kind, new.subject, new.severity, new.raised_s, new.title, new.reason),
            )  # fmt: skip
            await self._log(new.alarm_id, "raised", {"severity": new.severity, "reason": new.reason})

    async def happens(self, alarm_id: int, what: str, **detail: Any) -> None:
        entry = m.Entry(alarm_id=alarm_id, at_s=self.now_s, actor="engine", what=what, detail=detail)
        if self._conn is None:
            assert isinstance(self.desk, MemoryDesk)
            self.desk.happened(entry)
            return
        changes = {
            "cleared": "update alarm set cleared_at = to_timestamp(%(at)s) where alarm_id = %(id)s",
            "severity": "update alarm set severity = %(severity)s where alarm_id = %(id)s",
            "flapping": "update alarm set flapping = %(begins)s where alarm_id = %(id)s",
        }
        async with self._conn.transaction():
            if what in changes:
                await self._conn.execute(changes[what], {"at": self.now_s, "id": alarm_id, **detail})  # type: ignore[call-overload]
            await self._log(alarm_id, what, detail)

    async def _log(self, alarm_id: int, what: str, detail: dict[str, Any]) -> None:
        assert self._conn is not None
        await self._conn.execute(
            "insert into alarm_log (alarm_id, at, actor, what, detail)"
            " values (%s, to_timestamp(%s), 'engine', %s, %s)",
            (alarm_id, self.now_s, what, psycopg.types.json.Jsonb(detail)),
        )

    def service(self, desk: Any = None, fan_out: FanOut = tell_one) -> DeskService:
        async def town_now() -> float:
            return self.now_s

        async def prepare(now_s: float) -> FanOut:
            return fan_out

        chosen = self.desk if desk is None else desk
        return DeskService(chosen, HintWaker(), SystemClock(), town_now, escalations, prepare=prepare)

    async def until_done(self) -> None:
        while await self.service().turn():
            pass

    async def after(self, seconds: float) -> None:
        self.now_s += seconds
        await self.until_done()

    async def outbox(self) -> list[tuple[str, str]]:
        """Kind and recipient of every message, in order."""
        if self._conn is None:
            assert isinstance(self.desk, MemoryDesk)
            return [(n.kind, n.recipient) for n in self.desk.tables.outbox.values()]
        rows = await self._conn.execute("select kind, recipient from notification order by notification_id")
        return await rows.fetchall()

    async def timers(self) -> dict[str, float]:
        if self._conn is None:
            assert isinstance(self.desk, MemoryDesk)
            return {t.name: t.due_s for t in self.desk.tables.timers.values()}
        rows = await self._conn.execute("select name, extract(epoch from due_at)::float8 from alarm_timer")
        return dict(await rows.fetchall())

    async def all_timers(self) -> list[tuple[int, str, float]]:
        if self._conn is None:
            assert isinstance(self.desk, MemoryDesk)
            return sorted((t.alarm_id, t.name, t.due_s) for t in self.desk.tables.timers.values())
        rows = await self._conn.execute(
            "select alarm_id, name, extract(epoch from due_at)::float8 from alarm_timer order by 1, 2"
        )
        return await rows.fetchall()

    async def story(self, alarm_id: int = 1) -> list[tuple[str, str]]:
        return [(e.actor, e.what) for e in await self.desk.timeline(alarm_id)]

    async def ask(self, command: m.Command, alarm_id: int = 1) -> m.DeskAlarm:
        return await self.desk.command(alarm_id, command, self.now_s)

    async def standing(self) -> m.DeskAlarm:
        """The alarm as the desk holds it: what a comment finds."""
        return await self.ask(m.Comment(by="test", text="?"))


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the desk in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    if database is None:
        yield Bench(MemoryDesk(escalations), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(database, autocommit=True, options="-c timezone=UTC") as conn,
        AsyncConnectionPool(database, min_size=1, max_size=4, open=False) as pool,
    ):
        yield Bench(PostgresDesk(pool, escalations), conn)


async def test_nobody_answers_and_the_chain_runs_to_its_end(bench: Bench) -> None:
    await bench.raises(alarm())
    await bench.until_done()
    assert await bench.outbox() == [("raised", "on_call:winter")]
    assert await bench.timers() == {"escalate": NOW_S + 600}
    assert await bench.desk.next_due_s() == NOW_S + 600
    await bench.after(599)
    assert len(await bench.outbox()) == 1
    await bench.after(1)
    await bench.after(1200)
    for _ in range(5):
        await bench.after(900)
    assert await bench.outbox() == [
        ("raised", "on_call:winter"),
        ("escalated", "role:duty_officer"),
        ("escalated", "team:teams"),
        ("repeated", "team:teams"),
        ("repeated", "team:teams"),
    ]
    assert await bench.timers() == {}
    await bench.happens(1, "cleared", reason="Warm.")
    await bench.until_done()
    assert [to for kind, to in await bench.outbox() if kind == "cleared"] == [
        "on_call:winter", "role:duty_officer", "team:teams",
    ]  # fmt: skip
    told = [e for e in await bench.desk.timeline(1) if e.what == "told"]
    assert [e.detail["messages"] for e in told] == [1] * 8
    assert replayed(alarm(), await bench.desk.timeline(1)) == await bench.standing()


async def test_whoever_takes_it_stops_the_chain_and_the_first_keeps_it(bench: Bench) -> None:
    await bench.raises(alarm())
    await bench.until_done()
    taken = await bench.ask(ADA)
    assert (taken.acknowledged_by, taken.acknowledged_severity) == ("Ada", "major")
    with pytest.raises(DeskRefusedError, match="Ada has already acknowledged alarm 1"):
        await bench.ask(replace(ADA, by="Bob"))
    await bench.after(10_000)
    assert await bench.outbox() == [("raised", "on_call:winter")]
    assert await bench.timers() == {}
    await bench.ask(m.Unacknowledge(by="Ada"))
    await bench.until_done()
    assert len(await bench.outbox()) == 2
    assert await bench.timers() == {"escalate": bench.now_s + 600}


async def test_two_people_at_once_one_has_it(bench: Bench) -> None:
    await bench.raises(alarm())
    names = [f"person {n}" for n in range(6)]
    done = await asyncio.gather(
        *(bench.ask(m.Acknowledge(by=name)) for name in names), return_exceptions=True
    )
    kept = [a for a in done if isinstance(a, m.DeskAlarm)]
    assert len(kept) == 1
    assert sum(isinstance(a, DeskRefusedError) for a in done) == 5
    assert [e.by for e in await bench.desk.timeline(1) if e.what == "acknowledged"] == [
        kept[0].acknowledged_by
    ]


async def test_a_request_sent_twice_is_done_once(bench: Bench) -> None:
    await bench.raises(alarm())
    asked = replace(ADA, request_id="r-1")
    assert await bench.ask(asked) == await bench.ask(asked)
    assert await bench.story() == [("engine", "raised"), ("person", "acknowledged")]


async def test_it_becomes_worse_than_when_it_was_taken(bench: Bench) -> None:
    await bench.raises(alarm(severity="warning"))
    await bench.until_done()
    await bench.ask(ADA)
    await bench.happens(1, "severity", severity="info", before="warning", reason="Better.")
    await bench.happens(1, "severity", severity="warning", before="info", reason="As before.")
    await bench.until_done()
    assert (await bench.standing()).acknowledged
    await bench.happens(1, "severity", severity="critical", before="warning", reason="Worse.")
    await bench.until_done()
    after = await bench.standing()
    assert not after.acknowledged
    assert await bench.outbox() == [("raised", "on_call:winter"), ("severity", "on_call:winter")]
    assert ("desk", "taken_back") in await bench.story()


async def test_on_the_shelf_it_is_silent_until_the_time(bench: Bench) -> None:
    await bench.raises(alarm())
    await bench.until_done()
    with pytest.raises(DeskRefusedError, match="not allowed"):
        await bench.ask(m.Shelve(by="Ada", until_s=NOW_S + 43_201, reason="salted"))
    await bench.ask(m.Shelve(by="Ada", until_s=NOW_S + 3600, reason="salted"))
    await bench.after(3599)
    assert await bench.outbox() == [("raised", "on_call:winter")]
    await bench.after(1)
    assert await bench.outbox() == [("raised", "on_call:winter"), ("unshelved", "on_call:winter")]
    assert not (await bench.standing()).shelved
    await bench.ask(m.Shelve(by="Ada", until_s=bench.now_s + 3600, reason="again"))
    await bench.happens(1, "cleared", reason="Warm.")
    await bench.until_done()
    assert not (await bench.standing()).shelved
    assert await bench.timers() == {}


async def test_closing(bench: Bench) -> None:
    await bench.raises(alarm())
    with pytest.raises(DeskRefusedError, match="still active"):
        await bench.ask(m.Close(by="Ada", reason="done"))
    await bench.ask(m.Close(by="Ada", reason="a cow at the sensor", verdict="false_alarm"))
    await bench.until_done()
    await bench.happens(1, "severity", severity="critical", before="major", reason="Worse.")
    await bench.after(10_000)
    assert await bench.outbox() == []
    with pytest.raises(DeskRefusedError, match="closed"):
        await bench.ask(ADA)
    now = await bench.standing()
    assert (now.closed_by, now.verdict) == ("Ada", "false_alarm")


async def test_a_cleared_alarm_that_was_taken_closes_itself(bench: Bench) -> None:
    await bench.raises(alarm())
    await bench.until_done()
    await bench.happens(1, "cleared", reason="Warm.")
    await bench.until_done()
    assert await bench.timers() == {}  # a major one waits until somebody has seen it
    await bench.ask(ADA)
    assert await bench.timers() == {"close": NOW_S + 86_400}
    await bench.after(86_400)
    assert (await bench.standing()).closed
    assert (await bench.story())[-2] == ("desk", "closed")


async def test_flapping_tells_once_and_an_assignee_is_told(bench: Bench) -> None:
    await bench.raises(alarm())
    await bench.until_done()
    await bench.happens(1, "flapping", begins=True, changes=4)
    await bench.happens(1, "flapping", begins=False, changes=4)
    await bench.until_done()
    await bench.ask(m.Assign(by="Ada", to="Bob"))
    await bench.ask(m.Assign(by="Ada", to="Ada"))
    await bench.until_done()
    assert await bench.outbox() == [("raised", "on_call:winter"), ("flapping", "on_call:winter")]
    await bench.ask(m.Assign(by="Ada", to="Bob"))
    await bench.until_done()
    assert (await bench.outbox())[-1] == ("assigned", "person:Bob")


async def test_after_a_standstill_only_the_newest_step_is_taken(bench: Bench) -> None:
    """A clock that jumps, or a desk that was down: the step that was passed over is named."""
    await bench.raises(alarm())
    await bench.until_done()
    await bench.after(1_000_000)
    assert await bench.outbox() == [("raised", "on_call:winter"), ("escalated", "team:teams")]
    [skipped] = [e for e in await bench.desk.timeline(1) if e.what == "skipped"]
    assert skipped.actor == "desk"
    assert await bench.timers() == {"renotify": bench.now_s + 900}
    bench.now_s = NOW_S  # and back again: nothing rings early
    await bench.until_done()
    assert len(await bench.outbox()) == 2


class _Killed:
    """A desk that dies after planning, before the transaction is committed."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.deaths = desk, 0

    async def work(self, act: DeskAct) -> bool:
        async def then_die(work: DeskWork) -> bool:
            if await act(work):
                self.deaths += 1
                raise TransientError("killed")
            return False

        return await self._desk.work(then_die)


class _Unanswered:
    """A desk whose commits happen, but whose answers are lost."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def work(self, act: DeskAct) -> bool:
        if await self._desk.work(act):
            raise TransientError("connection lost")
        return False


@pytest.mark.parametrize("broken", [_Killed, _Unanswered])
async def test_killed_between_plan_and_commit_everybody_is_told_once(bench: Bench, broken: Any) -> None:
    await bench.raises(alarm())
    for wait_s in (0, 600, 1200, 900):
        bench.now_s += wait_s
        with pytest.raises(TransientError):
            await bench.service(broken(bench.desk)).turn()
        await bench.until_done()  # a new process that knows only the store
    assert await bench.outbox() == [
        ("raised", "on_call:winter"),
        ("escalated", "role:duty_officer"),
        ("escalated", "team:teams"),
        ("repeated", "team:teams"),
    ]
    assert (await bench.standing()).step == 4


async def test_two_desks_at_once_tell_once(bench: Bench) -> None:
    for n in range(1, 31):
        await bench.raises(alarm(n))
    await asyncio.gather(*(bench.service().turn() for _ in range(4)))
    await bench.until_done()
    bench.now_s += 600
    await asyncio.gather(*(bench.service().turn() for _ in range(4)))
    await bench.until_done()
    told = await bench.outbox()
    assert told.count(("raised", "on_call:winter")) == 30
    assert told.count(("escalated", "role:duty_officer")) == 30
    assert len(told) == 60


async def test_several_at_once_each_by_itself(bench: Bench) -> None:
    for n in (1, 2):
        await bench.raises(alarm(n))
    await bench.ask(ADA, 2)
    done = await bench.desk.bulk([1, 2, 99], replace(ADA, by="Bob", request_id="b"), NOW_S)
    assert [(o.alarm_id, o.alarm is not None) for o in done] == [(1, True), (2, False), (99, False)]
    assert "Ada has already" in done[1].refused
    assert "no alarm 99" in done[2].refused
    with pytest.raises(NoSuchAlarmError):
        await bench.ask(ADA, 2**80)


async def test_a_line_that_cannot_be_followed_stops_nobody_else(bench: Bench) -> None:
    await bench.raises(alarm(1))
    await bench.happens(1, "flapping", begins=True)
    await bench.happens(1, "severity", severity="major")  # without what it was before
    await bench.raises(alarm(2))

    def fails(notice: m.Notice, *rest: Any) -> Sequence[Notification]:
        if notice.alarm_id == 1:
            raise RuntimeError("no such zone")
        return tell_one(notice, *rest)

    service = bench.service(fan_out=fails)
    while await service.turn():
        pass
    assert await bench.outbox() == [("raised", "on_call:winter")]
    told = [e for e in await bench.desk.timeline(1) if e.what in ("told", "not_followed")]
    assert [(e.what, e.detail.get("messages")) for e in told] == [
        ("told", 0), ("told", 0), ("not_followed", None),
    ]  # fmt: skip
    assert service.metrics.failed._value.get() == 3
    assert await bench.timers() == {"escalate": NOW_S + 600}


async def test_the_running_service_takes_a_hint_survives_a_loss_and_stops(bench: Bench) -> None:
    stop, waker = asyncio.Event(), HintWaker()

    class Flaky(_Unanswered):
        async def work(self, act: DeskAct) -> bool:
            if not failed:
                failed.append(1)
                raise TransientError("connection lost")
            return await self._desk.work(act)

    failed: list[int] = []

    async def town_now() -> float:
        return bench.now_s

    service = DeskService(Flaky(bench.desk), waker, SystemClock(), town_now, escalations, poll_s=60.0)  # type: ignore[arg-type]
    running = asyncio.create_task(service.run(stop))
    await bench.raises(alarm())
    async with asyncio.timeout(60):
        while ("desk", "told") not in await bench.story():
            waker()
            await asyncio.sleep(0.05)
        while service.ready() != {"desk": True}:
            await asyncio.sleep(0.05)
    stop.set()
    async with asyncio.timeout(10):
        await running
