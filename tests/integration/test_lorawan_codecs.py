"""Codecs over REST and on their pages: written, tried, kept as versions, bound; who may, what is refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from tests.fakes import lorawan as fake
from tests.fakes.codecs import HERE
from tests.fakes.website import Site

SOURCE = (HERE / "distance.js").read_text(encoding="utf-8")
MAP = {
    "fields": {
        "distance_mm": "distance",
        "temperature_c": "temperature",
        "battery_pct": "battery",
        "tilt_deg": {"from": "position", "enum": {"normal": 0, "tilt": 90}},
    }
}
UPLINK = "01755c0367010104824408050001"
WRITE, READ = "devices:write", "desk:read"
FORM = {"kind": "bin", "language": "javascript", "source": SOURCE, "f_port": "85", "uplink": UPLINK}


def a_bin(site: Site) -> str:
    return next(d.name for d in site.town.devices if d.kind == "bin")


def body(**more: Any) -> dict[str, Any]:
    return {"name": "em400", "kind": "bin", "source": SOURCE, "field_map": MAP, "note": "its maker's"} | more


async def test_a_codec_is_tried_kept_and_bound_over_rest(site: Site) -> None:
    program, reader = site.with_key(WRITE), site.with_key(READ)
    tried = await program.post(
        "/api/v1/lorawan/codecs/try",
        json={"kind": "bin", "source": SOURCE, "field_map": MAP, "uplink": UPLINK, "f_port": 85},
    )
    assert tried.status_code == 200, tried.text
    found = tried.json()
    assert found["good"] is True
    assert found["data"] == {"battery": 92, "temperature": 25.7, "distance": 2116, "position": "tilt"}
    assert found["readings"] == [
        {
            "at": None,
            "fields": {"distance_mm": 2116, "temperature_c": 25.7, "battery_pct": 92, "tilt_deg": 90},
        }
    ]
    for version in (1, 2):
        kept = await program.post("/api/v1/lorawan/codecs", json=body())
        assert (kept.status_code, kept.json()) == (201, {"name": "em400", "version": version})
    [listed] = await site.get("/api/v1/lorawan/codecs", reader)
    assert (listed["version"], listed["created_by"], listed["sensors"]) == (
        2,
        "ada by key id-of-service: Ada of service",
        0,
    )
    versions = await site.get("/api/v1/lorawan/codecs/em400", reader)
    assert [(v["version"], v["body"] == SOURCE, v["field_map"] == MAP) for v in versions] == [
        (2, True, True),
        (1, True, True),
    ]
    bound = await program.post(
        "/api/v1/lorawan/bindings",
        json={"dev_eui": "24-E1-24-13-6B-50-22-17", "device": a_bin(site), "codec": "em400@1"},
    )
    assert (bound.status_code, bound.json()) == (201, {"device": a_bin(site), "codec": "em400 1", "again": 0})
    sensors = await site.get("/api/v1/lorawan/sensors", reader)
    assert [(s["dev_eui"], s["device"], s["version"]) for s in sensors["bound"]] == [
        (fake.EUI, a_bin(site), 1)
    ]
    gone = await program.delete(f"/api/v1/lorawan/bindings/{fake.EUI}")
    assert (gone.status_code, gone.json()) == (200, {"device": a_bin(site)})
    assert (await program.delete(f"/api/v1/lorawan/bindings/{fake.EUI}")).status_code == 404
    said = await site.sql(
        "select action, object from audit_entry where position('lorawan' in action) > 0 order by entry_id"
    )
    assert [about for action, about in said if "bindings" in action][:2] == [f"device:{a_bin(site)}"] * 2
    assert [about for action, about in said if action.endswith("/codecs")] == [
        "codec:em400@1",
        "codec:em400@2",
    ]


async def test_what_waits_for_a_sensor_is_stored_after_all(site: Site) -> None:
    await site.sql(
        "insert into lorawan_source (name, protocol, transport, created_by) values ('s', 'ttn_v3', 'mqtt', 'x')"
    )
    await site.sql(
        "insert into lorawan_inbox (source_id, event_kind, idempotency_key, dev_eui, f_port, payload, body, state, reason_code, done_at)"
        " select source_id, 'uplink', 'k' || n, %s, 85, %s, 'x', 'dead', 'unknown_sensor', now() from lorawan_source, generate_series(1, 3) n",
        fake.EUI, bytes.fromhex(UPLINK),
    )  # fmt: skip
    await site.sql(
        "insert into lorawan_device (dev_eui, source_id, label, first_seen_at, last_seen_at, uplinks)"
        " select %s, source_id, 'a bin', %s, %s, 3 from lorawan_source", fake.EUI, site.now, site.now - timedelta(hours=1),
    )  # fmt: skip
    page = await site.as_("devices").get("/lorawan/codecs")
    assert "1 sensor heard, and no device" in page.text
    assert f"/lorawan/codecs/new?uplink={UPLINK}&amp;f_port=85&amp;dev_eui={fake.EUI}" in page.text
    await site.with_key(WRITE).post("/api/v1/lorawan/codecs", json=body())
    bound = await site.as_("devices").post(
        "/lorawan/codecs/em400/bind", data={"dev_eui": fake.EUI, "device": a_bin(site), "version": "1"}
    )
    assert bound.headers["location"] == "/lorawan/codecs/em400?done=bound&again=3"
    assert await site.sql("select distinct state from lorawan_inbox") == [("waiting",)]
    page = await site.as_("devices").get(bound.headers["location"])
    assert "3 uplinks that waited for it are stored now" in page.text
    assert "heard 1 hour ago" in page.text or "heard" in page.text


DECODES = "function decodeUplink() { return {data: {distance: 1}} }"
LOOPS = f"{DECODES}\nwhile (true) {{}}"
HUNGRY = f"{DECODES}\nvar all = []; while (true) all.push(new Uint8Array(1 << 20));"
NATIVE = f"{DECODES}\nnew Array(1e9).sort();"
NOT_KEPT: list[tuple[Any, ...]] = [
    ({"source": "function decodeUplink( {"}, "The codec can't be used: SyntaxError"),
    ({"source": "var Decoded = 1"}, "The codec can't be used: the codec has no function decodeUplink"),
    ({"source": LOOPS}, "The codec can't be used: as it is loaded: stopped after 60 ms of processor time"),
    ({"source": HUNGRY}, "The codec can't be used: as it is loaded: needs more than 16 MiB of memory"),
    ({"source": NATIVE}, "The codec can't be used: as it is loaded: stopped after "),
    ({"source": f"{DECODES}\nthrow new Error('no')"}, "The codec can't be used: Error: no"),
    ({"kind": "frogs"}, "Kind 'frogs': there is none"),
    ({"field_map": {"fields": {"distance": "d"}}}, "kind bin has no such field"),
    ({"name": "new"}, "The name 'new' is taken by a page"),
    ({"language": "native", "source": "nobody"}, "Decoder 'nobody': there is none"),
]


async def test_what_can_not_be_used_is_not_kept(site: Site) -> None:
    for change, words in NOT_KEPT:
        answer = await site.with_key(WRITE).post("/api/v1/lorawan/codecs", json=body(**change))
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
        assert await site.sql("select count(*) from lorawan_codec") == [(0,)]


async def test_a_codec_that_loops_as_it_is_loaded_is_not_kept_by_its_page(site: Site) -> None:
    answer = await site.as_("devices").post(
        "/lorawan/codecs/new", data=FORM | {"name": "em400", "source": LOOPS, "act": "keep"}
    )
    assert answer.status_code == 422
    assert "as it is loaded: stopped after 60 ms of processor time" in answer.text
    assert ">A new codec</h1>" in answer.text  # there is no em400 that it would be a new version of
    assert await site.sql("select count(*) from lorawan_codec") == [(0,)]


async def test_a_codec_that_loops_when_it_is_called_is_kept(site: Site) -> None:
    """An empty payload is none of its sensor's: what it makes of one says nothing."""
    looping = body(source="function decodeUplink() { while (true) {} }")
    assert (await site.with_key(WRITE).post("/api/v1/lorawan/codecs", json=looping)).status_code == 201


