"""The wall over HTTP: its address, its map, and that no home is on it."""

from __future__ import annotations

import asyncio
import html
import json
from typing import Any

import pytest

from cityops.errors import TransientError
from ops_api.routers import ops_content
from tests.fakes import seed_web
from tests.fakes.desk_rows import ice_on_a_route
from tests.fakes.housing_rows import ward_homes
from tests.fakes.website import Site
from tests.integration.test_web_ops_tools import close

OUTLINE = "[[-1.2, 52.0], [-0.9, 52.0], [-0.9, 52.3]]"


async def test_the_colours_of_a_screen_are_kept(site: Site) -> None:
    usual = await site.http.get("/ops")
    assert 'class="govuk-template wall wall--auto"' in usual.text
    assert "set-cookie" not in usual.headers
    light = await site.http.get("/ops?light")
    assert "wall--light" in light.text
    assert "Path=/ops" in light.headers["set-cookie"]
    assert "HttpOnly" in light.headers["set-cookie"]
    assert "wall--light" in (await site.http.get("/ops")).text
    assert "wall--dark" in (await site.http.get("/ops?dark")).text
    assert "wall--auto" in (await site.http.get("/ops", headers={"Cookie": 'cityops_wall="><script>'})).text


async def test_panels_and_layers_are_in_the_address(site: Site) -> None:
    page = (await site.http.get("/ops?panels=alarms,data&layers=roads&box=-1.1,52.0,-1.0,52.2&stale=90")).text
    assert 'id="live-alarms"' in page
    assert "readings a second now" in page
    assert 'id="wall-map"' not in page
    assert "leaflet.js" not in page
    page = (await site.http.get("/ops?panels=map&layers=roads&box=-1.1,52.0,-1.0,52.2&stale=90")).text
    assert 'data-layers="roads" data-box="-1.1,52.0,-1.0,52.2"' in page
    assert 'data-stale="90"' in page
    assert (await site.http.get("/ops?panels=%3Cscript%3E&box=x&stale=y")).status_code == 200


async def test_the_map_has_a_letter_for_each_stretch_and_bin(site: Site) -> None:
    still, now = await site.get("/ops/map.json"), await site.get("/ops/now.json")
    assert now["mark"] == still["mark"]
    assert len(now["roads"]) == len(still["roads"]["features"]) == len(site.town.segments)
    assert len(now["bins"]) == len(still["bins"]["features"]) == len(site.town.bins)
    states = dict(zip((f["id"] for f in still["bins"]["features"]), now["bins"], strict=True))
    said = dict(
        await site.sql("select subject, state ->> 'state' from subject_state where subject_kind = 'bin'")
    )
    letters = {"ok": "o", "full": "f", "overflowing": "v", "unknown": "u"}
    assert states == {bin_id: letters[state] for bin_id, state in said.items()}
    assert {a["severity"] for a in now["alarms"]} >= {"critical", "major"}
    assert [w["id"] for w in now["weather"]] == ["weather-1"]


async def test_a_map_that_is_known_is_not_sent_again(site: Site) -> None:
    for path in ("/ops/map.json", "/ops/now.json"):
        first = await site.http.get(path)
        again = await site.http.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (first.status_code, again.status_code, again.content) == (200, 304, b""), path


async def test_a_bin_that_moved_makes_another_map(site: Site) -> None:
    before = await site.get("/ops/map.json")
    await site.sql("update bin_site set longitude_deg = longitude_deg + 0.01 where bin_id = 'bin-0001'")
    after = await site.get("/ops/map.json")
    assert after["mark"] != before["mark"]
    first, second = (d["bins"]["features"][0]["geometry"]["coordinates"] for d in (before, after))
    assert second[0] == pytest.approx(first[0] + 0.01)


async def test_an_alarm_of_a_route_stands_in_its_middle_and_homes_nowhere(site: Site) -> None:
    route = await ice_on_a_route(site)
    placed = {a["id"]: a["at"] for a in (await site.get("/ops/now.json"))["alarms"]}
    lons = [p[0] for s in site.town.segments if s.route_id == "route-1" for p in s.geometry]
    assert min(lons) <= placed[route][0] <= max(lons)
    homes = await site.sql("select alarm_id from alarm where subject_kind = 'home' and cleared_at is null")
    assert homes
    assert not {alarm_id for (alarm_id,) in homes} & set(placed)


async def test_no_home_is_named_or_placed_on_the_wall(site: Site) -> None:
    await site.sql(
        "insert into alarm_log (alarm_id, at, actor, what) select alarm_id, now(), 'engine', 'raised' from alarm"
    )
    labels = [text for row in await site.sql("select code, label from home") for text in row]
    frogs = [name for (name,) in await site.sql("select name from device where kind = 'frog'")]
    paths = (
        "/ops?panels=map,alarms,changes,data,devices,flow",
        "/live/ops",
        "/ops/map.json",
        "/ops/now.json",
    )
    for path in paths:
        text = (await site.http.get(path)).text
        assert [x for x in labels + frogs if x in text] == [], path
    state = await site.get("/live/ops")
    assert "Fire in a bin" in state["fragments"]["changes"]
    assert "home" not in state["fragments"]["changes"].lower()


