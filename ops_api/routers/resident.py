"""Who is signed in: the session's token in a cookie, or as a bearer token for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.responses import Response

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


def address_of(request: Request) -> str:
    """Return the address a request comes from, for counting wrong codes."""
    return "" if request.client is None else request.client.host


def needs_member(who: Member | None) -> Member:
    """Return the resident; 401 where nobody is signed in."""
    if who is None:
        raise HTTPException(401, "Sign in first: POST /api/v1/join with the code on your frog.")
    return who