async def test_legacy_codecs_and_the_two_other_languages(site: Site) -> None:
    program = site.with_key(WRITE)
    legacy = (HERE / "legacy_v2.js").read_text()
    spec = {"fields": {"fill_pct": {"from": "level", "scale": 100}}}
    assert (
        await program.post("/api/v1/lorawan/codecs", json=body(name="old", source=legacy, field_map=spec))
    ).status_code == 201
    tried = await program.post(
        "/api/v1/lorawan/codecs/try",
        json={"kind": "bin", "source": legacy, "field_map": spec, "uplink": "Mg==", "f_port": 3},
    )
    assert tried.json()["readings"] == [{"at": None, "fields": {"fill_pct": 50}}]
    assert "The Things Network 2" in tried.json()["notes"][0]
    event = fake.chirp_up(decoded={"level": 0.25}).decode()
    by_map = await program.post(
        "/api/v1/lorawan/codecs/try",
        json={"kind": "bin", "language": "map", "field_map": spec, "uplink": event},
    )
    assert by_map.json()["readings"] == [{"at": None, "fields": {"fill_pct": 25}}]
    assert (by_map.json()["taken_for"], by_map.json()["dev_eui"]) == ("an event of ChirpStack", fake.EUI)
    assert (
        await program.post(
            "/api/v1/lorawan/codecs", json=body(name="m", language="map", source="", field_map=spec)
        )
    ).status_code == 201


