"""Who may ask for the housing team: a browser with a pass, a program with the password. Without a password nobody."""

from __future__ import annotations

from typing import Annotated

from fastapi import Cookie, Depends, Header, HTTPException, Request

from ops_api.housing.team_door import Pass, TeamDoor
from ops_api.queries.housing import NAME_MOST, PURPOSE_MOST, Asks
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import needs_bearer

COOKIE = "cityops_housing"
NOT_SET_UP = (
    "The housing team's pages are not set up here: whoever runs this sets CITYOPS_HOUSING__PASSWORD. "
    "The map of wards is open to everybody: /housing/wards."
)
WHO = "Who looks. Every household that is looked at reads it."
WHY = "Why. Every household that is looked at reads it."


def door_of(ctx: Context) -> TeamDoor:
    """Return the team's door; 404 where no password is set."""
    if ctx.team is None:
        raise HTTPException(404, NOT_SET_UP)
    return ctx.team


def _pass(ctx: Ctx, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = "") -> Pass | None:
    return door_of(ctx).read(cookie, ctx.clock.now())


def _asks(found: Annotated[Pass | None, Depends(_pass)]) -> Asks | None:
    return None if found is None else Asks(found.name, found.purpose)


Carried = Annotated[Pass | None, Depends(_pass)]
Who = Annotated[Asks | None, Depends(_asks)]
"""Who looks and why, as a browser that gave the password carries it; None: it is to be asked."""


def _of_the_team(
    ctx: Ctx, request: Request, authorization: Annotated[str, Header(include_in_schema=False)] = ""
) -> None:
    needs_bearer(
        ctx, request, door_of(ctx), authorization, "Send the housing team's password: Authorization: Bearer …"
    )


def _program(
    _: Annotated[None, Depends(_of_the_team)],
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description=WHO)] = "",
    x_cityops_purpose: Annotated[str, Header(max_length=PURPOSE_MOST, description=WHY)] = "",
) -> Asks:
    asks = Asks(_utf8(x_cityops_who).strip(), _utf8(x_cityops_purpose).strip())
    if not asks.name or not asks.purpose:
        raise HTTPException(422, "Say who looks and why in the headers X-Cityops-Who and X-Cityops-Purpose.")
    return asks


Program = Annotated[Asks, Depends(_program)]


def _utf8(text: str) -> str:
    """Return a header as it was meant: bytes of a header are read as Latin-1, and programs send UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except ValueError:
        return text
