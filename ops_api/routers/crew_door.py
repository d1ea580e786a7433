"""Who may say something on the crews' pages: a browser with a pass. Without a password nobody; everybody may look."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Depends, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from ops_api.crew_desk import CrewDesk
from ops_api.housing.team_door import SHIFT, Pass, TeamDoor
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import remember
from ops_api.routers.staff_pass import carried

COOKIE = "cityops_crew"
ROLE = "crew"
ADDRESS = "/crew"
NOT_SET_UP = (
    "No team's password opens this here. Sign in with an account that has the role bin crew (/sign-in)."
)


def crew_of(ctx: Context) -> CrewDesk:
    """Return the crews' desk; 503 where rounds are not served."""
    if ctx.crew is None:
        raise HTTPException(503, "Rounds of bin lorries are not served here.")
    return ctx.crew


def door_of(ctx: Context) -> TeamDoor:
    """Return the crews' door; 404 where no password is set."""
    door = crew_of(ctx).door
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    return door


def pass_in(ctx: Context, cookie: str) -> Pass | None:
    """Return the pass in a cookie; None where it does not hold."""
    door = _door(ctx)
    return None if door is None else door.read(cookie, ctx.clock.now())


def _door(ctx: Context) -> TeamDoor | None:
    return None if ctx.crew is None else ctx.crew.door


async def _pass(
    ctx: Ctx, request: Request, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = ""
) -> Pass | None:
    return await carried(ctx, request, _door(ctx), cookie, ROLE)


OnShift = Annotated[Pass | None, Depends(_pass)]
"""Who of the crew it is; None: it is to be asked."""


def let_in(ctx: Context, request: Request, address: str, name: str) -> Response:
    """Return the answer that lets a crew in for a shift and leads to a page: who gave the password.

    The pass is for all pages: a bin's own page shows a crew more than others.
    """
    door, now = door_of(ctx), ctx.clock.now()
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE, door.issue(name.strip(), ROLE, now + SHIFT), max_age=int(SHIFT.total_seconds()), path="/",
        secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    remember(response, request, door, now, ADDRESS)
    return response
