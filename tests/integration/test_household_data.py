"""My data: the zip in bounded memory, deleting it (columnar chunks too), and what happens after moving out."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from cityops.db.flavour import detect
from devices.contract.kind import discover
from ingest.erasure import Erasure
from ops_api.households.export import export
from ops_api.households.model import LivesIn, Member
from ops_api.queries.each_reading import EXPECTED_ROWS, MOST_ROWS
from rules.shadow.tables import PostgresShadowTables
from tests.fakes.databases import own_database
from tests.fakes.households import MINUTES, NOW, Street, case_of, damp_of, street

pytestmark = [pytest.mark.storage, pytest.mark.asyncio(loop_scope="module")]

KINDS = discover()
OLD = NOW - timedelta(days=40)
HOURS = 300
"""Readings of 40 days ago, one an hour: in chunks that are columnar where there are such."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lane(pg_server: str, db_template: str) -> AsyncIterator[Street]:
    """One street for all; each test has homes of its own."""
    with own_database(pg_server, "mydata", db_template) as dsn:
        async with street(dsn, 12) as built:
            await built.sql("select ensure_partitions(%s, %s)", OLD, NOW)
            await built.sql(
                "insert into frog_reading (ts, device_id, boot, seq, temperature_c, humidity_pct, received_at)"
                " select %s::timestamptz + n * interval '1 hour', device_id, 0, n, 17, 70, now()"
                " from device, generate_series(1, %s) n",
                OLD,
                HOURS,
            )
            if (await detect(built.conn)).timescaledb is not None:
                await built.sql(
                    "select compress_chunk(c) from show_chunks('frog_reading', older_than => interval '8 days') c"
                )
                for view in ("frog_hourly", "frog_daily"):
                    await built.sql(f"call refresh_continuous_aggregate('{view}', null, null)")
            yield built


def erasure(lane: Street) -> Erasure:
    return Erasure(lane.dsn, KINDS)


async def readings(lane: Street, n: int, table: str = "frog_reading") -> int:
    return int(
        (await lane.sql(f"select count(*) from {table} where device_id = %s", await lane.device(n)))[0][0]
    )


async def test_all_of_a_home_goes_and_nothing_of_the_neighbours(lane: Street) -> None:
    home, code = await lane.home(1), "home-code-1"
    before = await readings(lane, 8)
    alarm = (
        "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, title, reason, inputs)"
        " values (%s, 1, 'home', %s, 'warning', %s, %s, 't', 'wall at 91 %%', '{\"x\": 1}') returning alarm_id"
    )
    for of, at in ((code, NOW), ("home-code-8", NOW)):
        await lane.sql(
            "insert into event (kind, subject_kind, subject, at) values ('shower', 'home', %s, %s)", of, at
        )
        await lane.sql(alarm, "over", of, at, at)
        await lane.sql(alarm, "up", of, at, None)
    for device in ("frog-1", "frog-8"):
        await lane.sql(
            "insert into dead_letter (received_at, topic, device, reason_code, reason, payload, payload_bytes)"
            " values (now() - interval '1 minute', 't', %s, 'not_json', 'r', 'x', 1)",
            device,
        )
    receipt = await erasure(lane).erase(home, lane.residents[1], forget=False)
    assert receipt["deleted"]["readings"] == MINUTES + HOURS
    told = {k: receipt["deleted"][k] for k in ("diary", "events", "dead_letters", "alarms", "alarms_blanked")}
    assert set(told.values()) == {1}, told
    assert receipt["kept"] == []
    for table in ("frog_reading", "frog_hourly", "frog_daily"):
        assert await readings(lane, 1, table) == 0, table
        assert await readings(lane, 8, table) > 0, table
    assert await readings(lane, 8) == before
    assert await lane.sql("select reason, inputs from alarm where subject = %s", code) == [
        ("removed at the household's wish", {})
    ]
    assert await lane.sql("select count(*) from event") == [(1,)]
    assert await lane.sql("select device from dead_letter") == [("frog-8",)]
    # The receipt is kept, without a word of what it was; doing it again finds nothing.
    [(deleted,)] = await lane.sql("select deleted from erasure where erasure_id = %s", receipt["erasure_id"])
    assert deleted == dict(receipt["deleted"])
    again = await erasure(lane).erase(home, lane.residents[1], forget=False)
    assert set(again["deleted"].values()) == {0}
    assert await lane.sql("select count(*) from household_member where home_id = %s", home) == [(1,)]


