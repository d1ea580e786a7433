"""Who is signed in: the session's token in a cookie, or as a bearer token for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.responses import Response

from ops_api.access.model import Principal
from ops_api.access.principal import member_of, resident_cookie
from ops_api.households.model import SESSION_LIFE, Member
from ops_api.routers.context import Context

Who = Annotated[Member | None, Depends(member_of)]
"""The resident who asks, or None; :func:`ops_api.routers.content.check_lives_in` says whether a home is hers."""


def sign_in(request: Request, response: Response, token: str) -> None:
    """Give the browser the session's token: for this site only, out of reach of scripts."""
    response.set_cookie(
        resident_cookie(request),
        token,
        max_age=int(SESSION_LIFE.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


def sign_out(request: Request, response: Response) -> None:
    """Take the token from the browser."""
    response.delete_cookie(
        resident_cookie(request),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )


async def refresh(request: Request, ctx: Context, who: Member, response: Response) -> None:
    """Give the browser a new token where the old one has been used for a day."""
    if who.stale and resident_cookie(request) in request.cookies:
        token = await ctx.sessions.rotate(who)
        if token is not None:
            sign_in(request, response, token)


async def phone_opens(ctx: Context, typed: str) -> bool:
    """Return whether what was typed is a code for a resident's new phone, without using it."""
    desk = ctx.front.desk
    return desk is not None and await desk.phones.opens(typed, ctx.clock.now())


async def by_phone_code(
    request: Request, ctx: Context, who: Member | None, typed: str
) -> tuple[str, Member] | None:
    """Return a new session of the resident whose code for a new phone was typed, and her; None: it is no such code.

    ``who``: as whom this browser was signed in: that ends.
    """
    desk, now = ctx.front.desk, ctx.clock.now()
    resident_id = None if desk is None else await desk.phones.take(typed, now)
    token = None if resident_id is None else await ctx.sessions.begin(resident_id)
    found = None if token is None else await ctx.sessions.find(token, now)
    if token is None or found is None or not found.homes:
        return None
    if who is not None:
        await ctx.sessions.end(who)
    request.state.asker = Principal(kind="resident", id=found.resident_id)  # for the audit
    return token, found


def address_of(request: Request) -> str:
    """Return the address a request comes from, for counting wrong codes."""
    return "" if request.client is None else request.client.host


def needs_member(who: Member | None) -> Member:
    """Return the resident; 401 where nobody is signed in."""
    if who is None:
        raise HTTPException(401, "Sign in first: POST /api/v1/join with the code on your frog.")
    return who
