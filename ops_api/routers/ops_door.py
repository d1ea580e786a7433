"""Who may act for the operations centre, on incidents and with its tools: a browser with a pass, a program with the password.

Without a password nobody; everybody may look.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Depends, Header, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from ops_api.access.principal import key_of
from ops_api.housing.team_door import SHIFT, Pass, TeamDoor
from ops_api.incident_desk import IncidentDesk
from ops_api.ops_tools import OpsTools
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import needs_bearer, remember
from ops_api.routers.staff_pass import as_named, carried, may, own_pass, utf8
from rules.core.incidents.commands import NAME_MOST

COOKIE = "cityops_ops"
EVERYWHERE = "/"
"""A pass is for all pages: incidents and tools lie under two addresses."""
ROLE = "operations"
NOT_SET_UP = (
    "No team's password opens this here. Sign in with an account that has the role operations (/sign-in); a program sends a key with "
    "incidents:write. `cityops incidents` and `cityops ops` do the same."
)
ASK = "Send the operations centre's password: Authorization: Bearer …"


def desk_of(ctx: Context) -> IncidentDesk:
    """Return the desk of incidents; 503 where they are not served."""
    if ctx.incidents is None:
        raise HTTPException(503, "Incidents are not served here.")
    return ctx.incidents


def tools_of(ctx: Context) -> OpsTools:
    """Return the tools; 503 where they are not served."""
    if ctx.tools is None:
        raise HTTPException(503, "The operations centre's tools are not served here.")
    return ctx.tools


def team_door(ctx: Context) -> TeamDoor | None:
    """Return the operations centre's door, None where no password is set; 503 where it works on nothing here."""
    for desk in (ctx.incidents, ctx.tools):
        if desk is not None:
            return desk.door
    raise HTTPException(503, "The operations centre's pages are not served here.")


def door_of(ctx: Context) -> TeamDoor:
    """Return the door; 404 where no password is set."""
    door = team_door(ctx)
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    return door


async def _pass(
    ctx: Ctx, request: Request, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = ""
) -> Pass | None:
    return await carried(ctx, request, team_door(ctx), cookie, ROLE)


Carried = Annotated[Pass | None, Depends(_pass)]
"""Who acts and as what: by their account, or as a browser that gave the password carries it; None: it only looks, and is told no names."""


def let_in(ctx: Context, request: Request, address: str, by: str, role: str) -> Response:
    """Return the answer that lets somebody in for a shift and leads to a page: who gave the password."""
    door, now = door_of(ctx), ctx.clock.now()
    response = RedirectResponse(address, 303)
    response.set_cookie(
        COOKIE, door.issue(by.strip(), role.strip() or ROLE, now + SHIFT), max_age=int(SHIFT.total_seconds()),
        path=EVERYWHERE, secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    remember(response, request, door, now, EVERYWHERE)
    return response


def let_out(address: str) -> Response:
    """Return the answer that forgets who a browser's pass names: the desk is the next one's before the shift is over."""
    response = RedirectResponse(address, 303)
    response.delete_cookie(COOKIE, path=EVERYWHERE)
    return response


Bearer = Annotated[str, Header(include_in_schema=False)]


async def _reader(ctx: Ctx, request: Request, authorization: Bearer = "") -> bool:
    if await may(request) is not None:
        return True
    if not authorization or key_of(request):
        return False
    needs_bearer(ctx, request, door_of(ctx), authorization, ASK)
    return True


Reader = Annotated[bool, Depends(_reader)]
"""Whether a program sends the password or a key that is good for it, and so is told names and what people wrote; a wrong one is refused."""


async def _program(
    ctx: Ctx,
    request: Request,
    authorization: Bearer = "",
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description="Who acts: a person's name")] = "",
    x_cityops_role: Annotated[str, Header(max_length=NAME_MOST, description="In which role")] = ROLE,
) -> Pass:
    if (own := await own_pass(ctx, request, ROLE)) is not None:
        return await as_named(request, own, x_cityops_who, x_cityops_role)
    needs_bearer(ctx, request, door_of(ctx), authorization, ASK)
    who = Pass(utf8(x_cityops_who).strip(), utf8(x_cityops_role).strip(), 0.0)
    if not who.name or not who.purpose:
        raise HTTPException(422, "Say who acts in the header X-Cityops-Who, and as what in X-Cityops-Role.")
    return who


Program = Annotated[Pass, Depends(_program)]
"""A program of the operations centre; ``purpose`` is the role."""
