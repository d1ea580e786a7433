"""The database isolates households by itself: the reliability sheet's table of leaks, row by row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql
from psycopg.types.json import Jsonb

from ops_api.households.codes import token_hash
from ops_api.queries import Db
from ops_api.queries.resident import ResidentDb
from tests.fakes.databases import own_database
from tests.fakes.households import MINUTES, NOW, Street, case_of, damp_of, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Street]:
    """One street for all; whoever changes something has a home of its own: 2 to 6 and 9 to 11. The others look at 7 and 8."""
    with own_database(pg_server, "lane", db_template) as dsn:
        async with street(dsn, 11) as built:
            yield built


async def ask(db: Db, query: str, **params: object) -> list[dict[str, Any]]:
    return await db.fetch(sql.SQL(query), params)  # type: ignore[arg-type]


async def count(db: Db, table: str) -> int:
    return int((await ask(db, f"select count(*) as n from {table}"))[0]["n"])


MINE = (
    "device",
    "home",
    "home_device",
    "household_member",
    "diary_entry",
    "household",
    "subject_state",
    "frog_latest",
)


async def test_without_a_session_there_is_nothing_and_no_right_on_readings(lane: Street) -> None:
    for token in ("", "no such token"):
        async with lane.as_resident(token) as nobody:
            for table in (*MINE, "frog_reading", "frog_hourly", "frog_daily", "consent", "access_log"):
                assert await count(nobody, table) == 0, (token, table)
    async with lane.as_resident("token-7") as seven:
        for table in ("frog_reading", "frog_hourly", "frog_daily", "frog_latest", "road_reading"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await count(seven, f"public.{table}")


async def test_a_session_sees_its_own_home_and_all_of_it(lane: Street) -> None:
    async with lane.as_resident("token-7") as seven:
        for table in MINE:
            assert await count(seven, table) == 1, table
        assert await count(seven, "frog_reading") == MINUTES
        [row] = await ask(seven, "select name from device")
        assert row["name"] == "frog-7"
        assert {r["device_id"] for r in await ask(seven, "select device_id from frog_reading")} == {
            await lane.device(7)
        }


async def test_the_next_borrower_of_the_connection_is_nobody(lane: Street) -> None:
    async with lane.pool() as pool:
        assert await count(ResidentDb(Db(pool), pool, "token-7"), "device") == 1
        async with pool.connection() as conn:
            [(role, token)] = await (
                await conn.execute("select current_user, current_setting('cityops.session', true)")
            ).fetchall()
            assert role != "cityops_resident"
            assert not token
            await conn.execute("set local role cityops_resident")
            assert (await (await conn.execute("select count(*) from device")).fetchone()) == (0,)
        with pytest.raises(ZeroDivisionError):
            async with ResidentDb(Db(pool), pool, "token-7").transaction():
                raise ZeroDivisionError
        assert await count(Db(pool), "public.device") == lane.homes


async def test_what_somebody_left_in_the_session_is_overwritten(lane: Street) -> None:
    async with lane.pool() as pool:
        async with pool.connection() as conn:
            await conn.execute("select set_config('cityops.session', 'token-8', false)")
        assert await ask(ResidentDb(Db(pool), pool, "token-7"), "select name from device") == [
            {"name": "frog-7"}
        ]
        assert await count(ResidentDb(Db(pool), pool, ""), "device") == 0


async def test_no_relation_that_a_resident_may_read_shows_a_neighbour(lane: Street) -> None:
    """Views run with their owner's rights, past every policy: each must say itself whose rows it gives."""
    readable = await lane.sql(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname not in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v', 'm', 'p')"
        " and has_schema_privilege('cityops_resident', n.oid, 'usage')"
        " and has_table_privilege('cityops_resident', c.oid, 'select')"
        " and not (n.nspname like '%%timescaledb%%') order by 1, 2"
    )
    assert {("my", "frog_reading"), ("public", "device"), ("public", "household_member")} <= set(readable)
    neighbours = {str(await lane.home(8)), str(await lane.device(8)), "home-code-8", "frog-8", "Resident 8"}
    neighbours |= {lane.residents[8]}
    columns = ("home_id", "device_id", "code", "device", "name", "resident_id", "subject", "given_by")
    async with lane.as_resident("token-7") as seven:
        for schema, table in readable:
            rows = await ask(seven, f'select to_jsonb(x) as row from "{schema}"."{table}" x')
            seen = {str(r["row"][c]) for r in rows for c in columns if r["row"].get(c) is not None}
            assert not seen & neighbours, (schema, table)
    barriers = await lane.sql(
        "select count(*) from pg_class where relnamespace = 'my'::regnamespace and relkind = 'v'"
        " and not coalesce(reloptions, '{}') @> array['security_barrier=true']"
    )
    assert barriers == [(0,)]


