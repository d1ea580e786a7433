"""From when a stay counts: labels, moving out, what was dated back, what was deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from psycopg import sql
from psycopg_pool import AsyncConnectionPool

from devices.contract.kind import discover
from ingest.erasure import Erasure
from ops_api.households.joining import Joining
from ops_api.households.model import LivesIn, Member, WrongCodeError
from ops_api.households.people import People
from ops_api.queries import Db, Transaction
from ops_api.queries.resident import ResidentDb
from tests.fakes.databases import own_database
from tests.fakes.households import NOW, Street, case_of, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

LONG_AGO = NOW - timedelta(days=300)
HOMES = 14


@dataclass
class Lane:
    """A street in which each test has a home of its own; nobody lives there yet but who ``moves_in``."""

    street: Street
    people: People
    joining: Joining
    db: Db
    pool: AsyncConnectionPool[Any]
    free: Any

    async def home(self) -> int:
        """Return the number of the next home, empty as it was built."""
        n = next(self.free)
        await self.street.sql("delete from household_member where resident_id = %s", self.street.residents[n])
        return n

    async def moves_in(self, n: int, name: str, from_at: object) -> str:
        return await self.street.moves_in(n, name, f"token-{name}-{n}", from_at)

    async def label(self, n: int, **more: Any) -> str:
        return await self.people.label(await self.street.home(n), **more)

    async def uses(self, n: int, code: str, who: Member | None = None) -> datetime | None:
        """Join with a code; return from when the stay counts, None: since the frog came."""
        await self.joining.join(code, "192.0.2.1", datetime.now(UTC), who=who)
        [(from_at,)] = await self.street.sql(
            "select nullif(from_at, '-infinity') from household_member where home_id = %s order by joined_at desc limit 1",
            await self.street.home(n),
        )
        return from_at  # type: ignore[no-any-return]

    async def out(self, n: int, resident: str, at: datetime | None = None) -> None:
        assert await self.people.moved_out(await self.street.home(n), resident, at)

    async def member(self, n: int, resident: str) -> Member:
        home = LivesIn(await self.street.home(n), f"home-code-{n}", "Lane")
        [(session,)] = await self.street.sql(
            "select session_id from resident_session where resident_id = %s limit 1", resident
        )
        db = ResidentDb(self.db, self.pool, "none")
        return Member(resident, str(session), "x", (home,), "none", db)

    async def erase(self, n: int, resident: str, *, forget: bool) -> dict[str, Any]:
        found = await Erasure(self.street.dsn, discover()).erase(
            await self.street.home(n), resident, forget=forget
        )
        return dict(found)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Lane]:
    with own_database(pg_server, "stays", db_template) as dsn:
        async with (
            street(dsn, HOMES) as built,
            AsyncConnectionPool(dsn, min_size=2, max_size=4, open=False) as pool,
        ):
            db = Db(pool)
            yield Lane(built, People(db), Joining(db), db, pool, count(1))


async def test_who_was_put_out_does_not_come_back_with_the_label(lane: Lane) -> None:
    n = await lane.home()
    await lane.moves_in(n, "Ada", LONG_AGO)
    code = await lane.label(n)
    assert await lane.uses(n, code) == LONG_AGO
    people = await lane.street.sql(
        "select resident_id from household_member where home_id = %s order by joined_at",
        await lane.street.home(n),
    )
    await lane.out(n, str(people[1][0]))
    with pytest.raises(WrongCodeError):
        await lane.uses(n, code)


async def test_a_label_gives_what_all_who_live_there_see_and_not_the_time_of_who_has_left(lane: Lane) -> None:
    n = await lane.home()
    ada = await lane.moves_in(n, "Ada", LONG_AGO)
    lately = NOW - timedelta(days=2)
    await lane.moves_in(n, "Ben", lately)
    # Ben turns the frog over, in another browser: no more than he has.
    assert await lane.uses(n, await lane.label(n)) == lately
    await lane.out(n, ada)
    assert await lane.uses(n, await lane.label(n)) == lately
    # What the council dates does not go back before those who live there now.
    assert await lane.uses(n, await lane.label(n, from_at=LONG_AGO)) == lately


async def test_a_label_made_before_somebody_left_counts_from_those_who_are_left(lane: Lane) -> None:
    """A label's start is found when it is used, whatever it was when it was printed."""
    n = await lane.home()
    code = await lane.label(n)
    ada = await lane.moves_in(n, "Ada", "-infinity")
    lately = NOW - timedelta(days=2)
    await lane.moves_in(n, "Ben", lately)
    await lane.street.sql("update household_member set to_at = now() where resident_id = %s", ada)
    assert await lane.uses(n, code) == lately


async def test_a_household_loses_nothing_by_a_new_label(lane: Lane) -> None:
    n = await lane.home()
    await lane.moves_in(n, "Ada", LONG_AGO)
    assert await lane.uses(n, await lane.label(n)) == LONG_AGO
    # One of them saw all of it, another one joined later: the council may date the label for the first.
    await lane.moves_in(n, "Ben", NOW - timedelta(days=2))
    asked = NOW - timedelta(days=200)
    assert await lane.uses(n, await lane.label(n, from_at=asked)) == asked


async def test_who_was_there_for_less_gets_nothing_of_before_by_a_label(lane: Lane) -> None:
    n = await lane.home()
    await lane.moves_in(n, "Ada", LONG_AGO)
    ben = await lane.moves_in(n, "Ben", NOW - timedelta(days=2))
    who = await lane.member(n, ben)
    await lane.out(n, ben)
    before = datetime.now(UTC)
    came = await lane.uses(n, await lane.label(n), who)
    assert came is not None
    assert came >= before


