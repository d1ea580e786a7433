"""The running road forecast by hour: of a segment, of a route's worst stretches, of the town's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from ops_api.queries.road_forecast import Kind, outlook, segments_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from rules.core.road_now.table import HOURS

router = APIRouter(prefix="/api/v1", tags=["winter"])

Ahead = Annotated[int, Query(ge=1, le=HOURS, description="So many of the hours to come")]


class RoadNow(Document):
    """A stretch at the time of issue."""

    segment_id: str
    surface_c: float
    deviation_c: float = Field(description="Standard deviation of surface_c")
    source: str = Field(description="What it is known from: sensor, gritter, neighbours or model")
    condition: str = Field(description="dry, damp, wet, hoar, ice or snow")
    water_mm: float
    salt_g_m2: float = Field(description="Residual salt")
    off_c: float | None = Field(description="By how much its own sensor is wrong; null: it is not")


class RoadHour(Document):
    """An hour to come; of several stretches the coldest temperatures and the highest chances and amounts."""

    hour: int = Field(description="It ends so many hours after the issue")
    at: datetime
    low_c: float | None = Field(description="10 % quantile of the surface temperature")
    middle_c: float | None
    high_c: float | None = Field(description="90 % quantile")
    below_zero: float | None = Field(description="P(surface < 0 °C)")
    ice: float | None = Field(description="P(ice, snow, hoar, or a film below its freezing point)")
    film_mm: float | None
    deposit_mm: float | None = Field(description="Hoar, water equivalent")
    rain_mm_h: float | None
    snow_mm_h: float | None
    coldest: str = Field(description="The stretch with the lowest middle_c")


class RoadForecastDocument(Document):
    """The newest road forecast."""

    forecast_id: int
    issued_at: datetime = Field(description="What was measured up to it is in it")
    age_s: float = Field(description="Since then, in the town's time")
    weather: Literal["forecast", "stations"] = Field(description="stations: nobody forecast the weather")
    weather_source: str
    weather_issued_at: datetime | None
    members: int
    now: list[RoadNow] = Field(description="The stretches now, the coldest first; empty for the whole town")
    hours: list[RoadHour]


@router.get("/road-forecast")
async def get_road_forecast(ctx: Ctx, hours: Ahead = HOURS) -> RoadForecastDocument:
    """Return the newest forecast of the town's coldest stretches by hour; 404 where there is none yet."""
    return await _document(ctx, None, hours)


@router.get("/segments/{segment_id}/forecast")
async def get_segment_forecast(segment_id: str, ctx: Ctx, hours: Ahead = HOURS) -> RoadForecastDocument:
    """Return the newest forecast of a segment by hour; 404 where there is none."""
    return await _document(ctx, await _of(ctx, segment_id, "segment"), hours)


@router.get("/routes/{route_id}/forecast")
async def get_route_forecast(route_id: str, ctx: Ctx, hours: Ahead = HOURS) -> RoadForecastDocument:
    """Return the newest forecast of a route's coldest stretches by hour; 404 where there is none."""
    return await _document(ctx, await _of(ctx, route_id, "route"), hours)


async def _of(ctx: Context, name: str, kind: Kind) -> list[str]:
    found = await segments_of(ctx.db, name, kind)
    if found is None:
        raise HTTPException(404, f"There is no {kind} {name!r} with roads.")
    return found


async def _document(ctx: Context, segments: list[str] | None, hours_ahead: int) -> RoadForecastDocument:
    found = await outlook(ctx.db, await ctx.town_now(), segments, hours_ahead)
    if found is None:
        raise HTTPException(404, "There is no road forecast yet; decisions go by the sensors' own trend.")
    now, hours = [RoadNow(**r) for r in found.now], [RoadHour(**r) for r in found.hours]
    return RoadForecastDocument(**found.issue, age_s=found.age_s, now=now, hours=hours)
