"""The housing officer's pages, REST and file: consent, the household's log, clocks, wards."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from tests.fakes import seed_web, website
from tests.fakes.housing_rows import (
    OFFICER,
    PURPOSE,
    case,
    finding,
    home_id,
    officer,
    program,
    shares,
    ward_homes,
)
from tests.fakes.website import OWN, PLAIN, TEAM_PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAMP, DRY = seed_web.DAMP_HOME, seed_web.DRY_HOME


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file; each test has homes of its own."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def desk(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    client = await officer(site)
    yield client
    await client.aclose()


async def looks(site: Site, number: int) -> list[tuple[str, str, str, str]]:
    """Return the home's log: who, role, what, why."""
    return await site.sql(
        "select who, role, what, purpose from access_log where home_id = %s and role = 'housing' order by access_id",
        number,
    )  # type: ignore[return-value]


async def label_of(site: Site, number: int) -> str:
    return str((await site.sql("select label from home where home_id = %s", number))[0][0])


async def said_by_consented(site: Site, number: int) -> bool:
    """Whether the view of findings shows what the one place that decides says, for each week of a home."""
    rows = await site.sql(
        "select consented(f.home_id, 'risk', 'council:housing', (f.to_day + 1)::timestamp at time zone 'UTC', f.device_id),"
        " exists (select from housing_finding z where z.home_id = f.home_id and z.week = f.week)"
        "  from damp_finding f where f.home_id = %s",
        number,
    )
    return bool(rows) and all(decided == shown for decided, shown in rows)


def code_of(site: Site, n: int) -> str:
    return site.town.homes[n].code


async def test_without_a_name_and_a_purpose_nobody_sees_a_home(site: Site) -> None:
    number = await shares(site, code_of(site, 4))
    label = await label_of(site, number)
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.url) as stranger:
        for path in ("/housing", f"/housing/{number}", "/housing/homes.csv"):
            answer = await stranger.get(path)
            assert "Who looks, and why?" in answer.text, path
            assert label not in answer.text, path
        known = {"password": TEAM_PASSWORD}
        assert (
            await stranger.post("/housing/who", data={**known, "by": " ", "purpose": "x"})
        ).status_code == 422
        for evil in ("//evil.example/housing/", "https://evil.example/housing/1", "/alarms"):
            said = await stranger.post(
                "/housing/who", data={**known, "by": "A", "purpose": "x", "back": evil}
            )
            assert said.headers["location"] == "/housing", evil
        stranger.cookies.clear()
        stranger.cookies.set("cityops_housing", "%5B1%2C2%5D")
        assert "Who looks, and why?" in (await stranger.get("/housing")).text
    assert await looks(site, number) == []


async def test_without_the_teams_password_nobody_sees_or_writes_anything(site: Site) -> None:
    number = await shares(site, code_of(site, 4))
    own, label = await case(site, number, aware_days_ago=3), await label_of(site, number)
    me = {"by": "Mallory", "purpose": "Looking around"}
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.url) as stranger:
        for wrong in ({}, {"password": ""}, {"password": "pond lily frog"}):
            refused = await stranger.post("/housing/who", data={**me, **wrong})
            assert (refused.status_code, refused.cookies.get("cityops_housing")) == (403, None), wrong
            assert "That is not the password." in refused.text
        for forged in ("%5B%22Mallory%22%2C%22x%22%5D", "W10.", ".", "x" * 5000, "é"):
            stranger.cookies.clear()
            cookie = {"cookie": f"cityops_housing={forged}".encode()}
            for path in ("/housing", f"/housing/{number}", "/housing/homes.csv"):
                answer = await stranger.get(path, headers=cookie)
                assert answer.status_code in (200, 422), (path, forged)
                assert label not in answer.text, (path, forged)
            written = await stranger.post(
                f"/housing/{number}/cases/{own}", data={"kind": "investigated"}, headers=cookie
            )
            assert written.status_code in (200, 422)
        for key in ("", "Bearer", "Bearer x", f"Basic {TEAM_PASSWORD}", "Bearer \u00e9"):
            headers = {**program("Mallory", "x"), "Authorization": key.encode()}
            answer = await stranger.get("/api/v1/housing/homes", headers=headers)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), key
        known = {"Authorization": f"Bearer {TEAM_PASSWORD}"}
        in_the_address = await stranger.get(
            "/api/v1/housing/homes", params={"who": "Mallory", "purpose": "x"}, headers=known
        )
        assert in_the_address.status_code == 422, "who and why are not taken from an address"
        long = await stranger.get("/api/v1/housing/homes", headers=program("M" * 101, "x" * 301))
        assert long.status_code == 422
        assert "x-cityops-who" in long.text
        assert "x-cityops-purpose" in long.text
    assert await looks(site, number) == []
    assert await site.sql("select kind from case_event where case_id = %s", own) == [("aware",)]
    await site.sql("delete from case_event where case_id = %s", own)
    await site.sql("delete from housing_case where case_id = %s", own)


