"""Doors of teams let in who is signed in with the role, or has a key, by their own name; others they ask as before."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest

from ops_api.access.principal import STAFF_PLAIN_COOKIE
from tests.fakes import seed_web, website
from tests.fakes.databases import drop, with_database
from tests.fakes.housing_rows import shares
from tests.fakes.website import STILL, Site


async def test_an_officer_with_an_account_orders_in_her_own_name(site: Site) -> None:
    route = site.town.routes[0].route_id
    ada = site.as_("highways")
    page = (await ada.get(f"/winter/{route}/orders")).text
    assert "Ada of highways" in page
    assert "password" not in page
    order = {"route_id": route, "reason": "x", "spread_rate_g_m2": 10.0}
    made = await ada.post("/api/v1/winter/orders", json=order, headers={"X-Cityops-Who": "Somebody else"})
    assert made.status_code == 201, made.text
    assert {a["by"] for a in made.json()["acts"]} == {"Ada of highways"}
    by_key = await site.with_key("winter:write").post(
        "/api/v1/winter/orders",
        json={**order, "route_id": site.town.routes[1].route_id},
        headers={"X-Cityops-Who": "Bob"},
    )
    assert (by_key.status_code, {a["by"] for a in by_key.json()["acts"]}) == (201, {"Bob"})
    for role in ("operations", "admin", "gritter_crew"):
        refused = await site.as_(role).post("/api/v1/winter/orders", json=order)
        assert refused.status_code == 401, role
    assert (
        await site.with_key("incidents:write").post("/api/v1/winter/orders", json=order)
    ).status_code == 403


async def test_a_gritter_crew_says_that_its_lorry_is_out_but_does_not_plan(site: Site) -> None:
    crew = site.as_("gritter_crew")
    page = (await crew.get("/winter/cab")).text
    assert "Ada of gritter_crew" in page
    planned = await crew.post("/winter/cab", data={"what": "plan"})
    assert planned.status_code == 403
    told = await crew.post("/winter/cab", data={"what": "breakdown", "lorry": "x", "reason": "hydraulics"})
    assert told.status_code in (303, 404, 409), told.text[:200]


@STILL
@pytest.mark.parametrize(
    ("role", "path"),
    [
        ("operations", "/incidents"),
        ("operations", "/ops/what-if"),
        ("bin_crew", "/crew"),
        ("waste", "/bins/missed"),
    ],
)
async def test_who_is_signed_in_is_not_asked_for_a_password(still: Site, role: str, path: str) -> None:
    page = (await still.as_(role).get(path)).text
    assert f"Ada of {role}" in page
    assert 'type="password"' not in page
    other = (await still.as_("admin").get(path)).text
    assert "Ada of" not in other
    assert 'type="password"' in other


async def test_a_housing_officer_says_why_once_a_session_and_households_read_her_own_name(site: Site) -> None:
    number = await shares(site, seed_web.DAMP_HOME)
    finn = site.as_("housing")
    asked = (await finn.get("/housing")).text
    assert "You are Ada of housing" in asked
    assert 'name="by"' not in asked
    assert 'type="password"' not in asked
    assert (await finn.post("/housing/who", data={"purpose": " "})).status_code == 422
    said = await finn.post(
        "/housing/who", data={"purpose": "To see the mould in the hall", "by": "Somebody else"}
    )
    assert said.status_code == 303
    assert (await finn.get(f"/housing/{number}")).status_code == 200
    looks = await site.sql("select who, purpose from access_log where home_id = %s order by 1", number)
    assert ("Ada of housing", "To see the mould in the hall") in looks
    assert "Somebody else" not in str(looks)
    # What she said is of no use in another's session, nor when hers is over.
    finn.cookies.set(STAFF_PLAIN_COOKIE, "as-admin")
    assert "To see the mould in the hall" not in (await finn.get("/housing")).text
    del finn.cookies[STAFF_PLAIN_COOKIE]
    assert 'type="password"' in (await finn.get("/housing")).text


@STILL
async def test_a_program_of_the_housing_team_has_no_key_for_it(still: Site) -> None:
    refused = await still.with_key("desk:read", "desk:write").get("/api/v1/housing/homes")
    assert refused.status_code == 403


PAGES = (
    ("highways", "/winter/{route}/orders", "An order of your own"),
    ("highways", "/winter/cab", "Ada of highways"),
    ("operations", "/incidents", "Ada of operations"),
    ("operations", "/ops/what-if", "Ada of operations"),
    ("bin_crew", "/crew", "Ada of bin_crew"),
    ("waste", "/bins/missed", "Ada of waste"),
    ("housing", "/housing", "You are Ada of housing"),
)


async def test_where_teams_passwords_are_closed_accounts_alone_open_the_doors(
    pg_server: str, towns: Any
) -> None:
    template, town, now = await towns.template()
    name = website.clone(pg_server, template)
    dsn = with_database(pg_server, name)
    async with website.running(dsn, town, now, identity={"team_passwords": False}) as site:
        route = site.town.routes[0].route_id
        for role, path, said in PAGES:
            at = path.format(route=route)
            assert said in (await site.as_(role).get(at)).text, at
            other = await site.http.get(at)
            assert 'type="password"' not in other.text, at
            assert "/sign-in" in other.text, at
        order = {"route_id": route, "reason": "x", "spread_rate_g_m2": 10.0}
        password = {"Authorization": f"Bearer {website.OFFICERS_PASSWORD}", "X-Cityops-Who": "Bob"}
        refused = await site.http.post("/api/v1/winter/orders", json=order, headers=password)
        assert refused.status_code == 404, refused.text
        assert (await site.as_("highways").post("/api/v1/winter/orders", json=order)).status_code == 201
        kept = await site.as_("highways").post("/winter/board/keep", data={"night": str(now.date())})
        assert kept.status_code != 404, kept.text
    drop(pg_server, name)


@STILL
async def test_who_came_by_an_account_is_led_to_where_one_signs_out(still: Site) -> None:
    assert (await still.as_("operations").post("/ops/bye")).headers["location"] == "/account"
    assert (await still.http.post("/ops/bye")).headers["location"] == "/ops/what-if"


@STILL
@pytest.mark.parametrize(
    "path", ["/incidents", "/ops/what-if", "/crew", "/bins/missed", "/winter/cab", "/winter/{route}/orders"]
)
async def test_who_has_an_account_is_told_where_to_sign_in(still: Site, path: str) -> None:
    """A team's password was all that these pages asked for."""
    page = (await still.http.get(path.format(route=still.town.routes[0].route_id))).text
    assert 'type="password"' in page
    [link] = set(re.findall(r'href="(/sign-in\?next=[^"]+)"', page))
    after = link.partition("next=")[2]
    assert (await still.http.get(link)).status_code == 200
    assert (await still.http.get(unquote(after))).status_code in (200, 401), after


async def test_a_telephone_that_goes_to_the_next_crew_forgets_an_account_too(site: Site) -> None:
    crew = site.as_("bin_crew")
    assert "Not me" in (await crew.get("/crew")).text
    gone = await crew.post("/crew/bye", data={})
    assert gone.status_code == 303
    assert any(c.startswith(f'{STAFF_PLAIN_COOKIE}="";') for c in gone.headers.get_list("set-cookie"))