async def test_a_stay_is_deleted_and_what_was_before_and_after_it_stays(lane: Street) -> None:
    start, end = OLD + timedelta(hours=100), OLD + timedelta(hours=200)
    await lane.sql(
        "update household_member set from_at = %s, to_at = %s where resident_id = %s",
        start,
        end,
        lane.residents[2],
    )
    receipt = await erasure(lane).erase(await lane.home(2), lane.residents[2], forget=True)
    assert receipt["deleted"]["readings"] == 100
    [(inside,)] = await lane.sql(
        "select count(*) from frog_reading where device_id = %s and ts >= %s and ts < %s",
        await lane.device(2),
        start,
        end,
    )
    assert inside == 0
    assert await readings(lane, 2) == MINUTES + HOURS - 100
    for table, column in (
        ("household_member", "resident_id"),
        ("resident", "resident_id"),
        ("resident_session", "resident_id"),
    ):
        assert await lane.sql(f"select count(*) from {table} where {column} = %s", lane.residents[2]) == [
            (0,)
        ], table


async def test_what_somebody_else_lived_through_too_stays_until_they_delete_it(lane: Street) -> None:
    came = OLD + timedelta(hours=150)
    ben = await lane.moves_in(3, "Ben", "token-ben", came)
    receipt = await erasure(lane).erase(await lane.home(3), lane.residents[3], forget=True)
    assert receipt["deleted"]["readings"] == 149
    assert [first for first, _ in receipt["kept"]] == [came]
    assert await readings(lane, 3) == MINUTES + HOURS - 149
    rest = await erasure(lane).erase(await lane.home(3), ben, forget=True)
    assert await readings(lane, 3) == 0
    assert rest["kept"] == []


async def test_damp_and_what_was_written_down_go_with_the_stay(lane: Street) -> None:
    """Days and findings that the stay is in at all; cases and photos only where the resident is forgotten."""
    home = await lane.home(10)
    came = NOW.replace(hour=12, minute=0, second=0) - timedelta(days=10)
    await damp_of(lane, 10, came - timedelta(days=10), 15)
    await case_of(lane, 10, came - timedelta(days=5), None)
    mine = await case_of(lane, 10, NOW - timedelta(days=1), lane.residents[10])
    [(councils,)] = await lane.sql(
        "insert into housing_case (home_id, kind, council_owned, opened_at, opened_by) values (%s, 'significant', true, %s, 'kim')"
        " returning case_id",
        home, NOW - timedelta(days=1),
    )  # fmt: skip
    said = NOW - timedelta(hours=9)
    for role, at in (("resident", said), ("officer", said), ("resident", came - timedelta(days=2))):
        await lane.sql(
            "insert into case_event (case_id, kind, at, note, by, role, recorded_at)"
            " values (%s, 'investigated', %s, 'My son has asthma', 'Ada', %s, %s)",
            councils, at, role, at,
        )  # fmt: skip
    message = (
        "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)"
        " values (%s, %s, 'mail', 'reminder', 'info', 't', 'b', now(), now())"
    )
    for n in (10, 8):
        await lane.sql(message, f"k{n}", f"home:{await lane.home(n)}")
    await lane.sql(
        "update household_member set from_at = %s where resident_id = %s", came, lane.residents[10]
    )
    receipt = await erasure(lane).erase(home, lane.residents[10], forget=False)
    gone = receipt["deleted"]
    # The day of the move goes too: it is of both.
    assert (gone["damp_days"], gone["moisture_events"], gone["damp_findings"]) == (6, 5, 2)
    assert await lane.sql("select max(day) from damp_day where home_id = %s", home) == [
        ((came - timedelta(days=1)).date(),)
    ]
    assert await lane.sql("select due_from from damp_home where home_id = %s", home) == [
        ((came - timedelta(hours=25)).date(),)
    ]
    assert await lane.sql("select count(*) from housing_case where home_id = %s", home) == [(3,)]
    written = "select role, kind, at, note, by from case_event where case_id = %s order by case_event_id"
    before = await lane.sql(written, councils)
    assert {note for *_, note, _ in before} == {"My son has asthma"}, (
        "who deletes readings may need the words"
    )
    gone = (await erasure(lane).erase(home, lane.residents[10], forget=True))["deleted"]
    told = {
        k: gone[k] for k in ("cases", "case_words", "contacts", "photos", "packs", "reminders", "reminding")
    }
    assert set(told.values()) == {1}, told
    left = await lane.sql(
        "select case_id, council_owned from housing_case where home_id = %s order by 1", home
    )
    assert [own for _, own in left] == [False, True]
    # In the council's own record her words and name are gone; what was done and when, the officer's and another's stay.
    assert await lane.sql(written, councils) == [
        ("resident", "investigated", said, "", "resident"),
        *before[1:],
    ]
    assert mine not in [number for number, _ in left]
    assert await lane.sql("select recipient from notification") == [(f"home:{await lane.home(8)}",)]
    assert await lane.sql("select count(*) from damp_day where home_id = %s", home) == [(9,)]


