"""Weather forecasts by REST and command line, on one database."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path

import jsonschema
import psycopg

from cityops.errors import TransientError
from cityops.settings import DbSettings, Settings
from ops_api.wiring_forecasts import watching
from rules.winter.weather.formats import own_json
from tests.fakes import weather_forecasts as files
from tests.fakes.command_line import cityops
from tests.fakes.weather_forecasts import T, dumped, forecast
from tests.fakes.website import OFFICERS_PASSWORD, Site

PATH = "/api/v1/weather-forecasts"
MAY = {"Authorization": f"Bearer {OFFICERS_PASSWORD}", "Content-Type": "application/octet-stream"}


async def test_nobody_brings_a_forecast_without_the_password_or_from_a_page_of_the_web(site: Site) -> None:
    content = dumped(files.datahub())

    async def status(**headers: str) -> int:
        given = {k: v for k, v in ({**MAY, **headers}).items() if v}
        answer = await site.http.post(PATH, params={"by": "kim"}, content=content, headers=given)
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.status_code

    assert await status(Authorization="") == 401
    assert await status(Authorization="Bearer salt") == 401
    assert await status(Authorization=f"Basic {OFFICERS_PASSWORD}") == 401
    for kind in ("", "text/plain", "text/plain; charset=utf-8", "application/x-www-form-urlencoded", "Multipart/form-data; boundary=x"):  # fmt: skip
        assert await status(**{"Content-Type": kind}) == 415, kind
    assert await site.get(PATH) == []


async def test_files_come_in_and_what_is_kept_goes_out_again(site: Site) -> None:
    assert await site.get(PATH) == []
    posted = await site.http.post(PATH, params={"by": "kim"}, content=dumped(files.datahub()), headers=MAY)
    assert posted.status_code == 201, posted.text
    [added] = posted.json()
    assert (added["place"], added["source"], added["is_new"], added["hours"]) == (
        "Ourtown",
        "datahub",
        True,
        6,
    )
    assert added["missing"] == {"snow_mm_h": 2, "shortwave_w_m2": 6, "longwave_w_m2": 6}
    again = await site.http.post(PATH, params={"by": "sam"}, content=dumped(files.datahub()), headers=MAY)
    assert (again.status_code, again.json()[0]["forecast_id"]) == (200, added["forecast_id"])
    [head] = await site.get(PATH, place="Ourtown")
    assert (head["by"], head["from"], head["to"]) == ("kim", "2026-01-09T15:00:00Z", "2026-01-09T20:00:00Z")

    number = added["forecast_id"]
    kept = await site.get(f"{PATH}/{number}")
    schema = await site.get(f"{PATH}/schema")
    jsonschema.validate(kept["forecast"], schema)
    back = await site.http.post(PATH, params={"by": "kim"}, content=dumped(kept["forecast"]), headers=MAY)
    assert (back.status_code, back.json()[0]["forecast_id"]) == (200, number)
    assert [k["forecast_id"] for k in await site.get(f"{PATH}/newest")] == [number]
    assert await site.get(f"{PATH}/newest", at="2026-01-09T14:00:00Z") == []
    assert await site.get(PATH, before=number) == []


async def test_wrong_ones_are_told_what_is_wrong(site: Site) -> None:
    async def refused(content: bytes, status: int, **params: str) -> str:
        answer = await site.http.post(PATH, params={"by": "kim"} | params, content=content, headers=MAY)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return str(answer.json()["detail"])

    broken = dumped(files.datahub(mslp="high"))
    assert "mslp of hour 1 is 'high'; it must be a number or null" in await refused(broken, 422)
    assert "by:" in await refused(b"{}", 422, by=" ")
    assert "put its station.xml beside it" in await refused(files.metro().encode(), 422)
    assert "none of json" in await refused(b"-" * 100_000, 422)  # larger than any other request may be
    assert (await site.http.get(f"{PATH}/7")).status_code == 404
    assert await site.get(PATH) == []
    given = {"latitude": "52.1", "longitude": "-1.0", "place": "Hill", "issued_at": "2026-01-09T14:00:00Z"}
    answer = await site.http.post(PATH, params={"by": "kim"} | given, content=files.metro(), headers=MAY)
    assert answer.json()[0]["issued_at"] == "2026-01-09T14:00:00Z"


async def test_the_gauge_says_how_old_the_newest_is_by_the_town_s_clock(site: Site) -> None:
    issued_s = site.now.timestamp() - 7200.0
    fresh = forecast(issued_s=issued_s, at_s=issued_s + 3600.0 * (forecast().at_s - T) / 3600.0)
    await site.http.post(PATH, params={"by": "kim"}, content=own_json.write(fresh), headers=MAY)
    text = (await site.http.get("/metrics")).text
    [line] = [x for x in text.splitlines() if x.startswith("cityops_weather_forecast_age_seconds{")]
    assert 'place="Ourtown",source="test"' in line
    assert 7000.0 < float(line.rsplit(" ", 1)[1]) < 9000.0


def test_commands_import_list_show_and_watch(db_dsn: str, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = cityops("forecast", *words, CITYOPS_DB__DSN=db_dsn, CITYOPS_OPERATOR="kim")
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "No weather forecast was imported yet" in run("list")
    assert "No weather forecast was imported yet" in run("list", "--place", "nowhere")
    path = tmp_path / "datahub.json"
    path.write_bytes(dumped(files.datahub()))
    said = run("import", str(path))
    assert said.startswith(
        "forecast 1: Ourtown, datahub, issued 2026-01-09 15:00, 6 hours to 2026-01-09 20:00; without"
    )
    assert "snow_mm_h at 2 hours, shortwave_w_m2, longwave_w_m2" in said
    assert "which was there already" in run("import", str(path))
    elsewhere = run("list", "--place", "nowhere")
    assert elsewhere.strip() == "No weather forecast is for 'nowhere'; there are some for Ourtown."
    assert "Ourtown" in run("list", "--place", "Ourtown")
    [row] = json.loads(run("list", "--json"))
    assert (row["forecast_id"], row["by"], row["issued_at"]) == (1, "kim", "2026-01-09T15:00:00Z")
    lines = run("show", "1").splitlines()
    assert lines[0].startswith("Forecast 1: Ourtown (52.118, -1.052, 85 m), datahub")
    assert lines[-1].split() == ["2026-01-09", "20:00", "5.0", "-3.0", "-4.0", "2.5", "100%", "0.5", "1004"]
    exported = tmp_path / "again.json"
    exported.write_text(run("show", "1", "--json"))
    assert "which was there already" in run("import", str(exported))

    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.xml").write_text(files.metro())
    (folder / "b.txt").write_text("hello")
    watched = cityops(
        "forecast",
        "watch",
        str(folder),
        "--once",
        "--latitude",
        "52.1",
        "--longitude",
        "-1.0",
        CITYOPS_DB__DSN=db_dsn,
    )
    assert watched.returncode == 1
    assert "yxu, metro, issued" in watched.stdout
    assert "b.txt: its content is none of json, csv, metro" in watched.stderr
    missing = cityops("forecast", "show", "99", CITYOPS_DB__DSN=db_dsn)
    assert missing.returncode == 2
    assert "there is no forecast 99" in missing.stderr


async def test_who_watches_has_connections_that_come_back(db_dsn: str) -> None:
    settings = Settings(db=DbSettings(dsn=db_dsn))
    async with watching(settings) as store:
        await store.add([forecast()], by="kim")
        async with await psycopg.AsyncConnection.connect(db_dsn, autocommit=True) as conn:
            await conn.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cityops-forecast'"
            )
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(TransientError):
                    assert len(await store.listed()) == 1
                    break
                await asyncio.sleep(0.05)


def test_the_simulated_town_writes_a_forecast_that_can_be_imported(db_dsn: str, tmp_path: Path) -> None:
    made = cityops("sim", "forecast", "--scenario", "snow", CITYOPS_SIM__HOMES="2", CITYOPS_SIM__BINS="2")
    assert made.returncode == 0, made.stderr
    path = tmp_path / "tonight.json"
    path.write_text(made.stdout)
    done = cityops("forecast", "import", str(path), CITYOPS_DB__DSN=db_dsn, CITYOPS_OPERATOR="kim")
    assert "town, issued" in done.stdout, done.stderr
    jsonschema.validate(json.loads(made.stdout), json.loads(cityops("forecast", "schema").stdout))
