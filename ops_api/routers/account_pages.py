"""One's own account: password, second factors, passkeys, where one is signed in, keys of programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ops_api.access.model import Principal, Role
from ops_api.access.principal import Asker
from ops_api.identity.core.scopes import SAID, scopes_of
from ops_api.identity.keys import NewKey
from ops_api.identity.model import Account, IdentityRefusedError
from ops_api.identity.passkeys import LABEL_MOST, Owner
from ops_api.routers.context import Context, Ctx
from ops_api.routers.sign_in_flow import Typed, page, refusal
from ops_api.routers.sign_in_other import needs_site, said_in
from ops_api.routers.staff_browser import (
    asker_of,
    audited,
    desk_of,
    forget,
    forget_session,
    keep_step,
    passkey_site,
    step_of,
)
from ops_api.web import account_view as view

router = APIRouter(prefix="/account", include_in_schema=False, default_response_class=HTMLResponse)
HERE = "/account"


@router.get("")
async def account(request: Request, ctx: Ctx, who: Asker, done: str = "") -> Response:
    """Show the account of whoever asks."""
    return await _show(request, ctx, who, done=done)


@router.post("/sign-out")
async def sign_out(request: Request, ctx: Ctx, who: Asker) -> Response:
    """End this browser's session."""
    signed = _person(who)
    await desk_of(ctx).sessions.end(signed, signed.session_id, ctx.clock.now())
    response = RedirectResponse("/sign-in?left=1", 303)
    forget_session(request, response)
    return response


@router.post("/sessions/end")
async def end_session(ctx: Ctx, who: Asker, session_id: Typed = "") -> Response:
    """End one of the other sessions, or without a number all of them."""
    signed, now, sessions = _person(who), ctx.clock.now(), desk_of(ctx).sessions
    if session_id:
        await sessions.end(signed, session_id, now)
    else:
        await sessions.end_others(signed, now)
    return _done("sessions")


@router.post("/password")
async def change_password(
    request: Request, ctx: Ctx, who: Asker, current: Typed = "", password: Typed = "", again: Typed = ""
) -> Response:
    """Change the password; all other sessions end."""
    desk, now, mine = desk_of(ctx), ctx.clock.now(), await _account(ctx, who)
    try:
        await desk.accounts.needs_local(mine)
        if password != again:
            raise IdentityRefusedError("The two new passwords are not the same.")
        if (await desk.accounts.row(mine.name) or {}).get("password"):
            await desk.passwords.check(mine.name, current, asker_of(request, ctx, mine.name), now)
        await desk.passwords.set(mine, password, now)
    except IdentityRefusedError as error:
        return await _show(request, ctx, who, wrong=str(error), status=refusal(error)[0])
    await desk.sessions.end_others(_person(who), now)
    return _done("password")


@router.post("/codes")
async def new_codes(ctx: Ctx, who: Asker) -> Response:
    """Make new recovery codes and show them, this once."""
    codes = await desk_of(ctx).factors.new_recovery_codes(await _account(ctx, who))
    return page(ctx, "sign_in_codes.html", codes=codes, to=HERE)


@router.post("/authenticator/remove")
async def drop_authenticator(ctx: Ctx, who: Asker) -> Response:
    """Take the authenticator away; where one is asked for, the next sign-in sets one up."""
    await desk_of(ctx).factors.drop(who.id)
    return _done("authenticator")


@router.post("/passkeys/options")
async def passkey_options(request: Request, ctx: Ctx, who: Asker) -> Response:
    """Begin to make a passkey: what the browser needs."""
    site, mine = needs_site(request, ctx), await _account(ctx, who)
    try:
        await desk_of(ctx).accounts.needs_local(mine)
        token, options = await desk_of(ctx).passkeys.begin_new(_owner(mine), site, ctx.clock.now())
    except IdentityRefusedError as error:
        return JSONResponse({"detail": str(error)}, 403)
    response = Response(options, media_type="application/json")
    keep_step(request, response, token, "passkey")
    return response


@router.post("/passkeys")
async def add_passkey(request: Request, ctx: Ctx, who: Asker, label: str = "") -> Response:
    """Keep the passkey that the browser made."""
    site, mine, token = needs_site(request, ctx), await _account(ctx, who), step_of(request, "passkey")
    try:
        said = await said_in(request)
        named = label[:LABEL_MOST]
        await desk_of(ctx).passkeys.finish_new(_owner(mine), site, token, said, named, ctx.clock.now())
    except IdentityRefusedError as error:
        return JSONResponse({"detail": str(error)}, 403)
    response = JSONResponse({"to": f"{HERE}?done=passkey"})
    forget(request, response, "passkey")
    return response


@router.post("/passkeys/remove")
async def drop_passkey(ctx: Ctx, who: Asker, passkey: Typed = "") -> Response:
    """Take a passkey away."""
    await desk_of(ctx).passkeys.drop(_owner(await _account(ctx, who)), passkey)
    return _done("passkey-gone")


@router.post("/keys")
async def make_key(
    request: Request,
    ctx: Ctx,
    who: Asker,
    label: Typed = "",
    scope: Annotated[list[str] | None, Form()] = None,
    days: Annotated[int, Form(ge=1, le=3650)] = 365,
) -> Response:
    """Make a key for a program and show it, this once."""
    try:
        made = await desk_of(ctx).keys.make(
            await _account(ctx, who), label, scope or [], ctx.clock.now(), timedelta(days=days)
        )
    except IdentityRefusedError as error:
        return await _show(request, ctx, who, wrong=str(error), status=422)
    audited(request, made, scopes=made.scopes)
    return await _show(request, ctx, who, made=made)


@router.post("/keys/revoke")
async def revoke_key(request: Request, ctx: Ctx, who: Asker, key: Typed = "") -> Response:
    """Revoke one of one's own keys."""
    if await desk_of(ctx).keys.revoke(key, ctx.clock.now(), account_id=who.id):
        request.state.about = f"key:{key}"
    return _done("key-gone")


async def _show(
    request: Request,
    ctx: Context,
    who: Principal,
    *,
    done: str = "",
    wrong: str = "",
    made: NewKey | None = None,
    status: int = 200,
) -> HTMLResponse:
    desk, now, mine = desk_of(ctx), ctx.clock.now(), await _account(ctx, who)
    row = await desk.accounts.row(mine.name)
    return page(
        ctx,
        "account.html",
        status,
        me=mine,
        row=row,
        done=done,
        wrong=wrong,
        made=made,
        roles=[view.ROLES[role.value] for role in Role if role in mine.roles],
        scopes=[(name, said) for name, said in SAID.items() if name in scopes_of(mine.roles)],
        sessions=view.sessions(await desk.sessions.listed(who.id, now), who.session_id, ctx.brand),
        passkeys=view.passkeys(await desk.passkeys.listed(_owner(mine)), ctx.brand),
        keys=view.keys(await desk.keys.listed(who.id), now, ctx.brand),
        can_passkey=passkey_site(request, ctx) is not None,
        least=desk.terms.password_least,
        is_admin=Role.ADMIN in mine.roles,
    )


async def _account(ctx: Context, who: Principal) -> Account:
    found = await desk_of(ctx).accounts.by_id(who.id)
    if found is None:
        raise HTTPException(403)
    return found


def _person(who: Principal) -> Principal:
    if who.kind != "staff":
        raise HTTPException(403, "This is for people who sign in, not for programs.")
    return who


def _owner(who: Account) -> Owner:
    return Owner(who.account_id, None, who.name, who.label)


def _done(what: str) -> RedirectResponse:
    return RedirectResponse(f"{HERE}?done={what}", 303)
