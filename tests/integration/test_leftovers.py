"""A home whose every word, name and picture holds one mark is used, measured, alarmed about, and forgotten: where is the mark?"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from PIL import Image
from psycopg_pool import AsyncConnectionPool

from devices.registry import Registry
from ops_api.households.people import People
from ops_api.privacy.core.reach import by_table
from ops_api.privacy.leftovers import in_files, in_tables
from ops_api.queries import Db
from tests.fakes import website
from tests.fakes.databases import own_database
from tests.fakes.households import NOW, Street, damp_of, street

pytestmark = pytest.mark.storage

MARK = "Zyxquor"
CODE, FROG = "zyxquor-home-1", "frog-zyxquor"


@asynccontextmanager
async def marked(server: str, template: str) -> AsyncIterator[Street]:
    """A street whose first home carries the mark in its code, address and frog."""
    with own_database(server, "left", template) as dsn:
        async with street(dsn, 2) as lane:
            await lane.sql("delete from household_member where resident_id = %s", lane.residents[1])
            await lane.sql("delete from resident where resident_id = %s", lane.residents[1])
            await lane.sql("update subject_state set subject = %s where subject = 'home-code-1'", CODE)
            await lane.sql(
                "update device set name = %s, label = %s where name = 'frog-1'", FROG, f"in {MARK} Lane"
            )
            await lane.sql(
                "update home set code = %s, label = %s where code = 'home-code-1'", CODE, f"1 {MARK} Lane"
            )
            await lane.sql("delete from diary_entry")
            yield lane


def photo() -> bytes:
    """A JPEG with the mark in its EXIF, as a telephone writes the owner's name."""
    image = Image.new("RGB", (64, 48), (90, 120, 90))
    exif = image.getexif()
    exif[0x010E], exif[0x013B] = f"{MARK}'s wall", MARK
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif, comment=MARK.encode())
    assert MARK.encode() in out.getvalue()
    return out.getvalue()


async def lives(http: httpx.AsyncClient, label: str) -> dict[str, str]:
    """Do all that a resident can, with the mark in every word; return her headers."""
    joined = await http.post("/api/v1/join", json={"code": label, "name": MARK})
    assert joined.status_code == 201, joined.text
    mine = {"Authorization": f"Bearer {joined.json()['token']}"}
    home = f"/api/v1/homes/{CODE}"
    at = (NOW - timedelta(hours=1)).isoformat()

    async def post(path: str, **sent: Any) -> Any:
        answer = await http.post(home + path, headers=mine, **sent)
        assert answer.status_code in (200, 201), (path, answer.status_code, answer.text[:300])
        return answer.json() if "json" in answer.headers["content-type"] else answer.content

    await post("/diary", json={"activity": "shower", "note": f"{MARK} sang"})
    await post("/consents", json={"statistic": "risk", "recipient_kind": "council"})
    await post(
        "/consents", json={"statistic": "daily", "recipient_kind": "landlord", "recipient": f"{MARK} Ltd"}
    )
    await post("/invitations")
    case = await post("/cases", json={"hazard": f"{MARK} mould", "landlord": MARK, "aware_at": at})
    await post(
        f"/cases/{case['case_id']}/events", json={"kind": "investigated", "at": at, "note": f"{MARK} came"}
    )
    contact = await post("/contacts", json={"method": "phone", "who": MARK, "said": f"{MARK} said", "at": at})
    await post(f"/contacts/{contact['contact_id']}/reply", json={"reply": f"{MARK} replied"})
    await post(
        "/photos",
        files={"file": ("wall.jpg", photo(), "image/jpeg")},
        data={"caption": f"{MARK}'s wall", "room": MARK, "keep_original": "true"},
    )
    day = str(NOW.date())
    await post("/evidence", json={"from": day, "to": day, "with_diary": True})
    for path in ("", "/diary", "/consents", "/access-log", "/cases", "/contacts", "/photos", "/damp"):
        await http.get(home + path, headers=mine)
    for page in ("", "/data", "/days", "/evidence", "/people", "/sharing", "/data.zip"):
        await http.get(f"/home/{CODE}{page}", headers=mine)
    return mine