GOES_WRONG: list[tuple[Any, ...]] = [
    (
        "function decodeUplink() { while (true) {} }",
        UPLINK,
        "problem",
        "stopped after 30 ms of processor time",
    ),
    (
        "function decodeUplink() { throw new Error('bad frame') }",
        UPLINK,
        "problem",
        "Error: bad frame (line 1)",
    ),
    ("function decodeUplink() { return {errors: ['port'], warnings: ['old']} }", UPLINK, "errors", "port"),
    (
        "function decodeUplink() { return {data: {distance: NaN}} }",
        UPLINK,
        "notes",
        "result.data.distance is NaN: left empty",
    ),
    (
        "function decodeUplink() { return {data: {distance: 99999}} }",
        UPLINK,
        "faults",
        "distance_mm is 99999, outside",
    ),
    (
        "function decodeUplink() { return {data: {battery: 50}} }",
        UPLINK,
        "faults",
        "there is no reading in it",
    ),
    (
        "function decodeUplink() { return {data: {distance: 'far'}} }",
        UPLINK,
        "faults",
        "is no number with a unit",
    ),
]


async def test_what_goes_wrong_in_a_trial_is_said(site: Site) -> None:
    for source, uplink, field, words in GOES_WRONG:
        spec = {"fields": {"distance_mm": "distance", "battery_pct": "battery"}}
        answer = await site.with_key(WRITE).post(
            "/api/v1/lorawan/codecs/try",
            json={"kind": "bin", "source": source, "field_map": spec, "uplink": uplink, "f_port": 85},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["good"] is False
        assert words in str(answer.json()[field])


NO_UPLINKS: list[tuple[Any, ...]] = [
    ("", "there is no uplink"),
    ("zz!", "neither hexadecimal nor base64"),
    ("{}", "the event can't be read as an event of The Things Stack"),
    ("00" * 300, "the uplink has 300 bytes"),
]


async def test_what_is_no_uplink_is_said(site: Site) -> None:
    for uplink, words in NO_UPLINKS:
        asked = {"kind": "bin", "source": SOURCE, "uplink": uplink}
        answer = await site.with_key(WRITE).post("/api/v1/lorawan/codecs/try", json=asked)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]


async def test_a_device_manager_alone_may(site: Site) -> None:
    for role in ("highways", "operations", "admin", "waste"):
        assert (await site.as_(role).get("/lorawan/codecs")).status_code == 403
        assert (await site.as_(role).post("/lorawan/codecs/new", data=FORM)).status_code == 403
    assert (await site.http.get("/lorawan/codecs")).status_code in (303, 401)
    assert (await site.with_key(READ).post("/api/v1/lorawan/codecs", json=body())).status_code == 403
    large = body(source=SOURCE + "//" + "x" * 300_000)
    assert (await site.with_key(READ).post("/api/v1/lorawan/codecs", json=large)).status_code == 413
    assert (await site.with_key(WRITE).post("/api/v1/lorawan/codecs", json=large)).status_code == 201


