"""Updates on the website: who sees them, who acts, what is written down, and bundles for devices."""

from __future__ import annotations

import json
import re
from pathlib import Path

from devices.agent.update.files import RealFiles
from devices.agent.update.http_fetch import fetch
from devices.agent.update.job import Job
from tests.fakes.update_rows import bundle_in
from tests.fakes.website import Site

START = {"bundle": "1.2", "stages": "1,100%", "kinds": ["frog"]}


async def started(site: Site) -> int:
    await bundle_in(site.dsn)
    answer = await site.as_("devices").post("/api/v1/fleet/updates", json=START)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["rollout_id"])


async def test_the_device_manager_starts_halts_and_resumes_and_others_look(site: Site) -> None:
    number = await started(site)
    manager, operations = site.as_("devices"), site.as_("operations")
    address = f"/api/v1/fleet/updates/{number}"
    for who in (operations, site.as_("admin")):
        assert (await who.post(f"{address}/halt")).status_code == 403
        assert (await who.post("/api/v1/fleet/updates", json=START)).status_code == 403
        assert (await who.put("/api/v1/fleet/pins/frog-0001", json={})).status_code == 403
        assert (await who.get("/fleet/updates")).status_code == 200
    for who in (site.as_("waste"), site.as_("housing")):
        assert (await who.get(address)).status_code == 403
    assert (await site.http.get(address)).status_code == 401
    halted = await manager.post(f"{address}/halt", json={"reason": "odd"})
    assert (halted.json()["state"], halted.json()["reason"]) == ("halted", "odd")
    again = await manager.post(f"{address}/halt")
    assert again.status_code == 409
    assert f"roll-out {number} is halted" in again.json()["detail"]
    assert (await manager.post(f"{address}/resume")).json()["state"] == "running"
    assert (await manager.post(f"{address}/cancel")).json()["state"] == "cancelled"
    lines = await site.sql(
        "select action, object, outcome from audit_entry where actor_id = 'id-of-devices' order by entry_id"
    )
    act = "POST /api/v1/fleet/updates/{rollout_id}"
    assert lines == [
        ("POST /api/v1/fleet/updates", f"rollout:{number}", "201"),
        (f"{act}/halt", f"rollout:{number}", "200"),
        (f"{act}/halt", f"rollout:{number}", "409"),
        (f"{act}/resume", f"rollout:{number}", "200"),
        (f"{act}/cancel", f"rollout:{number}", "200"),
    ]
    events = await site.sql('select what, "by", via from rollout_event order by rollout_event_id')
    assert events == [
        (what, "id-of-devices", "rest") for what in ("started", "halted", "resumed", "cancelled")
    ]


async def test_what_can_not_be_started_is_said(site: Site) -> None:
    await bundle_in(site.dsn)
    manager = site.as_("devices")
    for wrong, said in (
        ({"bundle": "9.9"}, "no bundle is called '9.9'"),
        ({"stages": "10%"}, "the last one is 100%"),
        ({"halt_at": "5"}, "a share like 5%"),
        ({"bundle": "1.2\x00"}, "a character in it that cannot be stored"),
        ({"devices": ["frog-9999"]}, "there is no device or group frog-9999"),
        ({"kinds": ["frog", "zzz"]}, "kind zzz: there is none; there are bin, "),
    ):
        answer = await manager.post("/api/v1/fleet/updates", json=START | wrong)
        assert answer.status_code == 422
        assert said in answer.text


async def test_the_pages_say_how_it_goes_and_halt(site: Site) -> None:
    empty = (await site.as_("devices").get("/fleet/updates")).text
    assert re.search(r"<h1[^>]*>No update is going on</h1>", empty)
    number = await started(site)
    [(device_id, name)] = await site.sql(
        "select device_id, name from device where kind = 'frog' order by 1 limit 1"
    )
    await site.sql(
        "insert into rollout_device (rollout_id, device_id, state, stage, attempt, reason, offered_at, changed_at)"
        " values (%s, %s, 'failed', 0, 2, 'sensors: within 900 s no humidity_pct, which there was before', now(), now())",
        number,
        device_id,
    )
    page = (await site.as_("devices").get(f"/fleet/updates/{number}")).text
    assert "The new version did not read a sensor that the old one read: 1 device" in page
    assert name in page
    assert "Halt it" in page
    assert "Halt it" not in (await site.as_("operations").get(f"/fleet/updates/{number}")).text
    done = await site.as_("devices").post(f"/fleet/updates/{number}/halt", data={"reason": "calls"})
    assert done.status_code == 303
    assert re.search(
        r"<h1[^>]*>The update to agent 1\.2 is halted: 1 of 1 devices failed</h1>",
        (await site.as_("devices").get("/fleet/updates")).text,
    )
    assert (await site.as_("devices").get("/fleet/updates/999")).status_code == 404
    rows = (
        await site.as_("operations").get(
            f"/api/v1/fleet/updates/{number}/devices", params={"state": "failed"}
        )
    ).json()
    assert [(row["device"], row["attempt"]) for row in rows] == [(name, 2)]