async def services(lane: Street) -> None:
    """Write what the rules, the ingester and the desk write of the home."""
    home = await home_id(lane)
    note = json.dumps({"reason": f"{MARK} wet", "note": MARK, "text": MARK})
    for cleared in (NOW, None):
        [(alarm,)] = await lane.sql(
            "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, cleared_at, title, reason, inputs)"
            " values (%s, 1, 'home', %s, 'warning', %s, %s, %s, %s, %s::jsonb) returning alarm_id",
            f"damp.{cleared}", CODE, NOW - timedelta(minutes=30), cleared, f"1 {MARK} Lane: damp", f"{MARK} at 91 %", note,
        )  # fmt: skip
        await lane.sql(
            "insert into alarm_log (alarm_id, at, actor, by, via, what, detail) values (%s, now(), 'engine', '', 'rules', 'raised', %s::jsonb)",
            alarm, note,
        )  # fmt: skip
        await lane.sql(
            "insert into notification (key, alarm_id, recipient, channel, kind, severity, title, body, data, not_before, expires_at)"
            " values (%s, %s, 'role:desk', 'mail', 'raised', 'warning', %s, %s, %s::jsonb, now(), now())",
            f"n{alarm}", alarm, MARK, MARK, note,
        )  # fmt: skip
    await lane.sql(
        "insert into notification (key, recipient, channel, kind, severity, title, body, data, not_before, expires_at)"
        " values ('case:1', %s, 'mail', 'reminder', 'info', %s, %s, '{}', now(), now())",
        f"home:{home}", MARK, MARK,
    )  # fmt: skip
    for statement in (
        "insert into event (kind, subject_kind, subject, at, detail) values ('shower', 'home', %(code)s, now() - interval '1 minute', %(note)s::jsonb)",
        "insert into event (kind, subject_kind, subject, at, detail) values ('heard', 'device', %(frog)s, now() - interval '1 minute', '{}')",
        (
            "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
            " values ('damp', 1, 'home', %(code)s, now() - interval '1 minute', 'x', %(note)s, '{}', '{}')"
        ),
        (
            "insert into work_item (rule_id, rule_version, device, opened_at, title, reason, inputs, done_at, done_by)"
            " values ('battery', 1, %(frog)s, now() - interval '2 minutes', %(note)s, %(note)s, '{}', now() - interval '1 minute', 'kim')"
        ),
        (
            "insert into rule_override (rule_id, path, scope_kind, scope, value, author, reason, starts_at, expires_at)"
            " values ('damp', 'x', 'device', %(frog)s, '1', 'kim', %(note)s, now() - interval '1 minute', now() + interval '1 day')"
        ),
        (
            "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived)"
            " values ('home', %(code)s, now() - interval '2 minutes', now(), array[%(frog)s], 1, now(), now())"
        ),
        (
            "insert into dead_letter (received_at, topic, device, reason_code, reason, payload, payload_bytes)"
            " values (now() - interval '1 minute', 'cityops/v1/00/frog/' || %(frog)s || '/reading', %(frog)s, 'not_json', 'r', %(bytes)s, 9)"
        ),
        "insert into home_contact (home_id, channel, address, set_by) select %(home)s, 'mail', %(mail)s, resident_id from resident where name = %(mark)s",
    ):
        await lane.conn.execute(
            statement,
            {
                "code": CODE,
                "frog": FROG,
                "note": note,
                "mark": MARK,
                "home": home,
                "mail": f"{MARK}@x.example",
                "bytes": MARK.encode(),
            },
        )


async def home_id(lane: Street) -> int:
    return int((await lane.sql("select home_id from home where code = %s", CODE))[0][0])