async def test_a_homes_frog_is_not_bound_on_the_website(site: Site) -> None:
    frog = next(d.name for d in site.town.devices if d.kind == "frog")
    spec = {"fields": {"temperature_c": "t", "humidity_pct": "h"}}
    program = site.with_key(WRITE)
    assert (
        await program.post("/api/v1/lorawan/codecs", json=body(kind="frog", field_map=spec))
    ).status_code == 201
    answer = await program.post(
        "/api/v1/lorawan/bindings", json={"dev_eui": fake.EUI, "device": frog, "codec": "em400"}
    )
    assert answer.status_code == 422
    assert "cityops lorawan bind" in answer.json()["detail"]


async def test_the_page_without_a_script(site: Site) -> None:
    browser = site.as_("devices")
    empty = await browser.get("/lorawan/codecs")
    assert "No codec was added yet" in empty.text
    form = await browser.get("/lorawan/codecs/new")
    assert "<script" not in form.text
    tried = await browser.post(
        "/lorawan/codecs/new",
        files={k: (None, v) for k, v in (FORM | {"field_map": json.dumps(MAP)}).items()},
    )
    assert tried.status_code == 200
    assert "It was decoded, and 1 reading would be stored." in tried.text
    assert "2116 mm" in tried.text
    assert "14 bytes on port 85, from hexadecimal" in tried.text
    hostile = FORM | {
        "source": "function decodeUplink() { return {data: {x: '<script>alert(1)</script>'}} } // </textarea><b>"
    }
    shown = await browser.post("/lorawan/codecs/new", data=hostile)
    assert "<script>" not in shown.text
    assert "</textarea><b>" not in shown.text
    wrong = await browser.post(
        "/lorawan/codecs/new", data=FORM | {"act": "keep", "name": "em400", "field_map": "{"}
    )
    assert wrong.status_code == 422
    assert "The map of fields is no JSON" in wrong.text
    assert "function signed16" in wrong.text  # what was typed is still there
    kept = await browser.post(
        "/lorawan/codecs/new", data=FORM | {"act": "keep", "name": "em400", "field_map": json.dumps(MAP)}
    )
    assert kept.headers["location"] == "/lorawan/codecs/em400?done=kept"
    one = await browser.get(kept.headers["location"])
    assert "Kept as a new version." in one.text
    assert re.search(r"em400, version 1", one.text)
    refused = await browser.post(
        "/lorawan/codecs/em400/bind", data={"dev_eui": "12", "device": "nobody", "version": "1"}
    )
    assert refused.status_code == 422
    assert "16 hexadecimal digits" in refused.text
    assert (await browser.get("/lorawan/codecs/nobody")).status_code == 404
    assert (await browser.get("/lorawan/codecs/em400?version=2")).status_code == 404
    bound = await browser.post(
        "/lorawan/codecs/em400/bind", data={"dev_eui": fake.EUI, "device": a_bin(site), "version": "1"}
    )
    assert bound.status_code == 303
    ended = await browser.post("/lorawan/codecs/em400/unbind", data={"dev_eui": fake.EUI})
    assert ended.headers["location"] == "/lorawan/codecs/em400?done=unbound"


async def test_the_websites_login_binds_no_sensor_to_a_homes_device(site: Site) -> None:
    frog, a = next(d.name for d in site.town.devices if d.kind == "frog"), a_bin(site)
    await site.with_key(WRITE).post("/api/v1/lorawan/codecs", json=body())
    async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn:
        numbers = dict(await (await conn.execute("select name, device_id from device")).fetchall())
        await conn.execute("set role cityops_api")
        bind = (
            "insert into lorawan_binding (dev_eui, device_id, codec_id, bound_by)"
            " select %s, %s, codec_id, 'me' from lorawan_codec limit 1"
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            await conn.execute(bind, (fake.EUI, numbers[frog]))
        await conn.execute(bind, (fake.EUI, numbers[a]))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            await conn.execute("update lorawan_binding set device_id = %s", (numbers[frog],))
