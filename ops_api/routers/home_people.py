"""Who lives in a home: names, invitations, moving out."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.households.model import LivesIn, Member
from ops_api.households.people import Invitation
from ops_api.identity.passkeys import Owner
from ops_api.identity.phones import PhoneCode
from ops_api.routers.content import check_lives_in
from ops_api.routers.context import Context, Ctx
from ops_api.routers.home_pages import Name, home_address, page
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who, sign_out
from ops_api.routers.staff_browser import passkey_site
from ops_api.web import account_view, household_view

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def at_home(who: Member | None, code: str) -> tuple[Member, LivesIn]:
    """Return the resident and her home; 404 where it is none of hers."""
    found = check_lives_in(who, code)
    home = found.lives_in(code)
    if home is None:
        raise HTTPException(404)
    return found, home


def day_of(ctx: Context, typed: str, *, end: bool = False) -> datetime | None:
    """Return the start of a typed day (``2026-11-30``), or its end; None for nothing typed.

    Raises:
        HTTPException: 422 where it is no day.
    """
    if not typed.strip():
        return None
    try:
        day = datetime.strptime(typed.strip(), "%Y-%m-%d").date()  # noqa: DTZ007  the zone comes next
        at = datetime.combine(day, time(), ctx.brand.time_zone)
        return at + timedelta(days=1) if end else at
    except (ValueError, OverflowError) as e:
        raise HTTPException(422, "Write the day as 2026-11-30, or leave it empty.") from e


def moved_at(ctx: Context, day: str) -> datetime | None:
    """Return the start of a day in the past as typed (``2026-11-30``), or None for now.

    Raises:
        HTTPException: 422 where it is no day, or one to come.
    """
    at = day_of(ctx, day)
    if at is not None and at > ctx.clock.now():
        raise HTTPException(422, "You can only move out today or on a day that has been.")
    return at


async def show(
    request: Request,
    ctx: Context,
    who: Member,
    home: LivesIn,
    invitation: Invitation | None = None,
    origin: str = "",
    *,
    phone: PhoneCode | None = None,
) -> HTMLResponse:
    """Return the page of who lives in a home, with a code that was just made: of an invitation, or for a new phone."""
    rows = await ctx.people.listed(who, home)
    view = household_view.people(rows, ctx.brand, ctx.clock.now())
    invited = None if invitation is None else household_view.invited(invitation, ctx.brand, origin)
    browsers = await ctx.sessions.count(who)
    mine = Owner(None, who.resident_id)
    can_passkey = ctx.front.desk is not None and passkey_site(request, ctx) is not None
    passkeys = [] if ctx.front.desk is None else await ctx.front.desk.passkeys.listed(mine)
    return page(
        ctx,
        "home_people.html",
        can_passkey=can_passkey,
        passkeys=account_view.passkeys(passkeys, ctx.brand),
        home=home,
        code=home.code,
        who=who,
        view=view,
        invited=invited,
        phone=None
        if phone is None
        else household_view.phone(
            phone, ctx.brand, ctx.front.public_url or str(request.base_url).rstrip("/")
        ),
        can_phone=ctx.front.desk is not None,
        browsers=browsers,
    )


@pages.get("/home/{code}/people")
async def people(code: Code, request: Request, ctx: Ctx, who: Who) -> HTMLResponse:
    """List who lives in the home."""
    return await show(request, ctx, *at_home(who, code))


@pages.post("/home/{code}/people/name")
async def rename(code: Code, ctx: Ctx, who: Who, name: Name) -> Response:
    """Change what the others call the resident."""
    found, home = at_home(who, code)
    if name.strip():
        await ctx.people.rename(found, name.strip())
    return RedirectResponse(f"{home_address(home.code)}/people", 303)


@pages.post("/home/{code}/people/invite")
async def invite(
    code: Code, request: Request, ctx: Ctx, who: Who, all_of_it: Annotated[bool, Form()] = False
) -> HTMLResponse:
    """Make a code for one more person and show it: this once."""
    found, home = at_home(who, code)
    invitation = await ctx.people.invite(found, home, all_of_it=all_of_it)
    return await show(request, ctx, found, home, invitation, str(request.base_url).rstrip("/"))


@pages.post("/home/{code}/people/leave")
async def leave(
    code: Code, request: Request, ctx: Ctx, who: Who, day: Annotated[str, Form(max_length=10)] = ""
) -> Response:
    """Move out: access ends at once."""
    found, home = at_home(who, code)
    await ctx.people.leave(found, home, moved_at(ctx, day))
    ctx.hub.touch()
    if len(found.homes) > 1:
        return RedirectResponse("/home", 303)
    response = RedirectResponse("/?left=1#frog", 303)
    sign_out(request, response)
    return response
