"""The board of the winter service on a seeded site: page, live parts, map, log, and what officers may see and do."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from psycopg.types.json import Jsonb

from ops_api.queries import Db, Row
from ops_api.routers import winter_content
from rules.core.road_now.table import SensorJudged
from rules.core.winter_nights import night_of
from tests.fakes import website
from tests.fakes.accessibility import violations
from tests.fakes.browser import LOOP, browser_test
from tests.fakes.road_issue import MET, issue, publish
from tests.fakes.website import OFFICERS_PASSWORD, Site

pytestmark = LOOP
LONDON = ZoneInfo("Europe/London")
MOST_BYTES = 150_000
"""Of the page and its map together, as they are sent."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


def ids_of(site: Site) -> list[str]:
    return sorted(s.segment_id for s in site.town.segments)


def half_hour(site: Site) -> float:
    return site.now.timestamp() // 1800.0 * 1800.0


async def test_without_a_road_forecast_the_board_says_so_and_shows_what_is_measured(site: Site) -> None:
    page = (await site.http.get("/winter")).text
    assert "No road forecast yet: what is shown is what sensors measure now." in page
    assert "The forecast as a table" not in page
    document = await site.get("/api/v1/winter/map")
    assert (document["forecast"], document["hours"], len(document["features"])) == (None, [], 60)
    now = await site.get("/api/v1/winter/map/now")
    assert set(now["roads"]) == set(ids_of(site))
    surface_c, state, source = now["roads"][ids_of(site)[0]]
    assert isinstance(surface_c, float)
    assert (state in {"dry", "damp", "wet", "hoar", "ice"}, source in {"sensor", "neighbour"}) == (True, True)
    stretch = (await site.http.get(f"/winter/board/stretch?stretch={ids_of(site)[0]}")).text
    assert "There is no road forecast of this stretch." in stretch


async def test_an_old_forecast_is_called_so(site: Site) -> None:
    await publish(site.dsn, issue(half_hour(site) - 5 * 3600.0, ids_of(site)))
    page = (await site.http.get("/winter")).text
    assert "No road forecast since" in page
    assert "No weather forecast: from stations alone" in page