async def test_readings_of_a_frog_at_its_former_home_go_with_that_homes_stay(lane: Street) -> None:
    device = await lane.device(4)
    await lane.sql("update home_device set home_id = %s where device_id = %s", await lane.home(5), device)
    receipt = await erasure(lane).erase(await lane.home(4), lane.residents[4], forget=False)
    assert receipt["deleted"]["readings"] == MINUTES + HOURS
    assert await readings(lane, 5) == MINUTES + HOURS


async def test_stays_that_ended_a_year_ago_are_forgotten_and_others_are_not(lane: Street) -> None:
    for n, days in ((6, 380), (7, 300)):
        await lane.sql(
            "update household_member set to_at = now() - make_interval(days => %s) where resident_id = %s",
            days,
            lane.residents[n],
        )
    assert await erasure(lane).forget_moved_out(365) == 1
    left = await lane.sql("select name from resident where name in ('Resident 6', 'Resident 7')")
    assert left == [("Resident 7",)]
    assert await lane.sql("select why from erasure where home_id = %s", await lane.home(6)) == [
        ("moved out",)
    ]


def measured(n: int, what: str) -> str:
    """Words with a measurement in them, to be looked for afterwards."""
    return f"{what} of {n} at 91 %"


async def watched(lane: Street, n: int, schema: str = "public") -> int:
    """Raise an alarm that stays up, and have a repair wait and one done, of home n; return the alarm's number."""
    code = f"home-code-{n}"
    [(alarm,)] = await lane.sql(
        f"insert into {schema}.alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, inputs, would_change)"
        " values ('damp', 1, 'home', %s, 'warning', now() - interval '1 hour', %s, %s, %s, %s) returning alarm_id",
        code, measured(n, "title"), measured(n, "reason"), Jsonb({"x": measured(n, "inputs")}), Jsonb([measured(n, "change")]),
    )  # fmt: skip
    await lane.sql(
        f"insert into {schema}.alarm_log (alarm_id, at, actor, what, detail) values (%s, now(), 'engine', 'raised', %s)",
        alarm, Jsonb({"severity": "warning", "reason": measured(n, "line")}),
    )  # fmt: skip
    await lane.sql(
        f"insert into {schema}.alarm_member (alarm_id, kind, subject, severity, joined_at, reason, inputs)"
        " values (%s, 'home', %s, 'warning', now() - interval '1 hour', %s, %s)",
        alarm, code, measured(n, "member"), Jsonb({"x": measured(n, "member's")}),
    )  # fmt: skip
    for done in (None, datetime.now(UTC) - timedelta(minutes=1)):
        [(item,)] = await lane.sql(
            f"insert into {schema}.work_item (rule_id, rule_version, device, opened_at, done_at, title, reason, inputs)"
            " values ('drift', 1, %s, now() - interval '1 hour', %s, 'Look', %s, %s) returning work_item_id",
            f"frog-{n}", done, measured(n, "why"), Jsonb({"x": measured(n, "item's")}),
        )  # fmt: skip
        await lane.sql(
            f"insert into {schema}.work_item_log (work_item_id, by, what, detail) values (%s, 'engine', 'opened', %s)",
            item, Jsonb({"reason": measured(n, "work")}),
        )  # fmt: skip
    return int(alarm)


