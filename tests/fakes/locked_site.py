"""The application with nothing behind it: whoever is let past the rules finds no database, which answers 503.

So a route that gives something to who may not have it would have to reach for it, and is seen.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote, unquote

import psycopg
from fastapi import FastAPI

from cityops.errors import TransientError
from ops_api.access.model import SCOPES, STAFF, Principal, Role
from ops_api.access.principal import PLAIN_COOKIE, STAFF_PLAIN_COOKIE
from ops_api.app import create_app
from ops_api.households.model import LivesIn, Member
from ops_api.housing.team_door import TeamDoor
from ops_api.identity.model import Signed
from ops_api.routers.context import FrontDoor, Officers
from rules.desk.memory import MemoryDesk
from tests.fakes.desk_alarms import escalations
from tests.fakes.principals import FakeIdentity, principal, program

HOME = "her-own-home"
KEY, FULL_KEY = "cok_without-scopes", "cok_with-all-scopes"
ASKED: list[str] = []
"""What was asked of desks, by name; whoever looks at it empties it."""
VALUES = {
    "code": HOME, "night": "2026-01-09", "page": "health", "what": "note", "uprn": "100000000001", "lorry": "x", "name": "hours",
    "ref": "I1", "number": "1", "sha256": "0" * 64, "kind": "road",
}  # fmt: skip


class Away:
    """A desk with a door, and nothing behind it; what is asked of it is remembered."""

    def __init__(self, team: str = "", name: str = "", asked: list[str] | None = None) -> None:
        self.door = TeamDoor("a password that nobody sends", team) if team else None
        self._name, self._asked = name, asked if asked is not None else ASKED

    def __getattr__(self, name: str) -> Away:
        if name.startswith("__"):
            raise AttributeError(name)
        return Away(name=f"{self._name}.{name}".strip("."), asked=self._asked)

    def __call__(self, *args: object, **more: object) -> Any:
        self._asked.append(self._name)
        raise TransientError("there is nothing behind this")


class NoPool:
    """Connections that are not to be had."""

    @asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Any]:
        raise psycopg.OperationalError("there is no database")
        yield


class OneResident:
    """Knows one session."""

    async def find(self, token: str, now: datetime) -> Member | None:
        home = LivesIn(1, HOME, "A home")
        away: Any = Away()
        return Member("r-1", "s-1", "Sam", (home,), token, away) if token == "resident" else None


def signed(role: str) -> Signed:
    """Return somebody of staff who has just signed in with two factors."""
    found = principal(role, signed_in_s=4e9)
    return Signed(**{one.name: getattr(found, one.name) for one in fields(found)})


def locked(**front: Any) -> FastAPI:
    """Return the application."""
    away: Any = Away
    known: dict[str, Principal] = {f"as-{role}": signed(role) for role in STAFF}
    known |= {KEY: program(role="open_data"), FULL_KEY: program(*SCOPES)}
    app = create_app(
        NoPool(),
        desk=MemoryDesk(escalations),
        case_book=away(),
        team=away("housing").door,
        forecasts=away(),
        officers=Officers(away(), away("winter").door, away(), away(), away()),
        bin_desk=away("bin_days"),
        crew=away("crew"),
        round_desk=away(),
        incidents=away("ops"),
        tools=away("ops"),
        front=FrontDoor(identity=FakeIdentity(known), desk=away(), **front),
    )
    app.state.context = replace(app.state.context, sessions=OneResident())
    return app


WHO: dict[str, dict[str, str]] = {
    "nobody": {},
    **{role: {"cookie": f"{STAFF_PLAIN_COOKIE}=as-{role}"} for role in sorted(STAFF)},
    Role.RESIDENT: {"cookie": f"{PLAIN_COOKIE}=resident"},
    Role.OPEN_DATA: {"x-api-key": KEY},
    Role.SERVICE: {"x-api-key": FULL_KEY},
}
"""What each sends; the service's key has all scopes there are."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Of a request: status, headers, and the first of its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def filled(path: str) -> str:
    """Return a route's address with made-up values."""
    return re.sub(r"\{([^}:]*)[^}]*\}", lambda m: quote(VALUES.get(m[1], "1")), path)


async def ask(
    app: FastAPI, route: str, headers: dict[str, str], client: str = "203.0.113.1", **more: Any
) -> Answer:
    """Send one request, and hang up once the answer has begun."""
    method, _, path = route.partition(" ")
    form = not path.startswith("/api/")
    sent = {
        "x-cityops-form": "a test",
        "content-type": "application/x-www-form-urlencoded" if form else "application/json",
    }
    raw = [(n.encode(), v.encode()) for n, v in ({"host": "city.test"} | sent | headers).items()]
    address = filled(path)
    scope = {
        "type": "http", "method": method, "path": unquote(address), "raw_path": address.encode(), "query_string": b"", "headers": raw,
        "scheme": "http", "server": ("city.test", 80), "client": (client, 1), "http_version": "1.1", "root_path": "", **more,
    }  # fmt: skip
    return await _called(app, scope, b"" if form or method in ("GET", "DELETE") else b"{}")


async def _called(app: FastAPI, scope: dict[str, Any], body: bytes) -> Answer:
    told: list[MutableMapping[str, Any]] = []
    begun, asked = asyncio.Event(), False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await begun.wait()
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)
        if len(told) > 1:
            begun.set()

    task = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(begun.wait())
    await asyncio.wait({task, waiting}, timeout=20, return_when=asyncio.FIRST_COMPLETED)
    for one in (task, waiting):
        one.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await one
    headers = {n.decode().lower(): v.decode() for n, v in told[0]["headers"]}
    return Answer(told[0]["status"], headers, told[1].get("body", b"") if len(told) > 1 else b"")
