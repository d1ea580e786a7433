"""Signing in at the council's provider: a real small one over the web, and one that lies."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from ops_api.access.model import Role
from ops_api.identity.core.claims import Said, said_by
from ops_api.identity.desk import IdentityDesk, desk_on
from ops_api.identity.model import BusyError, IdentityRefusedError, Terms, WrongError
from ops_api.identity.oidc import AtProvider
from ops_api.queries import Db
from ops_api.queries.as_role import RoleDb
from tests.fakes import provider, website
from tests.fakes.databases import own_database
from tests.fakes.identity import NOW, SECRETS, ada, opened
from tests.fakes.provider import CLIENT, CLIENT_SECRET, Liar, lying
from tests.fakes.provisioned import authority, server_certificate
from tests.fakes.website import PLAIN
from tests.integration.conftest import Towns

BACK = "http://localhost/sign-in/provider/back"
ROLES = {"Duty": ["highways", "operations"], "Bosses": ["admin"]}


@asynccontextmanager
async def desk_at(dsn: str, issuer: str) -> AsyncIterator[IdentityDesk]:
    at = AtProvider(issuer=issuer, client_id=CLIENT, client_secret=CLIENT_SECRET, roles=ROLES)
    async with AsyncConnectionPool(dsn, min_size=1, max_size=4, open=False) as pool:
        yield desk_on(RoleDb(Db(pool), "cityops_identity"), SECRETS, Terms(), at)


@pytest.fixture(scope="module")
def one_dsn(pg_server: str, db_template: str) -> Iterator[str]:
    """A database for all those of whom nothing is believed: they leave nothing that another would find."""
    with own_database(pg_server, "oidc", db_template) as dsn:
        yield dsn


@pytest.fixture
def liar() -> Iterator[Liar]:
    with lying() as found:
        yield found


async def begun(
    desk: IdentityDesk, liar: Liar, browser: str = "b", now: datetime | None = None
) -> dict[str, str]:
    assert desk.provider is not None
    address = await desk.provider.begin(BACK, browser, "/winter", now or datetime.now(UTC))
    asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    liar.nonce = asked["nonce"]
    assert asked["code_challenge_method"] == "S256"
    assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, BACK)
    return {"state": asked["state"], "code": "a code"}


async def finished(desk: IdentityDesk, liar: Liar) -> Said:
    assert desk.provider is not None
    back = await begun(desk, liar)
    said, to = await desk.provider.finish(back, "b", datetime.now(UTC))
    assert to == "/winter"
    return said


async def test_a_provider_whom_nobody_vouches_for_is_not_asked(db_dsn: str, tmp_path: Path) -> None:
    """The trust that all connections share is the system's: who stands in between has no certificate of its."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*server_certificate(tmp_path, authority(tmp_path)))
    with lying(tls) as stranger:
        async with desk_at(db_dsn, stranger.issuer) as desk:
            with pytest.raises(BusyError):
                await begun(desk, stranger)


async def test_staff_sign_in_at_a_real_provider(pg_server: str, towns: Towns) -> None:
    people = (
        {
            "sub": "7",
            "preferred_username": "Ada.L@city.example",
            "name": "Ada L",
            "groups": ["Duty"],
            "amr": ["mfa"],
        },
        {"sub": "8", "name": "Nobody", "groups": ["Choir"]},
    )
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    dsn = website.with_database(pg_server, name)
    with provider.real(*people) as issuer:
        given = {
            "oidc_issuer": issuer,
            "oidc_client_id": CLIENT,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_roles": ROLES,
        }
        async with website.running(dsn, town, now, identity=given) as site:
            assert "council’s sign-in" in (await site.http.get("/sign-in")).text
            for who, status in (("7", 303), ("8", 403), ("7", 303)):
                async with httpx.AsyncClient(base_url=site.url, verify=PLAIN, timeout=60) as http:
                    begun = await http.get("/sign-in/provider?next=/account")
                    back = provider.consent(begun.headers["location"], who)
                    assert back.startswith(f"{site.url}/sign-in/provider/back?"), back
                    thief = await site.http.get(back)  # another browser
                    assert thief.status_code == 403
                    assert not site.http.cookies
                    if who == "7":
                        begun = await http.get("/sign-in/provider?next=/account")
                        back = provider.consent(begun.headers["location"], who)
                    done = await http.get(back)
                    assert done.status_code == (status if who == "7" else 403), done.text
                    again = await http.get(back)  # the same code again
                    assert again.status_code == 403
                    if who == "7":
                        page = await http.get("/account")
                        assert "Highways officer, Operations centre" in page.text
                        assert "ada.l" in page.text
                        # Neither password nor passkey: whoever is let go there must not come in here.
                        assert "New password" not in page.text
                        assert "Passkeys" not in page.text
            rows = await site.sql("select name, label, roles, made_by from account")
            assert rows == [("ada.l", "Ada L", ["highways", "operations"], "provider")]
    website.drop(pg_server, name)


