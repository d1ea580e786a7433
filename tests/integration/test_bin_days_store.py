"""One behaviour of timetables, premises, tracks and reminders on PostgreSQL and in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from rules.bin_days.memory import MemoryBinDays
from rules.bin_days.missed_desk import MissedDesk, NoSuchPremisesError, verdict_of
from rules.bin_days.reminding import BinReminders, question
from rules.bin_days.store import PostgresBinDays
from rules.collection_acts.memory import MemoryActs
from rules.collection_acts.store import PostgresActs
from rules.core.bin_days.missed import Terms
from rules.core.bin_days.published import Timetable, replaced, shown
from rules.core.bin_days.search import words_of
from rules.core.collection_acts.chain import broken
from rules.core.collection_acts.open_reports import ANSWERS
from rules.core.collection_acts.record import NewAct
from rules.notify.memory_outbox import MemoryOutbox
from rules.notify.outbox import PostgresOutbox
from tests.fakes.bin_days import (
    FLAT,
    HOLIDAYS,
    HOME,
    LAT,
    LON,
    LONDON,
    MAY,
    MONDAY,
    OTHER,
    PLACES,
    ROUNDS,
    at,
)

pytestmark = pytest.mark.storage
TODAY = date(2026, 5, 1)


def revised(changes: Any = (), rounds: Any = ROUNDS, now_s: float = 1e9) -> Callable[[Timetable], Timetable]:
    return lambda before: replaced(before, rounds, changes, TODAY, now_s)


class Bench:
    def __init__(self, days: MemoryBinDays | PostgresBinDays, pool: AsyncConnectionPool[Any] | None) -> None:
        self.days, self.pool = days, pool
        self.outbox = MemoryOutbox() if pool is None else PostgresOutbox(pool)

    async def reports(self, rows: list[tuple[str, float, float, float, float]]) -> None:
        """Have lorries report."""
        if isinstance(self.days, MemoryBinDays):
            self.days.reports += rows
            return
        assert self.pool is not None
        async with self.pool.connection() as conn:
            for name in sorted({r[0] for r in rows}):
                await conn.execute(
                    "insert into device (name, kind, shard, installed_at) values (%s, 'lorry', 0, '2026-01-01') on conflict do nothing",
                    (name,),
                )
            plain = await conn.execute(
                "select 1 from pg_partitioned_table where partrelid = 'lorry_reading'::regclass"
            )
            if await plain.fetchone() is not None:
                await conn.execute("select ensure_partitions('2026-05-10', '2026-05-14')")
            for name, ts, latitude, longitude, speed in rows:
                await conn.execute(
                    "insert into lorry_reading (device_id, ts, boot, seq, latitude_deg, longitude_deg, speed_m_s, quality, received_at)"
                    " select device_id, to_timestamp(%s), 1, 1, %s, %s, %s, 0, now() from device where name = %s",
                    (ts, latitude, longitude, speed, name),
                )  # fmt: skip

    async def waiting(self) -> list[tuple[str, float]]:
        """Return title and time of what waits."""
        if self.pool is None:
            assert isinstance(self.outbox, MemoryOutbox)
            found = [r.notification for r in self.outbox.rows if r.state == "pending"]
            return sorted(((n.title, n.not_before_s) for n in found), key=lambda n: n[1])
        async with self.pool.connection() as conn:
            rows = await conn.execute(
                "select title, extract(epoch from not_before)::float8 from notification where state = 'pending' order by 2"
            )
            return [(r[0], r[1]) for r in await rows.fetchall()]


@pytest.fixture(params=["memory", "postgres"])
async def bench(request: pytest.FixtureRequest, db_dsn: str) -> AsyncIterator[Bench]:
    if request.param == "memory":
        yield Bench(MemoryBinDays(), None)
        return
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool:
        yield Bench(PostgresBinDays(pool), pool)


async def test_a_timetable_is_kept_and_replaced(bench: Bench) -> None:
    days = bench.days
    assert await days.timetable() == Timetable()
    assert await days.count() == 0
    made = await days.replace(revised(), PLACES)
    kept = await days.timetable()
    assert sorted(kept.rounds, key=lambda r: r.round_id) == sorted(ROUNDS, key=lambda r: r.round_id)
    assert (kept.changes, kept.revisions, kept.made_s) == (made.changes, made.revisions, made.made_s)
    assert await days.premises(HOME.uprn) == HOME
    assert await days.premises(99) is None
    assert await days.count() == 3

    await days.replace(revised([MAY], now_s=2e9), None)
    kept = await days.timetable()
    assert kept.changes == (MAY,)
    assert {(r.service.stream, r.day, r.sequence) for r in kept.revisions} == {
        ("food", MAY.to, 1), ("refuse", MAY.to, 1)
    }  # fmt: skip
    assert await days.count() == 3
    [food, refuse] = shown(kept, HOME.rounds, date(2026, 5, 26), date(2026, 5, 26))
    assert (food.original, food.reason, refuse.changed_s) == (MAY.day, "the bank holiday", 2e9)
    part = await days.timetable(FLAT.rounds)
    assert [r.round_id for r in part.rounds] == ["mon-a"]
    assert (part.changes, part.revisions, list(part.made_s)) == (kept.changes, kept.revisions, ["mon-a"])
    nothing = await days.timetable(["garden-thu"])
    assert (nothing.changes, nothing.revisions) == ((MAY,), ())
    assert await days.many([HOME.uprn, 99, OTHER.uprn]) == (OTHER, HOME)
    # A round that is gone takes its changes and sequences with it; the other's stay.
    await days.replace(revised([MAY], rounds=[MONDAY]), [OTHER])
    kept = await days.timetable()
    assert [r.round_id for r in kept.rounds] == ["mon-a"]
    assert len(kept.revisions) == 2
    assert await days.premises(HOME.uprn) is None


async def test_nothing_is_written_where_the_new_timetable_cannot_be_made(bench: Bench) -> None:
    await bench.days.replace(revised(), PLACES)

    def refuses(before: Timetable) -> Timetable:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await bench.days.replace(refuses, [])
    assert await bench.days.count() == 3


async def test_addresses_are_found_by_their_words(bench: Bench) -> None:
    await bench.days.replace(revised(), PLACES)

    async def found(typed: str, limit: int = 20) -> list[int]:
        return [p.uprn for p in await bench.days.find(words_of(typed), limit)]

    assert await found("12 mill ln") == [HOME.uprn]
    assert await found("MILL LANE") == [HOME.uprn, FLAT.uprn]
    assert await found("mill lane", 1) == [HOME.uprn]
    assert await found("st. marys rd rose cottage") == [OTHER.uprn]
    assert await found("13 mill lane") == []
    assert "cottage" in await bench.days.all_words()


async def test_no_lorry_is_heard_of_where_there_is_none(bench: Bench) -> None:
    assert (await bench.days.track((), 0.0, 1e12)).is_empty


async def test_reminders_are_asked_for_confirmed_and_ended(bench: Bench) -> None:
    days = bench.days
    await days.replace(revised(), PLACES)

    async def ask(uprn: int, code: str, address: str = "a@b.example", **when: bool) -> Any:
        wanted = {"evening": True, "morning": False, **when}
        return await days.ask(uprn, "mail", address, code=code, now_s=100.0, **wanted)

    one = await ask(HOME.uprn, "c1")
    assert (one.confirmed, one.code) == (False, "c1")
    again = await ask(HOME.uprn, "c2", morning=True)
    assert (again.code, again.morning, again.reminder_id) == ("c1", True, one.reminder_id)
    assert await days.confirmed() == ()
    assert await days.confirm("nobody", 1.0) is None
    confirmed = await days.confirm("c1", 200.0)
    assert confirmed is not None
    assert confirmed.confirmed
    # Once confirmed, only whoever has the code changes anything.
    assert (await ask(HOME.uprn, "c3", morning=False)).morning is True
    assert await days.confirmed() == (confirmed,)
    assert await days.by_code("c1") == confirmed
    await ask(FLAT.uprn, "c4")
    assert await days.forget_unconfirmed(100.0) == 0
    assert await days.forget_unconfirmed(100.1) == 1
    assert await days.end("c1")
    assert not await days.end("c1")
    assert await days.confirmed() == ()


async def test_nobody_is_flooded_by_strangers(bench: Bench) -> None:
    places = [*PLACES, *(msgspec_copy(n) for n in (21, 22))]
    await bench.days.replace(revised(), places)
    asked = [
        await bench.days.ask(
            p.uprn, "mail", "a@b.example", evening=True, morning=True, code=f"c{p.uprn}", now_s=1.0
        )
        for p in places
    ]
    assert [a is not None for a in asked] == [True, True, True, False, False]
    other = await bench.days.ask(21, "mail", "c@d.example", evening=True, morning=True, code="x", now_s=1.0)
    assert other is not None


def msgspec_copy(uprn: int) -> Any:
    return type(OTHER)(uprn=uprn, address=f"{uprn} Mill Lane", rounds=("mon-a",))


async def test_reminders_are_planned_once_and_follow_what_changes(bench: Bench) -> None:
    """Sunday 24 May, the collection of Monday 25 moves to Tuesday: the message that waits goes with it."""
    days = bench.days
    await days.replace(revised(), PLACES)
    asked = await days.ask(
        FLAT.uprn, "mail", "a@b.example", evening=True, morning=True, code="c1", now_s=at("2026-05-24 11:00")
    )
    assert asked is not None
    planner = BinReminders(
        days,
        days,
        bench.outbox,
        LONDON,
        ManualClock(datetime(2026, 5, 24, tzinfo=UTC)),
        "https://bins.example/",
    )

    def now(text: str) -> datetime:
        return datetime.fromtimestamp(at(text), UTC)

    assert await planner.plan(now("2026-05-24 12:00")) == 0  # nobody has said yes yet
    await days.confirm("c1", 1.0)
    assert await planner.plan(now("2026-05-24 12:00")) == 2
    assert await planner.plan(now("2026-05-24 12:00")) == 0
    # A restart: another planner on the same outbox.
    again = BinReminders(
        days,
        days,
        bench.outbox,
        LONDON,
        ManualClock(datetime(2026, 5, 24, tzinfo=UTC)),
        "https://bins.example",
    )
    assert await again.plan(now("2026-05-24 12:15")) == 0
    assert await bench.waiting() == [
        ("Bins tomorrow, Monday 25 May: put out the brown caddy and the black bin", at("2026-05-24 19:00")),
        ("Bins today, Monday 25 May: put out the brown caddy and the black bin", at("2026-05-25 06:30")),
    ]
    await days.replace(revised([MAY], now_s=2e9), None)
    assert await planner.plan(now("2026-05-24 13:00")) == 2
    assert await bench.waiting() == [
        ("Bins tomorrow, Tuesday 26 May: put out the brown caddy and the black bin", at("2026-05-25 19:00")),
        ("Bins today, Tuesday 26 May: put out the brown caddy and the black bin", at("2026-05-26 06:30")),
    ]
    if bench.pool is not None:
        [claimed] = await bench.outbox.claim("mail", "w", 60.0, 50, at("2026-05-25 19:01"))
        assert claimed.notification.address == "a@b.example"
    # After a night without power the evening's is too late, the morning's is not.
    assert await planner.plan(now("2026-05-26 06:00")) == 0
    assert len(await bench.waiting()) == 1
    await days.end("c1")
    await planner.plan(now("2026-05-26 06:00"))
    assert await bench.waiting() == []


async def test_the_question_is_asked_once_a_day(bench: Bench) -> None:
    await bench.days.replace(revised(), PLACES)
    asked = await bench.days.ask(
        HOME.uprn, "mail", "a@b.example", evening=True, morning=True, code="c1", now_s=1.0
    )
    assert asked is not None
    said = question(asked, HOME.address, 7200.0, "https://bins.example/")
    assert "https://bins.example/bin-day/reminder/c1" in said.body
    assert await bench.outbox.put([said]) == 1
    assert await bench.outbox.put([question(asked, HOME.address, 80_000.0, "https://bins.example/")]) == 0


async def test_a_missed_bin_is_held_against_the_lorry_and_the_crew(bench: Bench) -> None:
    """Monday 11 May: the lorry of the round drove past number 12, another round's lorry past everybody."""
    await bench.days.replace(revised(), PLACES)
    acts: Any = MemoryActs() if bench.pool is None else PostgresActs(bench.pool)
    desk = MissedDesk(bench.days, bench.days, acts, HOLIDAYS, LONDON, Terms())
    seven = at("2026-05-11 07:40")
    north = [("lorry-1", seven + n * 20.0, LAT + (n - 6) * 0.0014, LON, 7.8) for n in range(13)]
    others = [("lorry-2", seven + n * 20.0, LAT, LON, 0.0) for n in range(5)]
    await bench.reports([*north, *others])
    evening = at("2026-05-11 18:00")

    said = await desk.report(HOME.uprn, "refuse", evening, "page")
    kept = verdict_of(said)
    assert (kept.outcome, kept.stopped, said.what, said.by) == ("to_check", False, "missed", "a resident")
    assert kept.passed is not None
    assert (kept.passed.lorry, kept.passed.nearest_m < 1.0) == ("lorry-1", True)
    assert kept.passed.first_s == pytest.approx(seven + 120.0, abs=6.0)
    assert (await desk.report(HOME.uprn, "refuse", evening + 60.0, "api")).reference == said.reference
    # Another stream is another report; a house without a position is believed.
    assert (await desk.report(HOME.uprn, "food", evening, "page")).reference != said.reference
    assert verdict_of(await desk.report(FLAT.uprn, "refuse", evening, "page")).outcome == "accepted"
    crew = {"by": "Crew 3", "role": "crew", "via": "crew page"}
    await acts.append(
        NewAct(ref=f"uprn:{OTHER.uprn}", what="blocked", at_s=seven + 120.0, reason="a van", **crew)
    )
    refused = verdict_of(await desk.report(OTHER.uprn, "refuse", evening, "page"))
    assert (refused.outcome, refused.is_open) == ("crew_reported", False)
    assert refused.crew is not None
    assert (refused.crew.what, refused.crew.note) == ("blocked", "a van")
    assert [(r.uprn, verdict_of(r.act).stream) for r in await acts.open_missed(seven)] == [
        (HOME.uprn, "refuse"), (HOME.uprn, "food"), (FLAT.uprn, "refuse")
    ]  # fmt: skip
    # Asked too early, and again when the round is over: two answers.
    early = await desk.report(HOME.uprn, "refuse", at("2026-05-25 12:00"), "page")
    assert verdict_of(early).outcome == "too_early"
    late = await desk.report(HOME.uprn, "refuse", at("2026-05-25 17:00"), "page")
    assert (verdict_of(late).outcome, late.reference != early.reference) == ("accepted", True)
    with pytest.raises(NoSuchPremisesError):
        await desk.report(FLAT.uprn, "garden", evening, "page")
    with pytest.raises(NoSuchPremisesError):
        await desk.report(404, "food", evening, "page")
    assert broken(await acts.chain()) == ()


