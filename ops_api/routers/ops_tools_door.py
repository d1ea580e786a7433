"""Who may ask what a closure would do: it plans four times, and its notes are signed. Everybody may look."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Depends, Header, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from ops_api.housing.team_door import SHIFT, Pass, TeamDoor
from ops_api.ops_tools import OpsTools
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import needs_bearer, remember

COOKIE = "cityops_closing"
ADDRESS = "/ops"
ROLE = "duty officer"
NAME_MOST = 100
NOT_SET_UP = "Nobody asks here yet: whoever runs this sets CITYOPS_WINTER__PASSWORD. Until then `cityops ops what-if` answers."
ASK = "Send the winter service's password: Authorization: Bearer …"


def tools_of(ctx: Context) -> OpsTools:
    """Return the tools; 503 where they are not served."""
    if ctx.tools is None:
        raise HTTPException(503, "The operations centre's tools are not served here.")
    return ctx.tools


def door_of(ctx: Context) -> TeamDoor:
    """Return the door; 404 where no password is set."""
    door = tools_of(ctx).door
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    return door


def _pass(ctx: Ctx, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = "") -> Pass | None:
    door = tools_of(ctx).door
    return None if door is None else door.read(cookie, ctx.clock.now())


Carried = Annotated[Pass | None, Depends(_pass)]
"""Who asks and as what, as a browser that gave the password carries it; None: it only looks, and is told no names."""


def let_in(ctx: Context, request: Request, address: str, by: str, role: str) -> Response:
    """Return the answer that lets somebody in for a shift and leads to a page: who gave the password."""
    door, now = door_of(ctx), ctx.clock.now()
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE, door.issue(by.strip(), role.strip() or ROLE, now + SHIFT), max_age=int(SHIFT.total_seconds()),
        path=ADDRESS, secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    remember(response, request, door, now, ADDRESS)
    return response


def _program(
    ctx: Ctx,
    request: Request,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description="Who asks: a person's name")] = "",
    x_cityops_role: Annotated[str, Header(max_length=NAME_MOST, description="In which role")] = ROLE,
) -> Pass:
    needs_bearer(ctx, request, door_of(ctx), authorization, ASK)
    if not x_cityops_who.strip():
        raise HTTPException(422, "Say who asks in the header X-Cityops-Who.")
    return Pass(x_cityops_who.strip(), x_cityops_role.strip() or ROLE, 0.0)


Program = Annotated[Pass, Depends(_program)]
"""A program with the password; ``purpose`` is the role."""
