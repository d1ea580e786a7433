"""``cityops case`` and ``cityops evidence`` as an operator meets them, and the same home over REST."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool
from typer.testing import CliRunner

from cityops.clock import ManualClock
from cityops.settings import DbSettings, Settings
from ops_api.app import create_app
from ops_api.cli_evidence import app as evidence
from ops_api.households.codes import token_hash
from ops_api.routers import body_limit
from ops_api.wiring_cases import cases_on
from rules.desk.memory import MemoryDesk
from tests.fakes.command_line import cityops
from tests.fakes.databases import own_database
from tests.fakes.evidence_home import photo_bytes

DAY = "2026-01-09"
FROM, TO = "2026-01-08", "2026-01-10"
HOME = """
insert into home (code, label) values ('lily-42', '3 Lily Court'), ('pond-1', '2 Pond Row');
insert into device (name, kind, shard, label, installed_at) values
    ('frog-0001', 'frog', 1, 'Frog', '2026-01-01Z'), ('weather-0001', 'weather', 2, 'City Farm', '2026-01-01Z');
insert into home_device (device_id, home_id, room)
select d.device_id, h.home_id, 'Bedroom' from device d, home h where d.kind = 'frog' and h.code = 'lily-42';
select ensure_partitions('2026-01-01', '2026-01-31');
insert into frog_reading (ts, received_at, device_id, boot, seq, temperature_c, humidity_pct)
select t, t + interval '2 s', d.device_id, 1, row_number() over (order by t), 20.5078125, 63.4375
  from device d, generate_series('2026-01-08Z'::timestamptz, '2026-01-10 23:50Z', '10 min') t where d.kind = 'frog';
insert into weather_reading (ts, received_at, device_id, boot, seq, air_temperature_c, humidity_pct, wind_speed_m_s)
select t, t, d.device_id, 1, row_number() over (order by t), 2, 90, 1
  from device d, generate_series('2026-01-08Z'::timestamptz, '2026-01-10 23:50Z', '30 min') t where d.kind = 'weather';
insert into device_sequence (device_id, boot, received)
select device_id, 1, '{[1,40),[43,433)}' from device where kind = 'frog';
insert into diary_entry (home_id, at, activity, note) select home_id, '2026-01-09 07:30Z', 'shower', 'PRIVATE-1' from home where code = 'lily-42';
"""


def settled(dsn: str) -> str:
    with psycopg.connect(dsn, autocommit=True) as conn:
        for statement in HOME.split(";\n"):
            if statement.strip():
                conn.execute(statement)  # type: ignore[arg-type]
        lives_in(conn, "lily-42", "token-sam", name="Sam")
    return dsn


@pytest.fixture
def dsn(db_dsn: str) -> str:
    return settled(db_dsn)


@pytest.fixture(scope="module")
def looked_at(pg_server: str, db_template: str) -> Iterator[str]:
    """One database for commands that must change nothing."""
    with own_database(pg_server, "mistakes", db_template) as made:
        yield settled(made)


def run(dsn: str, folder: Path, *words: str) -> tuple[int, str]:
    done = cityops(*words, CITYOPS_DB__DSN=dsn, CITYOPS_DATA_DIR=str(folder / "data"), CITYOPS_OPERATOR="kim")
    said = done.stdout + done.stderr
    assert "Traceback" not in said, said
    return done.returncode, said


def flipped_in_each_member(pack: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Change one byte of each file in the pack, one after the other: each is caught, by its name and day."""
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(folder / "elsewhere"))
    data, bad = pack.read_bytes(), folder / "flipped.zip"
    with zipfile.ZipFile(pack) as archive:
        members = archive.infolist()
    names = {m.filename for m in members}
    assert names >= {
        "report.pdf",
        "manifest.json",
        "signature.json",
        "public_key.pem",
        "gaps.json",
        "README.txt",
    }
    assert len([n for n in names if n.startswith(("readings/", "outdoor/"))]) == 6
    for member in members:
        changed = bytearray(data)
        at = member.header_offset + 30 + len(member.filename.encode()) + member.compress_size // 2
        assert at < member.header_offset + 30 + len(member.filename.encode()) + member.compress_size
        changed[at] ^= 1
        bad.write_bytes(changed)
        done = CliRunner().invoke(evidence, ["verify", str(bad)])
        assert done.exit_code == 1, (member.filename, done.output)
        assert done.stdout.startswith("CHANGED: this is not the pack as it was made."), member.filename
        assert member.filename in done.stdout, (member.filename, done.stdout)
        if "/" in member.filename:
            day = datetime.fromisoformat(member.filename.rpartition("/")[2].removesuffix(".csv"))
            assert f"{day:%A} {day.day} {day:%B %Y}" in done.stdout, (member.filename, done.stdout)
    assert CliRunner().invoke(evidence, ["verify", str(pack)]).exit_code == 3


