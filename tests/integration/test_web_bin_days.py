"""Bin days, missed bins, reports of public bins and open levels, as residents and programs get them."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from typing import Any

import icalendar
import psycopg
import pytest

from ops_api.queries import OneConnection
from rules.bin_days.store import PostgresBinDays
from rules.collection_acts.store import PostgresActs
from rules.core.bin_days.model import Change, Premises, Round, Service
from rules.core.bin_days.published import replaced
from rules.core.collection_acts.record import NewAct
from tests.fakes.bin_days import LONDON
from tests.fakes.website import WASTE_PASSWORD, Site

HOME = 100010000012
DAILY = Service(
    stream="food", label="Food waste", container="brown caddy", colour="brown", rule="FREQ=DAILY", start=date(2024, 1, 1)
)  # fmt: skip
ROUND = Round(round_id="all", label="All", services=(DAILY,), ends_min=0)


def places() -> list[Premises]:
    return [
        Premises(uprn=HOME + n, address=f"{12 + n} Mill Lane, Merewold", rounds=("all",), latitude_deg=53.4, longitude_deg=-2.2)
        for n in range(5)
    ]  # fmt: skip


async def today(site: Site) -> date:
    return site.now.astimezone(LONDON).date()


async def timetable(site: Site, *changes: Change, rounds: Any = (ROUND,)) -> None:
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        days = PostgresBinDays(OneConnection(conn))
        now = await today(site)
        await days.replace(lambda t: replaced(t, rounds, changes, now, site.now.timestamp()), places())


async def test_an_address_is_found_but_no_street_is_listed(site: Site) -> None:
    await timetable(site)
    first = await site.http.get("/bin-day")
    assert "When is my bin day?" in first.text
    for typed in ("12 mill lane", "12, MILL LN", str(HOME), " 1000 1000 0012 ", "12 Mill Lane, Mereword"):
        found = await site.http.get("/bin-day", params={"q": typed})
        assert (found.status_code, found.headers.get("location")) == (303, f"/bin-day/{HOME}"), typed
    for typed, said in (
        ("", "Write the number and the street"), ("mill lane", "Write the number or name of the house"), ("9 elm road", "did not find"),
        ("12", "no address with that number"), ("' drop table premises; --", "did not find"), ("\x00mill", "Write the number"), ("%", "Write the number and"),
    ):  # fmt: skip
        page = await site.http.get("/bin-day", params={"q": typed})
        assert page.status_code == 200, (typed, page.text[-300:])
        assert said in page.text, typed
        assert "13 Mill Lane" not in page.text
    api = await site.get("/api/v1/premises", search="13 mill lane")
    assert api == {"premises": [{"uprn": HOME + 1, "address": "13 Mill Lane, Merewold"}], "hint": ""}
    assert (await site.get("/api/v1/premises", search="mill lane"))["premises"] == []
    assert (await site.http.get("/api/v1/premises/99")).status_code == 404
    assert (await site.http.get("/bin-day/12x")).status_code == 404


async def test_the_page_answers_in_its_first_line_and_says_what_is_changed(site: Site) -> None:
    day = await today(site)
    move = Change(day=day + timedelta(days=2), to=None, reason="the bank holiday")
    await timetable(site, move)
    page = await site.http.get(f"/bin-day/{HOME}")
    assert page.status_code == 200
    title = re.search(r"<h1[^>]*>([^<]+)</h1>", page.text)
    assert title is not None
    assert title[1].startswith("Put out the brown caddy by 6:30am today")
    assert "Food waste: no collection on" in page.text
    assert f"/bin-day/{HOME}.ics" in page.text
    assert "Your e-mail address<" in page.text  # text messages are not offered here
    found = await site.get(
        f"/api/v1/premises/{HOME}", **{"from": str(day), "to": str(day + timedelta(days=3))}
    )
    assert [(c["day"], c["usual_day"]) for c in found["collections"]] == [
        (str(day), str(day)), (str(day + timedelta(days=1)), str(day + timedelta(days=1))), (None, str(move.day)),
        (str(day + timedelta(days=3)), str(day + timedelta(days=3))),
    ]  # fmt: skip


async def test_a_calendar_is_fetched_again_only_where_it_has_changed(site: Site) -> None:
    await timetable(site)
    first = await site.http.get(f"/bin-day/{HOME}.ics")
    assert (first.status_code, first.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert icalendar.Calendar.from_ical(first.content).walk("VEVENT")
    tag, at = first.headers["etag"], first.headers["last-modified"]
    for known in ({"If-None-Match": tag}, {"If-None-Match": f'"x", W/{tag}'}, {"If-Modified-Since": at}):
        again = await site.http.get(f"/bin-day/{HOME}.ics", headers=known)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag), known
    # A tag counts before a time.
    other = await site.http.get(
        f"/bin-day/{HOME}.ics", headers={"If-None-Match": '"x"', "If-Modified-Since": at}
    )
    assert other.status_code == 200
    day = await today(site) + timedelta(days=3)
    await timetable(site, Change(day=day, to=None, reason="the snow"))
    changed = await site.http.get(f"/api/v1/premises/{HOME}/calendar.ics", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    gone = [
        e
        for e in icalendar.Calendar.from_ical(changed.content).walk("VEVENT")
        if str(e["status"]) == "CANCELLED"
    ]
    assert [(e["dtstart"].dt, e["sequence"]) for e in gone] == [(day, 1)]


async def test_a_missed_bin_is_reported_once_and_looked_up(site: Site) -> None:
    await timetable(site)
    sent = await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    assert sent.status_code == 303, sent.text
    again = await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    assert again.headers["location"] == sent.headers["location"]
    page = await site.http.get(sent.headers["location"])
    assert "We do not know where the lorry was" in page.text
    assert "Mill Lane" not in page.text  # a reference does not lead to an address
    reference = re.search(r'class="refno">([^<]+)<', page.text)
    assert reference is not None
    looked = await site.http.get(
        "/bin-day/report", params={"reference": reference[1].lower().replace("-", " ")}
    )
    assert reference[1] in looked.text
    assert (await site.http.get("/bin-day/report", params={"reference": "BBBB-BBBB"})).status_code == 404
    assert (await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "glass"})).status_code == 404

    missed = "/api/v1/missed-collections"
    assert (await site.http.get(missed)).status_code == 401
    allowed = {"Authorization": f"Bearer {WASTE_PASSWORD}"}
    [row] = (await site.http.get(missed, headers=allowed)).json()
    assert (row["uprn"], row["address"], row["reference"], row["outcome"]) == (
        HOME,
        "12 Mill Lane, Merewold",
        reference[1],
        "accepted",
    )
    board = await site.http.get("/bins/missed")
    assert ("Who are you?" in board.text, "Mill Lane" in board.text) == (True, False)
    assert (await site.http.post("/bins/missed/1/done")).status_code == 403
    wrong = await site.http.post("/bins/missed/who", data={"password": "bottle bank", "by": "Ada"})
    assert (wrong.status_code, "That is not the password." in wrong.text) == (403, True)
    for nobody in (" ", "Ada\0"):
        no = await site.http.post("/bins/missed/who", data={"password": WASTE_PASSWORD, "by": nobody})
        assert no.status_code == 422
    let_in = await site.http.post("/bins/missed/who", data={"password": WASTE_PASSWORD, "by": "Ada"})
    assert let_in.headers["location"] == "/bins/missed"
    board = await site.http.get("/bins/missed")
    assert "1 household waits for a lorry" in board.text
    assert ("12 Mill Lane" in board.text, reference[1] in board.text) == (True, True)
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        acts = PostgresActs(OneConnection(conn))
        crew = {"by": "Crew 3", "role": "crew", "via": "crew page"}
        await acts.append(
            NewAct(ref=f"uprn:{HOME}", what="collected", at_s=site.now.timestamp() + 3600.0, **crew)
        )  # type: ignore[arg-type]
        # What the crew said at the neighbour's is told to the neighbour.
        await acts.append(NewAct(ref=f"uprn:{HOME + 1}", what="not_out", at_s=site.now.timestamp(), **crew))  # type: ignore[arg-type]
    assert (await site.http.get(missed, headers=allowed)).json() == []
    assert "Nobody waits" in (await site.http.get("/bins/missed")).text
    said = await site.http.post(f"/api/v1/premises/{HOME + 1}/missed", json={"stream": "food"})
    assert (said.status_code, said.json()["outcome"]) == (201, "crew_reported")
    assert "the crew reported" in said.json()["answer"].lower()


async def test_the_team_says_that_the_lorry_came_back(site: Site) -> None:
    await timetable(site)
    await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    await site.http.post("/bins/missed/who", data={"password": WASTE_PASSWORD, "by": "Ada"})
    for _ in range(2):
        assert (await site.http.post("/bins/missed/1/done")).headers["location"] == "/bins/missed"
    assert await site.sql("select what, by, role from collection_act order by act_id") == [
        (9, "a resident", "resident"), (1, "Ada", "waste team")
    ]  # fmt: skip
    assert "Nobody waits" in (await site.http.get("/bins/missed")).text


async def test_one_collected_answers_one_report_and_who_waits_on_says_so_again(site: Site) -> None:
    other = Service(
        stream="refuse", label="Rubbish", container="black bin", rule="FREQ=DAILY", start=date(2024, 1, 1)
    )
    await timetable(site, rounds=(Round(round_id="all", label="All", services=(DAILY, other), ends_min=0),))
    first = await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "refuse"})
    await site.http.post("/bins/missed/who", data={"password": WASTE_PASSWORD, "by": "Ada"})
    await site.http.post("/bins/missed/1/done")
    board = (await site.http.get("/bins/missed")).text
    assert ("1 household waits" in board, "/bins/missed/2/done" in board) == (True, True)
    # Nobody came: a report of its own, and it is on the list.
    again = await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    assert again.headers["location"] != first.headers["location"]
    twice = await site.http.post(f"/bin-day/{HOME}/missed", data={"stream": "food"})
    assert twice.headers["location"] == again.headers["location"]
    board = (await site.http.get("/bins/missed")).text
    assert ("1 household waits" in board, board.count("/done")) == (True, 2)


async def test_a_public_bin_is_reported(site: Site) -> None:
    bin_id = site.town.bins[0].bin_id
    first = await site.http.get("/bins/report")
    assert "Which public bin is it?" in first.text
    assert (await site.http.get("/bins/report", params={"bin": "1"})).text.count(
        "What is wrong with this bin?"
    ) == 1
    assert "We have no bin" in (await site.http.get("/bins/report", params={"bin": "nowhere"})).text
    street = site.town.bins[0].street
    assert site.town.bins[0].label in (await site.http.get("/bins/report", params={"street": street})).text
    here = f"{site.town.bins[0].latitude_deg}, {site.town.bins[0].longitude_deg}"
    assert f"{bin_id}, 0 m away" in (await site.http.get("/bins/report", params={"near": here})).text
    assert "two numbers" in (await site.http.get("/bins/report", params={"near": "nan, inf"})).text

    form = (await site.http.get("/bins/report", params={"bin": bin_id})).text
    once = re.search(r'name="once" value="([^"]+)"', form)
    assert once is not None
    post = {"bin": bin_id, "once": once[1], "what": "overflowing", "note": " <b>rats</b> "}
    sent = await site.http.post("/bins/report", data=post)
    assert sent.status_code == 303, sent.text
    assert (await site.http.post("/bins/report", data=post)).headers["location"] == sent.headers["location"]
    assert "is overflowing" in (await site.http.get(sent.headers["location"])).text
    assert (await site.http.post("/bins/report", data=post | {"what": ""})).status_code == 422
    assert (await site.http.post("/bins/report", data=post | {"what": "damaged"})).status_code == 409
    assert (await site.http.post("/bins/report", data=post | {"bin": "nowhere"})).status_code == 404
    assert (
        await site.http.post("/bins/report", data=post | {"once": "abcdefgh", "note": "\0"})
    ).status_code == 422
    fire = await site.http.post("/bins/report", data=post | {"what": "fire"})
    assert "Call 999 now" in fire.text
    [(what, by, reason, received)] = await site.sql(
        "select what, by, reason, received_at is not null from collection_act"
    )
    assert (what, by, reason, received) == (6, "a resident", "<b>rats</b>", True)
    [(kinds,)] = await site.sql("select kinds from ingest_batch where kinds ? 'collection'")
    assert kinds["collection"]["rows"] == 1

    api = await site.http.post(f"/api/v1/bins/{bin_id}/reports", json={"what": "full"})
    assert api.status_code == 201
    kept = await site.get(f"/api/v1/bin-reports/{api.json()['reference']}")
    assert (kept["bin_id"], kept["what"], kept["emptied_at"]) == (bin_id, "full", None)
    assert (await site.http.post("/api/v1/bins/nowhere/reports", json={"what": "full"})).status_code == 404
    assert (await site.http.post(f"/api/v1/bins/{bin_id}/reports", json={"what": "fire"})).status_code == 422


async def test_nobody_sends_without_end(site: Site) -> None:
    bin_id = site.town.bins[0].bin_id
    statuses = [
        (await site.http.post(f"/api/v1/bins/{bin_id}/reports", json={"what": "full"})).status_code
        for _ in range(12)
    ]
    assert statuses == [201] * 10 + [429] * 2
    assert await site.sql("select count(*) from collection_act") == [(10,)]
    refused = await site.http.post(f"/api/v1/bins/{bin_id}/reports", json={"what": "full"})
    assert 0 < int(refused.headers["retry-after"]) <= 3600


async def test_reminders_are_asked_for_confirmed_and_stopped_by_links(site: Site) -> None:
    await timetable(site)
    form = {"channel": "mail", "address": "Ada@Example.org ", "evening": "true"}
    for wrong, said in (
        ({"address": "ada"}, "Write an e-mail address"), ({"address": "a@b.example\r\nBcc: c@d.example"}, "Write an e-mail address"),
        ({"evening": "false"}, "Choose the evening"),
    ):  # fmt: skip
        refused = await site.http.post(f"/bin-day/{HOME}/reminder", data=form | wrong)
        assert (refused.status_code, said in refused.text) == (422, True), wrong
    assert (
        await site.http.post(f"/bin-day/{HOME}/reminder", data=form | {"channel": "pigeon"})
    ).status_code == 404
    asked = await site.http.post(f"/bin-day/{HOME}/reminder", data=form)
    assert (asked.status_code, "We have sent you a message" in asked.text) == (200, True)
    await site.http.post(f"/bin-day/{HOME}/reminder", data=form)
    [(recipient, body)] = await site.sql(
        "select recipient, body from notification where kind = 'bin-reminder-ask'"
    )
    [(number, address, confirmed)] = await site.sql(
        "select reminder_id, address, confirmed_at from bin_reminder"
    )
    assert (recipient, address, confirmed) == (f"bin-reminder:{number}", "ada@example.org", None)
    link = re.search(r"https://bins\.example(/bin-day/reminder/\S+)", body)
    assert link is not None
    # A program that previews the link says nothing.
    assert "Do you want to be reminded?" in (await site.http.get(link[1])).text
    assert await site.sql("select confirmed_at from bin_reminder") == [(None,)]
    assert "We remind you from now on" in (await site.http.post(link[1], data={"answer": "yes"})).text
    assert "Stop the reminders?" in (await site.http.get(link[1])).text
    assert "deleted your address" in (await site.http.post(link[1], data={"answer": "stop"})).text
    assert await site.sql("select count(*) from bin_reminder") == [(0,)]
    assert (await site.http.get(link[1])).status_code == 404


@pytest.mark.parametrize("path", ["", ".csv", ".fiware.json"])
async def test_levels_are_open_data(site: Site, path: str) -> None:
    answer = await site.http.get(f"/api/v1/bins/open{path}")
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "open-government-licence" in answer.headers["link"]
    again = await site.http.get(f"/api/v1/bins/open{path}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    # What is told changes as a level grows old, so that no time of a reading says that nothing did.
    dated = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert (await site.http.get(f"/api/v1/bins/open{path}", headers=dated)).status_code == 200
    known = {
        r[0]: r[1]
        for r in await site.sql(
            "select subject, (state ->> 'fill_pct')::float8 from subject_state where subject_kind = 'bin'"
        )
    }
    if path == "":
        document = answer.json()
        assert document["licence"] == "Open Government Licence v3.0"
        levels = {f["id"]: f["properties"]["filling_level"] for f in document["features"]}
        assert all("device" not in f["properties"] for f in document["features"])
        assert all(f["properties"]["fresh"] for f in document["features"])
    elif path == ".csv":
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        levels = {r["bin_id"]: float(r["filling_level"]) if r["filling_level"] else None for r in rows}
    else:
        entities = answer.json()
        assert {e["type"] for e in entities} == {"WasteContainer"}
        assert {e["status"] for e in entities} <= {
            "ok",
            "lidOpen",
            "dropped",
            "moved",
            "vandalized",
            "burning",
            "unknown",
        }
        assert all("dateLastEmptying" in e for e in entities)
        levels = {e["id"].rpartition(":")[2]: e.get("fillingLevel") for e in entities}
    assert levels == {k: None if v is None else round(min(v, 100.0) / 100, 2) for k, v in known.items()}


async def test_the_first_page_leads_there(site: Site) -> None:
    start = (await site.http.get("/")).text
    assert 'href="/bin-day"' in start
    assert 'href="/bins/report"' in start
