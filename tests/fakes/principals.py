"""People and programs for tests of the front door, and an identity that knows them by made-up tokens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from ops_api.access.model import NOT_STAFF, Principal, Role


def principal(role: str, *homes: str, signed_in_s: float = 0.0) -> Principal:
    """Return somebody of one role, with two factors; ``homes``: codes, for a resident."""
    kind = "staff" if Role(role) not in NOT_STAFF else "resident" if role == "resident" else "program"
    return Principal(
        kind=kind,  # type: ignore[arg-type]
        id=f"id-of-{role}",
        name=f"Ada of {role}",
        roles=frozenset({Role(role)}),
        mfa=kind == "staff",
        signed_in_s=signed_in_s,
        session_id=f"session-of-{role}",
        homes=frozenset(homes),
    )


def program(*scopes: str, role: str = "service") -> Principal:
    """Return a program whose key has these scopes."""
    return replace(principal(role), kind="program", owner="ada", scopes=frozenset(scopes), session_id="")


class FakeIdentity:
    """Knows who was told to it: a cookie or a key is the text that it was told with."""

    def __init__(self, known: dict[str, Principal]) -> None:
        self.known = known

    async def by_cookie(self, token: str, now: datetime) -> Principal | None:
        found = self.known.get(token)
        return found if found is not None and found.kind == "staff" else None

    async def by_key(self, key: str, now: datetime) -> Principal | None:
        found = self.known.get(key)
        return found if found is not None and found.kind == "program" else None