async def test_a_ward_is_a_number_only_where_five_are_and_five_are_not(site: Site) -> None:
    for ward, homes, at_risk in (("north", 12, 4), ("south", 30, 12), ("west", 40, 20)):
        await site.sql(
            "insert into ward (ward_id, label, boundary) values (%s, initcap(%s), %s::jsonb)",
            f"t-{ward}", f"t {ward}", OUTLINE,
        )  # fmt: skip
        await ward_homes(site, f"t-{ward}", homes, at_risk)
    wards = (await site.get("/ops/now.json"))["wards"]
    assert wards["t-north"] == {"shade": "0", "label": "T North", "says": "not told"}
    # One alone would be found by taking the others from all: another is kept back with it.
    told = [w for w in wards.values() if w["shade"] != "0"]
    assert [w["says"] for w in told] in (["12 of 30"], ["20 of 40"], ["12 of 30", "20 of 40"])
    outlines = {f["id"] for f in (await site.get("/ops/map.json"))["wards"]["features"]}
    assert {"t-north", "t-south", "t-west"} <= outlines


async def test_what_changed_in_the_last_hour_is_on_the_wall(site: Site) -> None:
    await ice_on_a_route(site)
    await site.sql(
        "insert into event (kind, subject_kind, subject, at) select 'bin_emptied', 'bin', bin_id, now() from bin_site order by 1 limit 3"
    )
    await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason)"
        " values ('winter.gritting', 1, 'route', 'route-1', now(), 'no_action', 'warmer')"
    )
    text = (await site.get("/live/ops"))["fragments"]["changes"]
    assert "3 bins, last " in text
    assert ": nothing to do" in text
    [(old,)] = await site.sql(
        "select count(*) from decision where outcome = 'no_action' and subject = 'route-1'"
    )
    assert old == 1
    await site.sql("update event set at = now() - interval '2 hours'")
    await site.sql("update decision set decided_at = decided_at - interval '2 hours'")
    text = (await site.get("/live/ops"))["fragments"]["changes"]
    assert "bins, last" not in text
    assert "nothing to do" not in text


async def test_the_wall_says_over_its_width_that_the_towns_data_are_old(site: Site) -> None:
    assert "wallbanner--old" not in (await site.http.get("/ops")).text
    await site.sql("update ingest_batch set received_at = received_at - interval '20 minutes'")
    page = (await site.http.get("/ops")).text
    assert "The town’s data are 20 minutes old: nothing was stored since " in page


async def test_the_most_urgent_are_found_however_many_homes_are_damp(site: Site) -> None:
    await site.sql(
        "insert into alarm (rule_id, rule_version, subject_kind, subject, severity, raised_at, title, reason)"
        " select 'damp.surface_humidity', 1, 'home', 'h-' || n, 'major', now(), 'x', 'x' from generate_series(1, 400) n"
    )
    shown = (await site.get("/live/ops"))["fragments"]["alarms"]
    assert "Fire in a bin" in shown
    assert shown.index("Fire in a bin") < shown.index("</li>"), "the worst of all is the first"
    assert "homes apart" in shown
    assert "40" not in shown.partition("</h2>")[0], "homes are counted on their tile"


async def test_a_closed_road_is_on_the_map_under_it_and_among_what_changed(site: Site) -> None:
    assert (await site.get("/ops/now.json"))["closed"] == []
    segment = site.town.segments[3]
    await close(site, segment.segment_id)
    state = (await site.get("/live/ops"))["fragments"]
    street = html.escape(segment.street)
    assert f"Closed: {street}: burst main, until it is opened" in state["closed"]
    assert f"Closed</span> {street}: burst main" in state["changes"]
    assert "Ada Secret" not in json.dumps(state)
    assert f"Closed: {street}: burst main" in (await site.http.get("/ops")).text
    site_map = await website_now(site)
    assert site_map["closed"] == [segment.segment_id]


async def website_now(site: Site) -> Any:
    """Return what is true on the map, asked until what was kept for some seconds is made anew."""
    for _ in range(60):
        found = await site.get("/ops/now.json")
        if found["closed"]:
            break
        await asyncio.sleep(0.25)
    return found


async def test_a_wall_that_meets_an_error_asks_again_by_itself(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(_: object) -> None:
        raise TransientError("no database")

    monkeypatch.setattr(ops_content, "ops", down)
    answer = await site.http.get("/ops")
    assert (answer.status_code, answer.headers["refresh"]) == (503, "15")
    assert "refresh" not in (await site.http.get("/no-such-page")).headers


async def test_all_walls_share_one_look_and_one_state(site: Site) -> None:
    state = await site.get("/live/ops")
    page = (await site.http.get("/ops")).text
    assert f'data-build="{state["build"]}"' in page
    assert set(state["fragments"]) >= {
        "old",
        "head",
        "tiles",
        "alarms",
        "changes",
        "health",
        "data",
        "devices",
    }
    await site.get("/ops/now.json")
    await site.sql(
        "update subject_state set state = state || '{\"state\": \"snow\"}' where subject_kind = 'segment'"
    )
    assert "s" not in (await site.get("/ops/now.json"))["roads"], "kept for some seconds, however many ask"
    assert seed_web.DAMP_HOME not in json.dumps(state)