async def test_the_password_is_asked_once_in_twelve_hours_and_the_pass_is_out_of_reach_of_scripts(
    site: Site,
) -> None:
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.url) as browser:
        said = await browser.post("/housing/who", data={"by": "A", "purpose": "x", "password": TEAM_PASSWORD})
        kept = said.headers["set-cookie"]
        assert "HttpOnly" in kept
        assert "SameSite=lax" in kept
        assert "Path=/housing" in kept
        assert "Max-Age=43200" in kept or "Max-Age=43199" in kept
        assert TEAM_PASSWORD not in kept
        assert 'name="password"' not in (await browser.get("/housing/who")).text
        again = await browser.post("/housing/who", data={"by": "B", "purpose": "y"})
        assert again.status_code == 303, "another purpose needs no password again"
        assert "Max-Age=4320" not in again.headers["set-cookie"].replace("Max-Age=43200", ""), "nor more time"
        assert "You are B, looking for: y." in (await browser.get("/housing")).text


async def test_where_no_password_is_set_the_teams_pages_are_not_there_and_the_wards_are(site: Site) -> None:
    number = await shares(site, code_of(site, 4))
    async with website.running(site.dsn, site.town, site.now, team=None) as bare:
        for path in (
            "/housing",
            "/housing/who",
            f"/housing/{number}",
            "/housing/homes.csv",
            "/api/v1/housing/homes",
        ):
            answer = await bare.http.get(path, headers=program("A", "x"))
            assert answer.status_code == 404, path
            assert "/sign-in" in answer.text, path
        for path, form in (
            ("/housing/who", {"by": "A", "purpose": "x", "password": ""}),
            (f"/housing/{number}/cases/1", {"kind": "investigated"}),
        ):
            assert (await bare.http.post(path, data=form)).status_code == 404, path
        for path in ("/housing/wards", "/api/v1/housing/wards"):
            assert (await bare.http.get(path)).status_code == 200, path


async def test_only_what_is_shared_shows_and_every_look_is_in_the_log(
    site: Site, desk: httpx.AsyncClient
) -> None:
    number, hidden = await shares(site, DAMP), await home_id(site, DRY)
    await finding(site, number, 0, "high")
    await finding(site, number, 1, "high")
    await finding(site, hidden, 0, "high", "heat")
    page = (await desk.get("/housing")).text
    assert await label_of(site, number) in page
    assert "Too little ventilation (quite sure, 85%); also too little heat." in page
    assert "83% of the readings" in page
    assert "it moves away from the other box" in page
    assert await label_of(site, hidden) not in page
    assert await looks(site, number) == [(OFFICER, "housing", "damp risk and why", PURPOSE)]
    home = (await desk.get(f"/housing/{number}")).text
    assert "Week by week" in home
    assert "18.4" not in home
    listed, at_home, days = [what for _, _, what, _ in await looks(site, number)]
    assert (listed, at_home) == ("damp risk and why", "damp risk and why, week by week")
    assert days.startswith("mean temperature and humidity by day, ")
    assert await looks(site, hidden) == []
    unknown = await desk.get("/housing/99999")
    not_shared = await desk.get(f"/housing/{hidden}")
    assert (unknown.status_code, not_shared.status_code) == (404, 404)
    assert unknown.text == not_shared.text
    # The household reads the look on its own page.
    async with httpx.AsyncClient(verify=PLAIN, base_url=site.url, headers=OWN) as resident:
        await resident.post("/join", data={"code": DAMP})
        seen = (await resident.get(f"/home/{DAMP}/looks")).text
        assert OFFICER in seen
        assert PURPOSE in seen
        # What is taken back is gone at once.
        await resident.post(f"/home/{DAMP}/sharing/council", data={"on": "false"})
    assert (await desk.get(f"/housing/{number}")).status_code == 404
    assert await label_of(site, number) not in (await desk.get("/housing")).text
    assert len(await looks(site, number)) == 3