TOLD = ("alarm", "alarm_log", "alarm_member", "work_item", "work_item_log")


async def told(lane: Street, n: int, *tables: str) -> list[str]:
    """Return the tables that still say something that was measured in home n."""
    found = []
    for table in tables:
        [(rows,)] = await lane.sql(
            f"select count(*) from {table} t where t::text like %s", f"%of {n} at 91 %%"
        )
        found += [table] if rows else []
    return found


async def test_an_alarm_that_is_up_repairs_and_overrides_say_nothing_that_was_measured(lane: Street) -> None:
    tables = (*TOLD, "notification", "rule_override")
    for n in (11, 8):
        alarm = await watched(lane, n)
        await lane.sql(
            "insert into notification (key, alarm_id, recipient, channel, kind, severity, title, body, data, not_before, expires_at)"
            " values (%s, %s, 'kim', 'mail', 'raised', 'warning', %s, %s, %s, now(), now())",
            f"told{n}", alarm, measured(n, "title"), measured(n, "body"), Jsonb({"x": measured(n, "data")}),
        )  # fmt: skip
        await lane.sql(
            "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)"
            " values ('damp', 'p', 'home', %s, '1', 'kim', %s, now() - interval '1 day', now() + interval '1 day')",
            f"home-code-{n}", measured(n, "reason"),
        )  # fmt: skip
    await lane.sql("update home_device set room = 'hall' where device_id = %s", await lane.device(11))
    receipt = await erasure(lane).erase(await lane.home(11), lane.residents[11], forget=False)
    assert await told(lane, 11, *tables) == []
    assert set(await told(lane, 8, *tables)) == set(tables)
    # Who works on it goes on: the alarm is up, a repair waits, and the one that is done is gone.
    assert await lane.sql("select title, would_change from alarm where subject = 'home-code-11'") == [
        (f"Home {await lane.home(11)}: removed at the household's wish", None)
    ]
    assert await lane.sql("select title, done_at from work_item where device = 'frog-11'") == [("Look", None)]
    assert await lane.sql("select author from rule_override where scope = 'home-code-11'") == [("kim",)]
    again = await erasure(lane).erase(await lane.home(11), lane.residents[11], forget=False)
    assert set(again["deleted"].values()) == {0}, again["deleted"]
    assert receipt["deleted"]["work_items"] == 1
    # Once it is over, it goes with the stay that it ended in.
    await lane.sql("update alarm set cleared_at = now() - interval '1 second' where subject = 'home-code-11'")
    gone = await erasure(lane).erase(await lane.home(11), lane.residents[11], forget=False)
    assert gone["deleted"]["alarms"] == 1


async def test_repairs_of_a_frog_at_another_home_stay_with_that_home(lane: Street) -> None:
    await lane.sql(
        "update home_device set home_id = %s where device_id = %s", await lane.home(5), await lane.device(4)
    )
    await lane.sql(
        "update home_device_past set until = now() - interval '2 hours' where device_id = %s",
        await lane.device(4),
    )
    await watched(lane, 4)
    await erasure(lane).erase(await lane.home(4), lane.residents[4], forget=False)
    assert await told(lane, 4, *TOLD) == ["work_item", "work_item_log"]
    assert await lane.sql("select count(*) from work_item where device = 'frog-4'") == [(2,)]


