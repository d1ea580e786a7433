"""The page of notifications and its twin: channels in trouble, who is on call, messages with attempts; no address."""

from __future__ import annotations

import html
import re
from typing import Any

from tests.fakes.seed_notifications import told
from tests.fakes.website import Site


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


async def state(site: Site) -> dict[str, Any]:
    answer = await site.as_("operations").get("/api/v1/notifications/state")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_before_anybody_is_told_the_page_says_so(site: Site) -> None:
    page = plain((await site.as_("operations").get("/notifications")).text)
    assert "Nobody can be told of an alarm: nobody has a channel yet" in page
    assert "The rota is empty" in page
    assert await state(site) == {"channels": [], "on_call": [], "messages": []}


async def test_a_channel_that_fails_is_the_headline_with_the_reason(site: Site) -> None:
    await told(site)
    page = (await site.as_("operations").get("/notifications")).text
    assert re.search(r"<h1[^>]*>Not everybody is told: sms fails</h1>", page)
    said = plain(page)
    assert "5 attempts in a row failed, a message has waited for 20 minutes : gateway: 503" in said
    assert "Ada until" in said
    assert "Ben from" in said
    assert "over sms (…456)" in said
    assert "said with others in message" in said
    assert "not sent: its alarm has cleared" in said
    assert "failed, tried again: gateway: 503" in said


async def test_the_twin_says_the_same(site: Site) -> None:
    await told(site)
    found = await state(site)
    channels = {c["channel"]: c for c in found["channels"]}
    assert (channels["sms"]["failures"], channels["sms"]["due"], channels["sms"]["last_error"]) == (
        5,
        1,
        "gateway: 503",
    )
    assert (channels["mail"]["failures"], channels["mail"]["sent_24h"], channels["mail"]["later"]) == (
        0,
        1,
        1,
    )
    [duty] = found["on_call"]
    assert (duty["role"], [s["person"] for s in duty["now"]], duty["next"]["person"]) == (
        "winter",
        ["ada"],
        "ben",
    )
    first = next(m for m in found["messages"] if m["channel"] == "sms")
    assert [(t["attempt"], t["verdict"]) for t in first["tries"]] == [(n, "retry") for n in range(1, 6)]
    [dropped] = [m for m in found["messages"] if m["state"] == "suppressed"]
    assert (dropped["suppressed_why"], dropped["last_error"]) == ("its alarm has cleared", None)
    limited = await site.as_("operations").get("/api/v1/notifications/state", params={"limit": 1})
    assert len(limited.json()["messages"]) == 1


async def test_no_address_and_no_text_of_a_message_is_shown(site: Site) -> None:
    await told(site)
    for path in ("/notifications", "/api/v1/notifications/state"):
        text = (await site.http.get(path)).text
        assert "7700900" not in text, path
        assert "example.org" not in text, path
        assert "BODY" not in text, path


async def test_a_first_line_with_markup_in_it_stays_text(site: Site) -> None:
    await told(site, title="<b>Route 1</b> & ice")
    page = (await site.as_("operations").get("/notifications")).text
    assert "<b>Route 1</b>" not in page
    assert "&lt;b&gt;Route 1&lt;/b&gt; &amp; ice" in page


async def test_the_pages_that_staff_have_open_lead_there(site: Site) -> None:
    for path in ("/alarms", "/ops"):
        assert 'href="/notifications"' in (await site.http.get(path)).text, path
