"""Tonight's lorries over REST, on the phone page, the officer's page and the command line: one night, one site."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from ops_api.housing.tries import FREE
from tests.fakes import website
from tests.fakes.pdf_text import pdf_text
from tests.fakes.website import OFFICERS_PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")
BASE = "/api/v1/winter/plan"
LORRY = "gritter-1"
ROSTER = """
lorry = [
  {id = "gritter-1", depot = "depot-1", salt_t = 9.0, hours = 8, routes = ["route-1", "route-2"]},
  {id = "Red 2", depot = "depot-1", salt_t = 6.0, hours = 8, device = "gritter-9"},
]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        await clock(started, 0.0)
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def ada(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A program of the winter service."""
    headers = {"Authorization": f"Bearer {OFFICERS_PASSWORD}", "X-Cityops-Who": "Ada"}
    async with httpx.AsyncClient(base_url=site.url, headers=headers, timeout=120) as client:
        yield client


async def clock(site: Site, after_s: float) -> None:
    """Let the town's time be so long after eight in the evening of yesterday, however long the test takes."""
    await site.sql(
        "update rule_cursor set event_time = date_trunc('day', now()) - interval '4 hours' + %s * interval '1 second',"
        " updated_at = clock_timestamp() + interval '1 day'", after_s,
    )  # fmt: skip


def commands(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Awaitable[tuple[int, str]]]:
    """Return what runs ``cityops winter`` on the site's database: exit status, and what it says."""
    from ops_api.cli import app

    monkeypatch.setenv("CITYOPS_DB__DSN", site.dsn)

    async def run(*words: str) -> tuple[int, str]:
        done = await asyncio.to_thread(CliRunner().invoke, app, ["winter", *words])
        return done.exit_code, f"{done.output} {done.exception or ''}"

    return run


async def reports(site: Site, share: float, rate: float = 10.0) -> None:
    """Let the lorry drive so large a share of its plan's steps, a report at the middle of each stretch."""
    plan = await site.get(BASE)
    [trip] = [t for t in plan["trips"] if t["lorry"] == LORRY]
    steps = [s for s in trip["steps"] if "segment_id" in s][: max(1, int(share * len(trip["steps"])))]
    for n, s in enumerate(steps):
        await site.sql(
            "insert into gritter_reading (ts, device_id, boot, seq, latitude_deg, longitude_deg, speed_m_s,"
            " spread_rate_g_m2, received_at) select %s::timestamptz + %s * interval '1 second', d.device_id, 1, %s,"
            " (a.latitude_deg + b.latitude_deg) / 2, (a.longitude_deg + b.longitude_deg) / 2, 10, %s, now()"
            " from device d, road_segment r join road_node a on a.node_id = r.from_node join road_node b on b.node_id = r.to_node"
            " where d.name = %s and r.segment_id = %s",
            plan["start_at"], (s["begins_s"] + s["ends_s"]) / 2.0, 1000 + n, rate if s.get("job") else 0.0, LORRY,
            s["segment_id"],
        )  # fmt: skip


async def test_who_is_out_of_service_is_named_without_a_plan_too(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = commands(site, monkeypatch)
    status, text = await run("breakdown", LORRY, "--reason", "gearbox", "--by", "Cleo")
    assert (status, f"{LORRY} is out of service; tonight has no plan" in text) == (0, True)
    status, text = await run("lorries")
    named, gone = text.splitlines()[:2]
    assert (status, LORRY in named) == (0, False)
    assert gone.startswith(f"{LORRY}: out of service (gearbox) since ")
    told = json.loads((await run("lorries", "--json"))[1])
    assert LORRY not in told["lorries"]
    assert [(o["lorry"], o["reason"]) for o in told["out_of_service"]] == [(LORRY, "gearbox")]
    page = (await site.http.get("/winter/cab")).text
    assert (f"<strong>{LORRY}</strong>, out of service since today 20:" in page, "gearbox" in page) == (
        True,
        False,
    )
    assert (await run("return", LORRY, "--by", "Cleo"))[0] == 0


async def test_programs_plan_and_say_what_breaks(site: Site, ada: httpx.AsyncClient) -> None:
    for path in (BASE, f"{BASE}/lorries"):
        answer = await site.http.get(path)
        assert (answer.status_code, "No plan for tonight" in answer.text) == (404, True)
    assert (await site.http.post(BASE, json={})).status_code == 401
    nothing = await ada.post(BASE, json={})
    assert (nothing.status_code, "No order stands" in nothing.text) == (409, True)
    order = {"route_id": "route-1", "reason": "frost", "spread_rate_g_m2": 10.0}
    assert (await ada.post("/api/v1/winter/orders", json=order)).status_code == 201
    done = await ada.post(BASE, json={"iterations": 0, "request_id": "p-1", "reason": "cold"})
    assert done.status_code == 201
    plan = done.json()
    assert (plan["version"], plan["kind"], plan["late"], plan["left_out"]) == (1, "tonight", [], [])
    assert (await ada.post(BASE, json={"iterations": 0, "request_id": "p-1"})).json()["version"] == 1
    assert "Ada" not in done.text
    assert (await site.http.get(f"{BASE}?version=1")).json() == plan
    assert (await site.http.get(f"{BASE}?version=99")).status_code == 404
    where = await site.get(f"{BASE}/lorries")
    assert [(v["lorry"], v["by_clock"]) for v in where["lorries"]] == [(LORRY, True)]
    assert (await ada.post(f"{BASE}/lorries/none/breakdown", json={"reason": "x"})).status_code == 404
    assert (await ada.post(f"{BASE}/lorries/{LORRY}/breakdown", json={"reason": " "})).status_code == 422
    assert (await ada.post(f"{BASE}/lorries/{LORRY}/return", json={})).status_code == 409


async def test_the_drivers_page_says_the_next_turn_first(site: Site) -> None:
    page = (await site.http.get(f"/winter/cab/{LORRY}")).text
    plan = await site.get(BASE)
    assert page.index("cab__turn") < page.index("cab__facts") < page.index("cab__list")
    assert f"/live/cab?code={LORRY}" in page
    assert "Spread 10 g/m²" in page
    live = await site.get("/live/cab", code=LORRY)
    assert "cab__turn" in live["fragments"]["cab"]
    pdf = await site.http.get(f"/winter/cab/{LORRY}/card.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert f"Route card {LORRY}" in pdf_text(pdf.content)
    track = await site.http.get(f"/winter/cab/{LORRY}/track.gpx")
    assert track.headers["content-type"] == "application/gpx+xml"
    assert "attachment" in track.headers["content-disposition"]
    root = ET.fromstring(track.content)
    legs = sum("segment_id" in s for t in plan["trips"] for s in t["steps"])
    assert len(root.findall(".//{*}trkpt")) > legs
    assert (await site.http.get("/winter/cab/nobody")).status_code == 404
    assert (await site.http.get("/winter/cab/nobody/card.pdf")).status_code == 404
    assert (await site.http.get(f"/winter/cab/{LORRY}?version=77")).status_code == 404


async def test_reports_move_the_lorry_on_its_page(site: Site) -> None:
    plan = await site.get(BASE)
    await clock(site, plan["trips"][0]["steps"][-1]["ends_s"] / 2.0)
    await reports(site, 0.5)
    [lorry] = (await site.get(f"{BASE}/lorries"))["lorries"]
    assert (lorry["phase"], lorry["by_clock"], bool(lorry["treated"])) == ("drives", False, True)
    page = (await site.http.get(f"/winter/cab/{LORRY}")).text
    assert "behind you" in page
    assert "cab__at" in page
    board = (await site.http.get("/winter/cab")).text
    assert f"{len(lorry['treated'])} of" in board
    assert "Give its streets to the others" not in board


async def test_an_officer_acts_on_the_page_and_old_cards_say_that_they_are_replaced(
    site: Site, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=120) as browser:
        ask = {"what": "breakdown", "lorry": LORRY, "reason": "gearbox"}
        assert (await browser.post("/winter/cab", data=ask)).status_code == 403
        who = {"by": "Bob <b>", "role": "duty officer", "password": "no"}
        assert (await browser.post("/winter/cab/officer", data=who)).status_code == 403
        let_in = await browser.post("/winter/cab/officer", data={**who, "password": OFFICERS_PASSWORD})
        assert (let_in.status_code, let_in.headers["location"]) == (303, "/winter/cab")
        forms = (await browser.get("/winter/cab")).text
        assert "Give its streets to the others" in forms
        [once] = re.findall(r'name="request_id" value="(breakdown-[^"]{12,})"', forms)
        refused = await browser.post("/winter/cab", data={**ask, "reason": " "})
        assert (refused.status_code, "needs a reason" in refused.text) == (409, True)
        assert (await browser.post("/winter/cab", data={"what": "dance"})).status_code == 422
        sent = {**ask, "request_id": once}
        assert (await browser.post("/winter/cab", data=sent)).status_code == 303
        assert (await browser.post("/winter/cab", data=sent)).status_code == 303  # a double click
        assert (await browser.post("/winter/cab", data={**sent, "lorry": "Red 2"})).status_code == 409
        board = (await browser.get("/winter/cab")).text
        assert "that no lorry can do" in board
        assert "Treated by nobody" in board
        assert "gearbox" in board, "an officer reads why"
        for path in (
            "/winter/cab",
            f"/winter/cab/{LORRY}",
            "/live/cab",
            f"/live/cab?code={LORRY}",
            BASE,
            f"{BASE}?version=2",
            f"{BASE}/lorries",
        ):
            assert "gearbox" not in (await site.http.get(path)).text, path
        old = (await browser.get(f"/winter/cab/{LORRY}?version=1")).text
        assert "Replaced by plan 2" in old
        assert "live.js" not in old
        assert "out of service" in (await browser.get(f"/winter/cab/{LORRY}")).text
        paper = await browser.get(f"/winter/cab/{LORRY}/card.pdf?version=1")
        assert "REPLACED by plan 2" in pdf_text(paper.content)
        assert "REPLACED" in (await browser.get(f"/winter/cab/{LORRY}/track.gpx?version=1")).text
        assert (
            await browser.post("/winter/cab", data={"what": "returned", "lorry": LORRY})
        ).status_code == 303
        assert "that no lorry can do" not in (await browser.get("/winter/cab")).text
    assert "Bob" not in (await site.http.get("/winter/cab")).text


async def test_the_same_on_the_command_line(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = commands(site, monkeypatch)
    file = tmp_path / "lorries.toml"
    file.write_text(ROSTER)
    status, text = await run("roster", str(file), "--by", "Cleo")
    assert (status, "Red 2: depot-1, 6 t, 8 h" in text) == (0, True)
    file.write_text(ROSTER.replace("depot-1", "moon"))
    status, text = await run("roster", str(file))
    assert (status != 0, "no depot" in text) == (True, True)
    status, text = await run("plan", "--tonight", "--iterations", "0", "--by", "Cleo", "--json")
    plan = json.JSONDecoder().raw_decode(text)[0]
    assert (status, [t["lorry"] for t in plan["trips"]]) == (0, [LORRY, "Red 2"])
    status, text = await run("breakdown", LORRY, "--reason", "fire", "--by", "Cleo", "--iterations", "0")
    assert (status, "a lorry has broken down (fire)" in text) == (0, True)
    status, text = await run("breakdown", LORRY, "--reason", "fire")
    assert (status, "out of service already" in text) == (1, True)
    status, text = await run("lorries")
    assert (status, "Red 2" in text) == (0, True)
    assert f"{LORRY}: out of service (fire) since " in text
    [gone] = (await site.get(f"{BASE}/lorries"))["out_of_service"]
    assert (gone["lorry"], set(gone)) == (
        LORRY,
        {"lorry", "since"},
    )  # anybody reads it: nothing that people wrote
    page = (await site.http.get("/winter/cab")).text
    assert (f"<strong>{LORRY}</strong>, out of service since today" in page, "fire" in page) == (True, False)
    out = tmp_path / "red.gpx"
    status, text = await run("card", "Red 2", "-o", str(out))
    assert (status, out.read_bytes()[:5]) == (0, b"<?xml")
    assert (await run("card", "Red 2", "-o", str(tmp_path / "x.txt")))[0] != 0
    status, text = await run("return", LORRY, "--by", "Cleo", "--iterations", "0")
    assert (status, f"{LORRY}: a lorry is back in service" in text) == (0, True)
    assert (await run("plan"))[0] != 0
    assert (await run("plan", "town.json", "--tonight"))[0] != 0


async def test_a_town_without_directed_roads_keeps_its_sheets(site: Site) -> None:
    await site.sql("update gritting_route set depot_id = depot_id")
    await site.sql("alter table gritting_route drop constraint gritting_route_depot_id_fkey")
    await site.sql("delete from depot")
    page = (await site.http.get("/winter/cab")).text
    assert "Drive by the route sheets" in page
    assert "the registry has no depot" in page
    assert (await site.http.get(f"{BASE}/lorries")).status_code == 409


async def test_wrong_passwords_are_slowed_down_by_who_is_behind_the_proxy(site: Site) -> None:
    who = {"by": "Eve", "role": "duty officer", "password": "a guess"}
    right = {**who, "password": OFFICERS_PASSWORD}

    async def post(data: dict[str, str], forwarded: str) -> httpx.Response:
        return await site.http.post("/winter/cab/officer", data=data, headers={"X-Forwarded-For": forwarded})

    bad = "203.0.113.9"
    # What the sender itself puts before the proxy's word does not make it another.
    assert [(await post(who, f"198.51.100.{n}, {bad}")).status_code for n in range(FREE)] == [403] * FREE
    held = await post(right, bad)
    assert (held.status_code, "Too many wrong passwords. Wait" in held.text) == (429, True)
    assert 0 < int(held.headers["retry-after"]) <= 2
    program = {"Authorization": f"Bearer {OFFICERS_PASSWORD}", "X-Cityops-Who": "Eve", "X-Forwarded-For": bad}
    assert (await site.http.post(BASE, json={}, headers=program)).status_code == 429
    assert (await post(right, "198.51.100.77")).status_code == 303
    text = (await site.http.get("/metrics")).text
    assert re.search(r'cityops_api_password_tries_total\{outcome="held back",team="winter"\} 2', text)
