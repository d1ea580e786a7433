"""Roads: segments as GeoJSON, gritting routes and their decisions."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from ops_api.queries import Row
from ops_api.rest.chosen_fields import FIELDS, ChosenFields
from ops_api.routers.context import Ctx
from ops_api.routers.schemas import DecisionDocument, FeatureCollection, RouteDocument
from ops_api.web.winter_view import state_of

router = APIRouter(prefix="/api/v1", tags=["winter"], route_class=ChosenFields)


def segment_feature(row: Row) -> dict[str, Any]:
    """Return a segment as a GeoJSON feature; a straight line where it has no geometry."""
    line = row["geometry"] or [
        [row["from_longitude_deg"], row["from_latitude_deg"]],
        [row["to_longitude_deg"], row["to_latitude_deg"]],
    ]
    state = row["state"] or {}
    return {
        "type": "Feature",
        "id": row["segment_id"],
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {
            **{k: row[k] for k in ("street", "road_class", "length_m", "bridge", "bus_route", "route_id")},
            "state": state_of(row),
            "hazard": bool(state.get("hazard")),
            "surface_temperature_c": state.get("surface_temperature_c"),
            "dew_point_c": state.get("dew_point_c"),
            "source": state.get("source"),
            "reason": state.get("reason"),
            "at": row["at"],
        },
    }


@router.get("/segments")
async def list_segments(ctx: Ctx, route_id: str | None = None) -> FeatureCollection:
    """Return road segments with their present surface state as GeoJSON."""
    rows = await ctx.db.rows("segments", route_id=route_id)
    return FeatureCollection(features=[segment_feature(r) for r in rows])


@router.get("/depots")
async def list_depots(ctx: Ctx) -> FeatureCollection:
    """Return the gritting depots as GeoJSON."""
    return FeatureCollection(
        features=[
            {
                "type": "Feature",
                "id": r["depot_id"],
                "geometry": {"type": "Point", "coordinates": [r["longitude_deg"], r["latitude_deg"]]},
                "properties": {"label": r["label"], "salt_t": r["salt_t"]},
            }
            for r in await ctx.db.rows("depots")
        ]
    )


@router.get("/routes", dependencies=FIELDS)
async def list_routes(ctx: Ctx) -> list[RouteDocument]:
    """Return the gritting routes with their present decision."""
    return [RouteDocument(**r) for r in await ctx.db.rows("routes", route_id=None)]


@router.get("/routes/{route_id}")
async def get_route(route_id: str, ctx: Ctx) -> RouteDocument:
    """Return one gritting route with its present decision and drive."""
    row = await ctx.db.row("routes", route_id=route_id)
    if row is None:
        raise HTTPException(404, f"There is no gritting route {route_id!r}.")
    return RouteDocument(**row)


@router.get("/routes/{route_id}/decisions")
async def list_route_decisions(
    route_id: str,
    ctx: Ctx,
    before: Annotated[int | None, Query(description="Only decisions with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[DecisionDocument]:
    """Return a route's decisions with the inputs they saw, newest first."""
    await get_route(route_id, ctx)
    rows = await ctx.db.rows("decisions", subject_kind="route", subject=route_id, before=before, limit=limit)
    return [DecisionDocument(**r) for r in rows]
