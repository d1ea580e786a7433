"""A resident's passkey: with it she comes back to her home from a browser that has forgotten her, without a new code."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ops_api.access.failed import failed
from ops_api.access.model import Principal
from ops_api.households.model import Member
from ops_api.identity.model import IdentityRefusedError, WrongError
from ops_api.identity.passkeys import LABEL_MOST, WRONG, Owner
from ops_api.routers.context import Ctx
from ops_api.routers.home_pages import home_address
from ops_api.routers.home_people import at_home
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who, sign_in
from ops_api.routers.sign_in_other import needs_site, said_in
from ops_api.routers.staff_browser import desk_of, forget, keep_step, step_of

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
JSON = "application/json"


def owner_of(who: Member) -> Owner:
    """Return whose passkeys are a resident's."""
    named = who.name or "resident"
    return Owner(None, who.resident_id, named, named)


@pages.post("/home/{code}/people/passkeys/options")
async def options(code: Code, request: Request, ctx: Ctx, who: Who) -> Response:
    """Begin to make a passkey: what the browser needs."""
    found, _ = at_home(who, code)
    site, desk = needs_site(request, ctx), desk_of(ctx)
    try:
        token, needed = await desk.passkeys.begin_new(owner_of(found), site, ctx.clock.now())
    except IdentityRefusedError as error:
        return JSONResponse({"detail": str(error)}, 403)
    response = Response(needed, media_type=JSON)
    keep_step(request, response, token, "passkey")
    return response


@pages.post("/home/{code}/people/passkeys")
async def add(code: Code, request: Request, ctx: Ctx, who: Who, label: str = "") -> Response:
    """Keep the passkey that the browser made."""
    found, home = at_home(who, code)
    site, token, desk = needs_site(request, ctx), step_of(request, "passkey"), desk_of(ctx)
    try:
        said = await said_in(request)
        await desk.passkeys.finish_new(
            owner_of(found), site, token, said, label[:LABEL_MOST], ctx.clock.now()
        )
    except IdentityRefusedError as error:
        return JSONResponse({"detail": str(error)}, 403)
    response = JSONResponse({"to": f"{home_address(home.code)}/people?done=passkey#passkeys-title"})
    forget(request, response, "passkey")
    return response


@pages.post("/home/{code}/people/passkeys/remove")
async def remove(
    code: Code, ctx: Ctx, who: Who, passkey: Annotated[str, Form(max_length=1500)] = ""
) -> Response:
    """Take a passkey away."""
    found, home = at_home(who, code)
    await desk_of(ctx).passkeys.drop(owner_of(found), passkey)
    return RedirectResponse(f"{home_address(home.code)}/people#passkeys-title", 303)


@pages.post("/join/passkey/options")
async def join_options(request: Request, ctx: Ctx) -> Response:
    """Begin to come back by a passkey: what the browser needs."""
    token, needed = await desk_of(ctx).passkeys.begin(needs_site(request, ctx), ctx.clock.now())
    response = Response(needed, media_type=JSON)
    keep_step(request, response, token, "passkey")
    return response


@pages.post("/join/passkey")
async def join(request: Request, ctx: Ctx) -> Response:
    """Let a resident back in who shows a passkey and lives somewhere; the answer says where to go, or why not."""
    desk, site, now = desk_of(ctx), needs_site(request, ctx), ctx.clock.now()
    try:
        said = await said_in(request)
        owner = await desk.passkeys.finish(site, step_of(request, "passkey"), said, now)
        token = None if owner.resident_id is None else await ctx.sessions.begin(owner.resident_id)
        member = None if token is None else await ctx.sessions.find(token, now)
        if member is None or token is None or not member.homes:
            raise WrongError(WRONG)
    except IdentityRefusedError as error:
        failed(request, "passkey", 403)
        response = JSONResponse({"detail": str(error)}, 403)
    else:
        request.state.asker = Principal(kind="resident", id=member.resident_id)  # for the audit
        response = JSONResponse({"to": home_address(member.homes[0].code)})
        sign_in(request, response, token)
    forget(request, response, "passkey")
    return response
