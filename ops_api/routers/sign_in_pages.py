"""Where staff sign in: name and password, then a second factor. Every form works without JavaScript."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.addresses import own_address
from ops_api.access.principal import network, principal_of, staff_cookie
from ops_api.identity.model import Account, IdentityRefusedError, WrongError
from ops_api.routers.context import Context, Ctx
from ops_api.routers.sign_in_flow import OVER, Next, Typed, at_step, go_on, let_in, not_in, page, refusal
from ops_api.routers.staff_browser import asker_of, desk_of, passkey_site, step_of
from ops_api.web.account_view import qr_code

log = structlog.get_logger(__name__)
router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
ENDED = "You were signed out: sessions end after a while without a request, after a shift, or when somebody ends them. Sign in, and you are back where you were."
LEFT = "You are signed out."
USED = "This link was used already, or its time is over. Ask for a new one."


@router.get("/sign-in")
async def ask(
    request: Request, ctx: Ctx, to: Next = "/", again: bool = False, over: bool = False, left: bool = False
) -> Response:
    """Ask who it is; who is known already goes on, unless a factor is to be shown again."""
    desk_of(ctx)
    who = await principal_of(request)
    if who.kind == "staff" and not again:
        return RedirectResponse(own_address(to), 303)
    ended = who.kind == "nobody" and staff_cookie(request) in request.cookies
    said = LEFT if left else ENDED if ended and not over else ""
    return _ask(request, ctx, to, again=again, wrong=OVER if over else "", said=said)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    ctx: Ctx,
    name: Typed = "",
    password: Typed = "",
    to: Annotated[str, Form(alias="next", max_length=500)] = "/",
) -> Response:
    """Take name and password."""
    named = name.strip().lower()
    try:
        asker = asker_of(request, ctx, named)
        who = await desk_of(ctx).passwords.check(named, password, asker, ctx.clock.now())
        return await go_on(request, ctx, who, "password", to)
    except IdentityRefusedError as error:
        status, headers = refusal(error)
        log.warning("not signed in", why=type(error).__name__, network=network(request))
        not_in(request, error, "password", name=named)
        answer = _ask(request, ctx, to, name=name, wrong=str(error), status=status)
        answer.headers.update(headers)
        return answer


@router.get("/sign-in/code")
async def ask_code(request: Request, ctx: Ctx) -> Response:
    """Ask for a code of the authenticator."""
    who, _ = await at_step(request, ctx)
    return await _ask_code(request, ctx, who)


@router.post("/sign-in/code")
async def take_code(request: Request, ctx: Ctx, code: Typed = "") -> Response:
    """Take a code of the authenticator, or a recovery code."""
    who, step = await at_step(request, ctx)
    desk, now = desk_of(ctx), ctx.clock.now()
    try:
        if not await desk.steps.wrong(step_of(request)):
            raise WrongError(OVER)
        await desk.factors.check(who, code, asker_of(request, ctx, who.name), now)
        if await desk.steps.take("factor", step_of(request), now) is None:
            raise WrongError(OVER)
        return await let_in(request, ctx, who, step.data["how"], step.data["to"], two=True)
    except IdentityRefusedError as error:
        status, headers = refusal(error)
        not_in(request, error, "code", about=f"account:{who.account_id}")
        answer = await _ask_code(request, ctx, who, str(error), status)
        answer.headers.update(headers)
        return answer


@router.get("/sign-in/set-up")
async def ask_to_set_up(request: Request, ctx: Ctx) -> Response:
    """Show the QR code of an authenticator that is to be set up."""
    who, _ = await at_step(request, ctx)
    if (await desk_of(ctx).factors.held(who.account_id)).any:
        return RedirectResponse("/sign-in/code", 303)
    return await _ask_to_set_up(ctx, who)


@router.post("/sign-in/set-up")
async def set_up(request: Request, ctx: Ctx, code: Typed = "") -> Response:
    """Take the first code of a new authenticator, show the recovery codes once, and let its owner in."""
    who, step = await at_step(request, ctx)
    desk, now = desk_of(ctx), ctx.clock.now()
    if (await desk.factors.held(who.account_id)).any:
        return RedirectResponse("/sign-in/code", 303)
    try:
        await desk.factors.confirm(who, code, now)
    except WrongError as error:
        not_in(request, error, "code", about=f"account:{who.account_id}")
        return await _ask_to_set_up(ctx, who, str(error), 403)
    if await desk.steps.take("factor", step_of(request), now) is None:
        return RedirectResponse("/sign-in?over=1", 303)
    shown = page(
        ctx,
        "sign_in_codes.html",
        codes=await desk.factors.new_recovery_codes(who),
        to=own_address(step.data["to"]),
    )
    return await let_in(request, ctx, who, step.data["how"], step.data["to"], two=True, shown=shown)


@router.get("/sign-in/link/{token}")
async def ask_password(token: str, ctx: Ctx) -> Response:
    """Ask who has a link for a new password. Looking uses nothing up: programs that preview links look too."""
    who = await _of_link(ctx, token)
    if who is None:
        return page(ctx, "sign_in_link.html", 404, who=None, wrong=USED, least=0)
    return _ask_password(ctx, who)


@router.post("/sign-in/link/{token}")
async def choose_password(
    token: str, request: Request, ctx: Ctx, password: Typed = "", again: Typed = ""
) -> Response:
    """Set the password that the link's owner chose; sessions of before end."""
    who, desk, now = await _of_link(ctx, token), desk_of(ctx), ctx.clock.now()
    if who is None:
        return page(ctx, "sign_in_link.html", 404, who=None, wrong=USED, least=0)
    no = "The two are not the same." if password != again else desk.passwords.why_not(who, password)
    if no is not None:
        return _ask_password(ctx, who, no, 422)
    try:
        hashed = await desk.passwords.hashed(who, password)  # first: a link is not used up by a busy machine
        if await desk.steps.take("link", token, now) is None:
            return page(ctx, "sign_in_link.html", 404, who=None, wrong=USED, least=0)
        await desk.passwords.keep(who, hashed, now)
        await desk.accounts.end_sessions(who)
        return await go_on(request, ctx, who, "link", "/account")
    except IdentityRefusedError as error:
        return _ask_password(ctx, who, str(error), refusal(error)[0])