async def test_a_lorry_that_comes_a_day_late_is_told(bench: Bench) -> None:
    await bench.days.replace(revised(), PLACES)
    acts: Any = MemoryActs() if bench.pool is None else PostgresActs(bench.pool)
    desk = MissedDesk(bench.days, bench.days, acts, HOLIDAYS, LONDON, Terms())
    tuesday = at("2026-05-12 07:10")
    await bench.reports([("lorry-1", tuesday + n * 20.0, LAT, LON, 0.0) for n in range(5)])
    first = await desk.report(HOME.uprn, "refuse", at("2026-05-11 18:00"), "page")
    assert verdict_of(first).outcome == "accepted"
    # It is the same report until somebody says that the lorry came back.
    assert await desk.report(HOME.uprn, "refuse", at("2026-05-12 18:00"), "page") == first
    back: Any = {"by": "Ada", "role": "waste team", "via": "page", "at_s": at("2026-05-12 18:01")}
    await acts.append(NewAct(ref=first.ref, what="collected", seen={ANSWERS: first.act_id}, **back))
    again = await desk.report(HOME.uprn, "refuse", at("2026-05-12 18:02"), "page")
    found = verdict_of(again)
    assert (again.reference != first.reference, found.outcome, found.stopped) == (True, "to_check", True)
    assert found.passed is not None
    assert found.passed.first_s == pytest.approx(tuesday)
    assert [r.act for r in await acts.open_missed(tuesday - 86_400.0)] == [again]
    assert broken(await acts.chain()) == ()