async def test_a_roll_out_that_reaches_nobody_is_said_so_loudly_and_looks_like_no_success(site: Site) -> None:
    """No device has ever said that it takes updates; then all that do are off line."""
    [(frogs,)] = await site.sql("select count(*) from device where kind = 'frog' and retired_at is null")
    number = await started(site)
    operations = site.as_("operations")
    why = f"of {frogs} devices {frogs} have never said that they take updates"
    for path in ("/fleet/updates", f"/fleet/updates/{number}"):
        page = (await operations.get(path)).text
        assert f"Nobody was offered this update: {why}" in page
    assert "Nobody was offered the update to" in (await operations.get("/fleet/updates")).text
    said = await site.get(f"/api/v1/fleet/updates/{number}", operations)
    assert said["reach"] == {"no_launcher": frogs, "off_line": 0}
    [(detail,)] = await site.sql("select detail from audit_entry where action = 'POST /api/v1/fleet/updates'")
    assert json.loads(detail)["reach"] == {"no_launcher": frogs, "off_line": 0}

    await site.sql(
        "insert into device_update (device_id, serial, said_at) select device_id, 1, now() from device where kind = 'frog'"
    )
    await site.sql("update device_status set status = '{\"online\": false}'")
    assert (await site.get(f"/api/v1/fleet/updates/{number}", operations))["reach"] == {
        "free": frogs, "off_line": frogs
    }  # fmt: skip
    await site.sql(
        "insert into rollout_device (rollout_id, device_id, state, stage, offered_at, changed_at)"
        " select %s, device_id, 'offered', 0, now(), now() from device where kind = 'frog'",
        number,
    )
    page = (await operations.get(f"/fleet/updates/{number}")).text
    assert f"{frogs} devices were offered it and none has answered" in page
    assert f"{frogs} of those it is for are not connected" in page


async def test_pins(site: Site) -> None:
    [(name,)] = await site.sql("select name from device where kind = 'frog' order by 1 limit 1")
    manager = site.as_("devices")
    assert (
        await manager.put(f"/api/v1/fleet/pins/{name}", json={"reason": "on the bench"})
    ).status_code == 204
    assert "on the bench" in (await manager.get("/fleet/updates")).text
    assert (await manager.delete(f"/api/v1/fleet/pins/{name}")).status_code == 204
    assert (await manager.delete(f"/api/v1/fleet/pins/{name}")).status_code == 404


async def test_a_device_fetches_a_bundle_and_goes_on_where_it_was(site: Site, tmp_path: Path) -> None:
    import asyncio

    bundle_id, body = await bundle_in(site.dsn)
    path = tmp_path / "fetch" / bundle_id
    path.parent.mkdir()
    path.write_bytes(body[:12_345])
    job = Job(
        root=str(tmp_path), bundle=bundle_id, size=len(body), slot="a", running_slot="", keys_file="", kind="frog",
        machine="any", python=(3, 11), running=0, floor=0, back_to=(), now_s=None,
        url=f"{site.url}/firmware/bundles/{bundle_id}", rate_bytes_s=10**9,
    )  # fmt: skip
    await asyncio.to_thread(fetch, RealFiles(), job)
    assert path.read_bytes() == body
    whole = await site.http.get(f"/firmware/bundles/{bundle_id}")
    assert (whole.status_code, whole.content) == (200, body)
    rest = await site.http.get(f"/firmware/bundles/{bundle_id}", headers={"Range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, body[100:])
    assert rest.headers["content-range"] == f"bytes 100-{len(body) - 1}/{len(body)}"
    beyond = await site.http.get(f"/firmware/bundles/{bundle_id}", headers={"Range": f"bytes={len(body)}-"})
    assert beyond.status_code == 416
    assert (await site.http.get(f"/firmware/bundles/{'0' * 64}")).status_code == 404
    await site.sql("update bundle set withdrawn_at = now()")
    assert (
        await site.http.get(f"/firmware/bundles/{bundle_id}", headers={"Range": "bytes=7-"})
    ).status_code == 404
