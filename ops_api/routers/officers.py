"""Who may act at the duty officer's desk: a browser with a pass, a program with the password. Without a password nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Depends, Header, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from ops_api.housing.team_door import SHIFT, Pass, TeamDoor
from ops_api.routers.context import Context, Ctx, Officers
from ops_api.routers.password import needs_bearer, remember
from ops_api.routers.staff_pass import as_named, carried, own_pass, utf8
from rules.core.winter_orders.commands import NAME_MOST

COOKIE = "cityops_winter"
OFFICER = "duty officer"
NOT_SET_UP = (
    "No team's password opens this here. Sign in with a highways officer's account (/sign-in); a program sends a key with winter:write. "
    "`cityops winter` answers proposals too."
)


def officers_of(ctx: Context) -> Officers:
    """Return the officers' desk; 503 where orders are not served."""
    if ctx.officers is None:
        raise HTTPException(503, "Orders are not served here.")
    return ctx.officers


def door_of(ctx: Context) -> TeamDoor:
    """Return the officers' door; 404 where no password is set."""
    door = officers_of(ctx).door
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    return door


async def _pass(
    ctx: Ctx, request: Request, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = ""
) -> Pass | None:
    return await carried(ctx, request, officers_of(ctx).door, cookie, OFFICER)


Carried = Annotated[Pass | None, Depends(_pass)]
"""Who acts and in which role: by their account, or as a browser that gave the password carries it; None: it is to be asked."""


def needs_password(ctx: Context, request: Request, authorization: str) -> None:
    """Raise what :func:`ops_api.routers.password.needs_bearer` does where a program does not send the password."""
    said = "Send the winter service's password: Authorization: Bearer …"
    needs_bearer(ctx, request, door_of(ctx), authorization, said)


def let_in(ctx: Context, request: Request, address: str, by: str, role: str) -> Response:
    """Return the answer that lets an officer in for a shift and leads to a page: who gave the password."""
    door, now = door_of(ctx), ctx.clock.now()
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE, door.issue(by.strip(), role.strip(), now + SHIFT), max_age=int(SHIFT.total_seconds()),
        path="/winter", secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    remember(response, request, door, now, "/winter")
    return response


async def _program(
    ctx: Ctx,
    request: Request,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description="Who acts: a person's name")] = "",
    x_cityops_role: Annotated[str, Header(max_length=NAME_MOST, description="In which role")] = OFFICER,
) -> Pass:
    if (own := await own_pass(ctx, request, OFFICER)) is not None:
        return await as_named(request, own, x_cityops_who, x_cityops_role)
    needs_password(ctx, request, authorization)
    who = Pass(utf8(x_cityops_who).strip(), utf8(x_cityops_role).strip(), 0.0)
    if not who.name or not who.purpose:
        raise HTTPException(422, "Say who acts in the header X-Cityops-Who, and as what in X-Cityops-Role.")
    return who


Program = Annotated[Pass, Depends(_program)]
"""A program of the winter service; ``purpose`` is the role."""
