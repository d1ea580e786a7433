"""The REST API on a real server and a real database."""

from __future__ import annotations

from datetime import timedelta

import jsonschema
import pytest

from tests.fakes import seed_web
from tests.fakes.website import Site


async def test_kinds_carry_units_and_a_schema_that_judges_readings(site: Site) -> None:
    kinds = {k["name"]: k for k in await site.get("/api/v1/kinds")}
    assert {"frog", "road", "weather", "gritter", "bin"} <= set(kinds)
    surface = next(f for f in kinds["road"]["fields"] if f["name"] == "surface_temperature_c")
    assert (surface["unit"], surface["minimum"], surface["required"]) == ("°C", -50, True)
    schema = await site.get("/api/v1/kinds/road/schema")
    good = {
        "ts": "2026-01-09T05:10:00Z",
        "surface_temperature_c": 0.0,
        "air_temperature_c": 1,
        "humidity_pct": 90,
    }
    jsonschema.validate(good, schema)
    for bad in ({"surface_temperature_c": 85.0}, {"surface_temperature_c": 81}, {"humidity_pct": "90"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(good | bad, schema)
    bin_schema = await site.get("/api/v1/kinds/bin/schema")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"ts": 0, "battery_pct": 3}, bin_schema)
    jsonschema.validate({"ts": 0, "fill_pct": 3}, bin_schema)


async def test_devices_page_by_name_and_leave_out_those_in_homes(site: Site) -> None:
    names, after = [], None
    while True:
        page = await site.get("/api/v1/devices", limit=7, **({"after": after} if after else {}))
        names += [d["name"] for d in page["devices"]]
        after = page["next"]
        if after is None:
            break
    outside = sorted(d.name for d in site.town.devices if d.kind != "frog")
    assert names == outside
    assert (await site.http.get("/api/v1/devices/frog-0001")).status_code == 404
    assert (await site.http.get("/api/v1/devices/frog-0001/series")).status_code == 404
    assert await site.get("/api/v1/readings/latest", kind="frog") == []


async def test_what_is_written_without_models_is_what_models_write(site: Site) -> None:
    """Of every kind: a gritter's own place stands beside the device's, under the same name."""
    kinds = ("road", "weather", "bin", "gritter")
    listed = [r for kind in kinds for r in await site.get("/api/v1/readings/latest", kind=kind)]
    one_by_one = [await site.get(f"/api/v1/devices/{r['device']}/latest") for r in listed]
    assert listed == one_by_one
    assert len(listed) > 6
    devices = (await site.get("/api/v1/devices", limit=1000))["devices"]
    assert devices == [await site.get(f"/api/v1/devices/{d['name']}") for d in devices]
    cut = await site.get("/api/v1/readings/latest", kind="road", fields="device,ts")
    assert [set(r) for r in cut] == [{"device", "ts"}] * len(cut)


async def test_latest_and_series_agree_with_the_table(site: Site) -> None:
    latest = await site.get("/api/v1/devices/road-001/latest")
    [(ts, surface)] = await site.sql(
        "select ts, surface_temperature_c from road_latest where device = 'road-001'"
    )
    assert latest["surface_temperature_c"] == pytest.approx(surface)
    start = (ts - timedelta(hours=1)).isoformat()
    series = await site.get(
        "/api/v1/devices/road-001/series", **{"from": start, "to": (ts + timedelta(seconds=1)).isoformat()}
    )
    assert len(series["rows"]) == 7
    assert series["rows"][-1]["surface_temperature_c"] == pytest.approx(surface)
    assert not series["truncated"]
    cut = await site.get("/api/v1/devices/road-001/series", limit=3)
    assert (len(cut["rows"]), cut["truncated"]) == (3, True)
    hours = await site.get("/api/v1/devices/road-001/series", bucket="hour")
    assert {"n", "surface_temperature_c_min", "surface_temperature_c_avg"} <= set(hours["rows"][0])
    assert "surface_state_avg" not in hours["rows"][0]


