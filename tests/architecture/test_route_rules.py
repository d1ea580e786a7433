"""Every route has a rule and every rule a route, and what has none is not there."""

from __future__ import annotations

from collections.abc import Iterable

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount, Route

from ops_api import app as web
from ops_api import routes as application
from ops_api.access.enforce import SAFE, enforce
from ops_api.access.model import Rule
from ops_api.access.rules import RULES
from ops_api.access.rules.words import OPEN

ROUTERS = (*application.ROUTERS, *application.STANDARDS, *application.PAGES)
OWN_DIARY = "a household's own diary is in no audit"
CHALLENGE = "a challenge changes nothing, and anybody may ask for one"
NOT_AUDITED = {
    "POST /api/v1/homes/{code}/diary": OWN_DIARY,
    "DELETE /api/v1/homes/{code}/diary/{entry_id}": OWN_DIARY,
    "POST /home/{code}/diary": OWN_DIARY,
    "POST /home/{code}/diary/{entry_id}/remove": OWN_DIARY,
    "POST /home/{code}/events/{event_id}": OWN_DIARY,
    "POST /join/passkey/options": CHALLENGE,
    "POST /sign-in/passkey/options": CHALLENGE,
    "POST /lorawan/{source}": "a server's event: a row of the inbox says all of it",
}
BY_SECRET = {"POST /bin-day/reminder/{code}", "POST /lorawan/{source}"}
"""What is let in by a secret of its own, which the route checks."""


def leaves() -> dict[str, Route]:
    """Return the routes of all routers, and those of the application that stand under none, by what rules call them."""
    found = {name: route for router in ROUTERS for name, route in named(router.routes)}
    bare = web._bare_app()
    return found | {name: route for name, route in named(bare.router.routes) if "openapi.json" in name}


def named(routes: Iterable[BaseRoute]) -> Iterable[tuple[str, Route]]:
    for route in routes:
        assert isinstance(route, Route), f"{route!r} is no route that a rule is looked up for"
        for method in (route.methods or set()) - {"HEAD"}:
            yield f"{method} {route.path}", route


def test_every_route_has_a_rule_and_every_rule_a_route() -> None:
    mounted = {"GET /static"}
    assert set(RULES) - mounted == set(leaves())


def test_nothing_is_mounted_but_our_static_files() -> None:
    app = web._bare_app()
    app.state.context = None
    mounts = [route for route in application.routes() if isinstance(route, Mount)]
    assert mounts == []


def test_a_route_of_a_home_is_a_homes_and_no_program_has_it() -> None:
    of_homes = {
        name: rule for name, rule in RULES.items() if "/homes/{code}" in name or "/home/{code}" in name
    }
    assert len(of_homes) > 40
    # A stranger with a home's code is led to where one joins it.
    assert {name for name, rule in of_homes.items() if rule.who != "home"} == {"GET /home/{code}"}


def test_what_changes_something_is_written_down_but_a_households_own_diary() -> None:
    acts = {name for name, rule in RULES.items() if name.split()[0] not in SAFE and rule.audit == "none"}
    assert acts == set(NOT_AUDITED)


def test_who_may_act_is_known_or_named_here() -> None:
    anybody = {
        name for name, rule in RULES.items() if name.split()[0] not in SAFE and rule.who in ("open", "code")
    }
    assert {name for name in anybody if RULES[name].who == "code"} == BY_SECRET
    assert anybody - BY_SECRET == {
        "POST /api/v1/claims",
        "POST /api/v1/devices/{name}/credential",
        "POST /claim",
        "POST /api/v1/join",
        "POST /join",
        "POST /sign-out",
        "POST /join/passkey",
        "POST /join/passkey/options",
        "POST /sign-in",
        "POST /sign-in/code",
        "POST /sign-in/link/{token}",
        "POST /sign-in/passkey",
        "POST /sign-in/passkey/options",
        "POST /sign-in/set-up",
        "POST /api/v1/bins/{bin_id}/reports",
        "POST /api/v1/premises/{uprn}/missed",
        "POST /bin-day/{uprn}/missed",
        "POST /bin-day/{uprn}/reminder",
        "POST /bins/report",
        "POST /crew/bye",
        "POST /ops/bye",
    }  # fmt: skip
    assert {name for name in RULES if RULES[name].who == "look" and name.split()[0] not in SAFE} == set()


def test_pages_lead_to_where_one_signs_in_and_programs_are_told() -> None:
    for name, rule in RULES.items():
        if rule.who == "roles":
            assert rule.page == (not name.split()[1].startswith(("/api/", "/sta/"))), name


@pytest.mark.parametrize("path", ["/new", "/api/v1/new"])
async def test_a_route_without_a_rule_is_not_there(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter()

    @router.get(path)
    async def new() -> str:
        return "data"

    app = FastAPI()
    app.include_router(router, dependencies=[Depends(enforce)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as http:
        refused = await http.get(path)
        assert refused.status_code == 404
        assert "data" not in refused.text
        monkeypatch.setitem(RULES, f"GET {path}", OPEN)  # type: ignore[arg-type]
        app.state.context = None
        assert (await http.get(path)).text == '"data"'


def test_every_router_is_held() -> None:
    included = application.routes()
    assert len(included) == sum(len(router.routes) for router in ROUTERS)
    for route in included:
        context = route.include_context  # type: ignore[attr-defined]
        assert enforce in [d.dependency for d in context.dependencies], route


def test_rules_are_of_leaf_routes() -> None:
    assert all(isinstance(route, APIRoute) for name, route in leaves().items() if "openapi" not in name)
    assert all(isinstance(rule, Rule) for rule in RULES.values())
