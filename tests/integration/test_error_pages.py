"""Errors in a browser are pages for people; programs get problems, at the same addresses."""

from __future__ import annotations

import pytest

from tests.fakes.website import STILL, Site

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@STILL
@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/nothing/here", 404, "We could not find that"),
        ("/api/v1/audit", 401, "Sign in first"),
        ("/api/v1/nothing", 404, "We could not find that"),
        ("/open/nothing.csv", 404, "We could not find that"),
        ("/api/v1/alarms?limit=many", 422, "Something in it is not right"),
    ],
)
async def test_a_browser_gets_a_page_with_a_way_on(still: Site, path: str, status: int, says: str) -> None:
    answer = await still.http.get(path, headers=BROWSER)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert f'<h1 class="title">{says}</h1>' in answer.text
    assert "Go to the start page" in answer.text
    assert "Accept" in answer.headers["vary"]


@STILL
async def test_what_was_sent_is_text_on_the_page_and_leads_nowhere_else(still: Site) -> None:
    sent = "<script>alert(1)</script>"
    for path in (f"/api/v1/kinds2/{sent}", f"/ogc/collections/{sent}", f"/api/v1/alarms/{sent}"):
        answer = await still.http.get(path, headers=BROWSER)
        assert answer.status_code in (404, 422), path
        assert sent not in answer.text
        assert "script-src 'self'" in answer.headers["content-security-policy"]
    asked = await still.http.get('/api/v1/audit?actor="><b>//evil.example', headers=BROWSER)
    assert "/sign-in?next=/api/v1/audit" in asked.text
    assert "<b>" not in asked.text.partition("<main")[2].replace("<body", "")


@STILL
async def test_programs_get_problems(still: Site) -> None:
    for path in ("/api/v1/audit", "/open/nothing.csv", "/sta/v1.1/Things?$filter=nonsense"):
        answer = await still.http.get(path)
        assert answer.headers["content-type"] == "application/problem+json", path
    asked = {"Accept": "application/json"}
    kept = await still.http.get("/api/v1/devices/nothing", headers=BROWSER)  # made once for all who ask
    assert kept.headers["content-type"] == "application/problem+json"
    page = await still.http.get("/nothing/here", headers=asked)
    assert page.json()["type"] == "/problems/not-found"


async def test_what_a_role_may_not_see_says_so_in_a_page(site: Site) -> None:
    site.sign_in("bin_crew")
    answer = await site.http.get("/audit", headers=BROWSER)
    assert answer.status_code == 403
    assert "That is not allowed" in answer.text
    assert 'href="/account"' in answer.text


@STILL
async def test_what_an_address_takes_is_said_of_routes_and_files(still: Site) -> None:
    for path, takes in (
        ("/api/v1/kinds", "GET"),
        ("/api/v1/accounts", "GET, POST"),
        ("/static/cityops.css", "GET, HEAD"),
    ):
        answer = await still.http.put(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, takes), path
