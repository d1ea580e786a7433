"""The rules that many routes share, by what is said of them. ``*_PAGE``: people come there in a browser."""

from __future__ import annotations

from typing import Final, Literal

from ops_api.access.model import Role, Rule

OPEN: Final = Rule(who="open")
OPEN_PAGE: Final = Rule(who="open", page=True)
OPEN_SEARCH: Final = Rule(who="open", cost="search")
OPEN_SEARCH_PAGE: Final = Rule(who="open", cost="search", page=True)
OPEN_WRITE: Final = Rule(who="open", cost="search", audit="change")
OPEN_WRITE_PAGE: Final = Rule(who="open", cost="search", audit="change", page=True)
"""Anybody may say something: that a bin is full, that a collection was missed, the code on a frog."""
LOOK: Final = Rule(who="look")
LOOK_PAGE: Final = Rule(who="look", page=True)
CODE: Final = Rule(who="code")
CODE_PAGE: Final = Rule(who="code", page=True)
CODE_WRITE_PAGE: Final = Rule(who="code", audit="change", page=True)

DESK: Final = frozenset({Role.OPERATIONS, Role.HIGHWAYS, Role.WASTE, Role.DEVICES, Role.HOUSING})
"""Who does something about alarms and devices that need a look."""
PLATFORM: Final = frozenset({Role.OPERATIONS, Role.DEVICES, Role.ADMIN})
"""Who sees what the platform refused, whom it told, and what it holds."""


def may(*roles: Role, scope: str = "", page: bool = False, people: bool = False, fresh_s: int = 0) -> Rule:
    """Return the rule of a look that some roles have; ``people``: at what is about people, so it is written down."""
    audit: Literal["look", "none"] = "look" if people else "none"
    return Rule(who="roles", roles=frozenset(roles), scope=scope, page=page, audit=audit, fresh_s=fresh_s)


def may_change(*roles: Role, scope: str = "", page: bool = False, fresh_s: int = 0) -> Rule:
    """Return the rule of an act that some roles may do."""
    return Rule(who="roles", roles=frozenset(roles), scope=scope, page=page, audit="change", fresh_s=fresh_s)


def shown(*roles: Role, door: str = "", scope: str = "", page: bool = False) -> Rule:
    """Return the rule of what everybody may look at, and where some roles, or a team, are shown names and forms."""
    return Rule(who="look", door=door, roles=frozenset(roles), scope=scope, page=page)


def team(door: str, *roles: Role, scope: str = "", page: bool = False, people: bool = False) -> Rule:
    """Return the rule of a look that a team's password opens beside its roles; ``people`` as in :func:`may`."""
    audit: Literal["look", "none"] = "look" if people else "none"
    return Rule(who="door", door=door, roles=frozenset(roles), scope=scope, audit=audit, page=page)


def team_act(door: str, *roles: Role, scope: str = "", page: bool = False) -> Rule:
    """Return the rule of an act that a team's password opens beside its roles."""
    return Rule(who="door", door=door, roles=frozenset(roles), scope=scope, audit="change", page=page)