def _ask(
    request: Request,
    ctx: Context,
    to: str,
    *,
    name: str = "",
    wrong: str = "",
    again: bool = False,
    said: str = "",
    status: int = 200,
) -> HTMLResponse:
    desk = desk_of(ctx)
    return page(
        ctx, "sign_in.html", status, to=own_address(to), name=name, wrong=wrong, again=again, said=said,
        passkeys=passkey_site(request, ctx) is not None, provider=desk.provider is not None,
    )  # fmt: skip


async def _ask_code(
    request: Request, ctx: Context, who: Account, wrong: str = "", status: int = 200
) -> HTMLResponse:
    desk = desk_of(ctx)
    held = await desk.factors.held(who.account_id)
    return page(
        ctx,
        "sign_in_code.html",
        status,
        wrong=wrong,
        held=held,
        passkeys=passkey_site(request, ctx) is not None,
    )


async def _ask_to_set_up(ctx: Context, who: Account, wrong: str = "", status: int = 200) -> HTMLResponse:
    factors, council = desk_of(ctx).factors, ctx.brand.council
    secret, address = await factors.begun(who, council) or await factors.begin(who, council)
    return page(ctx, "sign_in_set_up.html", status, who=who, wrong=wrong, secret=secret, qr=qr_code(address))


async def _of_link(ctx: Context, token: str) -> Account | None:
    desk = desk_of(ctx)
    step = await desk.steps.look("link", token, ctx.clock.now())
    return None if step is None or step.account_id is None else await desk.accounts.by_id(step.account_id)


def _ask_password(ctx: Context, who: Account, wrong: str = "", status: int = 200) -> HTMLResponse:
    return page(
        ctx, "sign_in_link.html", status, who=who, wrong=wrong, least=desk_of(ctx).terms.password_least
    )