async def test_a_catalogue_in_shadow_keeps_no_more_of_a_home_than_the_live_one(lane: Street) -> None:
    async with AsyncConnectionPool(lane.dsn, min_size=1, max_size=1, open=False) as pool:
        tables = PostgresShadowTables(pool)
        await tables.begin(1)
        await lane.sql("select setval(pg_get_serial_sequence('shadow.alarm', 'alarm_id'), 1000000)")
        for n in (12, 7):
            alarm = await watched(lane, n, "shadow")
            # A live message of an alarm that has the same number is another alarm's.
            await lane.sql(
                "insert into alarm (alarm_id, rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
                " overriding system value values (%s, 'ice', 1, 'segment', %s, 'info', now(), 't', 'r')",
                alarm,
                f"s{n}",
            )
            await lane.sql("update shadow.alarm set cleared_at = now() where alarm_id = %s", alarm)
            await lane.sql(
                "insert into notification (key, alarm_id, recipient, channel, kind, severity, title, body, not_before, expires_at)"
                " values (%s, %s, 'kim', 'mail', 'raised', 'info', 't', 'b', now(), now())",
                f"ice{n}", alarm,
            )  # fmt: skip
            await lane.sql(
                "insert into shadow.subject_state values ('home', %s, now(), %s)",
                f"home-code-{n}",
                Jsonb({"x": measured(n, "s")}),
            )
            await lane.sql(
                "insert into shadow.rule_state (rule_id, subject, version, state) values ('home', %s, 1, %s)",
                f"home-code-{n}", Jsonb({"x": measured(n, "memory")}),
            )  # fmt: skip
        shadowed = tuple(f"shadow.{t}" for t in (*TOLD, "subject_state", "rule_state"))
        await lane.sql("update household_member set to_at = now() where resident_id = %s", lane.residents[12])
        await erasure(lane).erase(await lane.home(12), lane.residents[12], forget=True)
        assert await told(lane, 12, *shadowed) == []
        assert set(await told(lane, 7, *shadowed)) == set(shadowed)
        assert await lane.sql("select key from notification where key like 'ice%%' order by 1") == [
            ("ice12",),
            ("ice7",),
        ]
        assert await lane.sql("select count(*) from alarm where alarm_id > 1000000") == [(2,)]
        await tables.clear()
    # Without one, and where the schema is somebody else's, there is nothing to look at.
    await erasure(lane).erase(await lane.home(12), lane.residents[11], forget=False)


async def zipped(lane: Street, n: int) -> tuple[dict[str, bytes], list[bytes]]:
    async with lane.as_resident(f"token-{n}") as db:
        home = LivesIn(await lane.home(n), f"home-code-{n}", "Frog Lane")
        who = Member(lane.residents[n], "s", f"Resident {n}", (home,), f"token-{n}", db)
        pieces = [piece async for piece in export(who, home, KINDS["frog"], datetime.now(UTC))]
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}, pieces


async def test_the_zip_holds_a_stay_as_csv_and_json(lane: Street) -> None:
    await lane.sql(
        "insert into diary_entry (home_id, at, activity, note) values (%s, now(), 'cooking', '=1+1')",
        await lane.home(8),
    )
    await damp_of(lane, 8, NOW - timedelta(days=9), 3)
    await case_of(lane, 8, NOW, lane.residents[8])
    [(photo,)] = await lane.sql("select photo_id from evidence_photo where home_id = %s", await lane.home(8))
    files, _ = await zipped(lane, 8)
    names = {
        f"{n}.{end}"
        for n in (
            "readings/frog-8",
            "diary",
            "sharing",
            "looks",
            "audit",
            "people",
            "damp/days",
            "damp/events",
            "damp/findings",
            "cases",
            "contacts",
            "photos",
            "packs",
            "reminding",
        )
        for end in ("csv", "json")
    }
    assert set(files) == names | {"README.txt", f"photos/{photo}.jpg"}
    assert files[f"photos/{photo}.jpg"] == b"x"
    kept = {n: json.loads(files[f"{n}.json"]) for n in ("damp/days", "damp/events", "damp/findings", "cases", "contacts", "photos", "packs", "reminding")}  # fmt: skip
    assert {n: len(rows) for n, rows in kept.items()} == dict.fromkeys(kept, 1) | {
        "damp/days": 3,
        "damp/events": 3,
    }
    assert kept["damp/days"][0]["mould"] == {"sensitive": {"index": 1.5}}
    assert kept["cases"][0]["kind"] == "aware"
    rows = list(csv.DictReader(io.StringIO(files["readings/frog-8.csv"].decode())))
    assert len(rows) == MINUTES + HOURS
    assert rows == sorted(rows, key=lambda r: r["ts"])
    assert rows[-1]["ts"] == NOW.isoformat()
    documents = json.loads(files["readings/frog-8.json"])
    assert [d["ts"] for d in documents] == [r["ts"] for r in rows]
    assert documents[0]["temperature_c"] == 17.0
    assert json.loads(files["sharing.json"]) == []
    # A spreadsheet does not run what somebody wrote.
    assert "'=1+1" in files["diary.csv"].decode()
    assert json.loads(files["diary.json"])[-1]["note"] == "=1+1"
    everything = b"".join(files.values())
    for other in (b"frog-9", b"Resident 9", b"home-code-9"):
        assert other not in everything


