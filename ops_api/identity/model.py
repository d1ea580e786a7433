"""An account, a session's terms, and why somebody is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from ops_api.access.model import STAFF, Principal, Role
from ops_api.identity.core.scopes import roles_of

How = Literal["password", "passkey", "oidc", "link"]
Mfa = Literal["staff", "admin", "none"]
ROTATE_AFTER = timedelta(hours=1)
"""A session's token is replaced by a new one so often."""
SEEN_EVERY = timedelta(minutes=1)
"""When a session was last used is written down so often."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the council, or a technical account that owns keys."""

    account_id: str
    name: str
    label: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed(Principal):
    """Who holds a session of staff; ``stale``: the browser should be given a new token."""

    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an installation asks of who signs in.

    Attributes:
        life: a session ends after it, whatever was done.
        idle: it ends after so long without a request.
        mfa: who shows a second factor.
        password_least: fewest characters of a password.
        key_life: how long a key is good for unless less is asked for.
    """

    life: timedelta = timedelta(hours=8)
    idle: timedelta = timedelta(minutes=30)
    mfa: Mfa = "staff"
    password_least: int = 12
    key_life: timedelta = timedelta(days=365)

    def two_factors(self, roles: Iterable[Role]) -> bool:
        """Whether who has these roles shows a second factor."""
        held = frozenset(roles)
        # A technical account makes keys that may do what all staff may together.
        return {"staff": bool(held & (STAFF | {Role.SERVICE})), "admin": Role.ADMIN in held, "none": False}[
            self.mfa
        ]


@dataclass(frozen=True, slots=True)
class Asker:
    """Where somebody tries to sign in from: the network's address, the browser's words about itself, what it knows.

    Attributes:
        address: of the network.
        agent: what the browser calls itself.
        known: mark of the cookie by which this browser is known to the account; empty: it is not.
    """

    address: str
    agent: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new session: its token for the browser's cookie, and until when it holds at most."""

    token: str
    session_id: str
    expires_at: datetime


class IdentityRefusedError(Exception):
    """Somebody is refused something; the text says why, to them."""


class ChangedMeanwhileError(IdentityRefusedError):
    """Somebody else was quicker."""


class WrongError(IdentityRefusedError):
    """What was shown is not right; the text does not say what of it."""


class WaitError(IdentityRefusedError):
    """Too many wrong tries; ``wait_s``: how long to wait [s]."""

    def __init__(self, wait_s: float) -> None:
        said = f"{wait_s:.0f} s" if wait_s < 120.0 else f"{wait_s / 60.0:.0f} min"
        super().__init__(f"Too many wrong tries. Wait {said}, then try again.")
        self.wait_s = wait_s


class BusyError(IdentityRefusedError):
    """More sign in at once than this machine checks passwords; trying again in a moment helps."""


def account_of(row: dict[str, Any]) -> Account:
    """Return an account of a row."""
    return Account(str(row["account_id"]), row["name"], row["label"], roles_of(row["roles"]))
