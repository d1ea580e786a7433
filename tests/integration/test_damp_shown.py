"""What is known of damp in a home, over REST and by command."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.settings import DbSettings, Settings
from ops_api.cli import main
from ops_api.wiring_rules import run_rules
from rules.damp.store import PostgresDamp
from tests.fakes import seed_web
from tests.fakes.damp_town import DAY_S, HOUR_S, MIDNIGHT, DampTown, frog, room, weather
from tests.fakes.website import Site


@pytest.fixture
async def town(db_dsn: str) -> AsyncIterator[DampTown]:
    async with (
        AsyncConnectionPool(db_dsn, min_size=1, max_size=2, open=False) as pool,
        await psycopg.AsyncConnection.connect(db_dsn, autocommit=True, options="-c timezone=UTC") as conn,
    ):
        yield DampTown(PostgresDamp(pool), conn)


async def test_a_home_s_document_under_its_code(site: Site) -> None:
    url = f"/api/v1/homes/{seed_web.DAMP_HOME}/damp"
    assert (await site.http.get(url)).status_code == 404  # nobody is signed in
    await site.join(seed_web.DAMP_HOME)
    before = await site.get(url)
    assert (before["state"]["risk"], before["finding"], before["days"]) == ("unknown", None, [])
    async with (
        AsyncConnectionPool(site.dsn, min_size=1, max_size=2, open=False) as pool,
        await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn,
    ):
        assert await DampTown(PostgresDamp(pool), conn).work() > 0
    found = await site.get(url)
    assert {d["device"] for d in found["days"]} == {"frog-0001"}
    assert sum(d["surface_hours"] for d in found["days"]) > 0
    assert all(0 <= d["damp_hours_low"] <= d["damp_hours"] <= d["damp_hours_high"] for d in found["days"])
    assert found["state"]["factor"]["learned_from_nights"] is None
    assert found["finding"] is not None  # 49 hours of readings always hold a whole day that is settled
    assert found["advice"]["items"], found["advice"]
    assert found["advice"]["reason"] is None
    assert any("not a finding of mould" in limit for limit in found["limits"])
    assert seed_web.DAMP_HOME not in json.dumps(found)
    assert (await site.http.get("/api/v1/homes/nobody/damp")).status_code == 404
    [(number,)] = await site.sql("select home_id from home where code = %s", seed_web.DAMP_HOME)
    assert (await site.http.get(f"/api/v1/homes/{number}/damp")).status_code == 404  # a number is no key
    turned = await site.http.get(url, params={"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"})
    assert turned.status_code == 422


async def test_the_commands(
    town: DampTown, db_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process: a process for each of them takes a second."""
    monkeypatch.setenv("CITYOPS_DB__DSN", db_dsn)
    number = await town.home("OAK", "frog-1")
    await town.came([*frog("frog-1", room(14.0)), *weather(14.0)])
    await town.told("OAK", MIDNIGHT + 12 * DAY_S + 8 * HOUR_S, "shower")

    async def damp(*words: str, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["cityops", "damp", *words])
        ended = await asyncio.to_thread(_ended)
        said = capsys.readouterr()
        assert ended == code, said.err
        return said.out if code == 0 else said.err

    assert "not worked out yet" in await damp("list")
    await town.work()
    said = await damp("home", "OAK")
    assert said.startswith("Damp risk: ")
    for part in (
        "Why (bathroom, ",
        "Temperature factor: 0.70 (0.65 to 0.75), assumed",
        "(diary)",
        "Limits:",
        "144/144",
    ):
        assert part in said, said
    document = json.loads(await damp("home", str(number), "--json", "--days", "20"))
    assert len(document["days"]) == 14
    assert document["finding"]["evidence"]["hours"] == 288
    [row] = json.loads(await damp("list", "--json"))
    assert (row["home_id"], row["risk"]) == (number, document["state"]["risk"])
    assert "OAK" not in await damp("list")
    assert "1 home worked out: 0 rows changed" in await damp("recompute", "--now")
    assert "calibration 1" in await damp(
        "calibrate", "frog-1", "humidity_pct", "--from", "2026-01-15", "--by", "kim", "--", "-3"
    )
    assert json.loads(await damp("recompute", "--home", "OAK", "--now", "--json"))["changed"] > 5
    assert "1: frog-1 humidity_pct -3 from 2026-01-15, side by side, by kim" in await damp("calibrations")
    assert "withdrawn by lee" in await damp("calibrations", "--withdraw", "1", "--by", "lee")
    for words, why in (
        (("home", "ASH"), "there is no home 'ASH'"),
        (("recompute", "--from", "soon"), "'soon' is no day"),
        (("calibrations", "--withdraw", "9"), "no calibration 9"),
        (("calibrate", "frog-9", "humidity_pct", "1", "--from", "2026-01-15"), "no frog box 'frog-9'"),
        (
            ("calibrate", "frog-1", "humidity_pct", "1", "--from", "2026-01-15", "--self-heating"),
            "temperature_c",
        ),
    ):
        assert why in await damp(*words, code=2)


