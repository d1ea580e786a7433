"""Pages, forms, headers and errors as a browser without JavaScript sees them."""

from __future__ import annotations

import html
import re

import httpx

from cityops.clock import SystemClock
from ops_api.app import create_app
from ops_api.queries import DatabaseUnavailableError
from rules.desk.memory import MemoryDesk
from tests.fakes import seed_web
from tests.fakes.desk_alarms import escalations
from tests.fakes.website import Site

PAGES = (
    "/",
    f"/home/{seed_web.DAMP_HOME}",
    f"/home/{seed_web.DRY_HOME}",
    "/winter",
    "/winter/route-1",
    "/bins",
    "/ops",
    "/alarms",
    "/alarms?show=all",
    "/dead-letters",
    "/rules",
    "/devices/road-001",
    "/api",
    "/work",
    "/notifications",
    "/decisions/1",
)


def headline(text: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", text, re.DOTALL)
    assert found, "a page has a first line"
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", found[1])).strip()


async def test_every_page_answers_with_headers_that_forbid_foreign_code(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME)
    site.sign_in("operations")
    for path in PAGES:
        response = await site.http.get(path)
        assert response.status_code == 200, path
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response.headers["referrer-policy"] == "same-origin"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        text = response.text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path
        assert not re.search(r"\sstyle=", text), path
        assert not re.search(r"\son[a-z]+=", text), path
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', text), path


async def test_first_lines_answer_the_readers_question(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME)
    damp = (await site.http.get(f"/home/{seed_web.DAMP_HOME}")).text
    assert re.fullmatch(
        r"Your home is at high risk of damp: its coldest wall has been damp since .*\.", headline(damp)
    )
    assert "Open a window wide for 5 minutes now." in damp
    dry = (await site.http.get(f"/home/{seed_web.DRY_HOME}")).text
    assert headline(dry) == "Your home is at low risk of damp: its walls are dry now."
    assert "You do not need to do anything." in dry
    assert re.match(
        r"Treat 2 of 3 routes (tonight|this morning), the first by [\d:]+ · 1 route treated, holds until",
        headline((await site.http.get("/winter")).text),
    )
    assert re.match(r"\d+ bins must go today: \d+ overflowing", headline((await site.http.get("/bins")).text))
    assert headline((await site.http.get("/ops")).text) == "1 critical alarm: bins on fire"


async def test_a_resident_never_reads_the_word_mould(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME)
    for code in (seed_web.DAMP_HOME, seed_web.DRY_HOME):
        assert "mould" not in (await site.http.get(f"/home/{code}")).text.lower()


async def test_a_quiet_frog_is_said_to_be_quiet(site: Site) -> None:
    code = next(h.code for h in site.town.homes if seed_web.QUIET_FROG_HOME_DEVICE in h.devices)
    await site.join(code)
    page = (await site.http.get(f"/home/{code}")).text
    assert headline(page) == "Your frog has sent nothing yet."
    assert "Check that it has power" in page


async def test_code_on_the_frog_opens_the_home_and_a_wrong_one_is_explained(site: Site) -> None:
    found = await site.http.get("/home", params={"code": f" {seed_web.DAMP_HOME.upper()} "})
    assert (found.status_code, found.headers["location"]) == (303, f"/join/{seed_web.DAMP_HOME.upper()}")
    stranger = await site.http.get(f"/home/{seed_web.DAMP_HOME}", follow_redirects=True)
    assert headline(stranger.text) == "See how damp your home is"
    joined = await site.http.post("/join", data={"code": f" {seed_web.DAMP_HOME.upper()} "})
    assert (joined.status_code, joined.headers["location"]) == (303, f"/home/{seed_web.DAMP_HOME}")
    again = await site.http.get("/home", params={"code": seed_web.DAMP_HOME.upper()})
    assert (again.status_code, again.headers["location"]) == (303, f"/home/{seed_web.DAMP_HOME}")
    wrong = await site.http.post("/join", data={"code": "<b>nope"}, follow_redirects=True)
    assert "We do not know the code “&lt;b&gt;nope”" in wrong.text
    unknown = await site.http.get("/home/nope")
    assert unknown.status_code == 404
    assert headline(unknown.text) == "We could not find that"
    assert "label on your frog" in unknown.text


async def test_diary_by_form_is_post_redirect_get_and_can_be_taken_back(site: Site) -> None:
    await site.join(seed_web.DRY_HOME)
    url = f"/home/{seed_web.DRY_HOME}"
    pressed = await site.http.post(f"{url}/diary", data={"activity": "washing", "room": "frog-0002"})
    assert pressed.status_code == 303
    assert pressed.headers["location"] == f"{url}?room=frog-0002&saved=washing#diary"
    page = (await site.http.get(pressed.headers["location"])).text
    assert "Saved: Drying clothes. Thank you." in page
    [remove] = re.findall(rf'action="({url}/diary/\d+/remove)"', page)
    gone = await site.http.post(remove, follow_redirects=True)
    assert "Removed." in gone.text
    assert "Nothing yet today." in gone.text
    assert (await site.http.post(remove)).status_code == 303
    assert (await site.http.post(f"{url}/diary", data={"activity": "dancing"})).status_code == 422
    assert (await site.http.post("/home/nope/diary", data={"activity": "shower"})).status_code == 404
    assert (await site.http.get(f"{url}?saved=<script>")).text.count("<script>") == 0


async def test_writes_from_another_sites_page_are_refused(site: Site) -> None:
    await site.join(seed_web.DRY_HOME)
    for headers, status in (
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        # A browser without fetch metadata.
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": str(site.http.base_url).rstrip("/")}, 303),
        ({}, 303),
    ):
        response = await site.http.post(
            f"/home/{seed_web.DRY_HOME}/diary", data={"activity": "shower"}, headers=headers
        )
        assert response.status_code == status, headers
    assert "content-security-policy" in response.headers


async def test_alarm_is_acknowledged_from_the_list(site: Site) -> None:
    [(alarm_id,)] = await site.sql("select alarm_id from alarm where rule_id = 'bins.fire'")
    page = (await site.as_("operations").get("/alarms")).text
    assert f'action="/alarms/{alarm_id}/acknowledge"' in page
    done = await site.as_("operations").post(
        f"/alarms/{alarm_id}/acknowledge", data={"by": "Ada"}, follow_redirects=True
    )
    assert "Taken by Ada of operations" in done.text
    late = await site.as_("operations").post(f"/alarms/{alarm_id}/acknowledge", data={"by": "Bob"})
    assert late.status_code == 409
    assert "Ada of operations has already acknowledged" in late.text
    [by] = await site.sql("select acknowledged_by from alarm where alarm_id = %s", alarm_id)
    assert by == ("Ada of operations",)


async def test_route_sheet_lists_roads_in_driving_order_with_salt(site: Site) -> None:
    state = (await site.get("/api/v1/routes/route-1"))["state"]
    page = (await site.http.get("/winter/route-1")).text
    streets = [html.unescape(t).strip() for t in re.findall(r'<th scope="row">([^<]+)', page)]
    legs = state["drive"]["legs"]
    alike = [(leg["street"], leg["treat"]) for leg in legs]
    assert streets == [
        street for i, (street, treat) in enumerate(alike) if i == 0 or alike[i - 1] != (street, treat)
    ]
    widths = {s.segment_id: s.width_m for s in site.town.segments}
    tonnes = (
        sum(x["length_m"] * widths[x["segment_id"]] for x in state["drive"]["legs"] if x["treat"])
        * state["spread_rate_g_m2"]
        / 1e6
    )
    assert f"{tonnes:.2f} t" in page
    assert (await site.http.get("/winter/none")).status_code == 404


async def test_text_from_the_database_is_never_markup(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME, seed_web.DRY_HOME)
    evil = '<img src=x onerror="alert(1)">'
    await site.sql("update alarm set title = %s, reason = %s", evil, evil)
    await site.sql("update bin_site set label = %s, street = %s", evil, evil)
    await site.sql("update road_segment set street = %s", evil)
    await site.sql("update gritting_route set label = %s", evil)
    await site.sql("update home set label = %s", evil)
    await site.sql("update dead_letter set reason = %s, payload = convert_to(%s, 'UTF8')", evil, evil)
    for path in (*PAGES, "/live/ops", "/live/winter", "/live/bins"):
        assert "<img src=x" not in (await site.http.get(path)).text, path


async def test_static_files_are_cached_and_addressed_by_content(site: Site) -> None:
    page = (await site.http.get("/winter")).text
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(addresses) >= 6
    for address in addresses:
        response = await site.http.get(address)
        assert response.status_code == 200, address
        assert "v=" in address
        assert "immutable" in response.headers["cache-control"]
    assert (await site.http.get("/static/../app.py")).status_code == 404


async def test_health_metrics_and_a_database_that_went_away(site: Site) -> None:
    await site.join(seed_web.DAMP_HOME)
    assert (await site.get("/healthz"))["ok"] is True
    assert (await site.get("/readyz")) == {"database": True, "streams": True}
    await site.http.get(f"/home/{seed_web.DAMP_HOME}")
    metrics = (await site.http.get("/metrics")).text
    assert 'cityops_api_requests_total{method="GET",route="/home/{code}",status="200"}' in metrics
    assert seed_web.DAMP_HOME not in metrics


async def test_without_a_database_pages_say_so_and_readiness_is_false() -> None:
    class Gone:
        def connection(self, timeout: float | None = None) -> object:
            raise DatabaseUnavailableError("gone")

    app = create_app(Gone(), desk=MemoryDesk(escalations), clock=SystemClock())  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/readyz")).status_code == 503
        page = await http.get("/winter")
        assert page.status_code == 503
        assert "The database does not answer. Try again in a minute." in page.text
        assert page.headers["retry-after"] == "10"
        problem = await http.get("/api/v1/bins")
        assert (problem.status_code, problem.json()["status"]) == (503, 503)
        assert (await http.get("/")).status_code == 200


async def test_a_bug_is_answered_without_a_traceback() -> None:
    class Broken:
        def connection(self, timeout: float | None = None) -> object:
            raise ZeroDivisionError("secret detail")

    app = create_app(Broken(), desk=MemoryDesk(escalations), clock=SystemClock())  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        for path in ("/winter", "/api/v1/bins"):
            response = await http.get(path)
            assert response.status_code == 500
            assert "secret" not in response.text
            assert "Traceback" not in response.text
            assert "content-security-policy" in response.headers


async def test_an_empty_database_has_pages_that_say_what_they_wait_for(site: Site) -> None:
    await site.sql("delete from alarm")
    await site.sql(
        "truncate decision, event, subject_state, ingest_batch, dead_letter, rule_cursor, diary_entry cascade"
    )
    await site.sql("truncate frog_reading, road_reading, weather_reading, bin_reading, gritter_reading")
    await site.sql(  # some of what hangs on devices is appended only
        "do $$ begin perform set_config('session_replication_role', 'replica', true);"
        " truncate home_device, home, bin_site, road_segment, gritting_route, depot, road_node, device cascade; end $$"
    )
    assert (
        headline((await site.http.get("/winter")).text)
        == "No decision yet: waiting for the first road readings"
    )
    assert headline((await site.http.get("/bins")).text) == "No bin is registered yet"
    assert headline((await site.http.get("/ops")).text) == "Readings: none in 24 hours"
    assert headline((await site.http.get("/alarms")).text) == "No alarm is active"
    assert (
        headline((await site.as_("operations").get("/dead-letters")).text) == "Every message could be stored"
    )
    for path in (
        "/live/winter",
        "/live/bins",
        "/live/ops",
        "/api/v1/segments",
        "/api/v1/status",
        "/api/v1/routes",
    ):
        assert (await site.http.get(path)).status_code == 200, path


async def test_a_device_page_shows_values_as_finely_as_their_kind_declares(site: Site) -> None:
    """Volts in hundredths, whole per cent and millimetres: one decimal for all took digits away and made up others."""
    [(name,)] = await site.sql("select name from device where kind = 'bin' order by name limit 1")
    await site.sql(
        "update bin_reading set battery_v = 3.61, distance_mm = 1042, fill_pct = 40, battery_pct = 88, temperature_c = -0.04"
        " where device_id = (select device_id from device where name = %s)",
        name,
    )
    page = (await site.http.get(f"/devices/{name}")).text
    assert re.findall(r'fact__number">([^<]*)</span><span class="fact__unit">([^<]*)<', page) == [
        ("1,042", "mm"), ("40", "%"), ("−0.04", "°C"), ("88", "%"), ("3.61", "V"),
    ]  # fmt: skip
    road = (await site.http.get("/devices/road-001")).text
    assert '>94.0</span><span class="fact__unit">%<' in road, "a tenth of a per cent is declared"