async def test_the_owner_works_for_every_home_and_the_role_is_nobodys_owner(lane: Street) -> None:
    [row] = await lane.sql(
        "select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname = 'cityops_resident'"
    )
    assert row == (False, False, False, False)
    assert await lane.sql("select relname from pg_class where relforcerowsecurity") == []
    assert await lane.sql("select count(*) from pg_class where relowner = 'cityops_resident'::regrole") == [
        (0,)
    ]
    # Ingest, rules and migrations are the owner: under FORCE they would see nothing.
    assert await lane.sql("select count(*) from device") == [(lane.homes,)]
    # A policy for one role only would leave the others without any.
    assert await lane.sql(
        "select distinct roles::text from pg_policies where policyname like 'household%%'"
    ) == [("{public}",)]
    # Whatever is the household's is locked, also what no policy opens.
    open_tables = await lane.sql(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and not c.relrowsecurity"
        " and has_table_privilege('cityops_resident', c.oid, 'select') and a.attname in ('home_id', 'device_id')"
    )
    assert open_tables == []


async def test_saying_one_is_somebody_else_makes_one_nobody(lane: Street) -> None:
    """An injected statement may set any identity; it does not know another's token."""
    with psycopg.connect(lane.dsn, autocommit=True) as owner:
        owner.execute("drop role if exists isolation_login")
        owner.execute("create role isolation_login login in role cityops_resident")
        try:
            parts = psycopg.conninfo.conninfo_to_dict(lane.dsn)
            dsn = psycopg.conninfo.make_conninfo(**{**parts, "user": "isolation_login", "password": None})
            async with await psycopg.AsyncConnection.connect(dsn) as conn:
                await conn.execute("set local search_path = my, public")
                for said in (lane.residents[8], token_hash("token-8").hex(), "8", "%", "' or true --"):
                    await conn.execute("select set_config('cityops.session', %s, true)", (said,))
                    for table in ("device", "frog_reading", "household_member"):
                        found = await (await conn.execute(f"select count(*) from {table}")).fetchone()
                        assert found == (0,), (said, table)
                for table in ("resident_session", "resident", "join_code", "frog_reading"):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        async with conn.transaction():
                            await conn.execute(f"select * from public.{table}")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    async with conn.transaction():
                        await conn.execute("select set_config('role', %s, true)", (owner.info.user,))
        finally:
            owner.execute("drop role isolation_login")


async def test_a_view_begins_with_the_membership_and_reads_one_homes_rows(lane: Street) -> None:
    async with lane.as_resident("token-7") as seven:
        for query in (
            "select avg(humidity_pct) from frog_reading where ts >= %(from)s",
            "select * from frog_latest",
            "select avg(humidity_pct) from frog_reading where device_id = %(device)s and ts >= %(from)s",
        ):
            plan = await ask(
                seven,
                f"explain (analyze, format json, timing off) {query}",
                **{"from": NOW - timedelta(minutes=30), "device": await lane.device(7)},
            )
            read = rows_read(plan[0]["QUERY PLAN"][0]["Plan"])
            assert 0 < read <= MINUTES, (query, read)


def rows_read(node: dict[str, Any]) -> float:
    """Rows that the scans of reading tables gave or threw away."""
    own = 0.0
    if "frog_reading" in node.get("Relation Name", "") or "_hyper_" in node.get("Relation Name", ""):
        own = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
    return own + sum(rows_read(child) for child in node.get("Plans", ()))