async def through(http: httpx.AsyncClient, liar: Liar, path: str) -> dict[str, str]:
    """Go to the provider and come back; return what it was asked."""
    began = await http.get(path)
    asked = {k: v[0] for k, v in parse_qs(urlsplit(began.headers["location"]).query).items()}
    liar.nonce = asked["nonce"]
    done = await http.get("/sign-in/provider/back", params={"state": asked["state"], "code": "x"})
    assert done.status_code == 303, done.text
    return asked


async def test_who_is_known_at_the_provider_has_shown_nothing_now(
    pg_server: str, towns: Towns, liar: Liar
) -> None:
    """Else a desk that was left would make administrators: the provider sends its user back without a question."""
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    dsn = website.with_database(pg_server, name)
    given = {
        "oidc_issuer": liar.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": CLIENT_SECRET,
        "oidc_roles": ROLES,
    }
    liar.claims = {"groups": ["Bosses"], "amr": ["mfa"]}
    headers = {"X-Cityops-Form": "a test"}
    async with (
        website.running(dsn, town, now, identity=given) as site,
        httpx.AsyncClient(base_url=site.url, verify=PLAIN, timeout=60, headers=headers) as http,
    ):
        post = {"name": "mallory", "label": "M", "role": "admin"}
        for told in (None, LONG_AGO):
            liar.claims["auth_time"] = told
            asked = await through(http, liar, "/sign-in/provider?next=/accounts")
            assert "prompt" not in asked
            assert (await http.get("/accounts")).status_code == 200
            refused = await http.post("/accounts", data=post)
            assert (refused.status_code, "again=1" in refused.headers["location"]) == (303, True)
        again = (await http.get(refused.headers["location"])).text
        assert "/sign-in/provider?next=/&amp;again=1" in again.replace("%2F", "/")
        asked = await through(http, liar, "/sign-in/provider?next=/accounts&again=1")
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")
        assert (await http.post("/accounts", data=post)).status_code == 303  # it says: long ago
        liar.claims["auth_time"] = None
        await through(http, liar, "/sign-in/provider?next=/accounts&again=1")
        assert (await http.post("/accounts", data=post)).status_code == 200
        signed = await site.sql(
            "select distinct actor_kind, outcome from audit_entry where action = 'GET /sign-in/provider/back'"
        )
        assert signed == [("staff", "303")]
        [(detail,)] = await site.sql(
            "select detail from audit_entry where action = 'POST /accounts' and outcome = '200'"
        )
        assert detail == '{"roles": ["admin"]}'
    website.drop(pg_server, name)


async def test_an_honest_token_is_taken_and_its_roles_replace_those_before(db_dsn: str, liar: Liar) -> None:
    async with desk_at(db_dsn, liar.issuer) as desk:
        liar.claims = {"groups": ["Duty", "Choir"], "amr": ["pwd", "otp"], "email": "ada@city.example"}
        said = await finished(desk, liar)
        assert (said.roles, said.two, said.name) == ({Role.HIGHWAYS, Role.OPERATIONS}, True, "ada")
        who = await desk.accounts.of_provider(said, NOW)
        token = (await desk.sessions.begin(who, "oidc", NOW, mfa=True)).token
        liar.claims["groups"] = ["Bosses"]
        again = await desk.accounts.of_provider(await finished(desk, liar), NOW)
        assert (again.account_id, again.roles) == (who.account_id, {Role.ADMIN})
        assert await desk.sessions.find(token, NOW) is None
        with pytest.raises(IdentityRefusedError, match="no role here"):
            await desk.accounts.of_provider(said_by({"iss": "i", "sub": "s"}, "groups", ROLES), NOW)
        await ada(desk, Role.ADMIN, name="other.boss")
        with pytest.raises(IdentityRefusedError, match="provider"):
            await desk.accounts.link(again, NOW)
        await desk.accounts.disable(again, NOW)
        with pytest.raises(IdentityRefusedError, match="closed"):
            await desk.accounts.of_provider(said, NOW)


async def test_the_address_of_another_gives_nothing_of_theirs(db_dsn: str, liar: Liar) -> None:
    async with desk_at(db_dsn, liar.issuer) as desk:
        local = await ada(desk, Role.ADMIN)
        liar.claims = {"preferred_username": "ada", "email": "ada@city.example", "groups": ["Duty"]}
        one = await desk.accounts.of_provider(await finished(desk, liar), NOW)
        liar.claims["sub"] = "43"
        two = await desk.accounts.of_provider(await finished(desk, liar), NOW)
        assert len({local.account_id, one.account_id, two.account_id}) == 3
        assert (one.name, two.name) == ("ada-2", "ada-3")
        assert one.roles == {Role.HIGHWAYS, Role.OPERATIONS}