async def test_why_follows_the_consent_its_dates_and_who_lived_there(
    site: Site, desk: httpx.AsyncClient
) -> None:
    number = await shares(site, code_of(site, 5), days_ago=1)
    await finding(site, number, 0, "high", "fabric")  # as of a day before the consent
    assert "The building" not in (await desk.get(f"/housing/{number}")).text
    assert await said_by_consented(site, number)
    await site.sql("update consent set from_at = now() - interval '40 days' where home_id = %s", number)
    assert "The building (quite sure, 85%)" in (await desk.get(f"/housing/{number}")).text
    assert await said_by_consented(site, number)
    # Who moved in ten days ago does not show what the household before did.
    await site.sql(
        "update household_member set from_at = now() - interval '10 days' where home_id = %s", number
    )
    assert "The building" not in (await desk.get(f"/housing/{number}")).text
    # A room that is not shared is not told of either.
    await site.sql("update household_member set from_at = '-infinity' where home_id = %s", number)
    await site.sql(
        "update consent set device_id = (select device_id from device where name = 'road-001') where home_id = %s",
        number,
    )
    assert "The building" not in (await desk.get(f"/housing/{number}")).text
    await site.sql("delete from consent where home_id = %s", number)


async def test_risk_alone_shows_no_days_and_days_alone_no_risk(site: Site, desk: httpx.AsyncClient) -> None:
    number = await shares(site, code_of(site, 6))
    await finding(site, number, 0, "raised", "heat")
    both = (await desk.get(f"/housing/{number}")).text
    assert "Day by day" in both
    assert "mean temperature and humidity by day" in (await looks(site, number))[-1][2]
    await site.sql("update consent set revoked_at = now() where home_id = %s and statistic = 'daily'", number)
    risk = (await desk.get(f"/housing/{number}")).text
    assert "Day by day" not in risk
    assert "Too little heat" in risk
    await site.sql(
        "update consent set revoked_at = case when statistic = 'risk' then now() end where home_id = %s",
        number,
    )
    days = (await desk.get(f"/housing/{number}")).text
    assert "Day by day" in days
    assert "Too little heat" not in days
    assert "risk not shared" in days
    await site.sql("delete from consent where home_id = %s", number)


async def test_the_councils_case_shows_its_clock_and_an_officer_writes_into_it(
    site: Site, desk: httpx.AsyncClient
) -> None:
    number = await shares(site, code_of(site, 4))
    own, private = (
        await case(site, number, aware_days_ago=40),
        await case(site, number, aware_days_ago=40, council_owned=False),
    )
    other = await case(site, await home_id(site, code_of(site, 7)), aware_days_ago=40)
    page = (await desk.get("/housing")).text
    assert "2 cases are overdue" in page
    assert f"Case {own}: {await label_of(site, number)}" in page
    assert f"Case {other}: a home that shares nothing" in page
    assert f"Case {private}:" not in page
    home = (await desk.get(f"/housing/{number}")).text
    assert "overdue by" in home.lower()
    assert f"Case {private}:" not in home
    assert "My own words" not in home
    assert "the clock of the case with the council" in (await looks(site, number))[-2][2]
    refused = await desk.post(f"/housing/{number}/cases/{own}", data={"kind": "closed"})
    assert (refused.status_code, "needs its reason as a note" in refused.text) == (409, True)
    wrong = await desk.post(f"/housing/{number}/cases/{own}", data={"kind": "aware", "day": "2999-01-01"})
    assert (wrong.status_code, "future" in wrong.text) == (409, True)
    for stranger in (private, other, 2**62):
        answer = await desk.post(f"/housing/{number}/cases/{stranger}", data={"kind": "investigated"})
        assert answer.status_code == 404, stranger
    done = await desk.post(
        f"/housing/{number}/cases/{own}", data={"kind": "investigated", "note": "Cold bridge found"}
    )
    assert done.status_code == 303, done.text[:500]
    home = (await desk.get(f"/housing/{number}")).text
    assert "Cold bridge found" in home
    assert f"by {OFFICER}" in home
    assert "Done after the limit" in home
    [entry] = await site.sql(
        "select by, role from case_event where case_id = %s and kind = 'investigated'", own
    )
    assert entry == (OFFICER, "officer")
    await site.sql(
        "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at, state, sent_at)"
        " select 'case:' || %s || ':summary:soon:1:' || who || ':x:mail', 'amira', 'mail', 'reminder', 'warning', 'For the ' || who,"
        " '', now(), now(), 'sent', now() from unnest(array['officer', 'resident']) who",
        own,
    )
    home = (await desk.get(f"/housing/{number}")).text
    assert "For the officer To amira over mail: sent today" in home
    assert "For the resident" not in home
    await site.sql("delete from consent where home_id = %s", number)
    await site.sql("delete from housing_case")


