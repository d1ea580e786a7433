"""Bulk exports over a real connection: the same rows in each format, households' none, bounded places."""

from __future__ import annotations

import asyncio
import csv
import io
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from pyarrow import parquet

from tests.fakes import website
from tests.fakes.reading_rows import stored
from tests.fakes.website import PLAIN, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
EXPORT = "/api/v1/readings/export"
COPYING = "select pid from pg_stat_activity where query like 'copy %%' and state = 'active' and datname = current_database()"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> Any:
    """One site for all tests here, which asks as many networks: of one there may be 20 exports a day."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


class Networks:
    """Clients behind the proxy of this machine, each of another network."""

    number = 0

    @classmethod
    async def get(cls, site: Site, network: int | None = None, **params: Any) -> httpx.Response:
        cls.number += network is None
        address = f"203.0.{cls.number if network is None else network}.7"
        return await site.http.get(EXPORT, params=params, headers={"X-Forwarded-For": address})


def lines(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_csv_holds_every_reading_as_it_was_sent(site: Site) -> None:
    at = datetime.now(UTC).replace(microsecond=500_000)
    values = {"surface_temperature_c": -0.07, "air_temperature_c": 0.0, "humidity_pct": "nan"}
    await stored(site.dsn, "road", ("road-006", at, values))
    answer = await Networks.get(site, kind="road")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="road-readings.csv"'
    rows = lines(answer)
    [(count,)] = await site.sql("select count(*) from road_reading")
    assert len(rows) == count > 400
    assert [r["device"] for r in rows] == sorted(r["device"] for r in rows)
    mine = rows[-1]
    assert (mine["device"], mine["ts"]) == ("road-006", f"{at:%Y-%m-%dT%H:%M:%S}.5Z")
    assert (mine["surface_temperature_c"], mine["air_temperature_c"], mine["humidity_pct"]) == (
        "-0.07",
        "0",
        "",
    )
    series = await site.get(
        "/api/v1/devices/road-001/series", limit=10_000, **{"from": "2020-01-01T00:00:00Z"}
    )
    own = [r for r in rows if r["device"] == "road-001"]
    assert [(datetime.fromisoformat(r["ts"]), float(r["humidity_pct"])) for r in own] == [
        (datetime.fromisoformat(r["ts"]), r["humidity_pct"]) for r in series["rows"]
    ]


async def test_the_other_formats_hold_the_same(site: Site) -> None:
    span = {"from": (site.now - timedelta(hours=3)).isoformat(), "to": site.now.isoformat()}
    asked = {"kind": "road", "device": ["road-001", "road-002"], **span}
    rows = lines(await Networks.get(site, **asked))
    assert {r["device"] for r in rows} == {"road-001", "road-002"}
    table = parquet.read_table(io.BytesIO((await Networks.get(site, format="parquet", **asked)).content))
    told = table.to_pylist()
    assert table.column_names == list(rows[0])
    assert [(r["device"], r["ts"]) for r in told] == [
        (r["device"], datetime.fromisoformat(r["ts"])) for r in rows
    ]
    for name in ("surface_temperature_c", "humidity_pct", "battery_v", "surface_state"):
        assert [r[name] for r in told] == [float(r[name]) if r[name] else None for r in rows], name
    answer = await Networks.get(site, format="geojson", **asked)
    assert answer.headers["content-type"] == "application/geo+json"
    features = answer.json()["features"]
    device = await site.get("/api/v1/devices/road-001")
    assert features[0]["geometry"] == {
        "type": "Point", "coordinates": [device["longitude_deg"], device["latitude_deg"]],
    }  # fmt: skip
    assert [f["properties"]["device"] for f in features] == [r["device"] for r in rows]
    assert [f["properties"]["humidity_pct"] for f in features] == [float(r["humidity_pct"]) for r in rows]


async def test_a_lorry_is_where_it_was_and_an_empty_answer_is_a_whole_file(site: Site) -> None:
    asked = {"kind": "gritter", "from": "2031-01-01T00:00:00Z", "to": "2031-02-01T00:00:00Z"}
    assert lines(await Networks.get(site, **asked)) == []
    assert (await Networks.get(site, format="geojson", **asked)).json() == {
        "type": "FeatureCollection",
        "features": [],
    }
    empty = parquet.read_table(io.BytesIO((await Networks.get(site, format="parquet", **asked)).content))
    assert (empty.num_rows, empty.column_names[:2]) == (0, ["device", "ts"])
    where = {"latitude_deg": 51.5, "longitude_deg": -2.0, "speed_m_s": 0.0}
    at = datetime.now(UTC)
    [(name,)] = await site.sql("select name from device where kind = 'gritter' limit 1")
    await stored(site.dsn, "gritter", (name, at, where))
    answer = await Networks.get(site, format="geojson", kind="gritter", **{"from": at.isoformat()})
    [feature] = answer.json()["features"]
    assert feature["geometry"] == {"type": "Point", "coordinates": [-2.0, 51.5]}
    assert feature["properties"]["speed_m_s"] == 0.0


async def test_no_household_s_reading_is_in_an_export(site: Site) -> None:
    before = lines(await Networks.get(site, kind="bin"))
    assert "bin-0005" in {r["device"] for r in before}
    await site.sql("update device set private = true where name = 'bin-0005'")
    after = lines(await Networks.get(site, kind="bin"))
    assert {r["device"] for r in before} - {r["device"] for r in after} == {"bin-0005"}
    assert (await Networks.get(site, kind="bin", device="bin-0005")).status_code == 404
    assert (await Networks.get(site, kind="frog")).status_code == 422


async def test_wrong_questions_are_refused_and_take_no_place(site: Site) -> None:
    wrong = (
        ({}, 422), ({"kind": "none"}, 404), ({"kind": "road", "format": "xlsx"}, 422), ({"kind": "road", "from": "today"}, 422),
        ({"kind": "road", "from": "2026-02-01T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422),
        ({"kind": "road", "device": "x' or 1=1"}, 404), ({"kind": "road", "device": "a\0"}, 422),
    )  # fmt: skip
    for params, status in wrong:
        answer = await Networks.get(site, **params)
        assert answer.status_code == status, (params, answer.text[:200])
        assert answer.headers["content-type"] == "application/problem+json"
    for _ in range(3):
        assert (await Networks.get(site, kind="weather")).status_code == 200


async def many(site: Site, *devices: str) -> None:
    """Give devices a reading each second: as features 6 MB of each 20,000, much more than what lies between us and a reader."""
    await site.sql(
        "insert into road_reading (ts, device_id, boot, seq, quality, received_at, surface_temperature_c, air_temperature_c, humidity_pct)"
        " select now() - n * interval '1 second', d.device_id, 9, n, 0, now(), 1, 2, 90"
        " from generate_series(1, 60000) n, device d where d.name = any(%s)",
        list(devices),
    )


def reader(site: Site) -> httpx.AsyncClient:
    """Return one whose machine holds little for it, and that asks for nothing packed."""
    small = httpx.AsyncHTTPTransport(
        verify=PLAIN, socket_options=[(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 2**10)]
    )
    return httpx.AsyncClient(
        base_url=site.url, transport=small, timeout=60, headers={"Accept-Encoding": "identity"}
    )


async def test_places_are_bounded_and_come_back_when_a_reader_goes(site: Site) -> None:
    names = ["road-002", "road-003"]
    await many(site, *names)
    await site.sql("update device set cadence_s = 1 where name = any(%s)", names)
    asked = {"kind": "road", "format": "geojson", "device": names}
    async with reader(site) as http:
        async with (
            http.stream("GET", EXPORT, params=asked, headers={"X-Forwarded-For": "203.0.248.1"}) as first,
            http.stream("GET", EXPORT, params=asked, headers={"X-Forwarded-For": "203.0.247.1"}) as second,
        ):
            assert (first.status_code, second.status_code) == (200, 200)
            # Both readers take nothing: their pieces are read to the end all the same.
            async with asyncio.timeout(60):
                while await site.sql(COPYING):
                    await asyncio.sleep(0.05)
            third = await Networks.get(site, kind="weather")
            assert (third.status_code, third.headers["retry-after"]) == (429, "60")
        async with asyncio.timeout(60):
            while (await Networks.get(site, kind="weather")).status_code == 429:
                await asyncio.sleep(0.1)
    told = [
        (await Networks.get(site, 250, kind="weather", **{"from": site.now.isoformat()})).status_code
        for _ in range(22)
    ]
    assert told == [200] * 20 + [429] * 2
    assert (await Networks.get(site, kind="weather")).status_code == 200


async def test_a_file_that_the_database_broke_off_is_not_taken_for_a_whole_one(site: Site) -> None:
    await many(site, "road-004")  # far more than its cadence has one expect: one piece of 20 MB
    asked = {"kind": "road", "format": "geojson", "device": "road-004"}
    async with reader(site) as http:
        for _ in range(3):
            async with http.stream(
                "GET", EXPORT, params=asked, headers={"X-Forwarded-For": "203.0.249.1"}
            ) as answer:
                pieces = answer.aiter_raw()
                await anext(pieces)
                await site.sql("select pg_terminate_backend(%s)", await copying(site))
                with pytest.raises(httpx.RemoteProtocolError):
                    async for _ in pieces:
                        pass
    assert (await Networks.get(site, kind="weather")).status_code == 200


async def copying(site: Site) -> int:
    """Return the process of the one COPY, once it waits for its reader."""
    async with asyncio.timeout(60):
        while True:
            found = await site.sql(f"{COPYING} and wait_event = 'ClientWrite'")
            if found:
                return int(found[0][0])
            await asyncio.sleep(0.05)


async def test_readings_of_before_the_day_that_the_registry_says_now_are_not_left_out(site: Site) -> None:
    before = lines(await Networks.get(site, kind="weather"))
    assert len(before) > 10
    await site.sql("update device set installed_at = now() where kind = 'weather'")
    assert lines(await Networks.get(site, kind="weather")) == before


async def test_an_export_of_all_times_ends_with_what_there_can_be(site: Site) -> None:
    async with asyncio.timeout(30):
        rows = lines(await Networks.get(site, kind="road", device="road-005", to="9999-12-31T00:00:00Z"))
    assert len(rows) > 10