async def test_of_who_is_forgotten_nothing_is_left_but_what_is_said_to_stay(
    pg_server: str,
    db_template: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    async with marked(pg_server, db_template) as lane:
        await lane.sql("update home_device set room = 'bedroom'")
        home = await home_id(lane)
        async with AsyncConnectionPool(lane.dsn, min_size=1, open=False) as owner:
            label = await People(Db(owner)).label(home)
        await damp_of_marked(lane)
        async with website.running(
            lane.dsn, Registry(name="t"), datetime.now(UTC), data_dir=tmp_path
        ) as site:
            mine = await lives(site.http, label)
            await services(lane)
            before = {left.where for left in await in_tables(lane.conn, MARK)}
            # What is looked for is found everywhere that it was written.
            assert {
                "resident", "diary_entry", "consent", "housing_case", "case_event", "contact_log", "evidence_photo", "home_contact",
                "alarm", "alarm_log", "notification", "event", "decision", "work_item", "rule_override", "late_window", "dead_letter",
                "subject_state", "device", "home",
            } <= before  # fmt: skip
            gone = await site.http.delete(
                f"/api/v1/homes/{CODE}/data", headers=mine, params={"what": "everything"}
            )
            assert gone.status_code == 200, gone.text
            receipt = await site.http.get(f"/home/receipts/{gone.json()['erasure_id']}")
            assert receipt.status_code == 200
            assert MARK.lower() not in receipt.text.lower()
            assert (await site.http.get(f"/api/v1/homes/{CODE}", headers=mine)).status_code in (401, 404)
        await check_what_is_left(lane, home)
    assert in_files(tmp_path, MARK) == []
    said = capfd.readouterr()
    # What the services log; the test's own client names the addresses it asks for.
    logged = [r.getMessage() for r in caplog.records if not r.name.startswith("httpx")]
    lines = [line for line in (said.out + said.err).splitlines() if "HTTP Request:" not in line]
    assert [line for line in (*logged, *lines) if MARK.lower() in line.lower()] == []


async def damp_of_marked(lane: Street) -> None:
    """Damp of home 1, whose names have changed, by the helper that knows them by number."""
    await lane.sql("update home set code = 'home-code-1' where code = %s", CODE)
    await lane.sql("update device set name = 'frog-1' where name = %s", FROG)
    await damp_of(lane, 1, NOW - timedelta(days=9), 8)
    await lane.sql("update home set code = %s where code = 'home-code-1'", CODE)
    await lane.sql("update device set name = %s where name = 'frog-1'", FROG)


BLANKED = {
    "alarm": "one that is up stays, by the home's code, without what was measured",
    "rule_override": "that a limit was another stays, by the frog's name, without why",
}


async def check_what_is_left(lane: Street, home: int) -> None:
    listed = by_table()
    for left in await in_tables(lane.conn, MARK):
        stays = listed[left.where].how == "stays" or left.where in BLANKED
        assert stays, left
        # What stays is the installation: the code, the address, the frog's name; nothing that anybody there wrote.
        assert (left.where, left.column) in {
            ("home", "code"), ("home", "label"), ("device", "name"), ("device", "label"), ("alarm", "subject"),
            ("rule_override", "scope"),
        }, left  # fmt: skip
    for table in ("diary_entry", "damp_day", "moisture_event", "damp_finding", "evidence_pack", "evidence_photo", "home_contact",
                  "household_member", "consent", "contact_log", "housing_case"):  # fmt: skip
        assert await lane.sql(f"select count(*) from {table} where home_id = %s", home) == [(0,)], table
    frog = "select count(*) from frog_reading r join device d using (device_id) where d.name = %s"
    assert await lane.sql(frog, FROG) == [(0,)]
    assert await lane.sql(frog, "frog-2") != [(0,)]


async def test_the_search_finds_bytes_arrays_json_and_whatever_case(
    pg: psycopg.AsyncConnection[Any], tmp_path: Path
) -> None:
    await pg.execute("create schema elsewhere")
    await pg.execute("create table elsewhere.odd (a text[], b jsonb, c bytea, d json, e uuid, f integer)")
    await pg.execute(
        "insert into elsewhere.odd values (array['x', 'ZYXQUOR'], '{\"k\": [\"a zyxquor b\"]}', %s, '{\"zyxquor\": 1}',"
        " 'deadbeef-0000-4000-8000-000000000001', 7)",
        (b"\x00\xffZyxquor\xfe",),
    )
    found = {(left.where, left.column) for left in await in_tables(pg, MARK)}
    assert found == {("elsewhere.odd", c) for c in "abcd"}
    assert [left.column for left in await in_tables(pg, "DEADBEEF-0000")] == ["e"]
    for hostile in ("%", "  ", "x'", ""):
        with pytest.raises(ValueError, match="three characters"):
            await in_tables(pg, hostile)
    assert await in_tables(pg, "%%%") == []
    # Letters beyond ASCII: small or capital, in bytes, and as JSON writes them.
    await pg.execute("truncate elsewhere.odd")
    spelt = ("Zoë Ångström".encode(), json.dumps({"who": "zoë ångström"}).encode(), "ZOË ÅNGSTRÖM".encode())
    for bytes_ in spelt:
        await pg.execute("insert into elsewhere.odd (c) values (%s)", (bytes_,))
    await pg.execute("insert into elsewhere.odd (d) values (%s)", (json.dumps({"who": "Zoë Ångström"}),))
    assert {(left.column, left.rows) for left in await in_tables(pg, "Zoë Ångström")} == {("c", 3), ("d", 1)}
    assert await in_tables(pg, "Zoé") == []
    assert await in_tables(pg, "'; drop table elsewhere.odd; --") == []
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "deep.db").write_bytes(b"\x00" * 5000 + MARK.encode())
    (tmp_path / "wide.txt").write_bytes(MARK.encode("utf-16-le"))
    (tmp_path / "empty").touch()
    (tmp_path / "pg").mkdir()
    (tmp_path / "pg" / "base").write_text(MARK)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert [left.where for left in in_files(tmp_path, MARK, ("pg",))] == ["a/deep.db", "wide.txt"]
