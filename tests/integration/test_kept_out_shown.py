"""A device that is kept out is seen by people: its alarm, the wall, its pages; and nothing says that it is online."""

from __future__ import annotations

import html
from datetime import datetime, timedelta

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool

from cityops.clock import ManualClock
from ops_api.provisioning.keeping import WATCH
from rules.core.watch.model import Watched
from rules.watch.service import WatchService
from rules.watch.store import PostgresWatch
from tests.fakes.watch_seen import WATCHED
from tests.fakes.website import Site

HOME_FROG = "frog-0001"


async def watched(site: Site, at: datetime) -> None:
    """Let the watch look once."""

    async def watch_for() -> Watched:
        return WATCHED

    async with AsyncConnectionPool(site.dsn, min_size=1, max_size=1, open=False) as pool:
        await WatchService(PostgresWatch(pool), ManualClock(at), watch_for).look()


async def alarms(site: Site) -> list[tuple[str, bool]]:
    rows = await site.sql(
        "select subject, cleared_at is null from alarm where rule_id = 'device.quarantined' order by 1"
    )
    return [(name, up) for name, up in rows]


async def text_of(client: httpx.AsyncClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return html.unescape(answer.text)


async def road_of(site: Site) -> str:
    [(name,)] = await site.sql("select name from device where kind = 'road' order by name limit 1")
    return str(name)


async def test_a_quarantine_is_seen_and_what_is_seen_ends_with_it(site: Site) -> None:
    manager, operations, name = site.as_("devices"), site.as_("operations"), await road_of(site)
    assert (await site.get(f"/api/v1/fleet/devices/{name}", operations))["online"] is True
    answer = await manager.post(f"/api/v1/identities/{name}/quarantine", json={"reason": "seen twice by Kim"})
    assert answer.status_code == 204
    await watched(site, site.now)
    assert await alarms(site) == [(name, True)]

    [row] = await site.get("/api/v1/alarms", operations, rule="device.quarantined")
    assert (row["severity"], row["title"]) == ("major", f"{name} is quarantined")
    page = await text_of(operations, f"/alarms/{row['alarm_id']}")
    assert f"cityops devices release {name}" in page
    assert f'href="/devices/{name}/identity"' in page
    assert "Kim" not in page, "what a person wrote is for device managers"
    assert "Devices in quarantine" in await text_of(operations, "/ops")

    assert "It is quarantined" in await text_of(operations, f"/devices/{name}")
    fleet = await text_of(operations, f"/fleet?q={name}")
    assert "1 device is quarantined" in fleet
    assert "kept out, last heard" in fleet
    one = await text_of(operations, f"/fleet/{name}")
    assert "It is quarantined" in one
    assert "connected since" not in fleet + one
    said = await site.get(f"/api/v1/fleet/devices/{name}", operations)
    assert (said["online"], said["kept_out"]) == (False, "quarantined")

    assert (await manager.post(f"/api/v1/identities/{name}/release", json={})).status_code == 200
    await watched(site, site.now + timedelta(seconds=10))
    assert await alarms(site) == [(name, False)]
    assert "It is quarantined" not in await text_of(operations, f"/devices/{name}")
    assert "quarantined:" not in await text_of(operations, "/fleet")
    assert (await site.get(f"/api/v1/fleet/devices/{name}", operations))["online"] is True


@pytest.mark.parametrize("act", ["quarantine", "revoke"])
async def test_who_is_kept_out_is_online_nowhere(site: Site, act: str) -> None:
    name = await road_of(site)
    online = "select online from board.device_state where name = %s"
    assert await site.sql(online, name) == [(True,)]
    await site.as_("devices").post(f"/api/v1/identities/{name}/{act}", json={"reason": "a test"})
    assert await site.sql(online, name) == [(False,)]
    assert (await site.get(f"/api/v1/fleet/devices/{name}", site.as_("operations")))["online"] is False
    waiting = "select waiting from health.outbox join device using (device_id) where name = %s"
    await site.sql(
        "update device_status s set status = '{\"online\": true}' from device d"
        " where d.device_id = s.device_id and d.name = %s",
        name,
    )
    assert await site.sql(waiting, name) == [(None,)]


async def test_a_frog_in_a_home_is_told_by_name_and_its_home_is_not(site: Site) -> None:
    """The wall and its map say how many; the alarm's own page says which device, and its home to nobody."""
    await site.sql(
        "insert into device_state (device_id, state) select device_id, 'quarantined' from device where name = %s",
        HOME_FROG,
    )
    await site.sql(
        "insert into device_act (device_id, by, act) select device_id, %s, 'quarantined' from device where name = %s",
        WATCH, HOME_FROG,
    )  # fmt: skip
    await watched(site, site.now)
    operations = site.as_("operations")
    [row] = await site.get("/api/v1/alarms", operations, rule="device.quarantined")
    assert row["title"] == f"{HOME_FROG} is quarantined"
    assert row["reason"].startswith("Two devices spoke in turn under this name")
    page = await text_of(operations, f"/alarms/{row['alarm_id']}")
    assert f'href="/devices/{HOME_FROG}/identity"' in page
    [(code, label)] = await site.sql(
        "select h.code, h.label from home h join home_device using (home_id) join device d using (device_id)"
        " where d.name = %s",
        HOME_FROG,
    )
    assert code not in page
    assert label not in page
    wall = await text_of(operations, "/ops?panels=map,alarms,changes")
    assert "Devices in quarantine" in wall
    assert HOME_FROG not in wall
