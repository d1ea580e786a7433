"""One behaviour for both outboxes: claimed once, most severe first, leases, fall-backs; and people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.errors import TransientError
from rules.core.notify.model import Contact, Notification, Person, Sent, Shift
from rules.notify.memory_outbox import MemoryOutbox
from rules.notify.memory_people import MemoryPeople
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.notify.ports import Outbox, People

pytestmark = pytest.mark.storage

T = 1_764_000_000.0
AMIRA = Person(
    person="amira",
    label="Amira Khan",
    roles=("duty_officer",),
    quiet_from_min=1320,
    quiet_to_min=420,
    contacts=(
        Contact(channel="sms", address="+447700900123"),
        Contact(channel="mail", address="a@example.org"),
    ),
)
BEN = Person(person="ben", label="Ben", contacts=(Contact(channel="sms", address="+447700900456"),))


def note(key: str, severity: str = "major", **more: Any) -> Notification:
    values: dict[str, Any] = {
        "key": key, "recipient": "amira", "channel": "sms", "address": "", "kind": "raised", "severity": severity,
        "title": "t", "body": "b", "not_before_s": T, "expires_s": T + 3600, "fallback": ("mail",), "data": {"n": 1},
    }  # fmt: skip
    return Notification(**values | more)


class Bench:
    def __init__(self, outbox: Outbox, people: People, conn: psycopg.AsyncConnection[Any] | None) -> None:
        self.outbox, self.people, self.conn = outbox, people, conn

    async def states(self) -> dict[str, str]:
        if self.conn is not None:
            rows = await (await self.conn.execute("select key, state from notification")).fetchall()
            return dict(rows)
        assert isinstance(self.outbox, MemoryOutbox)
        return {r.notification.key: r.state for r in self.outbox.rows}

    async def why(self) -> dict[str, str | None]:
        """Why messages are suppressed."""
        if self.conn is not None:
            return dict(
                await (await self.conn.execute("select key, suppressed_why from notification")).fetchall()
            )
        assert isinstance(self.outbox, MemoryOutbox)
        return {r.notification.key: r.suppressed_why for r in self.outbox.rows}


@pytest.fixture(params=["postgres", "memory"])
def database(request: pytest.FixtureRequest) -> str | None:
    """A database's connection string, or None for the twins in memory."""
    return request.getfixturevalue("db_dsn") if request.param == "postgres" else None


@pytest.fixture
async def bench(database: str | None) -> AsyncIterator[Bench]:
    dsn = database
    if dsn is None:
        addresses = {(p.person, c.channel): c.address for p in (AMIRA, BEN) for c in p.contacts}
        yield Bench(MemoryOutbox(addresses), MemoryPeople([AMIRA, BEN]), None)
        return
    async with (
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as conn,
        AsyncConnectionPool(dsn, min_size=1, max_size=4, open=False) as pool,
    ):
        people = PostgresPeople(pool)
        await people.put_people([AMIRA, BEN])
        yield Bench(PostgresOutbox(pool), people, conn)


async def test_what_is_planned_twice_is_there_once(bench: Bench) -> None:
    assert await bench.outbox.put([note("a"), note("b")]) == 2
    assert await bench.outbox.put([note("b"), note("c")]) == 1
    assert await bench.outbox.put([]) == 0
    assert await bench.states() == {"a": "pending", "b": "pending", "c": "pending"}


async def test_the_most_severe_comes_first_with_its_address(bench: Bench) -> None:
    await bench.outbox.put(
        [note("i", "info"), note("c", "critical"), note("w", "warning"), note("m", not_before_s=T + 5),
         note("other", "critical", channel="mail")]
    )  # fmt: skip
    got = await bench.outbox.claim("sms", "w1", 30, 2, T)
    assert [c.notification.key for c in got] == ["c", "w"]
    assert {c.notification.address for c in got} == {"+447700900123"}
    assert got[0].notification == msgspec.structs.replace(note("c", "critical"), address="+447700900123")
    assert [(c.attempt, c.maybe_sent) for c in got] == [(1, False)] * 2
    assert [c.notification.key for c in await bench.outbox.claim("sms", "w2", 30, 9, T)] == ["i"]
    assert await bench.outbox.next_due_s("sms") == T + 5
    assert await bench.outbox.next_due_s("nothing") is None


