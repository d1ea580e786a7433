from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_api.access.model import NOBODY, SCOPES, STAFF, Principal, Role, Rule, decide, entitled
from ops_api.access.rules import RULES, joined
from ops_api.identity.core.scopes import SAID, scopes_of
from tests.fakes.principals import principal, program

ROLES = st.sampled_from(sorted(Role))
DESK = Rule(who="roles", roles=frozenset({Role.OPERATIONS, Role.HIGHWAYS}), scope="desk:write")
HOME = Rule(who="home")


def answer(rule: Rule, who: Principal, now_s: float = 0.0, code: str = "k4") -> str:
    return decide(rule, who, now_s, {"code": code})


def test_nobody_known_is_asked_to_sign_in_and_the_wrong_role_is_refused() -> None:
    assert answer(DESK, NOBODY) == "sign_in"
    assert answer(DESK, principal("waste")) == "no"
    assert answer(DESK, principal("operations")) == "yes"


def test_a_resident_at_what_is_staffs_is_asked_who_they_are_at_work() -> None:
    assert answer(DESK, principal("resident", "k4")) == "sign_in"
    own = Rule(who="roles", roles=frozenset({Role.RESIDENT}))
    assert answer(own, principal("resident", "k4")) == "yes"
    assert answer(own, principal("admin")) == "no"


def test_a_door_asks_people_itself_and_refuses_a_key_that_is_not_good_for_it() -> None:
    door = Rule(who="door", door="crew", roles=frozenset({Role.BIN_CREW}), scope="bins:write")
    assert answer(door, NOBODY) == answer(door, principal("admin")) == "yes"
    assert answer(door, program("bins:write")) == "yes"
    assert answer(door, program("desk:write")) == "no"


def test_a_program_needs_the_scope_and_people_do_not() -> None:
    assert answer(DESK, program("desk:write")) == "yes"
    assert answer(DESK, program("desk:read")) == "no"
    unscoped = Rule(who="roles", roles=frozenset({Role.OPERATIONS}))
    assert answer(unscoped, program(*SCOPES)) == "no"


@pytest.mark.parametrize("role", sorted(STAFF))
def test_no_key_does_what_its_owner_may_not(role: Role) -> None:
    """A scope is held by several roles: a crew's ``winter:write`` is no officer's."""
    key = program(*scopes_of({role}), role=role)
    more = [
        name for name, rule in RULES.items() if entitled(rule, key) and not entitled(rule, principal(role))
    ]
    assert more == []


def test_each_scope_is_good_for_something_and_says_for_what() -> None:
    asked = {rule.scope for rule in RULES.values()} - {""}
    # Of these two: how often a program may search, and how many exports it may make.
    assert asked | {"open:read", "export"} == SCOPES == set(SAID) == scopes_of(Role)
    assert all(said.endswith(".") and len(said) < 120 for said in SAID.values())


def test_a_home_that_is_not_theirs_is_not_there_for_anybody_not_even_an_administrator() -> None:
    assert answer(HOME, principal("resident", "k4")) == "yes"
    assert answer(HOME, principal("resident", "k5")) == "hidden"
    for role in sorted(set(Role) - {Role.RESIDENT}):
        assert answer(HOME, principal(role)) == "hidden"
    assert answer(HOME, NOBODY) == "hidden"


def test_no_key_opens_a_home_whatever_it_says() -> None:
    key = replace(program(*SCOPES), homes=frozenset({"k4"}))
    assert answer(HOME, key) == "hidden"


def test_what_weighs_more_asks_for_a_factor_again() -> None:
    rule = Rule(who="roles", roles=frozenset({Role.ADMIN}), fresh_s=600)
    assert answer(rule, principal("admin", signed_in_s=1000.0), now_s=1600.0) == "yes"
    assert answer(rule, principal("admin", signed_in_s=1000.0), now_s=1600.1) == "again"


@given(held=st.frozensets(ROLES), more=ROLES, needed=st.frozensets(ROLES, min_size=1))
def test_one_role_more_never_takes_a_right_away(
    held: frozenset[Role], more: Role, needed: frozenset[Role]
) -> None:
    rule = Rule(who="roles", roles=needed)
    before, after = (Principal(kind="staff", id="a", roles=roles) for roles in (held, held | {more}))
    if answer(rule, before) == "yes":
        assert answer(rule, after) == "yes"


@pytest.mark.parametrize(
    "wrong",
    [
        {"who": "roles"},
        {"who": "open", "roles": frozenset({Role.ADMIN})},
        {"who": "door", "roles": frozenset({Role.ADMIN})},
        {"who": "open", "door": "ops"},
        {"who": "roles", "roles": frozenset({Role.ADMIN}), "door": "ops"},
        {"who": "open", "scope": "everything"},
    ],
)
def test_a_rule_that_lets_in_everybody_or_nobody_by_a_slip_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"rule|scope"):
        Rule(**wrong)  # type: ignore[arg-type]


def test_two_rules_for_one_route_are_refused() -> None:
    area = {"GET /a": Rule(who="open")}
    with pytest.raises(ValueError, match="two rules for GET /a"):
        joined([area, area])
