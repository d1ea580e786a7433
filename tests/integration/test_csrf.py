"""Forms carry the session's mark, and without it nothing is done in anybody's name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from ops_api.access.rules import RULES
from tests.fakes import seed_web
from tests.fakes.website import PLAIN, Site

TEMPLATES = Path(__file__).parents[2] / "ops_api/web/templates"
FORM = re.compile(r"<form\b(?:[^>{]|\{\{[^}]*\}\})*>")
ACTION = re.compile(r'action="((?:[^"{]|\{\{[^}]*\}\})*)"')
OWN_ADDRESS = {"sign_in_link.html": ACTION.search('action="/sign-in/link/x"')}
"""Forms that are sent to where they were got from, and that is open."""
HOME = f"/home/{seed_web.DAMP_HOME}"


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that sends what a page of another site can have it send: no headers of our scripts."""
    async with httpx.AsyncClient(base_url=site.url, verify=PLAIN, timeout=60) as found:
        yield found


def mark_in(page: str) -> str:
    found = re.search(r'name="_form" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


def is_open(action: str) -> bool:
    """Whether a form's address is one where anybody may say something; ``{{ … }}`` stands for one part of it."""
    at = re.sub(r"\{\{[^}]*\}\}", "x", action).split("?")[0]
    for name, rule in RULES.items():
        method, path = name.split()
        if (
            method == "POST"
            and rule.who in ("open", "code")
            and re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", path), at)
        ):
            return True
    return False


def test_every_form_that_changes_something_carries_the_mark() -> None:
    forms, without = 0, []
    for file in sorted(TEMPLATES.glob("*.html")):
        text = file.read_text()
        for form in FORM.finditer(text):
            if 'method="post"' not in form[0]:
                continue
            forms += 1
            action = ACTION.search(form[0]) or OWN_ADDRESS.get(file.name)
            marked = text[form.end() :].lstrip().startswith("{{ form_mark() }}")
            if not marked and not (action is not None and is_open(action[1])):
                without.append((file.name, form[0]))
    assert forms > 55
    assert without == []


async def test_a_residents_form_needs_the_mark_of_her_session(site: Site, browser: httpx.AsyncClient) -> None:
    await browser.post("/join", data={"code": seed_web.DAMP_HOME})
    other = await site.http.post("/join", data={"code": seed_web.DRY_HOME})
    assert other.status_code == 303
    mark, foreign = (
        mark_in((await browser.get(HOME)).text),
        mark_in((await site.http.get(f"/home/{seed_web.DRY_HOME}")).text),
    )
    assert mark != foreign
    for sent in ({}, {"_form": ""}, {"_form": foreign}, {"_form": mark[:-1]}):
        refused = await browser.post(f"{HOME}/diary", data={"activity": "shower", **sent})
        assert refused.status_code == 403
        assert "Load the page again" in refused.text
    assert await site.sql(
        "select count(*) from diary_entry where activity = 'shower' and at > now() - interval '1 minute'"
    ) == [(0,)]
    done = await browser.post(f"{HOME}/diary", data={"activity": "shower", "_form": mark})
    assert done.status_code == 303


async def test_what_a_page_elsewhere_can_send_without_asking_does_nothing(
    site: Site, browser: httpx.AsyncClient
) -> None:
    browser.cookies.set(STAFF_PLAIN_COOKIE, "as-operations")
    [(alarm_id,)] = await site.sql("select alarm_id from alarm where rule_id = 'bins.fire'")
    url = f"/api/v1/alarms/{alarm_id}/acknowledge"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = {"Content-Type": kind} if kind else {}
        sent = await browser.post(url, content=b'{"by": "Mallory"}', headers=headers)
        assert sent.status_code in (400, 403), kind
    crossed = await browser.post(url, json={"by": "x"}, headers={"Origin": "https://evil.example"})
    assert crossed.status_code == 403
    assert (await site.get(f"/api/v1/alarms/{alarm_id}"))["acknowledged_by"] is None
    assert (
        await browser.post(url, json={"by": "x"})
    ).status_code == 200  # needs leave from elsewhere (CORS), and there is none


async def test_a_form_of_before_the_sign_in_is_not_taken_and_a_program_needs_none(
    site: Site, browser: httpx.AsyncClient
) -> None:
    [(alarm_id,)] = await site.sql("select alarm_id from alarm where rule_id = 'bins.fire'")
    page = (await browser.get("/alarms")).text
    assert 'name="_form"' not in page
    browser.cookies.set(STAFF_PLAIN_COOKIE, "as-waste")
    assert (await browser.post(f"/alarms/{alarm_id}/assign", data={"to": "Bob"})).status_code == 403
    mark = mark_in((await browser.get("/alarms")).text)
    for part in ("/alarms/live", f"/alarms/{alarm_id}/live"):
        assert mark not in (await browser.get(part)).text, "what many readers share is nobody's"
    assigned = await browser.post(f"/alarms/{alarm_id}/assign", data={"to": "Bob", "_form": mark})
    assert assigned.status_code == 303
    program = site.with_key("desk:write")
    commented = await program.post(f"/api/v1/alarms/{alarm_id}/comments", json={"by": "Cy", "text": "x"})
    assert commented.status_code == 200


@pytest.mark.parametrize(
    ("path", "how"),
    [("/account/passkeys", "data"), ("/account/passkeys", "files"), ("/api/v1/weather-forecasts", "data")],
)
async def test_a_form_with_the_right_mark_where_none_is_read_is_refused_in_words(
    site: Site, browser: httpx.AsyncClient, path: str, how: str
) -> None:
    browser.cookies.set(STAFF_PLAIN_COOKIE, "as-highways")
    mark = mark_in((await browser.get(f"/winter/{site.town.routes[0].route_id}/orders")).text)
    sent = {"_form": mark} if how == "data" else {"_form": (None, mark)}
    answer = await browser.post(path, **{how: sent})  # type: ignore[arg-type]
    assert answer.status_code in (400, 403, 404, 415, 422), answer.text