async def test_an_officer_says_the_time_in_an_emergency_and_withdraws_nothing_of_the_households(
    site: Site, desk: httpx.AsyncClient
) -> None:
    number = await shares(site, code_of(site, 6))
    own = await case(site, number, aware_days_ago=2)
    await site.sql("update housing_case set kind = 'emergency' where case_id = %s", own)
    url = f"/housing/{number}/cases/{own}"
    today = f"{site.now:%Y-%m-%d}"
    refused = await desk.post(url, data={"kind": "investigated", "day": today})
    assert (refused.status_code, "say the time of day too" in refused.text) == (422, True)
    [(aware,)] = await site.sql("select case_event_id from case_event where case_id = %s", own)
    refused = await desk.post(url, data={"kind": "withdrawn", "withdraws": str(aware), "note": "No"})
    assert (refused.status_code, "was written by the household" in refused.text) == (409, True)
    yesterday = site.now - timedelta(hours=40)
    late = {"kind": "investigated", "day": f"{yesterday:%Y-%m-%d}", "at": f"{yesterday:%H:%M}"}
    assert (await desk.post(url, data=late)).status_code == 303
    assert (await desk.post(url, data=late | {"kind": "no_hazard"})).status_code == 303
    page = (await desk.get(f"/housing/{number}")).text
    assert "Written down on" in page
    assert "after the time was up." in page
    await site.sql("delete from case_event where case_id = %s", own)
    await site.sql("delete from housing_case where case_id = %s", own)


async def test_more_time_in_an_officers_words_counts_when_the_household_agrees(
    site: Site, desk: httpx.AsyncClient
) -> None:
    code = code_of(site, 5)
    number = await shares(site, code)
    own = await case(site, number, aware_days_ago=2)
    await site.join(code)
    last = (site.now + timedelta(days=90)).date()
    more = {"kind": "extended", "step": "investigate", "until": f"{last}", "note": "Roofer ill"}
    assert (await desk.post(f"/housing/{number}/cases/{own}", data=more)).status_code == 303
    home = (await desk.get(f"/housing/{number}")).text
    assert f"The council ({OFFICER}) says since" in home
    url = f"/home/{code}/evidence"
    api = f"/api/v1/homes/{code}/cases/{own}"
    document = (await site.http.get(api)).json()
    [claim] = document["claims"]
    assert (claim["role"], document["steps"][0]["extended_to"]) == ("officer", None)
    page = (await site.http.get(url)).text
    assert "The council asks you to agree: they have until" in page
    agree = {"number": claim["number"]}
    assert (await site.http.post(f"{url}/cases/{own}/agree", data=agree)).status_code == 303
    document = (await site.http.get(api)).json()
    step = document["steps"][0]
    assert (document["claims"], step["extended_to"], step["said_by"]) == ([], f"{last}", "resident")
    assert "You wrote: Agreed with the council: Roofer ill" in (await site.http.get(url)).text
    assert (await site.http.post(f"{url}/cases/{own}/agree", data=agree)).status_code == 409
    await site.sql("delete from consent where home_id = %s", number)
    await site.sql("delete from housing_case")


async def test_a_household_writes_into_its_case_as_itself(site: Site) -> None:
    code = code_of(site, 7)
    number = await home_id(site, code)
    await site.join(code)
    [(case_id,)] = await site.sql(
        "insert into housing_case (home_id, kind, council_owned, opened_at, opened_by)"
        " values (%s, 'significant', true, now(), 'desk') returning case_id",
        number,
    )
    posted = await site.http.post(f"/api/v1/homes/{code}/cases/{case_id}/events", json={"kind": "aware"})
    assert posted.status_code == 201, posted.text
    assert [e["role"] for e in posted.json()["events"]] == ["resident"]
    entry = "insert into case_event (case_id, kind, at, by, role, recorded_at) values (%s, 'investigated', now(), 'x', %s, now())"
    async with await psycopg.AsyncConnection.connect(site.dsn) as conn:
        await conn.execute("select set_config('cityops.session', %s, false)", (site.http.cookies["cityops"],))
        await conn.execute("set role cityops_resident")
        await conn.execute(entry, (case_id, "resident"))
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            await conn.execute(entry, (case_id, "officer"))
    await site.sql("delete from housing_case")


