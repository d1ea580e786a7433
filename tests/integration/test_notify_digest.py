"""Messages that wait for each other go out as one: both outboxes, and a storm of 5,000 silent devices."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from rules.catalogue.escalations import chosen, load_escalations
from rules.core.desk.holding import LOOK_AGAIN_S
from rules.core.notify.model import Contact, Notification, Person, Sent
from rules.desk.ports import EscalationOf
from rules.desk.service import DeskService
from rules.desk.store import PostgresDesk
from rules.desk.telling import Teller
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.waker import HintWaker
from tests.integration.test_notify_outbox import Bench, T, bench, database, note

pytestmark = pytest.mark.storage
__all__ = ["bench", "database"]


def waits(key: str, alarm: int | None = None, severity: str = "warning", **more: Any) -> Notification:
    """A message that may go out from T on and waits for others until T + 300."""
    values = {"gather_from_s": T, "not_before_s": T + 300, **more}
    return note(key, severity, title=f"{severity} {key}", **values)


async def claimed(bench: Bench, now_s: float, channel: str = "sms") -> list[Notification]:
    await bench.outbox.bundle(channel, now_s)
    found = await bench.outbox.claim(channel, "w", 30, 50, now_s)
    for one in found:
        await bench.outbox.record(one, Sent(verdict="sent"), now_s, None)
    return [c.notification for c in found]


async def test_what_waits_goes_out_as_one_when_the_first_is_due(bench: Bench) -> None:
    await bench.outbox.put(
        [waits("a"), waits("b", severity="major", not_before_s=T + 420), waits("c", channel="mail")]
    )
    assert await claimed(bench, T + 299) == []
    [one] = await claimed(bench, T + 300)
    assert one.title == "2 alarms: 1 major, 1 warning. major b"
    assert (one.severity, one.fallback, one.address) == ("major", ("mail",), "+447700900123")
    assert await bench.states() == {"a": "bundled", "b": "bundled", "c": "pending", one.key: "sent"}
    [single] = await claimed(bench, T + 300, "mail")
    assert single.title == "warning c", "one alone is itself"


async def test_critical_passes_at_once_and_leaves_the_others_waiting(bench: Bench) -> None:
    await bench.outbox.put([waits("a"), waits("b"), note("fire", "critical")])
    assert [n.key for n in await claimed(bench, T)] == ["fire"]
    assert [n.kind for n in await claimed(bench, T + 300)] == ["digest"]


async def test_who_is_quiet_is_not_told_before_their_time(bench: Bench) -> None:
    morning = T + 3600
    await bench.outbox.put(
        [waits("a"), waits("b", gather_from_s=morning, not_before_s=morning + 300, expires_s=morning + 900)]
    )
    assert [n.key for n in await claimed(bench, T + 300)] == ["a"]
    assert [n.key for n in await claimed(bench, morning + 300)] == ["b"]


async def test_each_person_has_a_message_of_their_own(bench: Bench) -> None:
    await bench.outbox.put([waits(f"{who}{n}", recipient=who) for who in ("amira", "ben") for n in range(3)])
    found = await claimed(bench, T + 300)
    assert sorted((n.recipient, n.title.partition(".")[0]) for n in found) == [
        ("amira", "3 alarms: 3 warning"),
        ("ben", "3 alarms: 3 warning"),
    ]


async def test_bundled_by_several_at_once_and_again_each_is_in_one_bundle(bench: Bench) -> None:
    await bench.outbox.put([waits(f"n{i}") for i in range(40)])
    counts = await asyncio.gather(*(bench.outbox.bundle("sms", T + 300) for _ in range(5)))
    assert sum(counts) == 40
    assert await bench.outbox.bundle("sms", T + 301) == 0
    assert Counter((await bench.states()).values()) == {"bundled": 40, "pending": 1}
    # Planned again after a crash of whoever plans: the same keys, which are there.
    assert await bench.outbox.put([waits(f"n{i}") for i in range(40)]) == 0
    assert len(await claimed(bench, T + 600)) == 1


async def test_a_bundle_that_is_refused_goes_to_the_next_channel_as_one(bench: Bench) -> None:
    await bench.outbox.put([waits("a"), waits("b")])
    await bench.outbox.bundle("sms", T + 300)
    [one] = await bench.outbox.claim("sms", "w", 30, 9, T + 300)
    await bench.outbox.record(one, Sent(verdict="refused"), T + 301, None)
    [next_one] = await claimed(bench, T + 301, "mail")
    assert next_one.title == one.notification.title
    assert Counter((await bench.states()).values())["bundled"] == 2


async def test_what_is_too_old_is_not_said_any_more(bench: Bench) -> None:
    await bench.outbox.put([waits("old", expires_s=T + 200), waits("a"), waits("b")])
    [one] = await claimed(bench, T + 300)
    assert one.title.startswith("2 alarms")
    assert (await bench.states())["old"] == "expired"


DUTY = Person(
    person="ada",
    label="Ada",
    roles=("duty_officer", "maintenance"),
    contacts=(Contact(channel="sms", address="0123"),),
)
DEVICES = 5000
TOWN_SQL = (
    "with a as (insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
    " select %s, 1, 'device', 'd' || n, %s, to_timestamp(%s), 'Device ' || n || ' is silent', 'Nothing for 61 min.'"
    " from generate_series(%s::int, %s::int) n returning alarm_id)"
    " insert into alarm_log (alarm_id, at, actor, what, detail)"
    " select alarm_id, to_timestamp(%s), 'engine', 'raised', '{\"severity\": \"warning\"}' from a"
)


class Storm:
    """The shipped escalations, one person and a clock."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection]) -> None:
        chains = load_escalations()

        async def escalations() -> EscalationOf:
            return lambda rule_id: chosen(chains, rule_id)

        self._pool, self.people, self.outbox = pool, PostgresPeople(pool), PostgresOutbox(pool)
        self.clock = ManualClock(datetime.fromtimestamp(T, UTC))
        self._desk = DeskService(
            PostgresDesk(pool, escalations),
            HintWaker(),
            self.clock,
            self._now,
            escalations,
            prepare=Teller(self.people, self.clock),
        )

    async def _now(self) -> float:
        return self.clock.now().timestamp()

    async def raises(self, rule_id: str, severity: str, first: int, last: int) -> None:
        now_s = await self._now()
        async with self._pool.connection() as conn:
            await conn.execute(TOWN_SQL, (rule_id, severity, now_s, first, last, now_s))

    async def sql(self, query: str) -> list[Any]:
        async with self._pool.connection() as conn:
            done = await conn.execute(query)  # type: ignore[call-overload]
            return await done.fetchall() if done.description else []

    async def after(self, seconds: float) -> list[str]:
        """Let time pass; return the first lines of what goes out."""
        self.clock.advance(seconds)
        while await self._desk.turn():
            pass
        now_s = await self._now()
        await self.outbox.bundle("sms", now_s)
        found = await self.outbox.claim("sms", "w", 60.0, 100, now_s)
        for one in found:
            await self.outbox.record(one, Sent(verdict="sent"), now_s, None)
        return [c.notification.title for c in found]