async def test_a_new_tenant_sees_nothing_of_the_last_one_nor_the_other_way(lane: Street) -> None:
    moved = NOW - timedelta(minutes=100)
    await lane.sql("update household_member set to_at = %s where resident_id = %s", moved, lane.residents[5])
    await lane.moves_in(5, "New", "token-new", moved)
    async with lane.as_resident("token-new") as new:
        [row] = await ask(new, "select count(*) as n, min(ts) as first from frog_reading")
        assert row == {"n": 101, "first": moved}
        assert await count(new, "household") == 1
        # Hours and days that hold a minute of the former tenant's are no one's.
        [hour] = await ask(new, "select min(bucket) as first from frog_hourly")
        assert hour["first"] is None or hour["first"] >= moved
    async with lane.as_resident("token-5") as former:
        for table in (*MINE, "frog_reading", "frog_hourly", "frog_daily"):
            assert await count(former, table) == (1 if table == "household_member" else 0), table


DAMP = ("damp_day", "moisture_event", "damp_finding", "calibration", "damp_home", "damp_room")


async def test_a_new_tenant_sees_no_damp_of_the_last_one_nor_the_other_way(lane: Street) -> None:
    """A row shows where all that it was made of lies in the stay: whole days, whole events, a finding's first day."""
    came = NOW.replace(hour=12, minute=0, second=0) - timedelta(days=10)
    await damp_of(lane, 10, came - timedelta(days=10), 15)
    home, device = await lane.home(10), await lane.device(10)
    await lane.sql("update household_member set to_at = %s where resident_id = %s", came, lane.residents[10])
    await lane.moves_in(10, "New", "token-damp", came)
    # The analyst begins anew with the move: what mixes both households is gone, and waits to be worked out.
    assert await lane.sql("select from_at from damp_room where home_id = %s", home) == [(came,)]
    # So does what it had loaded before: it is not written any more.
    assert await lane.sql("select due_from, epoch from damp_home where home_id = %s", home) == [
        ((came - timedelta(hours=25)).date(), 1)
    ]
    assert await lane.sql(
        "select count(*) from damp_day where home_id = %s and day = %s", home, came.date()
    ) == [(0,)]
    await lane.sql("delete from damp_finding where home_id = %s", home)
    for week, first in (
        (came - timedelta(days=7), came - timedelta(days=1)),
        (came, came + timedelta(days=1)),
    ):
        await lane.sql(
            "insert into damp_finding (home_id, week, to_day, device_id, risk, evidence, advice, iso, standard, monthly, rules)"
            " values (%s, %s, %s, %s, 'high', jsonb_build_object('from_day', %s::text), '{}', '{}', '{}', '{}', 'r')",
            home, week.date(), (came + timedelta(days=4)).date(), device, str(first.date()),
        )  # fmt: skip
    async with lane.as_resident("token-damp") as new:
        days = [r["day"] for r in await ask(new, "select day from damp_day order by day")]
        assert days == [came.date() + timedelta(days=n) for n in range(1, 6)]
        events = await ask(new, "select min(started_at) as first from moisture_event")
        assert events == [{"first": came.replace(hour=7) + timedelta(days=1)}]
        findings = await ask(new, "select evidence ->> 'from_day' as first from damp_finding")
        assert [r["first"] for r in findings] == [str(came.date() + timedelta(days=1))]
        assert [r["evidence"] for r in await ask(new, "select evidence from calibration")] == ["holds"]
        assert [r["n"] for r in await ask(new, "select count(*) as n from damp_home")] == [1]
    async with lane.as_resident("token-10") as former:
        for table in DAMP:
            assert await count(former, table) == 0, table
    async with lane.as_resident("token-7") as seven:
        for table in DAMP:
            assert await count(seven, table) == 0, table
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await count(seven, f"public.{table}")
    # The day of the move, worked out again, is hers: nothing before the move was read for it. With a room whose work
    # did not begin anew it is nobody's.
    copied = (
        "insert into damp_day select * from jsonb_populate_record(null::damp_day, (select to_jsonb(k) || %s from damp_day k"
        " where k.home_id = %s order by day desc limit 1))"
    )
    moved = {"day": str(came.date()), "begins_at": came.replace(hour=0).isoformat()}
    await lane.sql(copied, Jsonb(moved), home)
    async with lane.as_resident("token-damp") as new:
        assert await count(new, "damp_day") == 6
        await lane.sql("update damp_room set from_at = '-infinity' where home_id = %s", home)
        assert await count(new, "damp_day") == 5
    # A box that came meanwhile has only what it measured here.
    await lane.sql(
        "update home_device set since = %s where home_id = %s", came + timedelta(days=3), await lane.home(10)
    )
    async with lane.as_resident("token-damp") as new:
        assert await count(new, "damp_day") == 2
        assert await count(new, "damp_finding") == 0


