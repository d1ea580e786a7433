"""The board of bins, all bins ahead, a bin's own page, and the board's map."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, Response

from ops_api.queries import bin_levels
from ops_api.routers import bins_content, content
from ops_api.routers.context import Ctx
from ops_api.routers.crew_door import OnShift
from ops_api.web import bin_view, bins_all_view, bins_filter, bins_map, bins_view
from ops_api.web.bin_view import KnownOfBin
from ops_api.web.bins_today import Today
from ops_api.web.bins_wrong import wrongs

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

DAYS = 14
STORY_MOST, ALARMS_MOST = 60, 20


@router.get("/bins")
async def bins(request: Request, ctx: Ctx) -> HTMLResponse:
    """Answer "which bins today, and will the lorries have done it"."""
    view = await bins_content.board(ctx, bins_filter.read(request.url.query))
    return HTMLResponse(ctx.templates.render("bins.html", view=view))


@router.get("/bins/map.json")
async def bins_map_document(request: Request, ctx: Ctx) -> Response:
    """The board's map."""
    known = await bins_content.known(ctx)
    view = bins_view.view(known, ctx.brand, bins_filter.read(request.url.query))
    desk = None if ctx.bin_desk is None else ctx.bin_desk.rounds
    lines = {} if known.rounds is None or desk is None else await desk.lines(known.rounds.rounds)
    document = bins_map.document(view, known.bins, Today(known.rounds, known.now, ctx.brand), lines)
    return Response(content.compact(document), media_type="application/json")


@router.get("/bins/all")
async def all_bins(
    request: Request, ctx: Ctx, page: Annotated[int, Query(ge=1, le=100_000)] = 1
) -> HTMLResponse:
    """Answer "which bins will be full when"."""
    now = await ctx.town_now()
    rows = await ctx.db.rows("bins", bin_id=None)
    found = wrongs(rows, await bins_content.bin_alarms(ctx), Today(None, now, ctx.brand))
    wrong = frozenset(w.bin_id for w in found)
    scores = await ctx.db.row("bin_forecast")
    told = None if scores is None else scores["forecast"]
    view = bins_all_view.view(rows, wrong, bins_filter.read(request.url.query), page, now, ctx.brand, told)
    return HTMLResponse(ctx.templates.render("bins_all.html", view=view))


@router.get("/bins/{bin_id}")
async def one_bin(bin_id: str, ctx: Ctx, who: OnShift) -> HTMLResponse:
    """Answer "how full, does it go today, and why"; to a crew also who of the crews wrote what."""
    row = await ctx.db.row("bins", bin_id=bin_id)
    if row is None:
        raise HTTPException(404, f"There is no bin {bin_id!r}.")
    now = await ctx.town_now()
    since = now - timedelta(days=DAYS)
    [row] = await bins_content.with_photos(ctx, [row], now, bin_id)
    known = KnownOfBin(
        row=row,
        levels=await bin_levels.levels(ctx.db, bin_id, since, now + timedelta(minutes=5)),
        story=await ctx.db.rows("bin_story", bin_id=bin_id, since=since, limit=STORY_MOST),
        alarms=await ctx.db.rows("bin_own_alarms", bin_id=bin_id, device=row["device"], limit=ALARMS_MOST),
        active=await bins_content.bin_alarms(ctx),
        decision=await content.newest_round(ctx),
        start=since,
        by_crew=who is not None,
        newest=await bin_levels.newest(ctx.db, bin_id, row["at"] or since, now + timedelta(minutes=5)),
    )
    today = Today(await bins_content.todays_rounds(ctx, now.timestamp()), now, ctx.brand)
    return HTMLResponse(ctx.templates.render("bin.html", view=bin_view.view(known, today, ctx.brand)))
