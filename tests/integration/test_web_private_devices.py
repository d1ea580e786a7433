"""What a device measured in a home stays its household's when the device is taken out of it."""

from __future__ import annotations

from psycopg.types.json import Jsonb

from tests.fakes.website import Site

FROG = "frog-0002"


async def taken_out(site: Site, name: str) -> None:
    """Take a device out of its home, as a registry without it does; a device in none is first put into one."""
    await site.sql(
        "insert into home_device (device_id, home_id) select device_id, (select max(home_id) from home) from device"
        " where name = %s on conflict do nothing",
        name,
    )
    await site.sql(
        "delete from home_device where device_id = (select device_id from device where name = %s)", name
    )


async def test_a_device_that_left_its_home_is_nowhere(site: Site) -> None:
    names = [row[0] for row in await site.sql("select name from device where kind = 'weather'")]
    station = names[0]
    assert (await site.http.get(f"/api/v1/devices/{station}/series?bucket=raw")).status_code == 200
    for name, kind in ((FROG, "frog"), (station, "weather")):
        await taken_out(site, name)
        for path in ("", "/latest", "/series?bucket=raw", "/series?bucket=hour", "/series?bucket=day"):
            assert (await site.http.get(f"/api/v1/devices/{name}{path}")).status_code == 404, (name, path)
        assert (await site.http.get(f"/devices/{name}")).status_code == 404
        assert name not in str(await site.get("/api/v1/devices", kind=kind, limit=1000))
        assert name not in str(await site.get("/api/v1/readings/latest", kind=kind))


async def test_a_frog_that_never_was_in_a_home_is_nowhere_either(site: Site) -> None:
    await site.sql(
        "insert into device (name, kind, shard, installed_at) values ('frog-spare', 'frog', 0, now() - interval '1 day')"
    )
    assert (await site.http.get("/api/v1/devices/frog-spare")).status_code == 404


async def test_what_it_sent_is_in_no_letter_work_item_alarm_or_late_window(site: Site) -> None:
    await taken_out(site, FROG)
    await site.sql("update device set retired_at = now() where name = %s", FROG)
    for device in (FROG, "frog-unknown"):
        await site.sql(
            "insert into dead_letter (received_at, topic, device, kind, reason_code, reason, payload, payload_bytes)"
            " values (now(), 'town/v1/0/frog/' || %s || '/reading', %s, 'frog', 'bad_value', 'Bad.', 'humid 83.25', 11)",
            device, device,
        )  # fmt: skip
    letters = await site.seen("/api/v1/dead-letters")
    mine = [x for x in letters if x["device"] in (FROG, "frog-unknown")]
    assert len(mine) == 2
    for one in mine:
        letter = await site.seen(f"/api/v1/dead-letters/{one['dead_letter_id']}")
        assert (letter["payload_withheld"], "83.25" in str(letter)) == (True, False)
    [(item,)] = await site.sql(
        "insert into work_item (rule_id, rule_version, device, opened_at, title, reason, inputs)"
        " values ('quality.stuck', 1, %s, now(), 'It is stuck', 'Long.', %s) returning work_item_id",
        FROG, Jsonb({"humidity_pct": 83.25}),
    )  # fmt: skip
    assert "83.25" not in str(await site.get(f"/api/v1/work-items/{item}"))
    [(alarm,)] = await site.sql(
        "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason, inputs)"
        " values ('quality.level', 1, 'device', %s, 'warning', now(), 'Odd', 'Odd.', %s) returning alarm_id",
        FROG, Jsonb({"humidity_pct": 83.25}),
    )  # fmt: skip
    await site.sql(
        "insert into alarm_member (alarm_id, kind, subject, severity, joined_at, reason, inputs)"
        " values (%s, 'device', %s, 'warning', now(), 'At 83.25 %%.', %s)",
        alarm, FROG, Jsonb({"humidity_pct": 83.25}),
    )  # fmt: skip
    for path in (f"/api/v1/alarms/{alarm}", f"/api/v1/alarms/{alarm}/explanation", f"/alarms/{alarm}"):
        text = (await site.http.get(path)).text
        assert "83.25" not in text, path
        assert f"/devices/{FROG}" not in text, path
    await site.sql(
        "insert into late_window (scope_kind, scope, from_at, to_at, devices, readings, first_arrived, last_arrived)"
        " values ('town', 'town', now() - interval '3 hours', now() - interval '2 hours', array[%s], 9, now(), now())",
        FROG,
    )  # fmt: skip
    assert [w["devices"] for w in await site.get("/api/v1/late-windows")] == [[]]