CASES = ("housing_case", "case_event", "contact_log", "evidence_photo", "evidence_pack", "home_contact")


async def test_a_new_tenant_sees_no_case_of_the_last_one_nor_the_other_way(lane: Street) -> None:
    """Cases, contacts, photos, packs and where to remind belong to who lived there when they were written."""
    home = await lane.home(11)
    before, came = NOW - timedelta(days=20), NOW - timedelta(days=10)
    theirs = await case_of(lane, 11, before, lane.residents[11])
    mine = await case_of(lane, 11, NOW, None)
    await case_of(lane, 8, NOW, lane.residents[8])
    await lane.sql("update household_member set to_at = %s where resident_id = %s", came, lane.residents[11])
    await lane.moves_in(11, "New", "token-case", came)
    async with lane.as_resident("token-11") as former, lane.as_resident("token-7") as seven:
        for table in CASES:
            assert await count(former, table) == 0, table
            assert await count(seven, table) == 0, table
    async with lane.as_resident("token-case") as new:
        for table in CASES:
            assert await count(new, table) == 1, table
        assert await ask(new, "select case_id from housing_case") == [{"case_id": mine}]
        case = "insert into housing_case (home_id, kind, council_owned, opened_at, opened_by) values (%(home)s, 'significant', %(own)s, %(at)s, 'x')"
        entry = "insert into case_event (case_id, kind, at, by, recorded_at) values (%(case)s, 'aware', now(), 'x', now())"
        contact = "insert into contact_log (home_id, at, method, who, said, by, recorded_at) values (%(home)s, now(), 'phone', 'x', 'x', 'x', %(at)s)"
        await ask(new, case, home=home, own=False, at=NOW)
        await ask(new, entry, case=mine)
        await ask(new, contact, home=home, at=NOW)
        other = await lane.home(8)
        for query, values in (
            (case, {"home": other, "own": False, "at": NOW}),
            (case, {"home": home, "own": False, "at": before}),
            (case, {"home": home, "own": True, "at": NOW}),
            (entry, {"case": theirs}),
            (contact, {"home": other, "at": NOW}),
            ("update housing_case set hazard = 'x'", {}),
            ("delete from housing_case", {}),
            ("delete from case_event", {}),
            ("update contact_log set said = 'x'", {}),
            ("update evidence_pack set home_id = 1", {}),
            ("insert into home_contact (home_id, channel, address) values (%(home)s, 'sms', 'x')", {"home": other}),
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(new, query, **values)
        assert (
            await ask(new, "delete from evidence_photo where home_id <> %(home)s returning 1", home=home)
            == []
        )
        assert await ask(new, "update contact_log set reply = 'x', replied_at = now() where recorded_at < %(came)s returning 1", came=came) == []  # fmt: skip
        # When it was written down is the database's, and so is who wrote it.
        forged = "insert into case_event (case_id, kind, at, by, recorded_at) values (%(case)s, 'made_safe', '2026-01-01', 'Council officer J', '2020-01-01')"
        await ask(new, forged, case=mine)
        await ask(new, contact, home=home, at=datetime(2020, 1, 1, tzinfo=UTC))
        photo = "insert into evidence_photo (home_id, taken_at, caption, width, height, jpeg, sha256, original_sha256, original_bytes, by, added_at) values (%(home)s, now(), 'x', 1, 1, '', 'x', 'forged', 1, 'Council officer J', '2020-01-01')"
        await ask(new, photo, home=home)
        [added] = await ask(
            new,
            "select by, added_at >= %(came)s as so from evidence_photo where original_sha256 = 'forged'",
            came=came,
        )
        assert added == {"by": "resident", "so": True}
        for table in ("case_event", "contact_log"):
            seen = await ask(new, f"select by, recorded_at from {table} order by 2")
            assert all(r["recorded_at"] >= came for r in seen), table
            assert [r["by"] for r in seen[1:]] == ["resident"] * (len(seen) - 1), table
    # An entry can't refer to another case's, whoever writes it.
    [(number,)] = await lane.sql("select case_event_id from case_event where case_id = %s limit 1", theirs)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        await lane.sql(
            "insert into case_event (case_id, kind, at, refers_to, by, recorded_at) values (%s, 'withdrawn', now(), %s, 'x', now())",
            mine,
            number,
        )


async def test_since_when_a_wall_is_damp_is_not_told_before_the_stay_nor_before_the_consent(
    lane: Street,
) -> None:
    since = NOW - timedelta(days=3)
    await lane.sql(
        "update subject_state set state = state || %s where subject = 'home-code-9'",
        Jsonb({"since": since.isoformat()}),
    )
    stay = "update household_member set from_at = %s where resident_id = %s"
    read = "select state ->> 'risk' as risk, state ->> 'since' as since from subject_state"
    for came, told in (
        (NOW - timedelta(days=2), None),
        (since, since.isoformat()),
        ("-infinity", since.isoformat()),
    ):
        await lane.sql(stay, came, lane.residents[9])
        async with lane.as_resident("token-9") as nine:
            assert await ask(nine, read) == [{"risk": "high", "since": told}], came
    give = (
        "insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by)"
        " values (%s, 'risk', 'council', 'housing', %s, %s)"
    )
    housing = "select risk, since from housing_home where home_id = %s"
    home = await lane.home(9)
    assert await lane.sql(housing, home) == []
    await lane.sql(give, home, NOW - timedelta(days=2), lane.residents[9])
    assert await lane.sql(housing, home) == [("high", None)]
    await lane.sql(give, home, since - timedelta(days=1), lane.residents[9])
    assert await lane.sql(housing, home) == [("high", since.isoformat())]
    # What is shared of a stay goes no further back than the stay.
    await lane.sql(stay, NOW - timedelta(days=2), lane.residents[9])
    assert await lane.sql(housing, home) == [("high", None)]
    await lane.sql("delete from consent where home_id = %s", home)


async def test_a_frog_that_moves_to_another_home_leaves_its_past_behind(lane: Street) -> None:
    await lane.sql(
        "update home_device set home_id = %s where device_id = %s", await lane.home(4), await lane.device(3)
    )
    async with lane.as_resident("token-4") as eight:
        assert {r["name"] for r in await ask(eight, "select name from device")} == {"frog-3", "frog-4"}
        assert await count(eight, "frog_reading") == MINUTES
    await lane.sql("delete from home_device where device_id = %s", await lane.device(6))
    await lane.sql(
        "insert into home_device (device_id, home_id) values (%s, %s)",
        await lane.device(6),
        await lane.home(4),
    )
    async with lane.as_resident("token-4") as eight:
        assert await count(eight, "frog_reading") == MINUTES


async def test_a_session_that_is_ended_or_over_sees_nothing(lane: Street) -> None:
    for change in ("revoked_at = now()", "revoked_at = null, expires_at = now() - interval '1 second'"):
        await lane.sql(f"update resident_session set {change} where token_hash = %s", token_hash("token-2"))
        async with lane.as_resident("token-2") as two:
            assert await count(two, "device") == 0, change


async def test_a_resident_writes_her_own_diary_and_consents_only(lane: Street) -> None:
    other = await lane.home(8)
    async with lane.as_resident("token-9") as nine:
        insert = "insert into diary_entry (home_id, at, activity) values (%(home)s, now(), 'shower')"
        await ask(nine, insert, home=await lane.home(9))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await ask(nine, insert, home=other)
        assert (
            await ask(nine, "delete from diary_entry where home_id = %(home)s returning 1", home=other) == []
        )
        give = (
            "insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by)"
            " values (%(home)s, 'risk', 'landlord', 'L', now(), %(by)s)"
        )
        for home, by in ((other, 9), (other, 8), (await lane.home(9), 8)):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(nine, give, home=home, by=lane.residents[by])
        await ask(nine, give, home=await lane.home(9), by=lane.residents[9])
        for forbidden in (
            "update consent set statistic = 'diary'",
            "delete from consent",
            "delete from access_log",
            "insert into access_log (home_id, who, role, what, purpose) values (1, 'x', 'housing', 'x', 'x')",
            "update household_member set from_at = '-infinity'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await ask(nine, forbidden)