async def test_workers_beside_each_other_take_each_once(bench: Bench) -> None:
    await bench.outbox.put([note(f"n{i}") for i in range(40)])
    taken = await asyncio.gather(*(bench.outbox.claim("sms", f"w{i}", 30, 3, T) for i in range(13)))
    keys = [c.notification.key for part in taken for c in part]
    assert len(keys) == len(set(keys)) > 0


async def test_what_a_dead_worker_had_is_taken_up_as_maybe_sent(bench: Bench) -> None:
    await bench.outbox.put([note("a")])
    (first,) = await bench.outbox.claim("sms", "dead", 30, 9, T)
    assert await bench.outbox.claim("sms", "w", 30, 9, T + 29) == []
    assert await bench.outbox.next_due_s("sms") == T + 30
    (again,) = await bench.outbox.claim("sms", "w", 30, 9, T + 30)
    assert (again.attempt, again.maybe_sent) == (2, True)
    # The dead one comes back: what it says changes nothing any more.
    await bench.outbox.record(first, Sent(verdict="refused"), T + 31, None)
    assert await bench.states() == {"a": "sending"}
    await bench.outbox.record(again, Sent(verdict="sent", reference="r"), T + 31, None)
    assert await bench.states() == {"a": "sent"}


async def test_an_attempt_of_unknown_end_is_taken_up_as_maybe_sent(bench: Bench) -> None:
    await bench.outbox.put([note("a")])
    (first,) = await bench.outbox.claim("sms", "w", 30, 9, T)
    await bench.outbox.record(first, Sent(verdict="unknown"), T, T + 10)
    (second,) = await bench.outbox.claim("sms", "w", 30, 9, T + 10)
    assert second.maybe_sent
    await bench.outbox.record(second, Sent(verdict="retry"), T + 10, T + 20)
    (third,) = await bench.outbox.claim("sms", "w", 30, 9, T + 20)
    assert (third.attempt, third.maybe_sent) == (3, False)
    assert third.notification.not_before_s == T, "a repeat is the same to the letter"


async def test_a_refused_one_goes_to_the_next_channel(bench: Bench) -> None:
    await bench.outbox.put([note("a"), note("b", recipient="ben", fallback=())])
    for claimed in await bench.outbox.claim("sms", "w", 30, 9, T):
        await bench.outbox.record(claimed, Sent(verdict="refused", error="no"), T + 1, None)
    assert await bench.states() == {"a": "failed", "b": "failed", "a>mail": "pending"}
    (by_mail,) = await bench.outbox.claim("mail", "w", 30, 9, T + 1)
    assert (by_mail.notification.address, by_mail.notification.fallback) == ("a@example.org", ())
    await bench.outbox.record(by_mail, Sent(verdict="refused"), T + 2, None)
    assert (await bench.states())["a>mail"] == "failed"


@pytest.mark.parametrize(("severity", "handed_on"), [("critical", True), ("major", True), ("warning", False)])
async def test_one_that_may_have_arrived_is_handed_on_where_it_is_severe(
    bench: Bench, severity: str, handed_on: bool
) -> None:
    await bench.outbox.put([note("a", severity)])
    (claimed,) = await bench.outbox.claim("sms", "w", 30, 9, T)
    await bench.outbox.record(claimed, Sent(verdict="unknown"), T, None)
    states = await bench.states()
    assert states["a"] == "unknown"
    assert ("a>mail" in states) == handed_on


async def test_delivery_is_followed(bench: Bench) -> None:
    await bench.outbox.put([note("a"), note("b")])
    for claimed in await bench.outbox.claim("sms", "w", 30, 9, T):
        await bench.outbox.record(claimed, Sent(verdict="sent", reference=claimed.notification.key), T, None)
    first, second = await bench.outbox.outstanding("sms", 9)
    assert (first.reference, first.sent_s, first.attempt) == ("a", T, 1)
    await bench.outbox.record(first, Sent(verdict="delivered"), T + 60, None)
    await bench.outbox.record(second, Sent(verdict="retry"), T + 60, T + 70)
    assert await bench.outbox.outstanding("sms", 9) == []
    assert await bench.states() == {"a": "delivered", "b": "pending"}
    (again,) = await bench.outbox.claim("sms", "w", 30, 9, T + 70)
    assert (again.notification.key, again.attempt, again.reference) == ("b", 2, "b")