@pytest.mark.parametrize("called", [{"name": "  "}, {"name": " ", "preferred_username": "\t"}, {"name": 7}])
async def test_who_has_no_name_there_comes_in_too(db_dsn: str, liar: Liar, called: dict[str, Any]) -> None:
    async with desk_at(db_dsn, liar.issuer) as desk:
        liar.claims = {"groups": ["Duty"]} | called
        assert (await desk.accounts.of_provider(await finished(desk, liar), NOW)).label.strip()


LONG_AGO = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"aud": None},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": LONG_AGO},
        {"exp": None},
        {"exp": "soon"},
        {"sub": None},
        {"iat": None},
        {"nbf": 4_000_000_000},
    ],
)
async def test_a_token_that_says_something_else_is_not_believed(
    one_dsn: str, liar: Liar, claims: dict[str, Any]
) -> None:
    async with desk_at(one_dsn, liar.issuer) as desk:
        liar.claims = claims | {"groups": ["Bosses"]}
        with pytest.raises(WrongError, match="did not say who you are"):
            await finished(desk, liar)


@pytest.mark.parametrize("how", ["none", "HS256", "RS512"])
async def test_only_signatures_on_the_list_are_taken(one_dsn: str, liar: Liar, how: str) -> None:
    async with desk_at(one_dsn, liar.issuer) as desk:
        liar.how = how
        with pytest.raises(WrongError):
            await finished(desk, liar)


async def test_new_keys_are_asked_for_and_strange_ones_are_not_taken(db_dsn: str, liar: Liar) -> None:
    async with desk_at(db_dsn, liar.issuer) as desk:
        await finished(desk, liar)
        await finished(desk, liar)
        assert liar.looked == 1
        liar.key = Liar().key
        await finished(desk, liar)  # rotated: the new one is shown
        assert liar.looked == 2
        liar.shown, liar.key = [liar.key], Liar().key
        with pytest.raises(WrongError):
            await finished(desk, liar)


async def test_what_was_begun_is_taken_up_once_in_time_and_by_its_browser(db_dsn: str, liar: Liar) -> None:
    async with desk_at(db_dsn, liar.issuer) as desk:
        assert desk.provider is not None
        now = datetime.now(UTC)
        back = await begun(desk, liar, now=now)
        for asked, browser, at in (
            (back, "another", now),
            (back, "", now),
            (back | {"state": "x"}, "b", now),
            ({"code": "x"}, "b", now),
            (back, "b", now + timedelta(minutes=10)),
        ):
            with pytest.raises(WrongError):
                await desk.provider.finish(asked, browser, at)
        await desk.provider.finish(back, "b", now)
        with pytest.raises(WrongError):
            await desk.provider.finish(back, "b", now)
        refused = await begun(desk, liar)
        with pytest.raises(WrongError):
            await desk.provider.finish({"state": refused["state"], "error": "access_denied"}, "b", now)


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": 7},
    ],
)
async def test_a_provider_that_is_another_is_not_gone_to(
    one_dsn: str, liar: Liar, document: dict[str, Any]
) -> None:
    async with desk_at(one_dsn, liar.issuer) as desk:
        liar.document = document
        with pytest.raises(BusyError, match="does not answer"):
            await begun(desk, liar)


async def test_a_provider_that_is_away_says_so_and_local_accounts_go_on(db_dsn: str) -> None:
    async with desk_at(db_dsn, "http://127.0.0.1:9") as desk:
        assert desk.provider is not None
        with pytest.raises(BusyError):
            await desk.provider.begin(BACK, "b", "/", NOW)
    async with opened(db_dsn) as local:
        await ada(local)
    async with await psycopg.AsyncConnection.connect(db_dsn) as conn:
        assert await (await conn.execute("select 1 from sign_in_step")).fetchall() == []


def test_claims_of_any_shape_give_no_more_than_they_say() -> None:
    base = {"iss": "i", "sub": "s"}
    nested = said_by(base | {"realm_access": {"roles": ["Duty"]}}, "realm_access.roles", ROLES)
    assert nested.roles == {Role.HIGHWAYS, Role.OPERATIONS}
    dotted = said_by(base | {"https://city.example/roles": "Duty"}, "https://city.example/roles", ROLES)
    assert dotted.roles == nested.roles
    for value in (None, 7, {"Duty": 1}, [["Duty"]], [None], "duty", ""):
        assert said_by(base | {"groups": value, "amr": value}, "groups", ROLES).roles == frozenset()
    odd = said_by(
        base | {"preferred_username": "\u00c9\u00df\u4e2d", "name": "x" * 500}, "groups", {"": ["resident"]}
    )
    assert (odd.name, len(odd.label)) == ("staff", 100)
    assert said_by(base | {"amr": ["pwd"]}, "g", {}).two is False
    assert said_by(base | {"groups": ["R"]}, "groups", {"R": ["resident", "king"]}).roles == frozenset()
