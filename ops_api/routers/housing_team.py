"""Who may ask for the housing team: a browser with a pass, a program with the password. Without a password nobody."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Annotated

from fastapi import Cookie, Depends, Header, HTTPException, Request

from ops_api.access.model import Principal
from ops_api.access.principal import principal_of
from ops_api.housing.team_door import Pass, TeamDoor
from ops_api.queries.housing import NAME_MOST, PURPOSE_MOST, Asks
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import needs_bearer
from ops_api.routers.staff_pass import carried, may, own_pass, utf8

COOKIE, WHY_COOKIE = "cityops_housing", "cityops_housing_why"
NOT_SET_UP = (
    "No team's password opens this here. Sign in with a housing officer's account (/sign-in); a program sends a key with housing:read. "
    "The map of wards is open to everybody: /housing/wards."
)
WHO = "Who looks. Every household that is looked at reads it."
WHY = "Why. Every household that is looked at reads it."


def door_of(ctx: Context) -> TeamDoor:
    """Return the team's door; 404 where no password is set."""
    if ctx.team is None:
        raise HTTPException(404, NOT_SET_UP)
    return ctx.team


async def _pass(
    ctx: Ctx,
    request: Request,
    cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = "",
    why: Annotated[str, Cookie(alias=WHY_COOKIE, max_length=4000)] = "",
) -> Pass | None:
    own = await own_pass(ctx, request, "")
    if own is not None:
        purpose = read_purpose(ctx, await principal_of(request), why)
        return None if purpose is None else Pass(own.name, purpose, own.until_s)
    return await carried(ctx, request, door_of(ctx), cookie, "")


def keep_purpose(ctx: Context, who: Principal, purpose: str) -> str:
    """Return text of a cookie that says why somebody with an account looks; it is of no use in another session."""
    body = base64.urlsafe_b64encode(purpose.encode()).decode()
    return f"{body}.{_purpose_mark(ctx, who, body)}"


def read_purpose(ctx: Context, who: Principal, text: str) -> str | None:
    """Return why the person of this session looks; None: it is to be asked."""
    body, _, mark = text.partition(".")
    if not hmac.compare_digest(_purpose_mark(ctx, who, body).encode(), mark.encode("utf-8", "surrogatepass")):
        return None
    return base64.urlsafe_b64decode(body).decode()


def _purpose_mark(ctx: Context, who: Principal, body: str) -> str:
    said = f"{who.session_id}|housing|{body}".encode("utf-8", "surrogatepass")
    return hmac.new(ctx.front.secret, said, hashlib.sha256).hexdigest()


Carried = Annotated[Pass | None, Depends(_pass)]


async def _asks(request: Request, found: Carried) -> Asks | None:
    return None if found is None else _looks(request, Asks(found.name, found.purpose))


def _looks(request: Request, asks: Asks) -> Asks:
    request.state.reason = asks.purpose  # for the audit
    return asks


Who = Annotated[Asks | None, Depends(_asks)]
"""Who looks and why, as a browser that gave the password carries it; None: it is to be asked."""


async def _account(request: Request) -> str:
    who = await may(request)
    return "" if who is None else who.name


Account = Annotated[str, Depends(_account)]
"""The name of who is signed in as a housing officer: they are asked for a purpose alone; empty: nobody is."""


async def _of_the_team(
    ctx: Ctx, request: Request, authorization: Annotated[str, Header(include_in_schema=False)] = ""
) -> str:
    if (who := await may(request)) is not None:
        return who.name
    needs_bearer(
        ctx, request, door_of(ctx), authorization, "Send the housing team's password: Authorization: Bearer …"
    )
    return ""


async def _program(
    request: Request,
    name: Annotated[str, Depends(_of_the_team)],
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description=WHO)] = "",
    x_cityops_purpose: Annotated[str, Header(max_length=PURPOSE_MOST, description=WHY)] = "",
) -> Asks:
    said = utf8(x_cityops_who).strip()
    if name and (await principal_of(request)).kind != "program":
        said = ""  # people are who they are
    asks = Asks(_called(name, said), utf8(x_cityops_purpose).strip())
    if not asks.name or not asks.purpose:
        raise HTTPException(422, "Say who looks and why in the headers X-Cityops-Who and X-Cityops-Purpose.")
    return _looks(request, asks)


def _called(account: str, said: str) -> str:
    """Return what households read of who looks: of a program its own name too, which nobody can say for it."""
    if account and said:
        return (
            f"{said[: NAME_MOST - len(account) - 3]} ({account})" if len(account) < NAME_MOST - 3 else account
        )
    return account or said


Program = Annotated[Asks, Depends(_program)]