async def test_an_empty_home_counts_from_what_was_deleted_last(lane: Lane) -> None:
    for n, forgets in ((await lane.home(), False), (await lane.home(), True)):
        ada = await lane.moves_in(n, "Ada", "-infinity")
        await lane.out(n, ada, NOW - timedelta(days=400) if forgets else None)
        if forgets:
            home = await lane.street.home(n)
            await lane.street.sql("update household_member set ended_at = to_at where home_id = %s", home)
            assert await Erasure(lane.street.dsn, discover()).forget_moved_out(365) >= 1
        else:
            await lane.erase(n, ada, forget=True)
        assert await lane.street.sql(
            "select count(*) from household_member where home_id = %s", await lane.street.home(n)
        ) == [(0,)]
        [(asked,)] = await lane.street.sql(
            "select max(asked_at) from erasure where home_id = %s", await lane.street.home(n)
        )
        code = await lane.label(n)
        came = await lane.uses(n, code)
        assert came is not None, forgets
        assert came >= asked, forgets
        assert await lane.uses(n, code) == came  # and who lives with them has the same


async def test_what_was_written_until_a_moving_out_was_told_is_not_the_next_ones(lane: Lane) -> None:
    n = await lane.home()
    home = await lane.street.home(n)
    ada = await lane.moves_in(n, "Ada", LONG_AGO)
    ended = NOW - timedelta(days=25)
    await case_of(lane.street, n, NOW - timedelta(days=3), None)
    await lane.street.sql(
        "insert into diary_entry (home_id, at, activity) values (%s, %s, 'shower')",
        home,
        NOW - timedelta(days=2),
    )
    await lane.out(n, ada, ended)
    told = datetime.now(UTC)
    assert await lane.street.sql("select to_at from household_member where resident_id = %s", ada) == [
        (ended,)
    ]
    assert await lane.street.sql("select household_since(%s) > %s", home, ended) == [(True,)]
    # Dated by the council, it does not reach back before that either.
    came = await lane.uses(n, await lane.label(n, from_at=ended))
    assert came is not None
    assert came > ended + timedelta(days=24)
    [(new,)] = await lane.street.sql(
        "select resident_id from household_member where home_id = %s and to_at is null", home
    )
    assert str(new) != ada
    assert came <= told
    receipt = await lane.erase(n, ada, forget=True)
    assert [receipt["deleted"][what] for what in ("diary", "cases", "contacts", "photos")] == [2, 1, 1, 1]


async def test_a_new_tenant_reads_no_line_of_the_moving_out(lane: Lane) -> None:
    n = await lane.home()
    ada = await lane.moves_in(n, "Ada", LONG_AGO)
    await lane.out(n, ada)
    came = await lane.uses(n, await lane.label(n))
    assert await lane.street.sql(
        "select what from access_log where home_id = %s and at >= %s", await lane.street.home(n), came
    ) == [("joined your home",)]


async def test_two_who_leave_at_the_same_moment_leave_nothing_open(lane: Lane) -> None:
    """Each would see the other still there: neither would be the last one."""
    n = await lane.home()
    home = await lane.street.home(n)
    both = [await lane.moves_in(n, name, LONG_AGO) for name in ("Ada", "Ben")]
    await lane.street.sql(
        "insert into home_contact (home_id, channel, address) values (%s, 'mail', 'a@b.example')", home
    )
    waits = "select count(*) as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    async with lane.street.conn.transaction():
        # Both are held up after they have left and before they look who is still there.
        await lane.street.sql("lock table home_contact in access exclusive mode")
        leaving = [asyncio.create_task(lane.people.moved_out(home, one)) for one in both]
        async with asyncio.timeout(60):
            while (await lane.db.fetch(sql.SQL(waits), {}))[0]["n"] < 2:
                await asyncio.sleep(0.02)
    assert await asyncio.gather(*leaving) == [True, True]
    assert await lane.street.sql("select count(*) from home_contact where home_id = %s", home) == [(0,)]


async def test_who_began_to_leave_before_the_other_had_left_is_the_last_one(lane: Lane) -> None:
    """To a transaction that began before, the other one's end is yet to come."""
    n = await lane.home()
    home = await lane.street.home(n)
    ada, ben = [await lane.moves_in(n, name, LONG_AGO) for name in ("Ada", "Ben")]
    await lane.street.sql(
        "insert into home_contact (home_id, channel, address) values (%s, 'mail', 'a@b.example')", home
    )

    class Slow(Db):
        @asynccontextmanager
        async def transaction(self) -> AsyncIterator[Transaction]:
            async with super().transaction() as t:
                await t.rows("homes_of", code=None)
                assert await lane.people.moved_out(home, ada)
                yield t

    assert await People(Slow(lane.pool)).moved_out(home, ben)
    assert await lane.street.sql("select count(*) from home_contact where home_id = %s", home) == [(0,)]


async def test_a_person_without_a_name_is_numbered_among_who_lives_there(lane: Lane) -> None:
    n = await lane.home()
    former = await lane.moves_in(n, "Ada", LONG_AGO)
    await lane.out(n, former)
    code = await lane.label(n)
    for _ in range(3):
        await lane.uses(n, code)
    names = "select r.name from household_member m join resident r using (resident_id) where home_id = %s and to_at is null order by joined_at"
    home = await lane.street.home(n)
    assert await lane.street.sql(names, home) == [("Person 1",), ("Person 2",), ("Person 3",)]
    [(first,)] = await lane.street.sql(
        "select m.resident_id from household_member m join resident r using (resident_id) where home_id = %s and name = 'Person 1'",
        home,
    )
    await lane.out(n, str(first))
    await lane.uses(n, await lane.label(n))
    assert await lane.street.sql(names, home) == [("Person 2",), ("Person 3",), ("Person 4",)]