async def test_of_a_silent_town_a_person_gets_two_messages_however_many_devices_it_has(db_dsn: str) -> None:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool:
        storm = Storm(pool)
        await storm.people.put_people([DUTY])
        await storm.raises("platform.no_readings", "major", 0, 0)
        assert await storm.after(0) == []
        assert await storm.after(60) == ["Major: Device 0 is silent. Nothing for 61 min."], (
            "of the town, a minute later"
        )
        await storm.raises("device.silent", "warning", 1, 1000)
        assert await storm.after(1) == []
        [(told,)] = await storm.sql("select count(*) from notification")
        assert told == 1, "nothing was planned for them"
        # Most are back before the silence counts as over; the others are told in one message.
        await storm.sql(
            "update alarm set cleared_at = now() where rule_id = 'platform.no_readings' or subject > 'd5'"
        )
        [(left,)] = await storm.sql("select count(*) from alarm where cleared_at is null")
        assert 100 < left < 900
        assert await storm.after(LOOK_AGAIN_S) == []
        [title] = await storm.after(900)
        assert title.startswith(f"{left} alarms: {left} warning. Warning: Device ")
        states = dict(await storm.sql("select state, count(*) from notification group by 1"))
        assert states == {"sent": 2, "bundled": left}


async def test_five_thousand_silent_devices_that_nothing_holds_back_are_one_message(db_dsn: str) -> None:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool:
        storm = Storm(pool)
        await storm.people.put_people([DUTY])
        await storm.raises("device.silent", "warning", 1, DEVICES)
        assert await storm.after(0) == []
        assert [t.partition(".")[0] for t in await storm.after(900)] == [
            f"{DEVICES} alarms: {DEVICES} warning"
        ]
