"""Households over the web: joining, isolation even without the API's check, people, sharing, looks."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from ops_api.access import enforce
from ops_api.households.model import TRIES_AN_HOUR, Member
from ops_api.routers import content
from tests.fakes import seed_web, website
from tests.fakes.evidence_home import photo_bytes
from tests.fakes.website import OWN, PLAIN, Site

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINE, THEIRS = seed_web.DAMP_HOME, seed_web.DRY_HOME
PATHS = (
    "/home/{}",
    "/home/{}/days",
    "/home/{}/evidence",
    "/home/{}/evidence/photos/1",
    "/home/{}/people",
    "/home/{}/sharing",
    "/home/{}/looks",
    "/home/{}/data",
    "/home/{}/data.zip",
    "/live/home?code={}",
    "/live/home/stream?code={}",
    "/api/v1/homes/{}",
    "/api/v1/homes/{}/series?device=frog-0002",
    "/api/v1/homes/{}/diary",
    "/api/v1/homes/{}/damp",
    "/api/v1/homes/{}/cases",
    "/api/v1/homes/{}/cases/1",
    "/api/v1/homes/{}/contacts",
    "/api/v1/homes/{}/photos",
    "/api/v1/homes/{}/photos/1",
    "/api/v1/homes/{}/household",
    "/api/v1/homes/{}/consents",
    "/api/v1/homes/{}/access-log",
    "/api/v1/homes/{}/export",
    "/api/v1/stream?topic=home:{}",
)

CASES = tuple(p for p in PATHS if re.search("/(cases|contacts|photos)", p))
POSTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("cases", {"json": {}}),
    ("cases/1/events", {"json": {"kind": "aware"}}),
    ("contacts", {"json": {"method": "phone", "who": "N", "said": "x"}}),
    ("contacts/1/reply", {"json": {"reply": "x"}}),
    ("photos", {"files": {"file": ("w.jpg", photo_bytes())}, "data": {"caption": "Wall"}}),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_site(pg_server: str, towns: Any) -> AsyncIterator[Site]:
    """One site for the file; each test has homes or residents of its own."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def site(shared_site: Site) -> Site:
    await shared_site.sql("delete from join_try")
    shared_site.http.cookies.clear()
    return shared_site


async def browser(site: Site, code: str, name: str = "") -> httpx.AsyncClient:
    """Return another browser, signed in to the home with a code."""
    client = httpx.AsyncClient(verify=PLAIN, base_url=site.url, timeout=10, headers=OWN)
    joined = await client.post("/join", data={"code": code, "name": name})
    assert joined.status_code == 303, joined.text[:300]
    assert joined.headers["location"].startswith("/home/"), joined.headers["location"]
    return client


def town_homes(site: Site) -> list[str]:
    """Codes of homes that only one test uses; the fourth of the town has a frog that is quiet."""
    return [h.code for h in site.town.homes[4:]]


async def test_a_resident_sees_her_home_and_404_for_her_neighbours(site: Site) -> None:
    await site.join(MINE)
    assert "is at high risk of damp" in (await site.http.get(f"/home/{MINE}")).text
    label = next(h.label for h in site.town.homes if h.code == THEIRS)
    for path in PATHS:
        answer = await site.http.get(path.format(THEIRS))
        assert answer.status_code == 404, path
        assert label not in answer.text, path
        assert (
            await httpx.AsyncClient(verify=PLAIN, base_url=site.url).get(path.format("no-such-home"))
        ).status_code == 404, path
    for path, body in (
        ("diary", {"activity": "shower"}),
        ("people/leave", {}),
        ("events/1", {"activity": "shower"}),
        ("evidence/cases", {}),
        ("evidence/cases/1", {"kind": "summary"}),
        ("evidence/contacts", {"method": "phone", "who": "N", "said": "x"}),
        ("evidence/contacts/1", {"reply": "x"}),
        ("evidence/photos/1/remove", {}),
        ("evidence/pack", {"period": "month"}),
        ("data/delete", {"what": "everything", "sure": "1"}),
    ):
        assert (await site.http.post(f"/home/{THEIRS}/{path}", data=body)).status_code == 404, path
    assert (await site.http.delete(f"/api/v1/homes/{THEIRS}/data")).status_code == 404
    for path, sent in POSTS:
        assert (await site.http.post(f"/api/v1/homes/{THEIRS}/{path}", **sent)).status_code == 404, path


def everybody(who: Member | None, code: str) -> Member:
    """The API's check, taken away."""
    assert who is not None
    return who


