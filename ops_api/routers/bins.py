"""Bins as GeoJSON, and today's round."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from ops_api.queries import Row
from ops_api.routers import content
from ops_api.routers.context import Ctx
from ops_api.routers.schemas import BinDocument, DecisionDocument, FeatureCollection
from ops_api.web.bins_view import state_of

router = APIRouter(prefix="/api/v1/bins", tags=["bins"])


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
            "last_emptied_at": state.get("last_emptied_at"),
            "at": row["at"],
        },
    }


@router.get("")
async def list_bins(ctx: Ctx) -> FeatureCollection:
    """Return public bins with their present fill as GeoJSON."""
    return FeatureCollection(features=[bin_feature(r) for r in await ctx.db.rows("bins", bin_id=None)])


@router.get("/round")
async def get_round(ctx: Ctx) -> DecisionDocument:
    """Return the newest round: the bins to empty in driving order, with reasons."""
    row = await content.newest_round(ctx)
    if row is None:
        raise HTTPException(404, "There is no round yet.")
    return DecisionDocument(**row)


@router.get("/{bin_id}")
async def get_bin(bin_id: str, ctx: Ctx) -> BinDocument:
    """Return a bin, its state and its newest events."""
    row = await ctx.db.row("bins", bin_id=bin_id)
    if row is None:
        raise HTTPException(404, f"There is no bin {bin_id!r}.")
    events = await ctx.db.rows("bin_events", bin_id=bin_id, limit=20)
    return BinDocument(**row, events=events)