MISSING = (
    ("/api/v1/kinds/none", {}, 404),
    ("/api/v1/devices/none", {}, 404),
    ("/api/v1/devices/none/latest", {}, 404),
    ("/api/v1/devices/gritter-1/latest", {}, 404),
    ("/api/v1/readings/latest", {"kind": "none"}, 404),
    ("/api/v1/readings/latest", {}, 422),
    ("/api/v1/devices/road-001/series", {"limit": 0}, 422),
    ("/api/v1/devices/road-001/series", {"from": "2026-01-01T00:00:00"}, 422),
    ("/api/v1/devices/road-001/series", {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 422),
    ("/api/v1/homes/none", {}, 404),
    ("/api/v1/homes/none/diary", {}, 404),
    ("/api/v1/homes/demo-damp-home/series", {"device": "frog-0002"}, 404),
    ("/api/v1/routes/none", {}, 404),
    ("/api/v1/routes/none/decisions", {}, 404),
    ("/api/v1/bins/none", {}, 404),
    ("/api/v1/alarms/999999", {}, 404),
    ("/api/v1/alarms", {"severity": "loud"}, 422),
    ("/api/v1/dead-letters/999999", {}, 404),
    ("/api/v1/stream", {"topic": "none"}, 404),
    ("/api/v1/stream", {"topic": "home:none"}, 404),
    ("/api/v1/none", {}, 404),
    ("/live/none", {}, 404),
)


async def test_what_is_not_there_is_a_problem_with_a_reason(site: Site) -> None:
    site.sign_in("operations")
    for path, params, status in MISSING:
        response = await site.http.get(path, params=params)
        assert response.status_code == status, path
        assert response.headers["content-type"] == "application/problem+json", path
        problem = response.json()
        assert problem["status"] == status, path
        assert problem["detail"], path
        assert "Traceback" not in response.text, path


TOO_LARGE = 2**63
UNUSABLE = (
    "/api/v1/devices/%00",
    "/api/v1/devices?kind=a%00b",
    "/api/v1/bins/%00",
    "/api/v1/routes/%00",
    "/api/v1/segments?route_id=%00",
    f"/api/v1/routes/route-1/decisions?before={TOO_LARGE}",
    f"/api/v1/alarms?before={TOO_LARGE}",
    f"/api/v1/alarms/{10**30}",
    f"/api/v1/dead-letters/{TOO_LARGE}",
    "/api/v1/dead-letters?reason=%00",
    "/api/v1/devices/road-001/series?to=0001-01-01T00:00:00Z",
    "/api/v1/homes/demo-damp-home/series?device=frog-0001&to=0001-01-01T00:00:00Z",
    "/api/v1/homes/demo-damp-home/series?device=frog-0001&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
)


async def test_a_value_that_no_column_holds_is_the_callers_error(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    site.sign_in("operations")
    for path in UNUSABLE:
        response = await site.http.get(path)
        assert response.status_code == 422, path
        assert response.json()["detail"], path
    for page in ("/join/%00", "/home?code=%00", "/devices/%00", f"/dead-letters?before={TOO_LARGE}"):
        response = await site.http.get(page)
        assert response.status_code == 422, page
        assert response.headers["content-type"].startswith("text/html"), page
    acknowledged = await site.with_key("desk:write").post("/api/v1/alarms/1/acknowledge", json={"by": "a\0"})
    assert acknowledged.status_code == 422
    assert (await site.sql("select acknowledged_by from alarm where alarm_id = 1"))[0][0] is None


async def test_values_never_become_sql(site: Site) -> None:
    attack = "x' or '1'='1'; drop table alarm; --"
    for path in (
        f"/api/v1/homes/{attack}",
        f"/api/v1/devices/{attack}",
        f"/api/v1/routes/{attack}",
        f"/api/v1/bins/{attack}",
        f"/home/{attack}",
    ):
        assert (await site.http.get(path)).status_code == 404, path
    assert await site.get("/api/v1/devices", kind=attack, after="") == {"devices": [], "next": None}
    assert await site.seen("/api/v1/dead-letters", reason=attack, device=attack) == []
    assert (await site.get("/api/v1/segments", route_id=attack))["features"] == []
    assert (await site.sql("select count(*) from alarm"))[0][0] > 0


async def test_segments_are_geojson_with_states(site: Site) -> None:
    collection = await site.get("/api/v1/segments")
    assert len(collection["features"]) == len(site.town.segments)
    feature = collection["features"][0]
    lon, lat = feature["geometry"]["coordinates"][0]
    assert -2 < lon < 0
    assert 51 < lat < 53
    assert feature["properties"]["state"] in {"dry", "damp", "wet", "hoar", "ice"}
    await site.sql("update road_segment set geometry = '[]' where segment_id = %s", feature["id"])
    bare = next(f for f in (await site.get("/api/v1/segments"))["features"] if f["id"] == feature["id"])
    assert len(bare["geometry"]["coordinates"]) == 2
    route = site.town.routes[0].route_id
    some = (await site.get("/api/v1/segments", route_id=route))["features"]
    assert {f["properties"]["route_id"] for f in some} == {route}
    assert (await site.get("/api/v1/depots"))["features"][0]["geometry"]["type"] == "Point"


async def test_routes_carry_decisions_with_their_inputs(site: Site) -> None:
    routes = await site.get("/api/v1/routes")
    assert [r["route_id"] for r in routes] == [r.route_id for r in site.town.routes]
    assert routes[0]["state"]["outcome"] == "treat"
    [decision] = await site.get("/api/v1/routes/route-1/decisions")
    assert decision["inputs"]["segments"] > 0
    assert await site.get("/api/v1/routes/route-1/decisions", before=decision["decision_id"]) == []
    assert (await site.get("/api/v1/routes/route-1"))["segments"] == len(
        [s for s in site.town.segments if s.route_id == "route-1"]
    )


async def test_bins_and_the_round(site: Site) -> None:
    bins = (await site.get("/api/v1/bins"))["features"]
    assert len(bins) == len(site.town.bins)
    waiting = {f["id"] for f in bins if f["properties"]["needs_collection"]}
    candidates = (await site.get("/api/v1/bins/round"))["result"]["candidates"]
    assert {c["bin_id"] for c in candidates if c["must"]} == waiting
    one = await site.get(f"/api/v1/bins/{bins[0]['id']}")
    assert one["events"][0]["kind"] == "bin_emptied"
    await site.sql("delete from decision")
    assert (await site.http.get("/api/v1/bins/round")).status_code == 404


async def test_the_first_to_acknowledge_keeps_the_alarm_and_the_audit_shows_it(site: Site) -> None:
    alarm = (await site.get("/api/v1/alarms", severity="critical"))[0]
    url = f"/api/v1/alarms/{alarm['alarm_id']}/acknowledge"
    program = site.with_key("desk:write")
    assert (await program.post(url, json={"by": "  "})).status_code == 422
    assert (await program.post(url, json={"by": "Ada", "extra": 1})).status_code == 422
    done = await program.post(url, json={"by": " Ada ", "note": "brigade called"})
    assert done.status_code == 200
    assert done.json()["acknowledged_by"] == "Ada"
    again = await program.post(url, json={"by": "Bob"})
    assert again.status_code == 409
    assert "Ada" in again.json()["detail"]
    kept = await site.get(f"/api/v1/alarms/{alarm['alarm_id']}")
    assert (kept["acknowledged_by"], kept["acknowledged_at"]) == ("Ada", done.json()["acknowledged_at"])
    events = await site.sql("select subject, detail from event where kind = 'alarm_acknowledged'")
    assert events == [
        (alarm["subject"], {"alarm_id": alarm["alarm_id"], "by": "Ada", "note": "brigade called"})
    ]
    assert (
        await site.with_key("desk:write").post("/api/v1/alarms/999999/acknowledge", json={"by": "Ada"})
    ).status_code == 404


async def test_alarm_lists_filter_and_page(site: Site) -> None:
    cleared = await site.get("/api/v1/alarms", state="cleared")
    assert [a["rule_id"] for a in cleared] == ["device.silent"]
    every = await site.get("/api/v1/alarms", state="all", limit=1000)
    first = await site.get("/api/v1/alarms", state="all", limit=2)
    rest = await site.get("/api/v1/alarms", state="all", limit=1000, before=first[-1]["alarm_id"])
    assert [a["alarm_id"] for a in first + rest] == [a["alarm_id"] for a in every]


async def test_dead_letters_say_why_and_show_the_bytes(site: Site) -> None:
    letters = await site.seen("/api/v1/dead-letters")
    assert len(letters) == 9
    [*_, oldest] = letters
    assert "payload_text" not in oldest
    only = await site.seen("/api/v1/dead-letters", reason="not_json")
    assert {d["reason_code"] for d in only} == {"not_json"}
    detail = await site.seen(f"/api/v1/dead-letters/{only[0]['dead_letter_id']}")
    assert detail["payload_text"].startswith("surface=")
    await site.sql(
        "update dead_letter set payload = '\\xff00' where dead_letter_id = %s", only[0]["dead_letter_id"]
    )
    binary = await site.seen(f"/api/v1/dead-letters/{only[0]['dead_letter_id']}")
    assert (binary["payload_text"], binary["payload_hex"]) == (None, "ff00")


async def test_what_was_not_kept_is_counted_on_every_surface(site: Site) -> None:
    """A letter that was replayed says so, and each count says how many more there were."""
    await site.sql(
        "insert into dead_letter_overflow (hour, device, shard, reason_code, letters, payload_bytes, last_at)"
        " select date_trunc('hour', now()), d, s, r, n, n * 100, now() from (values"
        " ('road-007', null::smallint, 'sentinel', 12345), (null, 3, 'unknown_device', 7)) v(d, s, r, n)"
    )
    await site.sql("update dead_letter set replayed_at = now() where reason_code = 'not_json'")
    counts = await site.seen("/api/v1/dead-letters/not-kept")
    assert [(c["device"], c["shard"], c["reason_code"], c["letters"]) for c in counts] == [
        ("road-007", None, "sentinel", 12_345),
        (None, 3, "unknown_device", 7),
    ]
    assert await site.seen("/api/v1/dead-letters/not-kept", device="road-007", reason="not_json") == []
    stats = await site.seen("/api/v1/ingest/stats", minutes=120)
    reasons = {r["reason_code"]: (r["dead_letters"], r["replayed"], r["not_kept"]) for r in stats["reasons"]}
    assert reasons == {
        "sentinel": (12_348, 0, 12_345),
        "unknown_device": (7, 0, 7),
        "not_json": (3, 3, 0),
        "time_future": (3, 0, 0),
    }
    page = (await site.as_("operations").get("/dead-letters")).text
    assert "And 12,352 more, not kept</strong>: 1 device sent too many" in page
    assert page.count("replayed today") == 3
    assert "12,345 more" in (await site.as_("operations").get("/dead-letters?reason=sentinel")).text
    assert (
        "names that nobody registered"
        in (await site.as_("operations").get("/dead-letters?reason=unknown_device")).text
    )
    assert "not kept" not in (await site.as_("operations").get("/dead-letters?reason=not_json")).text
    assert "12,345 of them not kept" in (await site.http.get("/ops?panels=data")).text


async def test_a_dead_letter_from_a_home_shows_no_payload(site: Site) -> None:
    for topic, device in (
        ("cityops/v1/03/frog/frog-0001/reading", "frog-0001"),
        ("cityops/v1/03/frog/frog-0001/reading/extra", None),
        ("cityops/v1/03/frog/frog-9999/diary", "frog-9999"),
    ):
        [(number,)] = await site.sql(
            "insert into dead_letter (received_at, topic, device, reason_code, reason, payload, payload_bytes)"
            " values (now(), %s, %s, 'range', 'humidity_pct is 109', '{\"temperature_c\":18.25}', 24)"
            " returning dead_letter_id",
            topic,
            device,
        )
        letter = await site.seen(f"/api/v1/dead-letters/{number}")
        assert letter["payload_withheld"], topic
        assert (letter["payload_text"], letter["payload_hex"]) == (None, None), topic
    page = (await site.as_("operations").get("/dead-letters?reason=range")).text
    assert page.count("shown to nobody") == 3
    assert "18.25" not in page


async def test_stats_and_status_count_what_is_there(site: Site) -> None:
    stats = await site.seen("/api/v1/ingest/stats", minutes=120)
    [(readings, duplicates)] = await site.sql(
        "select sum(readings)::int, sum(duplicates)::int from ingest_batch where received_at >= %s",
        stats["since"],
    )
    assert (stats["readings"], stats["duplicates"], stats["dead_letters"]) == (readings, duplicates, 9)
    assert {r["reason_code"] for r in stats["reasons"]} == {"not_json", "sentinel", "time_future"}
    status = await site.get("/api/v1/status")
    kinds = {k["kind"]: k for k in status["kinds"]}
    assert kinds["road"] == {"kind": "road", "devices": 6, "reporting": 6}
    assert kinds["frog"]["reporting"] == kinds["frog"]["devices"] - 1
    assert kinds["gritter"]["reporting"] == 0
    assert (
        status["active_alarms"]
        == (await site.sql("select count(*) from alarm where cleared_at is null"))[0][0]
    )


async def test_openapi_describes_every_rest_route(site: Site) -> None:
    document = await site.get("/api/v1/openapi.json")
    assert document["openapi"].startswith("3.1")
    ours = ("/api/v1/", "/open/", "/ogc", "/ngsi-ld/")
    assert all(path.startswith(ours) for path in document["paths"])
    described = [o.get("description") for methods in document["paths"].values() for o in methods.values()]
    assert all(described)
    assert len(described) >= 28


async def test_an_address_says_which_methods_it_takes_and_no_other_of_a_template_beside_it(
    site: Site,
) -> None:
    program = site.with_key("desk:read", "devices:write")
    for path, method, takes in (
        ("/api/v1/lorawan/codecs/try", "OPTIONS", "POST"),
        ("/api/v1/lorawan/codecs/em400", "OPTIONS", "GET"),
        ("/api/v1/fleet/updates/1/devices", "OPTIONS", "GET"),
        ("/api/v1/fleet/updates/1/devices", "POST", "GET"),
        ("/api/v1/fleet/updates/1/halt", "GET", "POST"),
        ("/api/v1/ops/what-if/close", "OPTIONS", "POST"),
        ("/api/v1/bins/rounds/replan", "OPTIONS", "POST"),
    ):
        answer = await program.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, takes), path


async def test_a_change_of_settings_names_the_keys_owner_and_the_key(site: Site) -> None:
    program = site.with_key("desk:read", "devices:write")
    sent = {"scope": "fleet", "set": {"cadence_s": 120}}
    assert (await program.post("/api/v1/fleet/settings", json=sent)).json()["change_id"] is not None
    assert (await program.put("/api/v1/fleet/groups/north", json={})).status_code == 204
    manager = site.as_("devices")
    assert (await manager.post("/api/v1/fleet/settings", json=sent | {"set": {"cadence_s": 240}})).is_success
    own, change = (await program.get("/api/v1/fleet/changes")).json()
    assert own["made_by"] == "Ada of devices"
    assert change["made_by"] == "ada by key id-of-service: Ada of service"
    groups = await site.sql("select made_by from device_group where group_id = 'north'")
    assert groups == [(change["made_by"],)]