async def test_the_database_stands_when_the_apis_check_is_gone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every check of the API lets everybody through: row-level security and the views alone are left."""
    await site.join(MINE)
    [(home_id, label)] = await site.sql("select home_id, label from home where code = %s", THEIRS)
    [(before,)] = await site.sql("select count(*) from diary_entry where home_id = %s", home_id)

    monkeypatch.setattr(enforce, "decide", lambda *_: "yes")
    monkeypatch.setattr(content, "check_lives_in", everybody)
    for path in ("/home/{}", "/live/home?code={}", "/api/v1/homes/{}", "/api/v1/homes/{}/series?device=frog-0002", "/api/v1/homes/{}/diary", "/api/v1/homes/{}/damp", *CASES):  # fmt: skip
        answer = await site.http.get(path.format(THEIRS))
        assert answer.status_code == 404, (path, answer.text[:200])
        assert label not in answer.text, path

    async def any_home(who: Member, code: str) -> dict[str, Any]:
        """The worst case: the API hands out the neighbour's row itself."""
        return {"home_id": home_id, "code": THEIRS, "label": "?", "occupants": 2}

    monkeypatch.setattr(content, "home_row", any_home)
    # The page asks the database by the code itself: there is no row that could be handed to it.
    for path in ("/home/{}", "/live/home?code={}"):
        assert (await site.http.get(path.format(THEIRS))).status_code == 404, path
    document = await site.get(f"/api/v1/homes/{THEIRS}")
    assert document["rooms"] == []
    assert document["state"] is None
    assert await site.get(f"/api/v1/homes/{THEIRS}/diary") == []
    for path in ("series?device=frog-0002", "damp"):
        assert (await site.http.get(f"/api/v1/homes/{THEIRS}/{path}")).status_code == 404, path
    pressed = await site.http.post(f"/home/{THEIRS}/diary", data={"activity": "shower"})
    assert pressed.status_code == 500
    assert await site.sql("select count(*) from diary_entry where home_id = %s", home_id) == [(before,)]


