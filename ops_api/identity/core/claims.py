"""What a provider's identity token says of somebody: who, which roles, and whether two factors were shown. Pure.

OpenID Connect Core 1.0 section 2; authentication method references: RFC 8176.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops_api.access.model import Role
from ops_api.identity.core.names import name_from
from ops_api.identity.core.scopes import roles_of

FACTORS = frozenset({"pwd", "pin", "otp", "sms", "hwk", "swk", "sc", "fpt", "face", "iris", "retina", "vbm"})
"""Methods that are a factor each; ``mfa`` says of itself that there were several."""
LABEL_MOST = 100
LAST_S = 2.0**33
"""A time beyond this is none."""


@dataclass(frozen=True, slots=True)
class Said:
    """Who a provider says somebody is.

    Attributes:
        subject: issuer and subject: the only thing that stays theirs. An address may come to be another's.
        name: made of what the provider calls them, for a new account.
        label: for people.
        roles: by the claim that the settings name.
        two: two factors were shown there.
        shown_at_s: when, in seconds since the epoch (``auth_time``); None: it does not say. Who is signed in there already is sent
            back without showing any.
    """

    subject: str
    name: str
    label: str
    roles: frozenset[Role]
    two: bool
    shown_at_s: float | None = None


def said_by(claims: Mapping[str, Any], claim: str, mapping: Mapping[str, Sequence[str]]) -> Said:
    """Return who a checked identity token is about.

    Args:
        claims: of the token, signature and times checked.
        claim: name of the claim that says what somebody is; a dot goes into an object: ``realm_access.roles``.
        mapping: names of roles by value of that claim; what is not in it gives none.
    """
    called = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    label = str(claims.get("name") or "").strip() or called.strip() or name_from(called)
    values = _values(claims, claim)
    roles = roles_of(role for value in values for role in mapping.get(value, ()))
    methods = claims.get("amr")
    shown = frozenset(m for m in methods if isinstance(m, str)) if isinstance(methods, list) else frozenset()
    return Said(
        f"{claims['iss']} {claims['sub']}",
        name_from(called),
        label[:LABEL_MOST],
        roles - {Role.RESIDENT},
        "mfa" in shown or len(shown & FACTORS) > 1,
        _time(claims.get("auth_time")),
    )


def _time(value: object) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LAST_S
    return float(value) if fits else None  # type: ignore[arg-type]


def _values(claims: Mapping[str, Any], claim: str) -> list[str]:
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    values = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [value for value in values if isinstance(value, str)]
