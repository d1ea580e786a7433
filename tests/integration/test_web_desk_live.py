"""The alarm desk live over a real connection: lines of the log with their numbers, pages' states, late readings."""

from __future__ import annotations

import asyncio
import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from psycopg.types.json import Jsonb

from ops_api.web.late_view import EMPTY
from tests.fakes import seed_web, website
from tests.fakes.desk_rows import late_readings, raised
from tests.fakes.website import Site
from tests.integration.test_cli_words import cityops
from tests.integration.test_web_live import document, events, upcoming

pytestmark = pytest.mark.asyncio(loop_scope="module")
STREAM = "/api/v1/alarms/stream"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for all tests here: each looks at what it has written itself."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def test_a_line_of_the_log_comes_as_an_event_and_is_not_missed_by_who_comes_back(site: Site) -> None:
    stream = events(site, STREAM)
    begin = await upcoming(stream, 60)
    assert begin["event"] == "begin"
    number = await raised(site, "Ice on Elm Road")
    event = await upcoming(stream, 60)
    assert (event["event"], event["retry"]) == ("alarm", "3000")
    said = document(event)
    assert int(event["id"]) == said["entry"]["log_id"] > int(begin["id"])
    assert (said["alarm_id"], said["alarm"]["title"]) == (number, "Ice on Elm Road")
    assert said["entry"]["text"] == "Raised as major: Wet, −1 °C."
    await stream.aclose()
    done = await site.with_key("desk:write").post(f"/api/v1/alarms/{number}/acknowledge", json={"by": "Ada"})
    assert done.status_code == 200
    again = events(site, f"{STREAM}?alarm_id={number}", **{"Last-Event-ID": event["id"]})
    missed = document(await upcoming(again, 60))
    assert missed["entry"]["text"] == "Ada acknowledged it."
    assert missed["alarm"]["acknowledged_by"] == "Ada"
    await again.aclose()


async def test_a_number_that_commits_after_a_higher_one_is_told_in_its_place(site: Site) -> None:
    number, other = await raised(site, "Ice on Oak Road"), await raised(site, "Ice on Bay Road")
    stream = events(site, STREAM)
    await upcoming(stream, 60)
    line = "insert into alarm_log (alarm_id, at, actor, by, what, detail) values (%s, now(), 'person', 'Ada', 'commented', %s)"
    async with await psycopg.AsyncConnection.connect(site.dsn) as first:
        await first.execute("select alarm_id from alarm where alarm_id = %s for update", (number,))
        await first.execute(line, (number, Jsonb({"text": "first"})))
        await site.sql(line, other, Jsonb({"text": "second"}))
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.5)
        assert not waiting.done()
    texts = [document(await asyncio.wait_for(waiting, 60))["entry"]["text"]]
    texts.append(document(await upcoming(stream, 60))["entry"]["text"])
    assert texts == ["Ada: “first”", "Ada: “second”"]
    await stream.aclose()


async def test_homes_are_named_by_number_in_every_stream(site: Site) -> None:
    [(number, code, label)] = await site.sql(
        "select a.alarm_id, h.code, h.label from alarm a join home h on h.code = a.subject"
        " where a.rule_id = 'damp.surface_humidity' and h.code = %s",
        seed_web.DAMP_HOME,
    )
    stream, page = events(site, STREAM), events(site, f"/alarms/{number}/live/stream")
    await upcoming(stream, 60)
    said = [await upcoming(page, 60)]
    await site.sql(
        "insert into alarm_log (alarm_id, at, actor, what, detail) values (%s, now(), 'engine', 'severity', %s)",
        number, Jsonb({"severity": "major", "before": "warning", "reason": f"wet at {code}, {label}"}),
    )  # fmt: skip
    said += [await upcoming(stream, 60), await upcoming(page, 60)]
    assert "Now major, was warning" in said[1]["data"]
    assert "Now major, was warning" in said[2]["data"]
    for event in said:
        assert code not in event["data"]
        assert label not in event["data"]
    await stream.aclose()
    await page.aclose()


async def test_what_is_asked_wrongly_is_refused(site: Site) -> None:
    assert (await site.http.get(STREAM, headers={"Last-Event-ID": "x"})).status_code == 422
    assert (await site.http.get("/alarms/999999/live/stream")).status_code == 404
    assert (await site.http.get("/alarms/999999/live")).status_code == 404
    paths = (await site.get("/api/v1/openapi.json"))["paths"]
    answer = paths[STREAM]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["text/event-stream"]
    assert "Last-Event-ID" in answer["description"]
    assert "/alarms/live/stream" not in paths


