"""Sharing, held by the database: whose time a consent shows, until when, and that every look is written down first."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from ops_api.households import sharing
from ops_api.households.model import LivesIn, Member
from ops_api.queries import Db
from ops_api.queries.housing import Asks, HousingDb, shared_homes
from tests.fakes.databases import own_database
from tests.fakes.households import NOW, Street, case_of, damp_of, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

ASKS = Asks("Amira Khan", "Visits this week")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Street]:
    """One street for all; each test has homes of its own."""
    with own_database(pg_server, "sharing", db_template) as dsn:
        async with street(dsn, 10) as built:
            yield built


async def ask(db: Db, query: str, **params: object) -> list[dict[str, Any]]:
    return await db.fetch(sql.SQL(query), params)  # type: ignore[arg-type]


async def gives(
    lane: Street, n: int, resident: str, statistic: str, from_at: object, to_at: datetime | None = None
) -> None:
    """Show the council something of home n."""
    await lane.sql(
        "insert into consent (home_id, statistic, recipient_kind, recipient, from_at, to_at, given_by)"
        " values (%s, %s, 'council', 'housing', %s, %s, %s)",
        await lane.home(n), statistic, from_at, to_at, resident,
    )  # fmt: skip


async def looks_at(lane: Street, n: int) -> list[dict[str, Any]]:
    """Read one home as the housing team."""
    home = await lane.home(n)
    async with lane.pool() as pool:
        return await shared_homes(Db(pool), ASKS, "home", home)


async def lines(lane: Street, n: int) -> int:
    [(found,)] = await lane.sql(
        "select count(*) from access_log where role = 'housing' and home_id = %s", await lane.home(n)
    )
    return int(found)


async def days_read(lane: Street, n: int) -> set[datetime]:
    """Return the days whose means the housing team reads of home n."""
    async with lane.pool() as pool:
        read = "select day from housing_read_daily('A', 'B', %(home)s, '2020-01-01', '2100-01-01')"
        return {row["day"] for row in await ask(HousingDb(Db(pool)), read, home=await lane.home(n))}


async def test_nobody_shows_the_council_weeks_that_were_not_hers(lane: Street) -> None:
    await damp_of(lane, 1, NOW - timedelta(days=30), 29)
    came = NOW - timedelta(days=2)
    bob = await lane.moves_in(1, "Bob", "token-1b", came)
    async with lane.as_resident("token-1b") as as_bob:
        assert await ask(as_bob, "select week from damp_finding") == []
    await gives(lane, 1, bob, "risk", came)
    [row] = await looks_at(lane, 1)
    assert (row["finding"], row["weeks"]) == (None, None), "who lived there before him shares nothing"
    await lane.sql(
        "update household_member set from_at = %s where resident_id = %s", NOW - timedelta(days=7), bob
    )
    [row] = await looks_at(lane, 1)
    assert len(row["weeks"]) == 1, "the four weeks are his now"


async def test_the_look_back_before_the_day_of_sharing_is_of_who_lived_there(lane: Street) -> None:
    await damp_of(lane, 2, NOW - timedelta(days=30), 29)
    await gives(lane, 2, lane.residents[2], "risk", NOW - timedelta(days=1))
    [row] = await looks_at(lane, 2)
    assert row["finding"]["risk"] == "high"


async def test_who_shares_or_stops_in_the_middle_of_a_look_is_not_read_without_a_line(lane: Street) -> None:
    for n, from_at in ((3, NOW), (4, NOW + timedelta(days=9)), (5, NOW)):
        await gives(lane, n, lane.residents[n], "risk", from_at)
    later, stops = await lane.home(4), await lane.home(5)
    # What another transaction does between the line and the reading, a trigger does here at exactly that point.
    await lane.sql(
        "create function meanwhile() returns trigger language plpgsql security definer as $$ begin"
        f" update consent set from_at = now() - interval '1 day' where home_id = {later};"
        f" update consent set revoked_at = now() where home_id = {stops}; return null; end $$"
    )
    await lane.sql(
        "create trigger meanwhile after insert on access_log for each statement execute function meanwhile()"
    )
    try:
        async with lane.pool() as pool:
            seen = {row["home_id"] for row in await shared_homes(Db(pool), ASKS, "page")}
        assert await lane.home(3) in seen
        assert not seen & {later, stops}
        assert (await lines(lane, 3), await lines(lane, 4)) == (1, 0)
        await lane.sql("update consent set from_at = now() + interval '9 days' where home_id = %s", later)
        async with lane.pool() as pool:
            rows = await ask(HousingDb(Db(pool)), "select home_id from housing_read_homes('A', 'B')")
        assert {row["home_id"] for row in rows} >= {await lane.home(3)}
        assert later not in {row["home_id"] for row in rows}
        assert (await lines(lane, 3), await lines(lane, 4)) == (2, 0)
    finally:
        await lane.sql("drop function meanwhile() cascade")


async def test_a_look_is_kept_before_anything_is_shown(lane: Street) -> None:
    await gives(lane, 6, lane.residents[6], "risk", NOW)
    home = await lane.home(6)
    async with lane.pool() as pool:
        assert await shared_homes(Db(pool), ASKS, "home", home) != []
        assert await lines(lane, 6) == 1, "another connection sees the line: it is committed"
        await lane.sql(
            "create function full_disk() returns trigger language plpgsql as $$ begin raise 'no space left'; end $$"
        )
        await lane.sql(
            "create constraint trigger full_disk after insert on access_log deferrable initially deferred"
            " for each row execute function full_disk()"
        )
        try:
            with pytest.raises(psycopg.errors.RaiseException, match="no space left"):
                await shared_homes(Db(pool), ASKS, "home", home)
        finally:
            await lane.sql("drop function full_disk() cascade")


async def test_a_day_is_shown_whole_or_not_at_all_and_nothing_after_the_end(lane: Street) -> None:
    every = NOW - timedelta(days=3)
    ends = NOW + timedelta(minutes=30)
    await gives(lane, 7, lane.residents[7], "daily", every, ends)
    assert {day for day in await days_read(lane, 7) if day + timedelta(days=1) > ends} == set()
    # Two that leave a gap in the day are no more than either.
    await gives(lane, 7, lane.residents[7], "daily", ends + timedelta(minutes=1))
    assert {day for day in await days_read(lane, 7) if day + timedelta(days=1) > ends} == set()
    await lane.sql("update consent set to_at = null where home_id = %s", await lane.home(7))
    assert await days_read(lane, 7) != set()
    await lane.sql(
        "update consent set to_at = case when from_at < now() then now() end where home_id = %s",
        await lane.home(7),
    )
    assert await days_read(lane, 7) == set()


async def test_nobody_dates_back_that_she_stopped_sharing(lane: Street) -> None:
    home = await lane.home(8)
    await lane.moves_in(8, "Ben", "token-8b", NOW - timedelta(days=1))
    await gives(lane, 8, lane.residents[8], "risk", NOW)
    stop = "update consent set revoked_at = {}, revoked_by = resident_id() where home_id = %(home)s"
    async with lane.as_resident("token-8") as eight:
        for at in ("'2001-01-01'", "now() - interval '2 minutes'", "now() + interval '1 hour'", "null"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(eight, stop.format(at), home=home)
        await ask(eight, stop.format("now()"), home=home)
    async with lane.as_resident("token-8b") as ben:
        assert len(await ask(ben, "select statistic from consents where home_id = %(home)s", home=home)) == 1


async def test_what_begins_later_does_not_stand_for_sharing_now(lane: Street) -> None:
    home = LivesIn(await lane.home(9), "home-code-9", "9 Frog Lane")
    async with lane.as_resident("token-9") as nine:
        who = Member(lane.residents[9], "s", "Nine", (home,), "token-9", nine)
        later = NOW + timedelta(days=5)
        first = await sharing.share(who, home, NOW, statistic="risk", recipient_kind="council", from_at=later)
        rows = await sharing.consents(who, home)
        assert not sharing.switched_on(rows, NOW)
        await sharing.switch(who, home, NOW, on=True)
        rows = await sharing.consents(who, home)
        assert {r["statistic"] for r in sharing.in_force(rows, NOW)} == set(sharing.SWITCHES)
        assert str(first) not in {str(r["consent_id"]) for r in sharing.in_force(rows, NOW)}
        await sharing.switch(who, home, NOW, on=True)
        assert len(await sharing.consents(who, home)) == len(rows), "what holds already is not added again"
        await sharing.switch(who, home, NOW, on=False)
        assert sharing.standing(await sharing.consents(who, home), NOW) == [], "what was to begin too"


async def test_that_the_council_is_the_landlord_is_told_by_its_own_case(lane: Street) -> None:
    home = LivesIn(await lane.home(10), "home-code-10", "10 Frog Lane")
    number = await case_of(lane, 10, NOW, None)
    async with lane.as_resident("token-10") as ten:
        who = Member(lane.residents[10], "s", "Ten", (home,), "token-10", ten)
        assert not await sharing.council_is_landlord(who, home)
        await lane.sql("update housing_case set council_owned = true where case_id = %s", number)
        assert await sharing.council_is_landlord(who, home)
