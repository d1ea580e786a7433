"""Signing in by a passkey, and at the council's own provider."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ops_api.access.addresses import own_address
from ops_api.access.enforce import FORMS
from ops_api.households.codes import new_token
from ops_api.identity.model import IdentityRefusedError, WrongError
from ops_api.identity.oidc import WRONG as NOT_SAID
from ops_api.identity.oidc import Provider
from ops_api.identity.passkeys import OVER, WRONG, Site, said_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.sign_in_flow import Next, go_on, let_in, not_in, page, refusal
from ops_api.routers.staff_browser import desk_of, forget, keep_step, own_origin, passkey_site, step_of

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
BACK = "/sign-in/provider/back"
JSON = "application/json"
LONG_AGO = timedelta(days=1)


def needs_site(request: Request, ctx: Context) -> Site:
    """Return where passkeys are good; 404 where nowhere."""
    found = passkey_site(request, ctx)
    if found is None:
        raise HTTPException(404, "Passkeys need an https address with a name, or localhost.")
    return found


async def said_in(request: Request) -> dict[str, Any]:
    """Return what a browser sent of a passkey.

    Raises:
        WrongError: it is no JSON object.
    """
    if request.headers.get("content-type", "").startswith(FORMS):  # read already, for its mark
        raise WrongError(WRONG)
    return said_of(await request.body())


@router.post("/sign-in/passkey/options")
async def passkey_options(request: Request, ctx: Ctx) -> Response:
    """Begin to sign in by a passkey: what the browser needs."""
    token, options = await desk_of(ctx).passkeys.begin(needs_site(request, ctx), ctx.clock.now())
    response = Response(options, media_type=JSON)
    keep_step(request, response, token, "passkey")
    return response


@router.post("/sign-in/passkey")
async def passkey(request: Request, ctx: Ctx, to: Next = "/") -> Response:
    """Let in whoever shows a passkey; the answer says where to go, or why not."""
    desk, now, site = desk_of(ctx), ctx.clock.now(), needs_site(request, ctx)
    try:
        said = await said_in(request)
        owner = await desk.passkeys.finish(site, step_of(request, "passkey"), said, now)
        who = None if owner.account_id is None else await desk.accounts.by_id(owner.account_id)
        if who is None:
            raise WrongError(WRONG)
        response = await let_in(
            request, ctx, who, "passkey", to, two=True, shown=JSONResponse({"to": own_address(to)})
        )
    except IdentityRefusedError as error:
        status, headers = refusal(error)
        not_in(request, error, "passkey")
        response = JSONResponse({"detail": str(error) or OVER}, status, headers)
    forget(request, response, "passkey")
    return response


@router.get("/sign-in/provider")
async def to_provider(request: Request, ctx: Ctx, to: Next = "/", again: bool = False) -> Response:
    """Send the browser to the council's provider; ``again``: to show there who it is, though the provider knows."""
    provider, origin, browser = _provider(ctx), own_origin(request, ctx), new_token()
    if not origin:
        raise HTTPException(
            404, "Set CITYOPS_API__PUBLIC_URL: the provider must know where to send you back to."
        )
    try:
        now = ctx.clock.now()
        address = await provider.begin(f"{origin}{BACK}", browser, own_address(to), now, again=again)
    except IdentityRefusedError as error:
        return _refused(ctx, error)
    response = RedirectResponse(address, 303)
    keep_step(request, response, browser, "provider")
    return response


@router.get(BACK)
async def from_provider(request: Request, ctx: Ctx) -> Response:
    """Let in whom the provider sends back, with the roles that it says."""
    provider, desk, now = _provider(ctx), desk_of(ctx), ctx.clock.now()
    try:
        said, to = await provider.finish(dict(request.query_params), step_of(request, "provider"), now)
        who = await desk.accounts.of_provider(said, now)
        # Who was known there already has shown nothing now: what asks for a fresh factor asks again.
        at = now - LONG_AGO if said.shown_at_s is None else datetime.fromtimestamp(said.shown_at_s, UTC)
        response = await go_on(request, ctx, who, "oidc", to, two=said.two, strong_at=at)
    except IdentityRefusedError as error:
        not_in(request, error, "provider")
        response = _refused(ctx, error)
    forget(request, response, "provider")
    return response


def _provider(ctx: Context) -> Provider:
    found = desk_of(ctx).provider
    if found is None:
        raise HTTPException(404)
    return found


def _refused(ctx: Context, error: IdentityRefusedError) -> HTMLResponse:
    status, headers = refusal(error)
    answer = page(ctx, "sign_in_refused.html", status, why=str(error) or NOT_SAID)
    answer.headers.update(headers)
    return answer
