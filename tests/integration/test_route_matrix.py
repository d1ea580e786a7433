"""Every route × every role, and nobody: one real request each, and its answer is the one that the rules say."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI

from ops_api.access.enforce import SAFE
from ops_api.access.model import STAFF, Role, Rule
from ops_api.access.rules import AREAS, RULES
from ops_api.access.table import table
from tests.fakes.locked_site import ASKED, WHO, Answer, ask, locked

PAGE = Path(__file__).parents[2] / "docs" / "access-routes.md"
NOT_OURS = frozenset({"GET /static", "GET /metrics"})
"""Static files; and metrics, which are told by where one asks from (test_access_requests.py)."""


SHOWN = frozenset({"rounds.book.fleet", "notes.newest"})
"""What pages that refuse ask of their desks, to show what everybody may see."""


def may(rule: Rule, who: str) -> bool:
    """Whether somebody may, worked out apart from the code that decides."""
    if rule.who in ("open", "look", "code"):
        return True
    if who == Role.OPEN_DATA:  # its key has no scope
        return False
    if who == Role.SERVICE:  # its key has every scope
        return rule.who != "home" and rule.scope != ""
    if rule.who == "home":
        return who == Role.RESIDENT
    if who in (Role.OPEN_DATA, Role.SERVICE) and rule.scope == "":
        return False  # here they are programs; people of those roles sign in (test_identity_pages.py)
    return who in rule.roles


def wrong(route: str, rule: Rule, who: str, answer: Answer) -> str:
    """Return what is wrong with an answer; empty: nothing."""
    asks = answer.status == 303 and answer.headers.get("location", "").startswith("/sign-in")
    if may(rule, who):
        refused = answer.status in (401, 403) or asks
        return f"{answer.status} where it may" if refused else ""
    if answer.status in (200, 303) and rule.who == "door" and route.split()[0] in SAFE and rule.page:
        return (
            ""  # asks who it is; it has not reached for anything, or it would have found that there is none
        )
    if rule.who == "home":
        return "" if answer.status == 404 else f"{answer.status} for a home that is not theirs"
    if rule.who == "door":
        # A form is read before the route asks for the team's pass; and some pages that say no show what everybody may see.
        shown = rule.page and (answer.status == 422 or (answer.status == 503 and SHOWN.issuperset(ASKED)))
        return "" if shown or answer.status in (401, 403) else f"{answer.status} at a door, asked for {ASKED}"
    # Residents may be staff as well, and are asked who they are at work.
    if who in ("nobody", Role.RESIDENT) or (
        rule.roles == {Role.RESIDENT} and who in STAFF
    ):  # at a household's address staff are nobody
        right = asks if rule.page else answer.status == 401 and "www-authenticate" in answer.headers
        return "" if right else f"{answer.status} for nobody"
    return "" if answer.status == 403 else f"{answer.status} where it may not"


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return locked()


@pytest.mark.parametrize("area", [name for name, rules in AREAS.items() if rules])
async def test_each_route_answers_each_role_as_its_rule_says(app: FastAPI, area: str) -> None:
    found = []
    routes = [name for name in AREAS[area] if name not in NOT_OURS]
    for number, (route, who) in enumerate((r, w) for r in routes for w in WHO):
        client = f"10.{number // 65536}.{number // 256 % 256}.{number % 256}"  # nobody is counted by where they come from
        ASKED.clear()
        answer = await ask(app, route, WHO[who], client)
        if said := wrong(route, RULES[route], who, answer):
            found.append((route, who, said, answer.body[:80]))
    assert found == []


def test_each_role_is_asked_for() -> None:
    assert set(WHO) == {"nobody", *Role}
    assert len(RULES) * len(WHO) > 3500


def test_the_page_says_what_the_rules_say() -> None:
    said = "write it again: .venv/bin/python -m ops_api.access.table > docs/access-routes.md"
    assert PAGE.read_text() == table(), said