async def test_a_neighbours_case_is_none_when_the_apis_check_is_gone(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading and writing, under her own home's address too; also where the API hands out the neighbour's row."""
    written = await browser(site, THEIRS)
    made = {
        path: (await written.post(f"/api/v1/homes/{THEIRS}/{path}", **sent)).json()
        for path, sent in POSTS
        if path in ("cases", "contacts", "photos")
    }
    case, contact = made["cases"]["case_id"], made["contacts"]["contact_id"]
    reads = (f"cases/{case}", f"photos/{made['photos']['photo_id']}")
    writes: list[tuple[str, dict[str, Any]]] = [
        *POSTS,
        (f"cases/{case}/events", {"json": {"kind": "aware"}}),
        (f"contacts/{contact}/reply", {"json": {"reply": "x"}}),
    ]
    await site.join(MINE)
    monkeypatch.setattr(enforce, "decide", lambda *_: "yes")
    monkeypatch.setattr(content, "check_lives_in", everybody)

    async def closed(home: str, writes: list[tuple[str, dict[str, Any]]]) -> None:
        for path in reads:
            assert (await site.http.get(f"/api/v1/homes/{home}/{path}")).status_code == 404, path
        for path, sent in writes:
            assert (await site.http.post(f"/api/v1/homes/{home}/{path}", **sent)).status_code == 404, path
        assert (await site.http.delete(f"/api/v1/homes/{home}/{reads[1]}")).status_code == 404

    await closed(MINE, writes[-2:])
    await closed(THEIRS, writes)
    [home] = await site.sql("select home_id, code, label, 2 as occupants from home where code = %s", THEIRS)
    row = dict(zip(("home_id", "code", "label", "occupants"), home, strict=True))

    async def any_home(who: Member, code: str) -> dict[str, Any]:
        return row

    monkeypatch.setattr(content, "home_row", any_home)
    for path in made:
        assert await site.get(f"/api/v1/homes/{THEIRS}/{path}") == []
    await closed(THEIRS, writes)
    monkeypatch.undo()
    assert (await written.get(f"/api/v1/homes/{THEIRS}/cases")).json() == [made["cases"]]
    assert (await written.get(f"/api/v1/homes/{THEIRS}/contacts")).json() == [made["contacts"]]


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(site: Site) -> None:
    for scheme, name, more in (("http", "cityops", ""), ("https", "__Host-cityops", "; Secure")):
        answer = await site.http.post("/join", data={"code": MINE}, headers={"X-Forwarded-Proto": scheme})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{name}="), cookie
        for part in ("HttpOnly", "SameSite=lax", "Path=/", more):
            assert part in cookie, part
        token = cookie.partition("=")[2].partition(";")[0]
        assert len(token) >= 43
        assert await site.sql(
            "select count(*) from resident_session where token_hash = convert_to(%s, 'UTF8')", token
        ) == [(0,)]
        site.http.cookies.clear()


async def test_joining_again_makes_a_new_session_of_the_same_resident(site: Site) -> None:
    await site.join(MINE)
    first = site.http.cookies["cityops"]
    await site.http.post("/join", data={"code": THEIRS})
    assert site.http.cookies["cityops"] != first
    homes = await site.get("/api/v1/homes")
    assert [h["home"] for h in homes] == [THEIRS, MINE]
    old = httpx.AsyncClient(verify=PLAIN, base_url=site.url, headers={"Authorization": f"Bearer {first}"})
    assert (await old.get("/api/v1/homes")).status_code == 401


async def test_a_token_is_replaced_after_a_day_and_the_old_one_goes_when_the_new_one_was_seen(
    site: Site,
) -> None:
    await site.join(MINE)
    old = site.http.cookies["cityops"]
    await site.sql("update resident_session set rotated_at = now() - interval '25 hours'")
    page = await site.http.get(f"/home/{MINE}")
    new = page.cookies["cityops"]
    assert new != old

    async def works(token: str) -> bool:
        answer = await httpx.AsyncClient(verify=PLAIN, base_url=site.url).get(
            f"/api/v1/homes/{MINE}", headers={"Authorization": f"Bearer {token}"}
        )
        return answer.status_code == 200

    assert await works(old)  # the answer with the new one may have been lost
    assert await works(new)
    assert await works(old)  # requests on their way
    await site.sql(
        "update resident_session set old_until = now() - interval '1 second' where old_until is not null"
    )
    assert not await works(old)
    assert await works(new)


async def test_signing_out_ends_one_browser_or_all(site: Site) -> None:
    await site.join(MINE)
    token = site.http.cookies["cityops"]
    program = httpx.AsyncClient(verify=PLAIN, base_url=site.url, headers={"Authorization": f"Bearer {token}"})
    assert (await program.get("/api/v1/homes")).status_code == 200
    out = await site.http.post("/sign-out", data={"everywhere": "true"}, follow_redirects=True)
    assert "You are signed out" in out.text
    assert (await program.get("/api/v1/homes")).status_code == 401
    assert (await site.http.get(f"/api/v1/homes/{MINE}")).status_code == 404


async def test_guessing_is_slowed_where_it_could_work_and_locks_nobody_out(site: Site) -> None:
    await site.join(MINE)
    invited = (await site.http.post(f"/api/v1/homes/{MINE}/invitations")).json()["code"]
    resident = httpx.AsyncClient(
        verify=PLAIN, base_url=site.url, headers=OWN, cookies=dict(site.http.cookies)
    )
    site.http.cookies.clear()
    for n in range(TRIES_AN_HOUR):
        wrong = await site.http.post("/api/v1/join", json={"code": f"wrong-code-{n}"})
        assert wrong.status_code == 404
    # A registry's code, which somebody might guess, is refused from here now, as right as it is.
    limited = await site.http.post("/api/v1/join", json={"code": THEIRS})
    assert limited.status_code == 429
    assert limited.headers["retry-after"]
    assert (await site.http.get(f"/join/{THEIRS}")).status_code == 404
    page = await site.http.post("/join", data={"code": THEIRS})
    assert page.status_code == 429
    assert "Too many wrong codes" in page.text
    # Who is signed in notices nothing, and a code that nobody guesses opens as ever.
    assert (await resident.get(f"/home/{MINE}")).status_code == 200
    assert (
        await site.http.post("/api/v1/join", json={"code": invited.lower().replace("-", " ")})
    ).status_code == 201
    # Another network is not concerned.
    other = await site.http.post(
        "/api/v1/join", json={"code": THEIRS}, headers={"X-Forwarded-For": "203.0.113.9"}
    )
    assert other.status_code == 201
    stored = await site.sql("select octet_length(source) from join_try")
    assert set(stored) == {(32,)}


async def test_an_invitation_lets_one_person_in_and_both_are_named(site: Site) -> None:
    code = town_homes(site)[0]
    ada = await browser(site, code, "Ada")
    made = await ada.post(f"/home/{code}/people/invite", data={"all_of_it": "true"})
    [invitation] = re.findall(r"The code is ([0-9A-Z-]{15})", made.text)
    stored = await site.sql(
        "select count(*) from join_code where code_hash = convert_to(%s, 'UTF8')", invitation
    )
    assert stored == [(0,)]
    looked = await httpx.AsyncClient(verify=PLAIN, base_url=site.url).get(f"/join/{invitation}")
    assert looked.status_code == 200
    ben = await browser(site, invitation, "Ben")
    again = await httpx.AsyncClient(verify=PLAIN, base_url=site.url).post("/join", data={"code": invitation})
    assert again.headers["location"].startswith("/?unknown=")
    for one in (ada, ben):
        people = (await one.get(f"/home/{code}/people")).text
        assert "2 people can see this home" in people
        assert "Ada" in people
        assert "Ben" in people
    assert (await ben.get(f"/api/v1/homes/{code}")).json()["rooms"][0]["temperature_c"] is not None
    assert "joined your home" in (await ada.get(f"/home/{code}/looks")).text.lower()


async def test_each_sees_and_may_stop_what_the_other_shares(site: Site) -> None:
    code = town_homes(site)[1]
    ada, ben = await browser(site, code, "Ada"), await browser(site, code, "Ben")
    assert (
        "The council does not see your home. Your landlord sees nothing."
        in (await ada.get(f"/home/{code}/sharing")).text
    )
    await ada.post(f"/home/{code}/sharing/council", data={"on": "true"})
    frog = (await ada.get(f"/api/v1/homes/{code}")).json()["rooms"][0]["device"]
    day = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%d")
    added = await ada.post(
        f"/home/{code}/sharing/add",
        data={
            "statistic": "hourly",
            "recipient_kind": "landlord",
            "recipient": "Mr Lord",
            "device": frog,
            "to_day": day,
        },
    )
    assert added.status_code == 303, added.text
    page = (await ben.get(f"/home/{code}/sharing")).text
    assert (
        "The council sees some of your home. Your landlord sees nothing. You said yes to 1 other: nothing is sent to them yet."
        in page
    )
    assert "Ada said yes on" in page
    assert "Your landlord: Mr Lord</strong> may see how warm" in page
    assert "We keep your yes. Nothing is sent yet" in page
    assert "look back four weeks" in page
    consents = (await ben.get(f"/api/v1/homes/{code}/consents")).json()
    landlord = next(c for c in consents if c["recipient_kind"] == "landlord")
    assert (landlord["device"], landlord["given_by"], landlord["statistic"]) == (frog, "Ada", "hourly")
    await ben.post(f"/home/{code}/sharing/{landlord['consent_id']}/stop")
    await ben.post(f"/home/{code}/sharing/council", data={"on": "false"})
    page = (await ada.get(f"/home/{code}/sharing")).text
    assert "The council does not see your home" in page
    assert "Ben stopped it on" in page
    again = await ada.delete(f"/api/v1/homes/{code}/consents/{landlord['consent_id']}")
    assert again.status_code == 404


async def test_consents_that_make_no_sense_are_refused(site: Site) -> None:
    code = town_homes(site)[1]
    ada = await browser(site, code)
    url = f"/api/v1/homes/{code}/consents"
    good = {"statistic": "risk", "recipient_kind": "landlord", "recipient": "L"}
    for change, status in (
        ({"recipient": " "}, 422),
        ({"statistic": "everything"}, 422),
        ({"recipient_kind": "anybody"}, 422),
        ({"device": "frog-0001"}, 404),
        ({"to_at": "2020-01-01T00:00:00Z"}, 422),
        ({"recipient": "x" * 81}, 422),
        ({"recipient": "a\0"}, 422),
    ):
        assert (await ada.post(url, json=good | change)).status_code == status, change
    assert (await ada.get(url)).json() == [] or all(
        c["recipient"] != "L" for c in (await ada.get(url)).json()
    )


async def test_the_housing_team_sees_consented_homes_only_and_leaves_a_line(site: Site) -> None:
    code = town_homes(site)[2]
    ada = await browser(site, code, "Ada")
    [(home_id,)] = await site.sql("select home_id from home where code = %s", code)

    async def housing(query: str, *values: object) -> list[tuple[Any, ...]]:
        async with await psycopg.AsyncConnection.connect(site.dsn, autocommit=True) as conn:
            await conn.execute("set role cityops_housing")
            return await (await conn.execute(query, values)).fetchall()  # type: ignore[arg-type]

    read = "select home_id, risk from housing_read_homes('Priya', 'weekly list')"
    daily = "select day from housing_read_daily('Priya', 'a visit', %s, now() - interval '9 days', now() + interval '1 day')"
    assert home_id not in [row[0] for row in await housing(read)]
    assert await housing(daily, home_id) == []
    assert (await ada.get(f"/api/v1/homes/{code}/access-log")).json()[0]["role"] == "resident"
    await ada.post(f"/api/v1/homes/{code}/consents", json={"statistic": "risk", "recipient_kind": "council", "from_at": "2020-01-01T00:00:00Z"})  # fmt: skip
    await ada.post(f"/api/v1/homes/{code}/consents", json={"statistic": "daily", "recipient_kind": "council", "from_at": "2020-01-01T00:00:00Z"})  # fmt: skip
    assert home_id in [row[0] for row in await housing(read)]
    assert len(await housing(daily, home_id)) >= 2
    lines = (await ada.get(f"/api/v1/homes/{code}/access-log")).json()
    assert [(line["who"], line["purpose"]) for line in lines[:2]] == [
        ("Priya", "a visit"),
        ("Priya", "weekly list"),
    ]
    label = next(h.label for h in site.town.homes if h.code == code)
    assert f"They read: “{label}, damp risk" in (await ada.get(f"/home/{code}/sharing")).text
    page = (await ada.get(f"/home/{code}/looks")).text
    assert "Priya" in page
    assert "a visit" in page
    with pytest.raises(psycopg.errors.CheckViolation):
        await housing("select * from housing_read_homes('Priya', '')")
    for forbidden in ("select * from housing_home", "select * from home", "select * from frog_daily"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await housing(forbidden)
    await ada.post(f"/home/{code}/sharing/council", data={"on": "false"})
    assert home_id not in [row[0] for row in await housing(read)]
    for change in ("update access_log set who = 'Nobody'", "delete from access_log"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await site.sql(change)


async def test_moving_out_ends_access_consents_and_the_label_at_once(site: Site) -> None:
    code = town_homes(site)[3]
    ada = await browser(site, code, "Ada")
    await ada.post(f"/home/{code}/sharing/council", data={"on": "true"})
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%d")
    assert (await ada.post(f"/home/{code}/people/leave", data={"day": tomorrow})).status_code == 422
    # Where she was reminded goes at once, and what waits to be sent is sent to nobody.
    await site.sql(
        "insert into home_contact (home_id, channel, address) select home_id, 'mail', 'a@b.example' from home where code = %s",
        code,
    )
    await site.sql(
        "insert into notification (key, recipient, channel, kind, severity, title, body, not_before, expires_at)"
        " select 'waits', 'home:' || home_id, 'mail', 'reminder', 'info', 't', 'b', now(), now() from home where code = %s",
        code,
    )
    cookie = dict(ada.cookies)
    left = await ada.post(f"/home/{code}/people/leave", follow_redirects=True)
    assert "You are signed out" in left.text
    kept = httpx.AsyncClient(verify=PLAIN, base_url=site.url, headers=OWN, cookies=cookie)
    assert (await kept.get(f"/api/v1/homes/{code}")).status_code == 404
    assert await site.sql(
        "select count(*) from consent c join home h using (home_id) where h.code = %s and revoked_at is null",
        code,
    ) == [(0,)]
    assert await site.sql("select count(*) from home_contact") == [(0,)]
    assert await site.sql("select state from notification where key = 'waits'") == [("suppressed",)]
    # The label's code went with the last one who lived there: the next tenant gets a new one.
    again = await httpx.AsyncClient(verify=PLAIN, base_url=site.url).post("/join", data={"code": code})
    assert again.headers["location"].startswith("/?unknown=")


async def test_what_is_shared_ends_with_the_stay_of_who_gave_it(site: Site) -> None:
    [(home_id,)] = await site.sql("select home_id from home where code = %s", town_homes(site)[3])
    await site.sql(
        "insert into consent (home_id, statistic, recipient_kind, recipient, from_at, given_by)"
        " select home_id, 'risk', 'council', 'housing', '-infinity', resident_id from household_member where home_id = %s",
        home_id,
    )
    assert await site.sql("select consented(%s, 'risk', 'council:housing', now())", home_id) == [(False,)]
