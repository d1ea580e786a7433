"""Signing in over the web without JavaScript: password, authenticator, link; one's account and all accounts."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from ops_api.access.model import Role
from tests.fakes import website
from tests.fakes.identity import PASSWORD
from tests.fakes.staff import Person, add, at_desk
from tests.fakes.website import Site
from tests.integration.conftest import Towns

pytestmark = pytest.mark.asyncio(loop_scope="module")
NEW = "thimble harbour walnut 9"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(pg_server: str, towns: Towns) -> AsyncIterator[Site]:
    """One site for all tests of this file."""
    async with website.copied(pg_server, *await towns.template()) as started:
        yield started


async def signed_in(site: Site, name: str, *roles: Role) -> Person:
    await add(site, name, *roles)
    person = Person(site, name)
    shown = await person.signs_in()
    assert shown.status_code == 200, shown.text
    return person


async def age(site: Site, name: str, by: timedelta) -> None:
    """Have a factor been shown longer ago."""
    await site.sql(
        "update staff_session set strong_at = strong_at - %s from account a"
        " where a.account_id = staff_session.account_id and a.name = %s",
        by,
        name,
    )


async def test_password_then_authenticator_then_recovery_codes_then_in(site: Site) -> None:
    await add(site, "ada", Role.HIGHWAYS)
    ada = Person(site, "ada")
    assert (await ada.http.get("/account")).headers["location"] == "/sign-in?next=/account"
    first = await ada.types("/winter")
    assert first.headers["location"] == "/sign-in/set-up"
    assert "cityops_staff" not in ada.http.cookies
    page = await ada.http.get("/sign-in/set-up")
    assert "data:image/svg+xml" in page.text
    assert "secret=" not in page.text
    wrong = await ada.http.post("/sign-in/set-up", data={"code": "000000"})
    assert (wrong.status_code, "not the code" in wrong.text) == (403, True)
    codes = await ada.signs_in("/winter")
    found = re.findall(r"<code>([0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{5})</code>", codes.text)
    assert len(set(found)) == 10
    assert 'href="/winter"' in codes.text
    account = await ada.http.get("/account")
    assert "Highways officer" in account.text
    assert "10 recovery codes are left" in account.text
    # Again, in another browser: with a code, then with a recovery code, each once.
    other = Person(site, "ada")
    other.app, other.used = ada.app, ada.used
    done = await other.signs_in("/alarms")
    assert (done.status_code, done.headers["location"]) == (303, "/alarms")
    third = Person(site, "ada")
    await third.types()
    done = await third.http.post("/sign-in/code", data={"code": found[0].lower().replace("-", " ")})
    assert done.status_code == 303
    fourth = Person(site, "ada")
    await fourth.types()
    again = await fourth.http.post("/sign-in/code", data={"code": found[0]})
    assert again.status_code == 403
    assert "cityops_staff" not in fourth.http.cookies


async def test_the_answer_to_a_wrong_name_is_that_to_a_wrong_password(site: Site) -> None:
    await add(site, "carol", Role.WASTE)
    known, unknown = Person(site, "carol", "wrong"), Person(site, "nobody", "wrong")
    one, other = await known.types(), await unknown.types()
    assert one.status_code == other.status_code == 403
    assert one.text.replace("carol", "") == other.text.replace("nobody", "")
    assert not known.http.cookies
    assert not unknown.http.cookies
    for name in ("<script>alert(1)</script>", "x" * 63, "\u0000", "caf\u00e9"):
        said = await Person(site, name, "wrong").types()
        assert (said.status_code, "<script>alert" in said.text) == (403, False), name


async def test_a_session_put_into_the_browser_before_is_worth_nothing(site: Site) -> None:
    await add(site, "dan", Role.WASTE)
    dan = Person(site, "dan")
    dan.http.cookies.set("cityops_staff", "chosen by an attacker", domain="127.0.0.1", path="/")
    await dan.signs_in()
    assert dan.http.cookies["cityops_staff"] != "chosen by an attacker"
    before = dan.http.cookies["cityops_staff"]
    assert (await dan.signs_in()).status_code == 303
    assert dan.http.cookies["cityops_staff"] != before
    old = Person(site, "dan")
    old.http.cookies.set("cityops_staff", before, domain="127.0.0.1", path="/")
    assert (await old.http.get("/account")).status_code == 303


@pytest.mark.parametrize(
    "to",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"],
)
async def test_signing_in_leads_to_no_other_site(site: Site, to: str) -> None:
    if not await site.sql("select 1 from account where name = 'erin'"):
        await add(site, "erin", Role.OPEN_DATA)
    done = await Person(site, "erin").types(to)
    assert done.headers["location"] == "/"
    page = await site.http.get("/sign-in", params={"next": to})
    assert "evil" not in page.text


async def test_a_step_is_of_one_browser_and_wrong_codes_end_it(site: Site) -> None:
    fay = await signed_in(site, "fay", Role.WASTE)
    begun = Person(site, "fay")
    begun.app, begun.used = fay.app, fay.used
    await begun.types()
    thief = Person(site, "fay")
    assert (await thief.http.get("/sign-in/code")).headers["location"] == "/sign-in?over=1"
    for _ in range(5):
        assert (await begun.http.post("/sign-in/code", data={"code": "123456"})).status_code in (403, 429)
    over = await begun.http.post("/sign-in/code", data={"code": begun.code()})
    assert (over.status_code, "Begin again" in over.text) == (403, True)


async def test_a_link_lets_its_owner_choose_a_password_once(site: Site) -> None:
    boss = await signed_in(site, "boss", Role.ADMIN)
    made = await boss.posts("/accounts", "/accounts", name="gus", label="Gus", role="bin_crew")
    found = re.search(r"/sign-in/link/[A-Za-z0-9_-]{43}", made.text)
    assert found is not None, made.text
    gus = Person(site, "gus", NEW)
    for _ in range(3):  # whoever previews it uses nothing up
        assert (await gus.http.get(found[0])).status_code == 200
    for password, again, said in ((NEW, "other", "not the same"), ("short", "short", "at least 12")):
        wrong = await gus.http.post(found[0], data={"password": password, "again": again})
        assert (wrong.status_code, said in wrong.text) == (422, True)
    done = await gus.http.post(found[0], data={"password": NEW, "again": NEW})
    assert done.headers["location"] == "/sign-in/set-up"
    assert (await gus.http.get(found[0])).status_code == 404
    assert (await gus.http.post(found[0], data={"password": NEW, "again": NEW})).status_code == 404
    assert (await gus.signs_in()).status_code == 200
    assert "Bin crew" in (await gus.http.get("/account")).text


async def test_administrators_manage_and_nobody_else_does(site: Site) -> None:
    hal = await signed_in(site, "hal", Role.HIGHWAYS, Role.OPERATIONS, Role.HOUSING, Role.DEVICES)
    for path in ("/accounts", "/accounts/hal"):
        assert (await hal.http.get(path)).status_code == 403
    mark = await hal.mark()
    for act in ("roles", "disable", "enable", "link", "end-sessions", "reset-mfa"):
        sent = await hal.http.post(f"/accounts/hal/{act}", data={"_form": mark, "role": "admin"})
        assert sent.status_code == 403, act
    boss = await signed_in(site, "chief", Role.ADMIN)
    shown = await boss.http.get("/accounts/hal")
    assert "1 browser is signed in" in shown.text
    assert (await boss.posts("/accounts/hal/roles", "/accounts/hal", role=["highways"])).status_code == 303
    # Other roles sign out at once.
    assert (await hal.http.get("/account")).status_code == 303
    assert (await boss.posts("/accounts/hal/disable", "/accounts/hal")).status_code == 303
    assert (await hal.types()).status_code == 403
    assert (await boss.posts("/accounts/hal/enable", "/accounts/hal")).status_code == 303
    assert (await hal.types()).headers["location"] == "/sign-in/code"
    assert (await boss.posts("/accounts/hal/reset-mfa", "/accounts/hal")).status_code == 303
    assert (await hal.types()).headers["location"] == "/sign-in/set-up"
    assert (await boss.http.get("/accounts/no-such")).status_code == 404
    # What would keep somebody coming in asks for a factor again after ten minutes.
    mark = await boss.mark("/accounts/hal")
    await age(site, "chief", timedelta(minutes=11))
    again = await boss.http.post("/accounts/hal/link", data={"_form": mark})
    assert (again.status_code, "again=1" in again.headers["location"]) == (303, True)
    assert (await boss.http.get("/sign-in?again=1")).status_code == 200
    assert (await boss.signs_in("/accounts/hal")).headers["location"] == "/accounts/hal"
    assert (await boss.posts("/accounts/hal/link", "/accounts/hal")).status_code == 200


async def test_forms_without_their_mark_do_nothing(site: Site) -> None:
    ida = await signed_in(site, "ida", Role.WASTE)
    for path in (
        "sign-out",
        "sessions/end",
        "password",
        "codes",
        "authenticator/remove",
        "keys",
        "keys/revoke",
    ):
        sent = await ida.http.post(
            f"/account/{path}", data={"_form": "0" * 32, "label": "x", "scope": "open:read"}
        )
        assert sent.status_code == 403, path
    assert (await ida.http.get("/account")).status_code == 200
    assert (
        await site.sql(
            "select 1 from api_key k join account on owner_account = account_id where name = 'ida'"
        )
        == []
    )


@pytest.mark.parametrize("value", ["", "\u00e9" * 40, "'; drop table account; --", "../../etc", "7", "<b>"])
async def test_nonsense_in_forms_breaks_nothing(site: Site, value: str) -> None:
    if not await site.sql("select 1 from account where name = 'nan'"):
        await add(site, "nan", Role.ADMIN)
    async with at_desk(site) as desk:
        nan = await desk.accounts.named("nan")
        assert nan is not None
        token = (await desk.sessions.begin(nan, "link", datetime.now(UTC), mfa=True)).token
    person = Person(site, "nan")
    person.http.cookies.set("cityops_staff", token, domain="127.0.0.1", path="/")
    mark = await person.mark()
    for path, fields in (
        ("/account/sessions/end", ("session_id",)),
        ("/account/passkeys/remove", ("passkey",)),
        ("/account/keys", ("label", "scope", "days")),
        ("/account/keys/revoke", ("key",)),
        ("/accounts", ("name", "label", "role")),
        ("/accounts/nan/roles", ("role",)),
    ):
        sent = await person.http.post(path, data=dict.fromkeys(fields, value) | {"_form": mark})
        assert sent.status_code in (303, 409, 422), (path, sent.status_code)
        assert value not in sent.text or "<b>" not in value, path
    assert (await person.http.get("/account")).status_code == 200


async def test_keys_are_made_shown_once_used_and_revoked(site: Site) -> None:
    jo = await signed_in(site, "jo", Role.DEVICES)
    made = await jo.posts(
        "/account/keys", label="my feed", scope=["desk:read", "observations:write"], days=30
    )
    found = re.search(r"cok_[a-z2-7]{8}_[A-Za-z0-9_-]{43}", made.text)
    assert found is not None
    assert found[0] not in (await jo.http.get("/account")).text
    refused = await jo.posts("/account/keys", label="more", scope=["accounts:write"], days=30)
    assert (refused.status_code, "no role that holds" in refused.text) == (422, True)
    ways = (
        {"X-Api-Key": found[0]},
        {"Authorization": f"Bearer {found[0]}"},
        {"Authorization": "Basic " + __import__("base64").b64encode(f"x:{found[0]}".encode()).decode()},
    )
    for headers in ways:
        assert (await site.http.get("/api/v1/dead-letters", headers=headers)).status_code == 200, headers
    assert (await site.http.get("/api/v1/dead-letters")).status_code == 401
    # A key is no person: it opens no account, and beside a session's cookie it alone counts.
    assert (await jo.http.get("/account", headers=ways[0])).status_code == 403
    assert (await jo.posts("/account/keys/revoke", key=found[0][4:12])).status_code == 303
    assert (await site.http.get("/api/v1/dead-letters", headers=ways[0])).status_code == 401


async def test_a_changed_password_signs_out_elsewhere(site: Site) -> None:
    kim = await signed_in(site, "kim", Role.WASTE)
    other = Person(site, "kim")
    other.app, other.used = kim.app, kim.used
    assert (await other.signs_in()).status_code == 303
    for current, new, said in (("wrong", NEW, "do not belong"), (PASSWORD, "kim", "at least")):
        no = await kim.posts("/account/password", current=current, password=new, again=new)
        assert said in no.text
    assert (await other.http.get("/account")).status_code == 200
    assert (
        await kim.posts("/account/password", current=PASSWORD, password=NEW, again=NEW)
    ).status_code == 303
    assert (await other.http.get("/account")).status_code == 303
    assert (await kim.http.get("/account")).status_code == 200
    assert (await kim.types(password=PASSWORD)).status_code == 403
    assert (await kim.types(password=NEW)).status_code == 303
    left = (await kim.posts("/account/sign-out")).headers["location"]
    assert left == "/sign-in?left=1"
    assert "You are signed out." in (await kim.http.get(left)).text
    assert (await kim.http.get("/account")).status_code == 303


async def test_whose_session_ended_is_told_and_comes_back_to_where_she_was(site: Site) -> None:
    una = await signed_in(site, "una", Role.ADMIN)
    assert (await una.http.get("/accounts/una?done=roles")).text.count("Saved. They are signed out") == 1
    await site.sql("update staff_session set seen_at = seen_at - interval '31 min'")
    gone = await una.http.get("/audit?actor=una")
    assert gone.headers["location"] == "/sign-in?next=/audit%3Factor%3Duna"
    page = (await una.http.get(gone.headers["location"])).text
    assert "You were signed out" in page
    assert 'value="/audit?actor=una"' in page
    assert (await una.signs_in("/audit?actor=una")).headers["location"] == "/audit?actor=una"
    assert "You were signed out" not in (await site.http.get("/sign-in")).text


async def test_a_token_of_an_hour_is_replaced_while_pages_load(site: Site) -> None:
    lee = await signed_in(site, "lee", Role.WASTE)
    before = lee.http.cookies["cityops_staff"]
    await lee.http.get("/account")
    assert lee.http.cookies["cityops_staff"] == before
    await site.sql("update staff_session set rotated_at = rotated_at - interval '61 min'")
    shown = await lee.http.get("/account")
    assert "httponly" in shown.headers["set-cookie"].lower()
    after = lee.http.cookies["cityops_staff"]
    assert after != before
    assert (await lee.http.get("/account")).status_code == 200
    now = datetime.now(UTC)
    async with at_desk(site) as desk:
        assert await desk.sessions.find(before, now) is not None
        assert await desk.sessions.find(before, now + timedelta(minutes=2)) is None


async def test_a_program_of_an_administrators_brings_people_in_and_takes_them_out(site: Site) -> None:
    await add(site, "root", Role.ADMIN)
    now = datetime.now(UTC)
    async with at_desk(site) as desk:
        root = await desk.accounts.named("root")
        assert root is not None
        key = (await desk.keys.make(root, "people", ["accounts:write"], now)).key
        weak = (await desk.keys.make(root, "reader", ["desk:read"], now)).key
    program = {"X-Api-Key": key}
    post = {"name": "new.here", "label": "New", "roles": ["waste"]}
    for headers, status in (({}, 401), ({"X-Api-Key": weak}, 403)):
        assert (await site.http.post("/api/v1/accounts", json=post, headers=headers)).status_code == status
    made = await site.http.post("/api/v1/accounts", json=post, headers=program)
    assert made.status_code == 201, made.text
    assert made.json()["link"].startswith(f"{site.url}/sign-in/link/")
    assert (await site.http.post("/api/v1/accounts", json=post, headers=program)).status_code == 409
    for wrong in (
        {"name": "x y", "roles": []},
        {"name": "zed", "roles": ["king"]},
        {"name": "zed", "roles": ["resident"]},
    ):
        assert (await site.http.post("/api/v1/accounts", json=wrong, headers=program)).status_code in (
            409,
            422,
        )
    at = "/api/v1/accounts/new.here"
    seen = await site.http.get(at, headers=program)
    assert (seen.json()["name"], seen.json()["roles"]) == ("new.here", post["roles"])
    for tag, status in (
        (None, 428),
        ('"7000"', 412),
        (seen.headers["etag"], 204),
        (seen.headers["etag"], 412),
        ("*", 204),
    ):
        told = program if tag is None else program | {"If-Match": tag}
        changed = await site.http.put(f"{at}/roles", json={"roles": ["bin_crew"]}, headers=told)
        assert changed.status_code == status, (tag, changed.text)
    assert (await site.http.post(f"{at}/disable", headers=program)).status_code == 204
    listed = (await site.http.get("/api/v1/accounts", headers=program)).json()
    [row] = [a for a in listed if a["name"] == "new.here"]
    assert (row["roles"], row["password"], row["disabled_at"] is None) == (["bin_crew"], False, False)
    assert (await site.http.post(f"{at}/enable", headers=program)).status_code == 204
    assert (await site.http.post(f"{at}/link", headers=program)).status_code == 200
    assert (await site.http.delete(f"{at}/sessions", headers=program)).status_code == 204
    assert (await site.http.post("/api/v1/accounts/no.body/link", headers=program)).status_code == 404
    keys = (await site.http.get("/api/v1/keys", headers=program)).json()
    assert {k["label"] for k in keys} >= {"people", "reader"}
    assert key[-43:] not in str(keys)
    assert (await site.http.delete(f"/api/v1/keys/{weak[4:12]}", headers=program)).status_code == 204
    assert (await site.http.delete(f"/api/v1/keys/{weak[4:12]}", headers=program)).status_code == 404
    # A root that is no administrator any more has a key that is good for nothing here.
    await add(site, "root2", Role.ADMIN)
    async with at_desk(site) as desk:
        await desk.accounts.set_roles(root, (Role.WASTE,))
    assert (await site.http.get("/api/v1/accounts", headers=program)).status_code == 403


async def test_thousands_of_accounts_are_shown_a_page_at_a_time_and_found(site: Site) -> None:
    await site.sql(
        "insert into account (name, label, roles, made_by) select 'zz' || to_char(n, 'FM0000'), 'Züleyha ' || n, '{waste}', 'test'"
        " from generate_series(1, 2000) n"
    )
    boss = await signed_in(site, "boss.of.many", Role.ADMIN)
    at, seen = "/accounts?role=waste&q=Z%C3%BCley", []
    while at:
        shown = (await boss.http.get(at)).text
        assert "2,000 accounts" in shown
        seen += re.findall(r"\((zz\d{4})\)", shown)
        found = re.search(r'href="([^"]*after=[^"]*)"', shown)
        at = "" if found is None else html.unescape(found[1])
    assert seen == [f"zz{n:04}" for n in range(1, 2001)]
    [one] = re.findall(r"\((zz\d{4})\)", (await boss.http.get("/accounts", params={"q": "ZZ1234"})).text)
    assert one == "zz1234"
    for nothing in ("zz%", "zz_1", "\u0000", "'; drop table account"):
        answer = await boss.http.get("/accounts", params={"q": nothing})
        assert (answer.status_code in (200, 422), "(zz" in answer.text) == (True, False), nothing
    async with at_desk(site) as desk:
        who = await desk.accounts.named("boss.of.many")
        assert who is not None
        key = (await desk.keys.make(who, "people", ["accounts:write"], datetime.now(UTC))).key
    program = {"X-Api-Key": key}
    at, names = "/api/v1/accounts?limit=700&q=zz", []
    while at:
        answer = await site.http.get(at, headers=program)
        names += [a["name"] for a in answer.json()]
        at = answer.links.get("next", {}).get("url", "")
    assert names == seen
    for wrong in ("limit=0", "limit=1001", "cursor=x", "role=king", f"q={'x' * 101}"):
        assert (await site.http.get(f"/api/v1/accounts?{wrong}", headers=program)).status_code in (
            400,
            422,
        ), wrong
    await site.sql("delete from account where name like 'zz%%'")


async def test_the_audit_says_which_account_and_who_by_number(site: Site) -> None:
    boss = await signed_in(site, "auditor", Role.ADMIN)
    number = await add(site, "watched", Role.WASTE)
    assert (await boss.posts("/accounts/watched/end-sessions", "/accounts/watched")).status_code == 303
    [(me,)] = await site.sql("select account_id::text from account where name = 'auditor'")
    rows = await site.sql(
        "select action, actor_kind, object from audit_entry where actor_id = %s order by entry_id", me
    )
    assert ("POST /sign-in/set-up", "staff", "") in rows
    assert ("POST /accounts/{name}/end-sessions", "staff", f"account:{number}") in rows
    assert await site.sql("select 1 from audit_entry e where e::text ~ 'watched|auditor'") == []


async def test_over_https_cookies_stay_on_this_host_and_out_of_reach(site: Site) -> None:
    await add(site, "tls", Role.WASTE)
    data = {"name": "tls", "password": PASSWORD, "next": "/account"}
    behind = {"X-Forwarded-Proto": "https"}  # of a proxy that is trusted
    answer = await Person(site, "tls").http.post("/sign-in", data=data, headers=behind)
    [step] = answer.headers.get_list("set-cookie")
    assert step.startswith("__Host-cityops_step=")
    for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in step, step
    assert "domain" not in step.lower()
    async with at_desk(site) as desk:
        who = await desk.accounts.named("tls")
        assert who is not None
        token = (await desk.sessions.begin(who, "link", datetime.now(UTC), mfa=True)).token
    # The name that plain http uses is not looked at over https, so nothing planted there counts.
    for name, status in (("__Host-cityops_staff", 200), ("cityops_staff", 303)):
        headers = behind | {"Cookie": f"{name}={token}"}
        assert (await site.http.get("/account", headers=headers)).status_code == status, name
