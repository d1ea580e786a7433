"""The bin crews' phone pages: which lorry, its next stop and its list, card and track, photos."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.access.principal import principal_of
from ops_api.crew_files import crew_file
from ops_api.housing.team_door import Pass
from ops_api.routers import crew_content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.crew_door import ADDRESS, COOKIE, OnShift, crew_of, door_of, let_in
from ops_api.routers.password import try_password
from ops_api.routers.staff_browser import end_before, forget_session
from ops_api.web.render import STATIC
from rules.core.collection_acts.record import NAME_MOST
from rules.core.effects import hour_of
from rules.rounds.ports import NoRoundsError, NoSuchRoundsError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
PASSWORD_MOST = 200
TOLD = "The plan changed at {at}: look again. What you tapped is kept."
_SHA256 = re.compile(r"[0-9a-f]{64}")

Version = Annotated[int | None, Query(ge=1, le=2**31)]
Lorry = Annotated[str, Form(max_length=100)]


@router.get("/crew")
async def crew(ctx: Ctx, who: OnShift) -> HTMLResponse:
    """Show all lorries: pick yours."""
    return await _board(ctx, who)


@router.post("/crew/who")
async def say_who(
    request: Request,
    ctx: Ctx,
    name: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")],
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
    lorry: Lorry = "",
) -> Response:
    """Let a crew in for a shift."""
    if (no := try_password(ctx, request, door_of(ctx), password)) is not None:
        page = (
            _board(ctx, None, no.words, no.status)
            if not lorry
            else lorry_page(ctx, lorry, None, no.words, no.status)
        )
        return no.on(await page)
    return let_in(ctx, request, f"{ADDRESS}/{quote(lorry, safe='')}" if lorry else ADDRESS, name)


@router.post("/crew/bye")
async def bye(request: Request, ctx: Ctx) -> Response:
    """Forget who it is, whether by the crews' password or an account: the telephone goes to the next crew."""
    response = RedirectResponse(ADDRESS, 303)
    response.delete_cookie(COOKIE, path="/")
    who = await principal_of(request)
    if who.kind == "staff":
        await end_before(request, ctx)
        forget_session(request, response)
    return response


@router.get("/crew/worker.js")
async def worker() -> Response:
    """Give what lets the page open without reception: for pages below this address alone."""
    return Response((STATIC / "crew_worker.js").read_bytes(), media_type="text/javascript")


@router.get("/crew/photos/{sha256}")
async def photo(sha256: str, ctx: Ctx, who: OnShift) -> Response:
    """Show a photo to the crews; whoever is not let in yet is asked who they are."""
    if who is None:
        return RedirectResponse(ADDRESS, 303)
    data = await crew_of(ctx).taps.album.jpeg(sha256) if _SHA256.fullmatch(sha256) else None
    if data is None:
        raise HTTPException(404, "There is no such photo (any more).")
    return Response(data, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/crew/{lorry}")
async def phone(lorry: str, ctx: Ctx, who: OnShift, told: Version = None) -> HTMLResponse:
    """Show a lorry's next stop and its list."""
    newest = await crew_of(ctx).rounds.newest((await ctx.town_now()).timestamp()) if told else None
    changed = newest is not None and newest.version != told
    words = TOLD.format(at=crew_content.made_at(ctx, newest.at_s)) if newest is not None and changed else ""
    return await lorry_page(ctx, lorry, who, told=words)


@router.get("/crew/{lorry}/card.pdf")
async def card(lorry: str, ctx: Ctx, version: Version = None) -> Response:
    """Show a lorry's card for paper."""
    return _file(await _card(ctx, lorry, version, ".pdf"), "application/pdf", f"{lorry}.pdf", "inline")


@router.get("/crew/{lorry}/track.gpx")
async def track(lorry: str, ctx: Ctx, version: Version = None) -> Response:
    """Give a lorry's way and stops for a navigation device."""
    data = await _card(ctx, lorry, version, ".gpx")
    return _file(data, "application/gpx+xml", f"{lorry}.gpx", "attachment")


async def lorry_page(
    ctx: Context, name: str, who: Pass | None, refused: str = "", status: int = 200, told: str = ""
) -> HTMLResponse:
    """Return a lorry's page; ``refused`` and ``told`` are said above it."""
    content = await crew_content.lorry(ctx, name)
    page = ctx.templates.render(
        "crew_lorry.html", **content, **_who(ctx, who), refused=refused, told=told, once=token_urlsafe(12),
        notes=await crew_content.notes(ctx, name) if who is not None else (),
        address=f"{ADDRESS}/{quote(name, safe='')}", live=f"/live/crew?code={quote(name, safe='')}",
    )  # fmt: skip
    return HTMLResponse(page, status)


async def _board(ctx: Context, who: Pass | None, refused: str = "", status: int = 200) -> HTMLResponse:
    content = await crew_content.board(ctx)
    page = ctx.templates.render("crew.html", **content, **_who(ctx, who), refused=refused, told="", name="")
    return HTMLResponse(page, status)


def _who(ctx: Context, who: Pass | None) -> dict[str, object]:
    until = None if who is None else datetime.fromtimestamp(who.until_s, UTC).astimezone(ctx.brand.time_zone)
    is_set_up = crew_of(ctx).door is not None
    return {"who": who, "until": "" if until is None else hour_of(until), "is_set_up": is_set_up}


async def _card(ctx: Context, lorry: str, version: int | None, suffix: str) -> bytes:
    now_s = (await ctx.town_now()).timestamp()
    try:
        return await crew_file(crew_of(ctx), lorry, version, now_s, suffix, ctx.brand.council)
    except (NoSuchRoundsError, NoRoundsError) as error:
        raise HTTPException(404, str(error)) from error


def _file(data: bytes, kind: str, name: str, how: str) -> Response:
    disposition = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    return Response(data, media_type=kind, headers={"Content-Disposition": disposition})