async def test_lists_files_and_programs_say_the_same_and_are_written_down(
    site: Site, desk: httpx.AsyncClient
) -> None:
    worst, low = await shares(site, code_of(site, 4)), await shares(site, code_of(site, 6))
    await site.sql("delete from damp_finding")
    await finding(site, worst, 0, "high", "heat")
    await site.sql("update home set label = '=1+1' where home_id = %s", worst)
    await site.sql(
        "update subject_state set at = now(), state = jsonb_set(state, '{risk}', '\"low\"') where subject_kind = 'home'"
    )
    answer = await desk.get("/housing/homes.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert next((r["home"], r["risk"], r["address"]) for r in rows) == (str(worst), "high", "'=1+1")
    assert (await looks(site, worst))[-1][2].endswith(", taken as a file")
    asked = program("Program", "Monthly figures")
    found = (await site.http.get("/api/v1/housing/homes", headers=asked)).json()
    assert [h["home_id"] for h in found["homes"]] == [int(r["home"]) for r in rows]
    assert (await looks(site, low))[-1] == (
        "Program",
        "housing",
        "damp risk and why, by a program",
        "Monthly figures",
    )
    utf8 = {**program("P", "Q"), "X-Cityops-Who": "Zoë".encode()}
    assert (await site.http.get("/api/v1/housing/homes", headers=utf8)).status_code == 200
    assert (await looks(site, low))[-1][0] == "Zoë"
    narrow = (await desk.get("/housing", params={"risk": "high", "q": str(worst)})).text
    assert f'href="/housing/{worst}"' in narrow
    assert f'href="/housing/{low}"' not in narrow
    assert (len(found["homes"]), found["not_shared"]) == (2, 6)  # five and more are told
    await shares(site, code_of(site, 7))
    await shares(site, DAMP)
    found = (await site.http.get("/api/v1/housing/homes", headers=program("P", "Q"))).json()
    assert found["not_shared"] is None
    await site.sql("delete from consent")


async def test_the_teams_role_has_its_functions_and_nothing_else(site: Site) -> None:
    for statement in (
        "select * from damp_finding", "select * from housing_finding", "select * from housing_share", "select * from home",
        "select housing_cases(1, true)", "select * from frog_reading", "select * from case_event", "select * from housing_home",
    ):  # fmt: skip
        with pytest.raises(Exception, match="permission denied"):
            await site.sql(f"set role cityops_housing; {statement}")


async def test_wards_are_told_to_everybody_without_small_numbers(site: Site) -> None:
    await site.sql("delete from damp_finding")
    first = await site.get("/api/v1/housing/wards")
    assert {w["at_risk"] for w in first["wards"]} == {None}
    assert first["others"] is None
    wards = [w["ward_id"] for w in first["wards"]]
    counts = {wards[0]: (30, 12), wards[1]: (40, 2), wards[2]: (20, 9), wards[3]: (3, 3)}
    for ward, (homes, at_risk) in counts.items():
        await ward_homes(site, ward, homes, at_risk)
    told = await site.get("/api/v1/housing/wards")
    shown = {w["ward_id"]: (w["homes"], w["at_risk"]) for w in told["wards"] if w["at_risk"] is not None}
    # Of 43 homes with 5 at risk the ward of 40 would have 2 to 5: so a third ward is not told either.
    assert shown == {wards[0]: (30, 12)}
    assert told["others"] == {"wards": 6, "homes": 63, "at_risk": 14}
    assert "Ward home" not in str(told)
    page = (await site.http.get("/housing/wards")).text
    assert "12 of 30" in page
    assert "<svg" in page
    assert "style=" not in page
    assert "counted once a week" in page
    # Who comes in between changes nothing before the next week's findings.
    await site.sql("update home set ward_id = %s where ward_id = %s", wards[0], wards[2])
    assert await site.get("/api/v1/housing/wards") == told
    assert (await site.http.get("/housing/wards")).text == page
    await site.sql(
        "update damp_finding set to_day = to_day + 7, week = week + 7 where home_id = (select max(home_id) from home)"
    )
    later = await site.get("/api/v1/housing/wards")
    assert {w["ward_id"]: w["homes"] for w in later["wards"]}[wards[0]] == 50
    assert later["as_of"] > told["as_of"]
    await site.sql("delete from ward_week; delete from damp_finding")


async def test_a_key_of_the_teams_needs_its_scope_and_a_purpose_and_is_named_to_households(
    site: Site,
) -> None:
    number = await shares(site, code_of(site, 4))
    before = len(await looks(site, number))
    key, why = site.with_key("housing:read"), {"X-Cityops-Purpose": "visits"}
    assert (await site.with_key("desk:write").get("/api/v1/housing/homes", headers=why)).status_code == 403
    assert (await key.get("/api/v1/housing/homes")).status_code == 422
    shown = await key.get("/api/v1/housing/homes", headers={**why, "X-Cityops-Who": "Olu Ade"})
    assert number in {home["home_id"] for home in shown.json()["homes"]}
    found = await looks(site, number)
    assert len(found) == before + 1
    assert "Olu Ade (Ada of service)" in str(found)
