"""A household takes a device: the QR code on its label leads here. And what is told of security (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from devices.contract.claim_code import plain_code
from ops_api.access.failed import failed
from ops_api.households.model import Member, TooManyTriesError, WrongCodeError
from ops_api.provisioning.labels import code_in
from ops_api.routers.context import Context, Ctx
from ops_api.routers.home_pages import home_address, page
from ops_api.routers.resident import Who, address_of, sign_in
from ops_api.routers.staff_browser import own_origin

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
TEXT_LIFE = timedelta(days=180)
"""How long security.txt says that it holds: less than a year (RFC 9116, section 2.5.5)."""
MISTYPED = "This is not a code from a label: it has 18 letters and digits. Check them and try again."
NOTHING = "This code opens nothing: it was used, has expired, or is of a device that stands in another home."
WAIT = "Too many wrong codes came from here. Wait an hour, then try again."


@router.get("/claim")
async def ask(ctx: Ctx, who: Who) -> HTMLResponse:
    """Ask for the code; a browser that scanned it has it behind the ``#``, which it does not send."""
    return _form(ctx, who)


@router.post("/claim")
async def claim(
    request: Request,
    ctx: Ctx,
    who: Who,
    code: Annotated[str, Form(max_length=200)] = "",
    home: Annotated[str, Form(max_length=64)] = "",
    room: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Put the code's device into the resident's home; into a new one of hers where she names none."""
    typed = code_in(code)
    if plain_code(typed) is None:
        return _form(ctx, who, MISTYPED, code)
    try:
        if home:
            return await _into(request, ctx, who, typed, home, room)
        now = min(ctx.clock.now(), await ctx.town_now())
        joined = await ctx.joining.join(typed, address_of(request), now, who=who)
    except TooManyTriesError:
        failed(request, "wait", 429, about="claim")
        return _form(ctx, who, WAIT, status=429)
    except WrongCodeError:
        failed(request, "code", 404, about="claim")
        return _form(ctx, who, NOTHING, status=404)
    ctx.hub.touch()
    response = RedirectResponse(home_address(joined.code), 303)
    sign_in(request, response, joined.token)
    return response


async def _into(
    request: Request, ctx: Context, who: Member | None, typed: str, code: str, room: str
) -> Response:
    lives_in = None if who is None else who.lives_in(code)
    if lives_in is None:
        raise HTTPException(404, "You do not live in this home, or are not signed in to it.")
    await ctx.joining.take_device(typed, address_of(request), lives_in.home_id, room.strip())
    ctx.hub.touch()
    return RedirectResponse(home_address(lives_in.code), 303)


def _form(
    ctx: Context, who: Member | None, wrong: str = "", code: str = "", status: int = 422
) -> HTMLResponse:
    homes = () if who is None else who.homes
    return page(ctx, "claim.html", status if wrong else 200, wrong=wrong, code=code, homes=homes)


@router.get("/security")
async def security(ctx: Ctx) -> HTMLResponse:
    """Say how weaknesses are reported and until when devices get updates."""
    return page(ctx, "security.html", safety=None if ctx.devices is None else ctx.devices.safety)


@router.get("/.well-known/security.txt")
async def security_txt(request: Request, ctx: Ctx) -> PlainTextResponse:
    """Say the same to programs; 404 where no contact is set."""
    if ctx.devices is None or not ctx.devices.safety.contact:
        raise HTTPException(404, "No contact for reports is set here.")
    # At midnight, so that what is kept of it is the same all day.
    today = datetime.combine(ctx.clock.now().astimezone(UTC).date(), time(), UTC)
    lines = [
        f"Contact: {ctx.devices.safety.contact}",
        f"Expires: {(today + TEXT_LIFE).isoformat().replace('+00:00', 'Z')}",
        "Preferred-Languages: en",
    ]
    origin = own_origin(request, ctx)
    if origin:
        lines += [f"Canonical: {origin}/.well-known/security.txt", f"Policy: {origin}/security"]
    return PlainTextResponse("\n".join(lines) + "\n")