def test_a_pack_is_made_verified_tampered_with_in_one_byte_and_caught(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack, other = tmp_path / "pack.zip", tmp_path / "again.zip"
    make = ("evidence", "make", "lily-42", "--from", FROM, "--to", TO, "-o")
    code, said = run(dsn, tmp_path, *make, str(pack))
    assert (code, "shares no readings" in said, pack.exists()) == (2, True, False)
    code, said = run(dsn, tmp_path, *make, str(pack), "--for-household", "sam")
    assert code == 0, said
    assert "the diary is private and was left out" in said
    # Of a stay that begins within the days only that; the household reads who made it and why.
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("update household_member set from_at = '2026-01-09 06:00Z'")
    code, said = run(
        dsn, tmp_path, *make, str(other), "--for-household", "sam", "--purpose", "For the ombudsman"
    )
    assert (code, "it shows 2026-01-09 to 2026-01-10 only" in said) == (0, True), said
    with psycopg.connect(dsn) as conn:
        looks = conn.execute("select who, role, what, purpose from access_log order by access_id").fetchall()
    made = ("kim", "operations", f"evidence pack of {FROM} to {TO}")
    assert looks == [(*made, "Asked for by sam, who lives there"), (*made, "For the ombudsman")]
    assert "shown is the time from 2026-01-09 06:00 UTC" in cityops("evidence", "verify", str(other)).stdout
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    assert f"{FROM} to {TO}  SHA-256 " in run(dsn, tmp_path, "evidence", "list", "lily-42")[1]
    assert run(dsn, tmp_path, "evidence", "list", "pond-1")[1] == "no pack was made of this home\n"
    with psycopg.connect(dsn) as conn:
        rows = conn.execute(
            "select made_by, bytes, from_day::text from evidence_pack order by made_at"
        ).fetchall()
    assert ("kim", pack.stat().st_size, FROM) in rows

    with zipfile.ZipFile(pack) as archive:
        files = {i.filename: archive.read(i) for i in archive.infolist()}
    lines = files[f"readings/frog-0001/{DAY}.csv"].decode().splitlines()
    assert len(lines) == 145
    assert lines[1] == f"{DAY}T00:00:00Z,{DAY}T00:00:02Z,145,1,20.51,63.4,,,,0"
    assert json.loads(files["gaps.json"])["missing"] == [
        {"device": "frog-0001", "boot": 1, "first_seq": 40, "last_seq": 42}
    ]
    assert b"lily-42" not in b"".join(files.values())

    nowhere = {"CITYOPS_DATA_DIR": str(tmp_path / "elsewhere")}  # another machine, no database
    done = cityops("evidence", "verify", str(pack), **nowhere)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        3,
        "WHOLE, signer not checked: every byte is as somebody signed it, and anybody can sign.",
    )
    assert "/api/v1/evidence/key" in done.stdout.splitlines()[-1]
    key = tmp_path / "key.pem"
    done = cityops("evidence", "key", CITYOPS_DATA_DIR=str(tmp_path / "data"))
    key.write_text(done.stdout)
    done = cityops("evidence", "verify", str(pack), "--key", str(key), **nowhere)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "INTACT: every byte is as it was made and signed.",
    )
    assert done.stdout.rstrip().endswith("the expected key")

    flipped_in_each_member(pack, tmp_path, monkeypatch)
    data = bytearray(pack.read_bytes())
    data[data.index(f"readings/frog-0001/{DAY}.csv".encode()) + 60] ^= 1
    pack.write_bytes(data)
    done = cityops("evidence", "verify", str(pack), **nowhere)
    assert done.returncode == 1
    assert done.stdout.startswith("CHANGED: this is not the pack as it was made.\n")
    assert (
        f"changed: readings of Bedroom on Friday 9 January 2026 (readings/frog-0001/{DAY}.csv)\n"
        in done.stdout
    )
    found = json.loads(cityops("evidence", "verify", str(pack), "--json", **nowhere).stdout)
    assert (found["intact"], found["changed"]) == (False, [f"readings/frog-0001/{DAY}.csv"])


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (
            ("evidence", "make", "nobody", "--from", FROM, "--to", TO, "-o", "x.zip"),
            2,
            "No home has this code.",
        ),
        (("evidence", "make", "lily-42", "--from", TO, "--to", FROM, "-o", "x.zip"), 2, "before it begins"),
        (("evidence", "make", "lily-42", "--from", "soon", "--to", FROM, "-o", "x.zip"), 2, "--from 'soon'"),
        (
            (
                "evidence",
                "make",
                "lily-42",
                "--from",
                FROM,
                "--to",
                TO,
                "-o",
                "/none/x.zip",
                "--for-household",
                "Sam",
            ),
            2,
            "/none/x.zip: No such",
        ),
        (("evidence", "verify", "none.zip"), 2, "none.zip: No such file"),
        (("evidence", "photo", "lily-42", "/etc/hostname", "--caption", "x"), 2, "can't be read"),
        (("case", "show", "99"), 2, "There is no case 99."),
        (("case", "event", "99", "danced"), 2, "There is no case 99."),
        (("case", "open", "lily-42", "--aware", "soon"), 2, "--aware 'soon': write 2026-01-12"),
        (("case", "contact", "lily-42", "--said", "Hello"), 2, "say whom it was with"),
        (("case", "list"), 0, "no case is open"),
    ],
)
def test_a_mistake_is_told_in_words(
    looked_at: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    got, said = run(looked_at, tmp_path, *words)
    assert says in said
    assert got == code
    assert not (tmp_path / "x.zip").exists()


def test_a_case_from_opening_to_reminders(dsn: str, tmp_path: Path) -> None:
    code, said = run(
        dsn, tmp_path, "case", "open", "lily-42", "--landlord", "Northgate", "--aware", "2026-01-05"
    )
    assert code == 0, said
    number = said.split(":")[0].removeprefix("case ")
    assert (
        "Time is up, and not recorded as done: investigate the hazard (limit Monday 19 January 2026)" in said
    )
    assert "Information, not advice" in said
    case = json.loads(
        run(dsn, tmp_path, "case", "event", number, "investigated", "--at", "2026-01-21", "--json")[1]
    )
    assert [s["state"] for s in case["steps"]] == ["late", "missed", "missed", "missed", "missed"]
    assert [e["kind"] for e in case["events"]] == ["aware", "investigated"]
    assert run(dsn, tmp_path, "case", "remind", "--set", "lily-42", "mail", "sam@x.example")[0] == 0
    assert run(dsn, tmp_path, "case", "remind")[1] == "nothing new is due\n"  # all of it is long ago
    aware = (datetime.now(UTC) - timedelta(hours=25)).isoformat()
    emergency = ("case", "open", "lily-42", "--kind", "emergency", "--aware")
    code, said = run(dsn, tmp_path, *emergency, "2026-01-05")
    assert (code, "--aware '2026-01-05': In an emergency the law counts 24 hours by the clock" in said) == (
        2,
        True,
    )
    said = run(dsn, tmp_path, *emergency, aware)[1]
    urgent = said.split(":")[0].removeprefix("case ")
    code, refused = run(dsn, tmp_path, "case", "event", urgent, "made_safe", "--at", "2026-01-05")
    assert (code, "say the time of day too" in refused) == (2, True)
    assert "investigate the emergency hazard and make it safe" in said
    assert run(dsn, tmp_path, "case", "remind")[1].startswith("1 planned")
    assert run(dsn, tmp_path, "case", "remind")[1] == "nothing new is due\n"
    assert "home:" in run(dsn, tmp_path, "notify", "outbox")[1]
    code, said = run(dsn, tmp_path, "case", "event", number, "danced")
    assert (code, "entry 'danced' is unknown" in said) == (2, True)
    code, said = run(dsn, tmp_path, "case", "event", number, "extended", "--step", "safety")
    assert (code, "needs its reason" in said) == (2, True)
    assert "lily" not in run(dsn, tmp_path, "case", "list")[1].lower()
    said = run(
        dsn, tmp_path, "case", "contact", "lily-42", "--who", "Repairs", "--said", "Spots behind the bed"
    )[1]
    assert "phone, Repairs: Spots behind the bed; no reply written down" in said
    entry = said.split()[0]
    words = ("case", "contact", "lily-42", "--reply-to", entry, "--reply", "Monday", "--purpose", "A visit")
    said = run(dsn, tmp_path, *words)[1]
    assert ": Monday" in said
    # Each look is in the household's log, with who and why.
    with psycopg.connect(dsn) as conn:
        lines = conn.execute("select who, role, what, purpose from access_log order by access_id").fetchall()
    assert {(who, role) for who, role, _, _ in lines} == {("kim", "operations")}
    looks = [what for _, _, what, _ in lines]
    assert looks[:2] == [f"case {number} with its entries"] * 2
    assert looks[-3:] == ["where its cases stand", *["contact log with the landlord"] * 2]
    assert [why for *_, why in lines][-2:] == [
        "Work on the case of this home, by the council or for it",
        "A visit",
    ]
    photo = tmp_path / "wall.jpg"
    photo.write_bytes(photo_bytes())
    assert (
        "120 × 80" in run(dsn, tmp_path, "evidence", "photo", "lily-42", str(photo), "--caption", "Wall")[1]
    )


@pytest.fixture
async def http(dsn: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    clock = ManualClock(datetime(2026, 1, 22, 10, 0, tzinfo=UTC))
    async with AsyncConnectionPool(dsn, min_size=1, max_size=2, open=False) as pool:
        app = create_app(
            pool,
            desk=MemoryDesk(lambda: None),
            clock=clock,
            case_book=cases_on(Settings(db=DbSettings(dsn=dsn), data_dir=tmp_path / "data")),
        )  # type: ignore[arg-type, return-value]
        with psycopg.connect(dsn, autocommit=True) as conn:
            signed_in = lives_in(conn, "lily-42", "token-lily")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test/api/v1", headers=signed_in
        ) as client:
            yield client


def lives_in(
    conn: psycopg.Connection[Any], code: str, token: str, since: str = "-infinity", name: str = "Ada"
) -> dict[str, str]:
    """Let somebody live in a home and be signed in; return the header that says so."""
    conn.execute(
        "with r as (insert into resident (name) values (%s) returning resident_id),"
        " s as (insert into resident_session (resident_id, token_hash, expires_at)"
        "       select resident_id, %s, now() + interval '1 day' from r)"
        " insert into household_member (home_id, resident_id, from_at, joined_by)"
        " select home_id, resident_id, %s, 'label' from r, home where code = %s",
        (name, token_hash(token), since, code),
    )
    return {"Authorization": f"Bearer {token}"}


async def test_cases_over_rest_are_a_homes_own(http: httpx.AsyncClient) -> None:
    for home in ("nobody", "pond-1"):
        assert (await http.get(f"/homes/{home}/cases")).status_code == 404
    asked = {
        "landlord": "Northgate",
        "reported_at": "2026-01-04T18:00:00Z",
        "aware_at": "2026-01-05T09:00:00Z",
    }
    made = await http.post("/homes/lily-42/cases", json=asked)
    assert made.status_code == 201, made.text
    case = made.json()
    assert (case["missed"], case["council_owned"]) == (["investigate"], False)
    assert case["steps"][0]["due"] == "Monday 19 January 2026"
    url = f"/homes/lily-42/cases/{case['case_id']}"
    done = await http.post(f"{url}/events", json={"kind": "investigated", "at": "2026-01-21T12:00:00Z"})
    assert [s["state"] for s in done.json()["steps"]] == ["late", "running", "running", "running", "running"]
    assert done.json()["answer"] == "Next: give the tenant a written summary by Monday 26 January 2026."
    assert (await http.get("/homes/lily-42/cases")).json() == [(await http.get(url)).json()]
    for method, path in (("GET", url), ("POST", f"{url}/events")):
        other = await http.request(method, path.replace("lily-42", "pond-1"), json={"kind": "summary"})
        assert other.status_code == 404
    for body, status in (
        ({"kind": "danced"}, 422),
        ({"kind": "closed"}, 409),
        ({"kind": "summary", "at": "2026-03-01T00:00:00Z"}, 409),
        ({"kind": "summary", "note": "\0"}, 409),
    ):
        assert (await http.post(f"{url}/events", json=body)).status_code == status, body
    assert (await http.post("/homes/lily-42/cases", json={"council_owned": True})).status_code == 422
    assert (
        await http.post("/homes/lily-42/cases", json={"aware_at": "2026-03-01T00:00:00Z"})
    ).status_code == 422


async def test_an_emergency_on_the_page_counts_from_a_time_and_not_from_noon(http: httpx.AsyncClient) -> None:
    url = "http://test/home/lily-42/evidence/cases"
    emergency = {"day": "2026-01-21", "emergency": "true"}
    for wrong, says in (
        ({}, "say the time of day too"),
        ({"day": "2026-01-22"}, "say the time of day too"),
        ({"at": "soon"}, "is no time of day"),
        ({"day": "2026-01-22", "at": "10:30"}, "still to come"),
    ):
        refused = await http.post(url, data=emergency | wrong)
        assert (refused.status_code, says in refused.text) == (422, True), (wrong, refused.text)
    assert (await http.get("/homes/lily-42/cases")).json() == []
    assert (await http.post(url, data=emergency | {"at": "14:10"})).status_code == 303
    [case] = (await http.get("/homes/lily-42/cases")).json()
    [until] = [s["until_at"] for s in case["steps"] if s["step"] == "emergency"]
    assert until == "2026-01-22T14:10:00Z"
    assert (
        "At what time? In an emergency hours count."
        in (await http.get("http://test/home/lily-42/evidence")).text
    )
    entry = f"{url}/{case['case_id']}"
    for kind in ("investigated", "made_safe", "no_hazard", "aware"):
        refused = await http.post(entry, data={"kind": kind, "day": "2026-01-21"})
        assert (refused.status_code, "say the time of day too" in refused.text) == (422, True), kind
    assert (await http.post(entry, data={"kind": "summary", "day": "2026-01-21"})).status_code == 303
    assert (
        await http.post(entry, data={"kind": "investigated", "day": "2026-01-21", "at": "15:00"})
    ).status_code == 303
    assert (await http.post(entry, data={"kind": "made_safe"})).status_code == 303, "without a day it is now"
    [case] = (await http.get("/homes/lily-42/cases")).json()
    assert case["steps"][0]["state"] == "met"


async def test_contacts_and_photos_over_rest(http: httpx.AsyncClient) -> None:
    url = "/homes/lily-42"
    said = {"method": "phone", "who": "Repairs line", "said": "Black spots"}
    entry = (await http.post(f"{url}/contacts", json=said)).json()
    reply = await http.post(f"{url}/contacts/{entry['contact_id']}/reply", json={"reply": "Monday"})
    assert (reply.status_code, reply.json()["reply"]) == (201, "Monday")
    again = await http.post(f"{url}/contacts/{entry['contact_id']}/reply", json={"reply": "Tuesday"})
    assert again.status_code == 409
    assert (await http.get(f"{url}/contacts")).json() == [reply.json()]
    assert (await http.post(f"{url}/contacts", json=said | {"at": "2027-01-01T00:00:00Z"})).status_code == 422
    sent = await http.post(
        f"{url}/photos", files={"file": ("w.jpg", photo_bytes())}, data={"caption": "Wall"}
    )
    assert sent.status_code == 201, sent.text
    photo = sent.json()
    got = await http.get(f"{url}/photos/{photo['photo_id']}")
    assert (got.headers["content-type"], b"SECRETCAMERA" in got.content) == ("image/jpeg", False)
    assert (await http.get(f"/homes/pond-1/photos/{photo['photo_id']}")).status_code == 404
    wrong = await http.post(f"{url}/photos", files={"file": ("w.jpg", b"<svg/>")}, data={"caption": "Wall"})
    assert (wrong.status_code, "JPEG, PNG or WebP" in wrong.text) == (409, True)
    assert (await http.delete(f"{url}/photos/{photo['photo_id']}")).status_code == 204
    assert (await http.get(f"{url}/photos")).json() == []


async def in_pieces(taken: list[int], pieces: int = 60) -> AsyncIterator[bytes]:
    """A form with a photo that says nothing of its size; ``taken``: how much of it was read."""
    yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="w.jpg"\r\n\r\n'
    for _ in range(pieces):
        taken.append(10_000)
        yield bytes(10_000)
    yield b"\r\n--x--\r\n"


async def test_nothing_is_kept_of_a_body_that_is_too_large_or_of_a_strangers_photo(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body_limit, "PHOTO_MOST", 100_000)
    form = {"content-type": "multipart/form-data; boundary=x"}
    for path in ("/api/v1/homes/lily-42/photos", "/home/lily-42/evidence/photos"):
        url, taken = f"http://test{path}", [0]
        answer = await http.post(url, content=in_pieces(taken), headers=form)
        assert (answer.status_code, sum(taken) <= 110_000) == (413, True), (path, answer.text, sum(taken))
        strange, taken = url.replace("lily-42", "pond-1"), [0]
        answer = await http.post(strange, content=in_pieces(taken), headers=form)
        assert (answer.status_code, sum(taken)) == (404, 0), path
        taken = [0]
        nobody = form | {"authorization": "", "cookie": ""}
        answer = await http.post(url, content=in_pieces(taken), headers=nobody)
        assert (answer.status_code, sum(taken)) == (404, 0), path
        for size in ("100001", "9" * 5000):
            taken = [0]
            answer = await http.post(url, content=in_pieces(taken), headers=form | {"content-length": size})
            assert (answer.status_code, sum(taken)) == (413, 0), (path, size[:9])
    taken = [0]
    elsewhere = "http://test/home/lily-42/evidence/contacts"
    answer = await http.post(elsewhere, content=in_pieces(taken), headers=form)
    assert (answer.status_code, sum(taken) <= 80_000) == (413, True)
    assert "at most 64 kB" in answer.text
    whole = {"method": "phone", "who": "Repairs line", "said": "\U0001f438" * 2000}
    assert (await http.post("/homes/lily-42/contacts", json=whole)).status_code == 201


async def test_the_public_key_is_fetched_and_the_private_one_is_not(
    http: httpx.AsyncClient, tmp_path: Path
) -> None:
    assert (await http.get("/evidence/key")).status_code == 404
    done = cityops("evidence", "key", CITYOPS_DATA_DIR=str(tmp_path / "data"))
    key = (await http.get("/evidence/key")).json()
    assert key["pem"] == done.stdout
    assert key["key_id"] in done.stderr
    assert io.StringIO(key["pem"]).readline() == "-----BEGIN PUBLIC KEY-----\n"
