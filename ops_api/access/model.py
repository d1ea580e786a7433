"""Roles, scopes, who asks, and what one rule says of one of them. Pure.

Vocabulary: OWASP ASVS 5.0, chapter 8 (authorisation); NIST SP 800-63B for ``mfa`` and ``fresh_s``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args


class Role(StrEnum):
    """What somebody is in the council's work. None holds another's rights: an administrator sees no home."""

    RESIDENT = "resident"
    HIGHWAYS = "highways"
    GRITTER_CREW = "gritter_crew"
    WASTE = "waste"
    BIN_CREW = "bin_crew"
    OPERATIONS = "operations"
    HOUSING = "housing"
    DEVICES = "devices"
    ADMIN = "admin"
    OPEN_DATA = "open_data"
    SERVICE = "service"


NOT_STAFF = frozenset({Role.RESIDENT, Role.OPEN_DATA, Role.SERVICE})
STAFF = frozenset(Role) - NOT_STAFF

Scope = Literal[
    "open:read",
    "housing:read",
    "desk:read",
    "desk:write",
    "winter:write",
    "bins:write",
    "incidents:write",
    "devices:write",
    "observations:write",
    "forecasts:write",
    "export",
    "audit:read",
    "accounts:write",
]
"""What a program's key may be good for."""
SCOPES: frozenset[str] = frozenset(get_args(Scope))
Kind = Literal["nobody", "staff", "resident", "program"]
Who = Literal["open", "look", "roles", "home", "door", "code"]
HAS_ROLES: frozenset[Who] = frozenset({"look", "roles", "door"})
Answer = Literal["yes", "sign_in", "no", "hidden", "again"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks.

    Attributes:
        kind: person of the council, resident, program with a key, or nobody known.
        id: account, resident or key; never a name.
        name: shown where what was done is shown.
        owner: of a program the account that its key belongs to, by name.
        roles: of a person; of a program those of the account that its key belongs to, as they are now.
        scopes: what a program's key is good for; of people empty.
        mfa: two factors were shown in this session.
        signed_in_s: seconds since the epoch at which the last factor was shown.
        session_id: the session, for forms' marks and for ending it.
        homes: codes of homes that a resident lives in.
        network: where the request came from, as the limits count it.
        until_s: seconds since the epoch at which the session ends; 0: not known.
    """

    kind: Kind
    id: str = ""
    name: str = ""
    owner: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    mfa: bool = False
    signed_in_s: float = 0.0
    session_id: str = ""
    homes: frozenset[str] = frozenset()
    network: str = ""
    until_s: float = 0.0


NOBODY = Principal(kind="nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may use one route.

    Attributes:
        who: ``open`` everybody, without a look at who asks; ``look`` everybody, names for who has a role;
            ``roles`` those; ``home`` who lives in the home of the path's ``code``; ``door`` those roles, or the team's
            pass, which the route checks itself; ``code`` the holder of what is in the address.
        roles: for ``roles`` and ``door``; for ``look`` those that are shown names and forms.
        scope: what a program's key must be good for; empty: no program.
        door: the team whose password opens it as well, or shows names.
        audit: what is written into the audit.
        fresh_s: seconds within which a factor must have been shown again; 0: any session does.
        cost: which limit of requests it counts against; ``machine``: none, the route counts wrong secrets itself.
        page: people come here in a browser: who must sign in is sent there.
    """

    who: Who
    roles: frozenset[Role] = frozenset()
    scope: str = ""
    door: str = ""
    audit: Literal["none", "change", "look"] = "none"
    fresh_s: int = 0
    cost: Literal["cheap", "search", "export", "machine"] = "cheap"
    page: bool = False

    def __post_init__(self) -> None:
        """Refuse what would let in everybody, or nobody, by a slip.

        Raises:
            ValueError: roles without need or needed roles missing, an unknown scope, a door without a team.
        """
        if (self.roles and self.who not in HAS_ROLES) or (not self.roles and self.who in ("roles", "door")):
            raise ValueError(f"a rule {self.who!r} with roles {sorted(self.roles)}")
        if self.scope and self.scope not in SCOPES:
            raise ValueError(f"scope {self.scope!r}; there are {', '.join(sorted(SCOPES))}")
        if (self.door and self.who not in ("door", "look")) or (not self.door and self.who == "door"):
            raise ValueError(f"a rule {self.who!r} with the door {self.door!r}")


def decide(rule: Rule, who: Principal, now_s: float, path: Mapping[str, str]) -> Answer:
    """Return whether somebody may use a route.

    Args:
        rule: the route's.
        who: who asks.
        now_s: now, in seconds since the epoch.
        path: the route's parameters; ``home`` reads ``code``.

    Returns:
        ``yes``; ``sign_in`` (401) for nobody known; ``no`` (403); ``hidden`` (404) for a home that is not theirs,
        so that nobody learns which homes there are; ``again``: a factor must be shown again.
    """
    if rule.who in ("open", "look", "code"):
        return "yes"
    if rule.who == "door":  # a person may have the team's password; a key is good for what it is good for
        return "no" if who.kind == "program" and not entitled(rule, who) else "yes"
    if rule.who == "home":
        return _home(who, path)
    if who.kind == "nobody" or _only_lives_here(rule, who):
        return "sign_in"
    if not entitled(rule, who):
        return "no"
    stale = rule.fresh_s > 0 and who.kind == "staff" and now_s - who.signed_in_s > rule.fresh_s
    return "again" if stale else "yes"


def _only_lives_here(rule: Rule, who: Principal) -> bool:
    """Whether a resident comes to what is for staff: somebody may be both, and is asked who they are at work."""
    return who.kind == "resident" and rule.who == "roles" and Role.RESIDENT not in rule.roles


def entitled(rule: Rule, who: Principal) -> bool:
    """Whether somebody has a role that a rule names; a program has its owner's, or ``service``, and needs the scope too."""
    if who.kind == "program":
        allowed = rule.scope != "" and rule.scope in who.scopes
        return allowed and not who.roles.isdisjoint(rule.roles | {Role.SERVICE})
    return not who.roles.isdisjoint(rule.roles)


def _home(who: Principal, path: Mapping[str, str]) -> Answer:
    return "yes" if who.kind == "resident" and path.get("code", "") in who.homes else "hidden"
