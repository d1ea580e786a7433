"""How nights and seasons of winter service did. Nothing in it is about a person: anybody may have it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from ops_api.routers.context import Context, Ctx
from ops_api.routers.times import Day
from ops_api.scores_text import night_document, season_document
from rules.core.winter_nights import night_of, season_of
from rules.core.winter_scores.season import season
from rules.winter.scores.ports import ScoreBook

router = APIRouter(prefix="/api/v1/winter/scores", tags=["winter"])


def book_of(ctx: Context) -> ScoreBook:
    """Return the book of scores; 503 where it is not served."""
    if ctx.officers is None or ctx.officers.scores is None:
        raise HTTPException(503, "Scores are not served here.")
    return ctx.officers.scores


@router.get("/season")
async def get_season(
    ctx: Ctx,
    first: Annotated[Day | None, Query(alias="from", description="First night; 1 October without")] = None,
    last: Annotated[Day | None, Query(alias="to", description="Last night; the last one without")] = None,
) -> dict[str, Any]:
    """Return several nights as one: hits and misses by route, errors by lead, treated in time, salt."""
    until = last or night_of((await ctx.town_now()).timestamp(), ctx.brand.time_zone)
    since = first or season_of(until)
    if until < since:
        raise HTTPException(422, f"to, {until}, is before from, {since}.")
    return season_document(season(await book_of(ctx).nights(since, until)))


@router.get("/{night}")
async def get_night(night: date, ctx: Ctx) -> dict[str, Any]:
    """Return the newest score of the night that began on this day; `cityops winter verify` makes it."""
    found = await book_of(ctx).nights(night, night)
    if not found:
        raise HTTPException(
            404, f"The night of {night} has no score yet: `cityops winter verify {night}` makes one."
        )
    return night_document(found[0])