async def test_the_desks_pages_stream_what_they_show_and_resume(site: Site) -> None:
    site.sign_in("operations")  # who is told of alarms is not for everybody
    number = await raised(site, "Ice on Fir Road")
    for path, names in (
        ("/alarms/live", {"head", "list"}),
        (f"/alarms/{number}/live", {"head", "do", "story"}),
        ("/live/notifications", {"notifications"}),
    ):
        stream = events(site, f"{path}/stream")
        first = await upcoming(stream, 60)
        state = document(first)
        assert state["fragments"].keys() == names
        assert state["waiting"] >= len(state["news"]) > 0
        assert [number, "major", "Ice on Fir Road"] in state["news"]
        polled = await site.get(path)
        assert polled.keys() == state.keys()
        assert polled["fragments"].keys() == names, path
        await stream.aclose()
        again = events(site, f"{path}/stream", **{"Last-Event-ID": first["id"]})
        waiting = asyncio.create_task(anext(again))
        if path == "/live/notifications":  # the others say how old an alarm is, which changes by itself
            await asyncio.sleep(0.3)
            assert not waiting.done()
        await raised(site, "Ice on Ash Road")
        now = document(await asyncio.wait_for(waiting, 60))
        while now["waiting"] == state["waiting"]:
            now = document(await upcoming(again, 60))
        assert now["news"][0][2] == "Ice on Ash Road", path
        await again.aclose()


async def test_a_message_and_what_becomes_of_it_reach_the_open_page(site: Site) -> None:
    site.sign_in("operations")
    stream = events(site, "/live/notifications/stream")
    await upcoming(stream, 60)
    [(number,)] = await site.sql(
        "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)"
        " values ('live', 'team:sms', 'sms', 'test', 'info', 'A live test', 'x', now(), now() + interval '1 hour')"
        " returning notification_id"
    )
    assert f'id="message-{number}"' in document(await upcoming(stream, 60))["fragments"]["notifications"]
    await site.sql(
        "update notification set state = 'failed', attempts = 1 where notification_id = %s", number
    )
    assert "<strong>failed</strong>" in document(await upcoming(stream, 60))["fragments"]["notifications"]
    await stream.aclose()


async def test_late_readings_are_told_in_the_same_words_everywhere(site: Site) -> None:
    assert EMPTY in (await site.http.get("/rules/late")).text
    assert "No reading has come too late in the last 7 days" in (await site.http.get("/health")).text
    decision, alarm = await late_readings(site)
    newest, of_route = await site.get("/api/v1/late-windows")
    assert (newest["label"], newest["devices"], newest["device_count"]) == ("A home", [], 1)
    assert "9 readings of 1 device, measured" in newest["text"]
    assert "frog-0001" not in json.dumps(newest)
    assert seed_web.DAMP_HOME not in json.dumps(newest)
    assert [(m["what"], m["number"]) for m in of_route["marks"]] == [("decision", decision), ("alarm", alarm)]
    sentences = [
        part for line in of_route["text"].splitlines()[1:] for part in line.removeprefix("- ").split(". ")
    ]
    assert any(
        "1 decision, 1 alarm and 1 alarm that was not raised would be otherwise" in s for s in sentences
    )
    assert "Would differ: already Fri 9 Jan 19:20" in of_route["text"]
    page = " ".join(plain((await site.http.get("/rules/late")).text).split())
    assert "A home" not in page, "what would differ comes first"
    assert "A home" in (await site.http.get("/rules/late?show=all")).text
    for sentence in sentences:
        assert sentence in page, sentence
    done = cityops("rules", "late", "--differs", CITYOPS_DB__DSN=site.dsn)
    assert done.returncode == 0, done.stderr
    for sentence in sentences:
        assert sentence in done.stdout, sentence
    number = of_route["late_window_id"]
    assert await site.get(f"/api/v1/late-windows/{number}") == of_route
    assert (await site.http.get("/api/v1/late-windows/999999")).status_code == 404
    for what, of in (("alarm", alarm), ("decision", decision)):
        link = f"/rules/late?{what}={of}"
        assert f'href="{link}"' in (await site.http.get(f"/{what}s/{of}")).text
        shown = (await site.http.get(link)).text
        assert f'id="late-{number}"' in shown
        assert "A home" not in shown
    other = (await site.http.get(f"/rules/late?alarm={alarm + 1}")).text
    assert "Nothing that came late would have changed it." in other
    assert "26 readings have come too late: something would differ" in (await site.http.get("/health")).text


def plain(page: str) -> str:
    """Return a page's words."""
    return html.unescape(re.sub(r"<[^>]+>", "", page))
