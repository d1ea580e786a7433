"""From an alarm that is raised to a message that a channel takes: desk, people, rota and outbox together."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from rules.core.desk.model import Acknowledge
from rules.core.notify.model import Contact, Person, Sent, Shift
from rules.desk.service import DeskService
from rules.desk.store import PostgresDesk
from rules.desk.telling import KNOWN_FOR_S, Teller
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople
from rules.waker import HintWaker
from tests.fakes.desk_alarms import NOW_S, escalations
from tests.fakes.sharing import SHARES_RISK

pytestmark = pytest.mark.storage

ADA = Person(
    person="ada", label="Ada", roles=("duty_officer",), contacts=(Contact(channel="sms", address="0123"),)
)
BEN = Person(
    person="ben", label="Ben", roles=("winter",), contacts=(Contact(channel="mail", address="b@x.org"),)
)


class Night:
    """A desk at the town's time and people at the wall's, on one database."""

    def __init__(self, pool: AsyncConnectionPool[psycopg.AsyncConnection]) -> None:
        self.pool = pool
        self.desk, self.people = PostgresDesk(pool, escalations), PostgresPeople(pool)
        self.outbox = PostgresOutbox(pool)
        self.clock = ManualClock(datetime.fromtimestamp(NOW_S + 3 * 86_400, UTC))
        self.town_s = NOW_S
        self._service = DeskService(
            self.desk,
            HintWaker(),
            self.clock,
            self._town_now,
            escalations,
            prepare=Teller(self.people, self.clock),
        )

    async def _town_now(self) -> float:
        return self.town_s

    async def after(self, seconds: float) -> None:
        self.town_s += seconds
        self.clock.advance(seconds)
        while await self._service.turn():
            pass

    async def taken(self, channel: str) -> list[tuple[str, str, str]]:
        """Recipient, kind and first line of what a channel's worker gets now."""
        now_s = self.clock.now().timestamp()
        claimed = await self.outbox.claim(channel, "w", 60.0, 10, now_s)
        for one in claimed:
            await self.outbox.record(one, Sent(verdict="sent"), now_s, None)
        return [(c.notification.recipient, c.notification.kind, c.notification.title) for c in claimed]


@pytest.fixture
async def night(db_dsn: str) -> AsyncIterator[Night]:
    async with AsyncConnectionPool(db_dsn, min_size=1, max_size=4, open=False) as pool:
        found = Night(pool)
        async with pool.connection() as conn:
            await conn.execute(
                "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
                " values ('winter.ice', 1, 'route', 'r1', 'major', to_timestamp(%s), 'Route 1: ice', '2 stretches at -1.2 °C.')",
                (NOW_S,),
            )
            await conn.execute(
                "insert into alarm_log (alarm_id, at, actor, what, detail)"
                " select alarm_id, raised_at, 'engine', 'raised', '{\"severity\": \"major\"}' from alarm"
            )
        yield found


async def test_who_is_on_call_by_the_clock_on_the_wall_is_told_with_the_figures(night: Night) -> None:
    now_s = night.clock.now().timestamp()
    await night.people.put_people([ADA, BEN])
    await night.people.put_shifts(
        "rota", [Shift(role="winter", person="ben", from_s=now_s - 60, to_s=now_s + 3600)]
    )
    await night.after(0)
    assert await night.taken("mail") == [("ben", "raised", "Major: Route 1: ice. 2 stretches at -1.2 °C.")]
    assert await night.taken("sms") == []


async def test_nobody_answers_the_next_is_told_and_who_answers_ends_it(night: Night) -> None:
    await night.people.put_people([ADA])
    await night.after(0)
    first = await night.taken("sms")
    assert [(who, kind) for who, kind, _ in first] == [("ada", "raised")]
    await night.after(660)
    later = [kind for _, kind, _ in await night.taken("sms")]
    assert later == ["escalated"]
    await night.desk.command(1, Acknowledge(by="Ada"), night.town_s)
    await night.after(86_400)
    assert await night.taken("sms") == []


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        (True, "Major: Home 7: damp wall. The coldest wall is at 85 %."),
        (False, "Major: A home: damp wall. Its readings are the household's."),
    ],
)
async def test_a_home_is_named_in_a_message_only_where_it_shares(
    night: Night, shares: bool, expected: str
) -> None:
    """By its number then, and never by a former label."""
    async with night.pool.connection() as conn:
        await conn.execute(
            "insert into home (home_id, code, label) overriding system value values (7, 'OAK', 'Flat 2')"
        )
        await conn.execute(
            "update alarm set subject_kind = 'home', subject = 'OAK', title = '1 Oak Street: damp wall',"
            " reason = 'The coldest wall is at 85 %.'"
        )
        if shares:
            await conn.execute(SHARES_RISK, (7,))
    await night.people.put_people([ADA])
    await night.after(0)
    [(_, _, line)] = await night.taken("sms")
    assert line == expected
    async with night.pool.connection() as conn:
        said = await (await conn.execute("select title, body, data::text from notification")).fetchall()
    assert ("85 %" in str(said), "ome 7" in str(said)) == (shares, shares)
    assert ("OAK" in str(said), "Oak Street" in str(said)) == (False, False)


async def test_people_who_are_entered_later_are_found(night: Night) -> None:
    await night.after(0)
    assert await night.taken("sms") == [], "there is nobody"
    await night.people.put_people([ADA])
    await night.after(KNOWN_FOR_S + 600)
    assert [who for who, _, _ in await night.taken("sms")] == ["ada"]
