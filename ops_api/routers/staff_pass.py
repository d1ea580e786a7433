"""Who acts as themselves: staff with an account, a program with a key; then a team's pass, which names whom it was told.

What a route lets in besides is in its rule (:mod:`ops_api.access.rules`).
"""

from __future__ import annotations

from fastapi import HTTPException, Request

from ops_api.access.model import Principal, entitled
from ops_api.access.principal import principal_of, staff_cookie
from ops_api.housing.team_door import Pass, TeamDoor
from ops_api.routers.context import Context

UNTIL_S = 3600.0
"""So long a stream with names lasts where nobody says when the session ends."""


async def may(request: Request) -> Principal | None:
    """Return who asks if the route's rule names a role of theirs, or their key is good for it; None: it does not."""
    who = await principal_of(request)
    return who if entitled(request.state.rule, who) else None


async def own_pass(ctx: Context, request: Request, role: str) -> Pass | None:
    """Return the pass of who is signed in with a role of the rule, or has a key for it. ``role``: what they act as."""
    who = await may(request)
    if who is None:
        return None
    now_s = ctx.clock.now().timestamp()
    return Pass(who.name, role, who.until_s if who.until_s > now_s else now_s + UNTIL_S)


async def carried(
    ctx: Context, request: Request, door: TeamDoor | None, cookie: str, role: str
) -> Pass | None:
    """Return who acts: an account's own pass, else a team's pass in a cookie; None: it is to be asked."""
    own = await own_pass(ctx, request, role)
    if own is not None or door is None:
        return own
    found = door.read(cookie, ctx.clock.now())
    if found is not None:
        request.state.team = door.team
    return found


def own_account(request: Request) -> str:
    """Return where who came by an account signs out: what forgets a team's pass does not; empty: it is a pass alone."""
    return "/account" if request.cookies.get(staff_cookie(request)) else ""


async def as_named(request: Request, own: Pass, who: str, role: str) -> Pass:
    """Return a program's pass with the person and role that its headers name; people are who they are."""
    if (await principal_of(request)).kind != "program":
        return own
    return Pass(utf8(who).strip() or own.name, utf8(role).strip() or own.purpose, own.until_s)


async def acting(request: Request, by: str) -> str:
    """Return who did it: the name of an account; of a program the person it names, else its own name."""
    who = await principal_of(request)
    name = who.name if who.kind != "program" or not by.strip() else by
    if not name.strip():
        raise HTTPException(422, "by: say who does it")
    return name.strip()


def utf8(text: str) -> str:
    """Return a header as it was meant: bytes of a header are read as Latin-1, and programs send UTF-8."""
    try:
        return text.encode("latin-1").decode()
    except ValueError:
        return text