async def test_what_is_too_old_expires_but_not_what_is_being_sent(bench: Bench) -> None:
    await bench.outbox.put([note("a"), note("b")])
    await bench.outbox.claim("sms", "w", 4000, 1, T)
    assert await bench.outbox.claim("sms", "w", 30, 9, T + 3600) == []
    assert await bench.states() == {"a": "sending", "b": "expired"}


async def test_what_is_urgent_does_not_wait_for_a_channel_out_of_order(bench: Bench) -> None:
    await bench.outbox.put(
        [
            note("c", "critical"),
            note("w", "warning"),
            note("b", fallback=()),
            note("later", not_before_s=T + 9),
        ]
    )
    assert await bench.outbox.hand_over("sms", "paused", T) == 1
    assert await bench.outbox.hand_over("sms", "paused", T) == 0
    states = await bench.states()
    assert states.pop("c>mail") == "pending"
    assert states == {"c": "failed", "w": "pending", "b": "pending", "later": "pending"}


async def test_channels_with_something_due_are_known(bench: Bench) -> None:
    await bench.outbox.put(
        [note("a"), note("b", channel="fax"), note("c", channel="telex", not_before_s=T + 1)]
    )
    assert list(await bench.outbox.waiting_channels(T)) == ["fax", "sms"]


async def test_somebody_who_has_no_such_contact_any_more_has_no_address(bench: Bench) -> None:
    await bench.outbox.put([note("a", recipient="zoe"), note("b", channel="mail", recipient="ben")])
    (claimed,) = await bench.outbox.claim("sms", "w", 30, 9, T)
    assert claimed.notification.address == ""


async def test_people_come_back_as_they_were_and_leave(bench: Bench) -> None:
    assert list(await bench.people.people()) == [AMIRA, BEN]
    ben = msgspec.structs.replace(BEN, label="Ben Okafor", contacts=())
    assert list(await bench.people.put_people([ben])) == ["amira"]
    assert list(await bench.people.people()) == [ben]
    assert list(await bench.people.put_people([AMIRA, BEN])) == []
    assert list(await bench.people.people()) == [AMIRA, BEN]


async def test_shifts_are_replaced_as_a_whole(bench: Bench) -> None:
    first = [Shift(role="r", person="amira", from_s=T, to_s=T + 100)]
    await bench.people.put_shifts("calendar", first)
    await bench.people.put_shifts("other", [Shift(role="r", person="ben", from_s=T + 50, to_s=T + 150)])
    assert [s.person for s in await bench.people.shifts(T + 60, T + 61)] == ["amira", "ben"]
    assert [s.person for s in await bench.people.shifts(T + 100, T + 101)] == ["ben"]
    await bench.people.put_shifts("calendar", [])
    assert [s.person for s in await bench.people.shifts(T, T + 200)] == ["ben"]
    assert list(await bench.people.hooks()) == []


async def test_a_hint_comes_with_the_row(db_dsn: str) -> None:
    async with (
        AsyncConnectionPool(db_dsn, min_size=1, open=False) as pool,
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn,
    ):
        await conn.execute("listen cityops_notify")
        await PostgresOutbox(pool).put([note("a")])
        async with asyncio.timeout(60):
            async for hint in conn.notifies():
                assert hint.channel == "cityops_notify"
                break


async def test_a_database_that_is_gone_is_said_in_our_words() -> None:
    pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
        "postgresql://nobody@127.0.0.1:1/none", min_size=0, max_size=1, timeout=0.2, open=False
    )
    await pool.open()
    try:
        with pytest.raises(TransientError, match="database"):
            await PostgresOutbox(pool).next_due_s("sms")
    finally:
        await pool.close()
