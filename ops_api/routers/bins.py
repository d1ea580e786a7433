"""Bins as GeoJSON, and which must be collected."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from ops_api.queries import Row, bin_levels
from ops_api.routers import content
from ops_api.routers.context import Ctx
from ops_api.routers.schemas import (
    BinDocument,
    DecisionDocument,
    EmptyingDocument,
    FeatureCollection,
    Level,
    LevelsDocument,
)
from ops_api.routers.times import Moment
from ops_api.web.bin_chart import SD, moment
from ops_api.web.bins_filter import state_of

router = APIRouter(prefix="/api/v1/bins", tags=["bins"])

LEVELS_USUAL, LEVELS_MOST = timedelta(days=14), timedelta(days=62)


def bin_feature(row: Row) -> dict[str, Any]:
    """Return a bin as a GeoJSON feature."""
    state = row["state"] or {}
    return {
        "type": "Feature",
        "id": row["bin_id"],
        "geometry": {"type": "Point", "coordinates": [row["longitude_deg"], row["latitude_deg"]]},
        "properties": {
            **{k: row[k] for k in ("label", "street", "stream", "threshold_pct", "device")},
            "state": state_of(row),
            "fill_pct": state.get("fill_pct"),
            "needs_collection": bool(state.get("needs_collection")),
            "reason": state.get("reason"),
            "condition": state.get("condition"),
            "unconfirmed": state.get("unconfirmed"),
            "exceptions": state.get("exceptions") or [],
            "last_emptied_at": state.get("last_emptied_at"),
            "outlook": state.get("outlook"),
            "at": row["at"],
        },
    }


@router.get("")
async def list_bins(ctx: Ctx) -> FeatureCollection:
    """Return public bins as GeoJSON: present fill, what is wrong, and the outlook with its strip of the coming week."""
    return FeatureCollection(features=[bin_feature(r) for r in await ctx.db.rows("bins", bin_id=None)])


@router.get("/round")
async def get_round(ctx: Ctx) -> DecisionDocument:
    """Return the newest decision: which bins must go and which may, and why; where lorries go, in which order, is in ``rounds``."""
    row = await content.newest_round(ctx)
    if row is None:
        raise HTTPException(404, "Nothing has been decided yet.")
    return DecisionDocument(**row)


@router.get("/{bin_id}")
async def get_bin(bin_id: str, ctx: Ctx) -> BinDocument:
    """Return a bin, its state and its newest events."""
    row = await ctx.db.row("bins", bin_id=bin_id)
    if row is None:
        raise HTTPException(404, f"There is no bin {bin_id!r}.")
    events = await ctx.db.rows("bin_events", bin_id=bin_id, limit=20)
    return BinDocument(**row, events=events)


@router.get("/{bin_id}/levels")
async def get_levels(
    bin_id: str,
    ctx: Ctx,
    start: Annotated[
        Moment | None, Query(alias="from", description="default: 14 days before the end")
    ] = None,
    end: Annotated[Moment | None, Query(alias="to", description="default: now")] = None,
) -> LevelsDocument:
    """Return a bin's filtered levels, one each half hour at most, with 80 % of how they may be, and its emptyings."""
    if await ctx.db.row("bins", bin_id=bin_id) is None:
        raise HTTPException(404, f"There is no bin {bin_id!r}.")
    until = end or await ctx.town_now()
    try:
        since = start or until - LEVELS_USUAL
    except OverflowError as error:  # 14 days before the calendar's first
        raise HTTPException(422, "to is too early.") from error
    if not since < until or until - since > LEVELS_MOST:
        raise HTTPException(422, f"from must be before to, by at most {LEVELS_MOST.days} days.")
    found = await bin_levels.levels(ctx.db, bin_id, since, until)
    half = round(SD * found.sd_pct, 1)
    levels = [
        Level(
            at=moment(t),
            fill_pct=v,
            low_pct=max(0.0, round(v - half, 1)),
            high_pct=min(100.0, round(v + half, 1)),
        )
        for t, v in zip(found.at_s, found.fill_pct, strict=True)
    ]
    emptyings = [
        EmptyingDocument(at=moment(e.t_s), before_pct=e.before_pct, after_pct=e.after_pct, confidence=e.confidence, evidence=list(e.evidence))
        for e in found.emptied
    ]  # fmt: skip
    return LevelsDocument(bin_id=bin_id, start=since, end=until, levels=levels, emptyings=emptyings)