async def test_the_map_is_one_document_for_each_issue(site: Site) -> None:
    at_s = half_hour(site)
    wrong = SensorJudged("road-001", ids_of(site)[0], 2.1, True)
    await publish(
        site.dsn,
        issue(at_s - 5400.0, ids_of(site)),
        issue(at_s - 3600.0, ids_of(site), start_c=[1.0] * 60, wrong=[wrong]),
    )
    first = await site.http.get("/api/v1/winter/map")
    assert first.headers["content-type"] == "application/geo+json"
    tag, document = first.headers["etag"], first.json()
    assert len(document["hours"]) == 24
    assert document["forecast"]["weather"] == "stations"
    one = document["features"][0]["properties"]
    assert (len(one["middle_c"]), one["middle_c"][11], one["ice_pct"][11]) == (24, -5, 100)
    again = await site.http.get("/api/v1/winter/map", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await publish(site.dsn, issue(at_s, ids_of(site), start_c=[2.0] * 60, weather=MET))
    newer = await site.http.get("/api/v1/winter/map", headers={"If-None-Match": tag})
    assert (newer.status_code, newer.json()["forecast"]["weather_source"]) == (200, "Met")
    await site.sql(
        "update road_segment set street = street || ' East' where segment_id = %s", ids_of(site)[0]
    )
    renamed = await site.http.get("/api/v1/winter/map", headers={"If-None-Match": newer.headers["etag"]})
    assert renamed.json()["features"][0]["properties"]["street"].endswith(" East")
    page = (await site.http.get("/winter")).content
    assert len(gzip.compress(page, 6)) + len(gzip.compress(renamed.content, 6)) < MOST_BYTES


async def test_the_board_answers_without_javascript(site: Site) -> None:
    page = (await site.http.get("/winter")).text
    assert "Road forecast of" in page
    assert "Weather: Met." in page
    table = page[page.index("The forecast as a table") :]
    rows = re.findall(r"<tr><th scope=\"row\">(\w{3} \d\d:\d\d(?: \w+)?)</th>", table)
    assert len(rows) >= 23
    for route in site.town.routes:
        assert f'href="/winter?route={route.route_id}#decision"' in page
    assert "−4.0\xa0°C" in page, "the coldest of the night"
    name, chosen = site.town.routes[1].label, site.town.routes[1].route_id
    one = (await site.http.get(f"/winter?route={chosen}&stretch={ids_of(site)[0]}")).text
    assert re.search(rf'id="decision-title">{re.escape(name)} ', one)
    assert 'id="stretch"' in one
    assert "8 of 10 cases" in one
    for path in ("/winter?route=none", "/winter?stretch=none", "/winter/board/stretch?stretch=none", "/winter/board/live/stream?route=none"):  # fmt: skip
        assert (await site.http.get(path)).status_code == 404, path
    assert (await site.http.get("/winter?night=yesterday")).status_code == 422


async def test_boards_of_many_routes_read_the_stretches_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A county's stretches for each open route's board were the whole table each time, lines and all."""
    asked: list[str] = []
    plain = Db.rows

    async def rows(self: Db, query: str, /, **params: object) -> list[Row]:
        asked.append(query)
        return await plain(self, query, **params)

    monkeypatch.setattr(Db, "rows", rows)
    for route in site.town.routes:
        await site.get(f"/winter/board/live?route={route.route_id}")
    assert asked.count("stretches") <= 1
    assert "segments" not in asked
    await site.sql("update road_segment set street = 'Ermine Street' where segment_id = %s", ids_of(site)[1])
    await site.get(f"/winter/board/live?route={site.town.routes[0].route_id}")
    assert asked.count("stretches") >= 1, "a road that was renamed is read again"


async def proposed(site: Site, route_id: str) -> str:
    segments = [s.segment_id for s in site.town.segments if s.route_id == route_id][:3]
    legs = [{"segment_id": s, "street": s, "treat": True, "length_m": 200.0} for s in segments]
    result = {
        "outcome": "treat",
        "spread_rate_g_m2": 10.0,
        "passes": 1,
        "segments_to_treat": 3,
        "segments": 20,
        "drive": {"legs": legs},
    }
    inputs = {
        "segments": [{"segment_id": segments[0], "outcome": "treat", "cell_g_m2": 10.0, "dose_g_m2": 7.4, "minimum_c": -2.0}],
        "cost": {"p_ice": 0.4, "treat_gbp": 600, "leave_gbp": 2000, "act_from": 0.105, "source": "forecast"},
    }  # fmt: skip
    [(number,)] = await site.sql(
        "insert into decision (rule_id, rule_version, subject_kind, subject, decided_at, outcome, reason, inputs, result)"
        " select 'winter.gritting', 3, 'route', %s, event_time, 'treat', 'Treat it.', %s, %s from rule_cursor"
        " where service = 'rules' returning decision_id",
        route_id, Jsonb(inputs), Jsonb(result),
    )  # fmt: skip
    return f"P{number}"


async def test_an_officer_answers_on_the_board_and_only_officers_see_who(site: Site) -> None:
    route = site.town.routes[0].route_id
    ref = await proposed(site, route)
    board = f"/winter?route={route}"
    seen = (await site.http.get(board)).text
    assert "Decide now" in seen
    assert f'<strong>not answered</strong> <span class="nowrap">{ref}</span>' in seen
    assert "10 g/m²</strong>" in seen
    assert "7.4 g/m²</strong>" in seen
    assert "£2,000" in seen
    assert f"Confirm {ref}" not in seen
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as browser:
        who = {"by": "Ada Byron", "role": "duty officer", "password": OFFICERS_PASSWORD, "back": "board"}
        let_in = await browser.post(f"/winter/{route}/officer", data=who)
        assert (let_in.status_code, let_in.headers["location"]) == (303, f"{board}#decision")
        mine = (await browser.get(board)).text
        assert f"Confirm {ref} as proposed" in mine
        assert "You act as Ada Byron" in mine
        assert mine.count(f'<input type="hidden" name="once" value="{ref}-0">') == 2
        said = {"what": "confirm", "ref": ref, "back": "board", "once": f"{ref}-0"}
        for _ in range(2):  # a double click
            done = await browser.post(f"/winter/{route}/orders", data=said)
            assert (done.status_code, done.headers["location"]) == (303, f"{board}#decision")
        acts = await site.sql("select count(*)::int from treatment_act where ref = %s", ref)
        assert acts == [(1,)]
        live = (await browser.get(f"/winter/board/live?route={route}")).json()
        assert set(live["fragments"]) == {"answer", "routes", "hazards", "decision", "orders"}
        assert "by Ada Byron" in live["fragments"]["routes"]
        assert set(live["parts"]) == {"hours", "log"}
        assert "Ada Byron" in (await browser.get("/winter/board/part/log")).text
        assert (await browser.get("/winter/board/part/x")).status_code == 422
        assert (live["route"], "states" in live) == (route, False)
    for path in (board, f"/winter/board/live?route={route}", "/api/v1/winter/log", "/winter/board/part/log"):
        text = (await site.http.get(path)).text
        assert "Ada Byron" not in text, path
        assert ref in text, path


async def test_the_log_of_a_night_is_one_list_by_time(site: Site) -> None:
    await site.sql(
        "insert into event (kind, subject_kind, subject, at, detail) values ('sensor_judged', 'device', 'road-001', %s, %s)",
        site.now - timedelta(minutes=20), Jsonb({"wrong": True, "error_c": 2.1, "segment_id": ids_of(site)[0]}),
    )  # fmt: skip
    [(gritter,)] = await site.sql("select device_id from device where kind = 'gritter' limit 1")
    began = site.now - timedelta(minutes=50)
    if night_of(began.timestamp(), LONDON) != night_of((began + timedelta(minutes=10)).timestamp(), LONDON):
        began -= timedelta(minutes=15)  # at noon a night ends: one pass in one night
    for minute in range(10):
        await site.sql(
            "insert into gritter_reading (ts, device_id, seq, boot, latitude_deg, longitude_deg, speed_m_s, spread_rate_g_m2,"
            " salt_remaining_kg, quality, received_at) values (%s, %s, %s, 9, 52.1, -1.0, 8, %s, %s, 0, now())",
            began + timedelta(minutes=minute), gritter, minute, 10.0 if minute > 2 else 0.0, 4000.0 - 40.0 * minute,
        )  # fmt: skip
    night = night_of(site.now.timestamp(), LONDON)
    # It may be shortly after noon: then some of it was in the night before.
    logs = [await site.get("/api/v1/winter/log", night=str(night - timedelta(days=k))) for k in (1, 0)]
    assert logs[1]["night"] == night.isoformat()
    found = [e for log in logs for e in log["entries"]]
    times = [datetime.fromisoformat(e["at"]) for e in found]
    assert times == sorted(times)
    assert all(t.tzinfo is not None for t in times)
    texts = [e["text"] for e in found]
    assert {e["kind"] for e in found} >= {"forecast", "proposal", "officer", "lorry", "sensor"}
    assert "road-001 reads 2.1 °C too warm by its neighbours: it is left out." in texts
    back = r"gritter-\d+ has finished: it spread \d\d:\d\d to \d\d:\d\d, 0\.36 t of salt\."
    assert any(re.fullmatch(back, t) for t in texts)
    forecasts = [t for t in texts if "oad forecast:" in t]
    assert "no weather forecast, from stations alone" in forecasts[0]
    assert "by the weather of Met" in forecasts[-1]
    before = await site.get("/api/v1/winter/log", night=(night - timedelta(days=40)).isoformat())
    assert before["entries"] == []
    earlier = (await site.http.get(f"/winter?night={night - timedelta(days=40)}")).text
    assert "Log of the night from" in earlier
    assert "This night" in earlier
    assert 'id="part-log"' not in earlier


async def test_the_morning_is_judged_and_an_officer_keeps_the_score(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    # From six in the evening on any page of the evening works this night's score out, from what is moved away here.
    monkeypatch.setattr(winter_content, "SCORE_KEPT_S", 0.0)
    night = night_of(site.now.timestamp(), LONDON)
    tomorrow = await site.http.get(f"/winter?night={night + timedelta(days=1)}")
    assert "can be judged from" in tomorrow.text
    # The sensors of the seeded town measured twelve hours: they are moved into the night before.
    await site.sql(
        "update road_reading set ts = ts - (%s::timestamptz - %s::timestamptz)", site.now, _morning(site)
    )
    before = night - timedelta(days=1)
    page = (await site.http.get(f"/winter?night={before}")).text
    assert "Worked out just now and not kept" in page
    assert "judged--miss" in page, "it froze, and nobody had asked"
    assert (await site.http.post("/winter/board/keep", data={"night": before.isoformat()})).status_code == 403
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as browser:
        route = site.town.routes[0].route_id
        who = {"by": "Ada", "role": "duty officer", "password": OFFICERS_PASSWORD}
        await browser.post(f"/winter/{route}/officer", data=who)
        assert "Keep this score for the season" in (await browser.get(f"/winter?night={before}")).text
        kept = await browser.post("/winter/board/keep", data={"night": before.isoformat()})
        assert (kept.status_code, kept.headers["location"]) == (303, f"/winter?night={before}#verify")
        early = await browser.post(
            "/winter/board/keep", data={"night": (night + timedelta(days=1)).isoformat()}
        )
        assert (early.status_code, "can be judged from" in early.text) == (409, True)
        nothing = await browser.post("/winter/board/keep", data={"night": "2020-01-01"})
        assert nothing.status_code == 409
    assert (await site.get(f"/api/v1/winter/scores/{before}"))["night"] == before.isoformat()
    assert "Worked out just now" not in (await site.http.get(f"/winter?night={before}")).text


def _morning(site: Site) -> datetime:
    """Return six in the morning after the night before the present one."""
    night = night_of(site.now.timestamp(), LONDON)
    return datetime(night.year, night.month, night.day, 6, tzinfo=LONDON).astimezone(UTC)


CUT_OFF = """() => {
  for (const one of document.querySelectorAll('.routes .big')) one.textContent = 'tomorrow 01:42';
  return [...document.querySelectorAll('.routes.cards td *')]
    .filter(e => ['td', 'tr'].some(of => e.getBoundingClientRect().right > e.closest(of).getBoundingClientRect().right + 1))
    .map(e => e.textContent.trim());
}"""
"""What a route's card hides at its edge, were its times as long as they get."""


@browser_test
async def test_the_slider_is_driven_by_keys_and_says_what_it_shows(site: Site, chromium: Browser) -> None:
    page = await chromium.new_page(viewport={"width": 390, "height": 844})
    wrong: list[str] = []
    page.on("pageerror", lambda e: wrong.append(str(e)))
    await page.goto(f"{site.url}/winter")
    says = page.locator("#hour-says")
    await expect(says).to_contain_text("Now, as observed: coldest", timeout=60_000)
    await page.locator("#hour").focus()
    for _ in range(12):
        await page.keyboard.press("ArrowRight")
    await expect(says).to_contain_text("60 of 60 stretches below 0 °C", timeout=30_000)
    assert re.match(r"\w{3} \d\d:\d\d", await page.locator("#hour").get_attribute("aria-valuetext") or "")
    await page.get_by_label("Chance of ice").check()
    await expect(says).to_contain_text("highest 100% chance of ice")
    await expect(page.locator("#legend")).to_contain_text("80% and more")
    await page.locator("#of-route summary").click()
    await page.locator("#of-route a").first.click()
    await expect(page.locator("#stretch-title")).to_be_focused()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await page.evaluate(CUT_OFF) == []
    for target in ("", "?stretch=" + ids_of(site)[0]):
        if target:
            await page.goto(f"{site.url}/winter{target}")
            await page.locator("#by-hour summary").click()
        assert await violations(page) == []
    assert wrong == []
