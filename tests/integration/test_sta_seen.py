"""The newest observation of a field that a device has long not sent: found where it was last, however much came since."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ops_api.sensorthings import expand
from ops_api.sensorthings.service import Sta
from ops_api.sensorthings.sync import sync
from tests.fakes.sta_plans import BATCH, explained, scanned
from tests.fakes.sta_rows import BASE, BEGIN, READINGS, ask, fill, serving

pytestmark = pytest.mark.storage
NEWEST = "/Datastreams?$select=name&$filter=startswith(name,'road-0001: W')&$expand=Observations($top=1;$orderby=phenomenonTime desc)"
LAST = BEGIN + timedelta(minutes=10 * 40)
"""When the wetness of the road was there last: in a chunk that is columnar where chunks can be."""


async def run(dsn: str, text: str, *params: Any) -> list[Any]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True, options="-c timezone=UTC") as conn:
        cursor = await conn.execute(text.encode(), params)
        return await cursor.fetchall() if cursor.description else []


@pytest.fixture
async def sta(db_dsn: str) -> AsyncIterator[Sta]:
    """A road that sent the wetness for some hours, and nothing of it for weeks."""
    await fill(db_dsn, devices=3)
    async with serving(db_dsn) as made:
        await made.fresh()
        await run(
            db_dsn,
            "update road_reading set water_film_mm = null where ts > %s and water_film_mm is not null",
            LAST,
        )
        # As it is where it was sent last while somebody looked.
        await run(db_dsn, "update sta_seen set until = %s where until > %s", LAST, LAST)
        await run(db_dsn, "analyze road_reading")
        yield made


async def looked(sta: Sta) -> None:
    await sync(sta._keeper._pool, sta._keeper._kinds)


async def test_it_is_found_where_it_was_last(sta: Sta, db_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [found] = (await ask(sta, NEWEST))["value"]
    stream = found["Observations"][0]["@iot.id"] >> 33
    before = await ask(sta, found["Observations@iot.nextLink"].removeprefix(BASE))
    assert before["value"][0]["phenomenonTime"] == (LAST - timedelta(minutes=10)).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    for address in (
        NEWEST,
        f"/Datastreams({stream})/Observations?$top=1&$orderby=phenomenonTime desc",
        f"/Datastreams({stream})?$select=phenomenonTime,resultTime",
    ):
        with explained(monkeypatch) as plans:
            found = await ask(sta, address)
        read = sum(scanned(plan) for plan in plans)
        columnar = await run(db_dsn, "select 1 from pg_extension where extname = 'timescaledb'")
        assert LAST.strftime("%Y-%m-%dT%H:%M:%SZ") in str(found), address
        # Not the 2,959 readings since: an hour's, or the columnar batch that it stands in, for each of four times.
        assert read <= (4 * BATCH if columnar else 100), (address, read)
    assert READINGS - 40 > 2 * BATCH


async def test_of_what_was_sent_once_nothing_is_looked_for_behind_it(
    sta: Sta, db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(
        db_dsn,
        "update road_reading set water_film_mm = null where ts <> %s and water_film_mm is not null",
        LAST,
    )
    await run(db_dsn, "update sta_seen set since = until")
    with explained(monkeypatch) as plans:
        [found] = (await ask(sta, NEWEST))["value"]
    columnar = await run(db_dsn, "select 1 from pg_extension where extname = 'timescaledb'")
    assert len(found["Observations"]) == 1
    assert "Observations@iot.nextLink" not in found
    assert sum(scanned(plan) for plan in plans) <= (4 * BATCH if columnar else 20)


async def test_what_is_sent_again_is_there_at_once(sta: Sta, db_dsn: str) -> None:
    await run(
        db_dsn,
        "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, water_film_mm,"
        " received_at) select now(), device_id, 90000, 1, 1, 1, 90, 0.0, now() from device where name = 'road-0001'",
    )
    [found] = (await ask(sta, NEWEST))["value"]
    assert found["Observations"][0]["result"] == 0.0
    every = "/Datastreams?$expand=Observations($top=3;$orderby=phenomenonTime desc)&$filter=startswith(name,'road-0001')"
    for stream in (await ask(sta, every))["value"]:  # each once, of fields that are always sent too
        times = [o["phenomenonTime"] for o in stream["Observations"]]
        assert times == sorted(set(times), reverse=True)
        listed = await ask(
            sta, f"/Datastreams({stream['@iot.id']})/Observations?$top=3&$orderby=phenomenonTime desc"
        )
        assert [o["phenomenonTime"] for o in listed["value"]] == times
    await looked(sta)
    assert (await ask(sta, NEWEST))["value"] == [found]
    [[newest]] = await run(
        db_dsn, "select max(until) > now() - interval '1 hour' from sta_seen where until < 'infinity'"
    )
    assert newest


async def test_what_a_cut_off_device_sends_afterwards_is_there_before_the_next_look(db_dsn: str) -> None:
    """Half an hour back is looked at anyway: this one was cut off for three, and of what it sends then nothing is left out."""

    async def send(first_min: int, last_min: int, came: str) -> None:
        await run(
            db_dsn,
            "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, water_film_mm,"
            f" received_at) select t, device_id, extract(epoch from t)::int, 1, 1, 1, 90, 0.5, {came} from device, generate_series("
            f"now() - interval '{first_min} min', now() - interval '{last_min} min', '5 min') t where name = 'road-0001'",
        )
        await run(
            db_dsn,
            "insert into ingest_batch (received_at, kinds) values (now(), jsonb_build_object('road', jsonb_build_object("
            "'rows', 1, 'min_ts', now() - %s * interval '1 min', 'max_ts', now())))",
            first_min,
        )

    await fill(db_dsn, devices=1, readings=20)
    await run(db_dsn, "select ensure_partitions(now() - interval '2 days', now() + interval '2 days')")
    await send(600, 185, "t")
    newest = NEWEST.replace("$top=1;", "$top=60;")
    async with serving(db_dsn) as made:
        await made.fresh()
        await looked(made)
        await send(180, 0, "now()")
        [before] = (await ask(made, newest))["value"]
        await looked(made)
        [after] = (await ask(made, newest))["value"]
    assert len(before["Observations"]) == 60
    assert before == after


async def test_old_readings_that_come_late_are_found_by_the_next_look(sta: Sta, db_dsn: str) -> None:
    late = LAST + timedelta(days=3)
    await run(
        db_dsn,
        "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, water_film_mm,"
        " received_at) select %s, device_id, 90001, 1, 1, 1, 90, 0.25, now() from device where name = 'road-0001'",
        late + timedelta(seconds=1),
    )
    await run(
        db_dsn,
        "insert into ingest_batch (received_at, kinds) values (now(), jsonb_build_object('road', jsonb_build_object("
        "'rows', 1, 'min_ts', %s::timestamptz, 'max_ts', now())))",
        late,
    )
    await looked(sta)
    [found] = (await ask(sta, NEWEST))["value"]
    assert found["Observations"][0]["result"] == 0.25


async def test_what_nobody_knows_yet_is_looked_for_and_of_a_home_nothing_is_kept(
    sta: Sta, db_dsn: str
) -> None:
    await run(db_dsn, "delete from sta_seen")
    before = (await ask(sta, NEWEST))["value"]
    await run(  # of a field that need not be sent once, and must by now
        db_dsn,
        "insert into sta_seen select datastream_id, %s, %s from sta_datastream where field = 'surface_temperature_c'", BEGIN, BEGIN,
    )  # fmt: skip
    assert before[0]["Observations"][0]["phenomenonTime"] == LAST.strftime("%Y-%m-%dT%H:%M:%SZ")
    await looked(sta)
    [[since, until]] = await run(db_dsn, "select since, until from sta_seen")
    assert (since, until) == (BEGIN, LAST)
    assert (await ask(sta, NEWEST))["value"] == before
    await run(db_dsn, "update sta_datastream set private = true")
    await looked(sta)
    assert await run(db_dsn, "select * from sta_seen") == []


async def test_numbers_of_people_s_datastreams_go_with_the_device_on_whose_thing_they_are(
    sta: Sta, db_dsn: str
) -> None:
    [[made]] = await run(
        db_dsn,
        "insert into sta_datastream (thing_id, sensor_id, property_id, kind, field, name, description, unit, observation_type)"
        " select thing_id, sensor_id, property_id, 'other', 'value', 'a', '', '{}', '' from sta_datastream order by 1 limit 1"
        " returning datastream_id",
    )
    for number in (made, 500_000):
        await run(
            db_dsn,
            "insert into other_reading (ts, device_id, value, received_at) values (now(), %s, 0, now())",
            -number,
        )
    await run(db_dsn, "delete from device where name = 'road-0001'")
    assert await run(db_dsn, "select device_id from other_reading") == [(-500_000,)]


async def test_one_that_moves_was_at_its_location_since_its_reading_there(db_dsn: str) -> None:
    async with serving(db_dsn) as sta:
        await run(
            db_dsn,
            "insert into device (name, kind, shard, cadence_s, installed_at) values ('gritter-1', 'gritter', 0, 15, '2026-01-01Z')",
        )
        await run(db_dsn, "select ensure_partitions('2026-01-01Z', '2026-02-01Z')")
        for minute in (1, 2):
            await run(
                db_dsn,
                "insert into gritter_reading (ts, device_id, seq, boot, latitude_deg, longitude_deg, speed_m_s, received_at)"
                " select '2026-01-09T00:00:00Z'::timestamptz + %s * interval '1 min', device_id, %s, 1, 52, %s, 3, now() from device",
                minute, minute, -minute,
            )  # fmt: skip
            await looked(sta)
        await looked(sta)
        found = await ask(sta, "/Things?$expand=Locations,HistoricalLocations($expand=Locations)")
        [thing] = found["value"]
        assert thing["Locations"][0]["location"]["coordinates"] == [-2, 52]
        [was] = thing["HistoricalLocations"]
        assert was["time"] == "2026-01-09T00:02:00Z"
        assert was["Locations"][0]["@iot.id"] == thing["Locations"][0]["@iot.id"]


FRESH = (
    "insert into road_reading (ts, device_id, seq, boot, surface_temperature_c, air_temperature_c, humidity_pct, water_film_mm, received_at)"
    " select now() - make_interval(hours => %s), device_id, 90000 + %s, 1, 1, 1, 90, %s, now() from device where name = %s"
)


async def test_where_the_newest_is_looked_for_first_changes_no_answer(
    sta: Sta, db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One device that reports, of which a field lags; one that began again; the third is silent for months.
    for hours, wet, name in ((1, None, "road-0001"), (2, None, "road-0001"), (3, 0.25, "road-0001"), (4, None, "road-0001"),
                             (1, None, "road-0002")):  # fmt: skip
        await run(db_dsn, FRESH, hours, hours, wet, name)
    for lookings in range(2):
        for top in (1, 2, 3, 5):
            asked = f"/Datastreams?$expand=Observations($top={top};$orderby=phenomenonTime desc)&$orderby=id"
            told = []
            for days in (0, 3, 36_500):  # nothing lies within, what is fresh, and all there is
                monkeypatch.setattr(expand, "LATELY", timedelta(days=days))
                told.append(await ask(sta, asked))
            monkeypatch.setattr(expand, "FEW", 0)  # each datastream by itself
            told.append(await ask(sta, asked))
            monkeypatch.undo()
            assert all(other == told[0] for other in told), (lookings, top)
            assert len(told[0]["value"]) == 10
            assert all(len(d["Observations"]) == top for d in told[0]["value"])
        await run(db_dsn, "insert into ingest_batch (received_at, readings, kinds) values (now(), 5, '{}')")
        await looked(sta)


async def test_of_devices_that_report_no_old_part_of_the_table_is_opened(
    sta: Sta, db_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("road-0001", "road-0002", "road-0003"):
        for hours in (1, 2):
            await run(db_dsn, FRESH, hours, hours, 0.25, name)
    await looked(sta)
    every = "/Datastreams?$select=name&$expand=Observations($top=1;$orderby=phenomenonTime desc)"
    await ask(sta, every)  # what there is in all is looked up once a minute
    with explained(monkeypatch) as plans:
        found = (await ask(sta, every))["value"]
    assert all("Observations@iot.nextLink" in d and len(d["Observations"]) == 1 for d in found)
    parts = {name for plan in plans for name in opened(plan)}
    assert 0 < len(parts) <= 2, parts  # of the months of readings that there are


def opened(plan: Any) -> set[str]:
    """Return the parts of tables of readings that a plan has."""
    name = str(plan.get("Relation Name", ""))
    own = {name} if "reading" in name or "hyper" in name else set()
    return own.union(*map(opened, plan.get("Plans", ())))