async def test_a_flood_of_readings_is_sent_in_pieces_and_none_is_lost(lane: Street) -> None:
    flood = 2 * MOST_ROWS + 700
    assert MOST_ROWS > EXPECTED_ROWS
    # Within one stretch, and several at the same time.
    await lane.sql(
        "insert into frog_reading (ts, device_id, boot, seq, temperature_c, humidity_pct, received_at)"
        " select %s::timestamptz - (n / 3) * interval '100 ms', %s, 2, n, 20, 50, now() from generate_series(1, %s) n",
        NOW,
        await lane.device(9),
        flood,
    )
    files, pieces = await zipped(lane, 9)
    rows = list(csv.reader(io.StringIO(files["readings/frog-9.csv"].decode())))[1:]
    assert len(rows) == MINUTES + HOURS + flood
    assert max(map(len, pieces)) < 500_000


KEPT: dict[str, str] = {
    "home": "the installation, not who lives there",
    "home_device": "likewise",
    "home_device_past": "likewise",
    "device_sequence": "numbers of messages: what is gone must not come again",
    "device_clock": "clocks of devices",
    "device_status": "health of devices",
    "device": "the installation",
    "device_group_member": "likewise",
    "device_setting_version": "how devices are set",
    "device_setting_state": "likewise",
    "device_state": "whether a device may speak: the installation",
    "device_act": "who of staff did what with a device's identity",
    "device_claim": "marks of codes on labels",
    "device_credential": "marks of devices' logins",
    "device_install": "which card a device started from",
    "device_update": "which version a device runs",
    "rollout_device": "likewise",
    "update_pin": "likewise",
    "join_code": "hashes, revoked when the last one leaves; invitations go with the resident",
    "access_log": "who looked, to be checked; three years",
    "erasure": "that it was deleted",
    "calibration": "offsets of sensors: the installation",
    "damp_home": "what waits to be worked out, no figure",
    "damp_room": "likewise",
    "bin_site": "no home",
    "road_segment": "no road in a home",
    "lorawan_binding": "the installation: which sensor is which device",
    "sta_thing": "the installation, as programs name it",
    "sta_location": "likewise",
    "sta_feature": "likewise",
    "sta_datastream": "likewise; no reading is in it",
}
DELETED = {
    "diary_entry", "consent", "household_member", "damp_day", "moisture_event", "damp_finding", "housing_case", "contact_log",
    "evidence_photo", "evidence_pack", "home_contact",
}  # fmt: skip
"""Cases with their entries; of one of a home that the council lets the case stays: see docs/households.md."""


async def test_every_table_of_homes_and_devices_is_deleted_from_or_kept_for_a_reason(lane: Street) -> None:
    """Who adds a table that tells of a home says here what becomes of it (ingest/erasure.sql)."""
    found = await lane.sql(
        "select distinct c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition"
        " and a.attname in ('home_id', 'device_id') and c.relname not like '%%\\_reading' order by 1"
    )
    names = {name for (name,) in found} - {"dead_letter"}  # by the device's name
    assert sorted(names) == sorted(set(KEPT) | DELETED)