def _ended() -> int:
    try:
        main()
    except SystemExit as e:
        return int(e.code or 0)
    return 0


async def test_the_rules_process_works_it_out(town: DampTown, db_dsn: str) -> None:
    await town.home("OAK", "frog-1")
    await town.came([*frog("frog-1", room(2.0)), *weather(2.0)])
    stop = asyncio.Event()
    running = asyncio.create_task(run_rules(Settings(db=DbSettings(dsn=db_dsn)), stop))
    async with asyncio.timeout(60):
        while len(await town.days("frog-1")) < 2:
            assert not running.done()
            await asyncio.sleep(0.05)
        stop.set()
        await running


async def test_a_new_household_begins_anew(town: DampTown) -> None:
    """Its index and findings are those of a home in which nothing was measured before it came."""
    moved_s = MIDNIGHT + 4 * DAY_S + 9 * HOUR_S
    columns = room(9.0)
    home = await town.home("OAK", "frog-1")
    await town.home("ASH", "frog-2")
    await town.came(
        [*frog("frog-1", columns), *frog("frog-2", columns[:, columns[0] >= moved_s]), *weather(9.0)]
    )
    await town.work()
    before = await town.days("frog-1")
    assert before[-1]["mould_state"] != (await town.days("frog-2"))[-1]["mould_state"]
    await town.sql(
        "with r as (insert into resident (name) values ('New') returning resident_id)"
        " insert into household_member (home_id, resident_id, from_at, joined_by)"
        " select %s, resident_id, to_timestamp(%s), 'label' from r",
        home, moved_s,
    )  # fmt: skip
    await town.work()
    mine, alone = await town.days("frog-1"), await town.days("frog-2")
    assert [d["mould_state"] for d in mine[-len(alone) :]] == [d["mould_state"] for d in alone]
    assert [d["n"] for d in mine[-len(alone) :]] == [d["n"] for d in alone]
    assert len(mine) == len(before)  # what was before the move stays with the home
    found = await town.sql(
        "select count(*) from damp_finding where home_id = %s and to_day >= '2026-01-14'"
        " and (evidence ->> 'from_day')::date < '2026-01-14'",
        home,
    )
    assert found == [(0,)]


async def test_a_home_that_goes_takes_all_of_it_along(town: DampTown) -> None:
    await town.home("OAK", "frog-1")
    await town.came([*frog("frog-1", room(4.0)), *weather(4.0)])
    await town.work()
    await town.sql("delete from home_device")
    await town.sql("delete from home_device_past")
    await town.sql("delete from diary_entry")
    await town.sql("delete from home")
    for table in ("damp_home", "damp_room", "damp_day", "moisture_event", "damp_finding"):
        assert await town.sql(f"select * from {table}") == []
