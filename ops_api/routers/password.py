"""A password is tried at a team's door: counted, slowed down, logged."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog
from fastapi import HTTPException, Request
from fastapi.responses import Response

from ops_api.access.failed import failed
from ops_api.client_network import network_of
from ops_api.housing.team_door import TeamDoor
from ops_api.housing.tries import KNOWN_S
from ops_api.routers.context import Context
from ops_api.routers.resident import address_of

log = structlog.get_logger(__name__)
R = TypeVar("R", bound=Response)
WRONG = "That is not the password."


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a password does not open: ``words`` for people, a status, and headers of the answer."""

    words: str
    status: int
    headers: dict[str, str]

    def on(self, page: R) -> R:
        """Return a page of this refusal with its headers."""
        page.headers.update(self.headers)
        return page


def try_password(ctx: Context, request: Request, door: TeamDoor, typed: str) -> Refused | None:
    """Return why what was typed does not open a door; None: it opens. Who types nothing tries nothing."""
    if not typed:
        return Refused(WRONG, 403, {})
    address, now = address_of(request), ctx.clock.now()
    now_s = now.timestamp()
    known = door.knows(request.cookies.get(_known_by(door), ""), now)
    wait_s = door.tries.wait_s(address, now_s, known=known)
    if wait_s > 0.0:
        ctx.metrics.password_tries.labels(door.team, "held back").inc()
        failed(request, "wait", 429, about=f"team:{door.team}")
        return _too_many(wait_s)
    if door.opens(typed):
        ctx.metrics.password_tries.labels(door.team, "right").inc()
        door.tries.right(address, now_s)
        request.state.team = door.team
        return None
    wait_s = door.tries.wrong(address, now_s)
    ctx.metrics.password_tries.labels(door.team, "wrong").inc()
    failed(request, "password", 403, about=f"team:{door.team}")
    log.warning("wrong password", team=door.team, network=network_of(address), wait_s=round(wait_s, 1))
    return Refused(WRONG, 403, {})


def remember(response: Response, request: Request, door: TeamDoor, now: datetime, path: str) -> None:
    """Let a browser that gave the password keep that it did: it names nobody, opens nothing, and spares it others' waits."""
    response.set_cookie(
        _known_by(door), door.issue("", "", now), max_age=int(KNOWN_S), path=path, secure=request.url.scheme == "https",
        httponly=True, samesite="lax",
    )  # fmt: skip


def needs_bearer(ctx: Context, request: Request, door: TeamDoor, authorization: str, ask: str) -> None:
    """Let a program in that sends the password as a bearer token.

    Raises:
        HTTPException: 401 where it is missing or wrong, with ``ask`` in words; 429 where too many were wrong.
    """
    scheme, _, given = authorization.partition(" ")
    typed = given.strip() if scheme.lower() == "bearer" else ""
    said = try_password(ctx, request, door, typed)
    if said is not None and said.status == 429:
        raise HTTPException(429, said.words, said.headers)
    if said is not None:
        raise HTTPException(401, ask, {"WWW-Authenticate": "Bearer"})


def _known_by(door: TeamDoor) -> str:
    return f"cityops_{door.team}_known"


def _too_many(wait_s: float) -> Refused:
    wait = math.ceil(wait_s)
    said = f"{wait} s" if wait < 120 else f"{math.ceil(wait / 60)} min"
    return Refused(f"Too many wrong passwords. Wait {said}, then try again.", 429, {"Retry-After": str(wait)})
