"""Weather forecasts by REST: files in, what is kept out."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request, Response
from pydantic import AwareDatetime, Field

from cityops.errors import ConfigurationError, TransientError
from ops_api.routers.context import Context, Ctx
from ops_api.routers.officers import needs_password
from ops_api.routers.schemas import Document
from ops_api.routers.staff_pass import may
from rules.core.weather_forecast import WeatherForecast
from rules.winter.weather.files import Format, read
from rules.winter.weather.formats import own_json
from rules.winter.weather.formats.given import Given
from rules.winter.weather.ports import Kept, Listed, WeatherForecasts

router = APIRouter(prefix="/api/v1/weather-forecasts", tags=["weather forecasts"])

MEASURE_S = 2.0
"""How long whoever reads the metrics waits for the database."""

UNASKED = ("", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What any page of the web can have a browser send without asking; no forecast comes so."""

Number = Annotated[int, Field(ge=1, le=2**63 - 1)]


class ForecastHead(Document):
    """A forecast without its hours."""

    forecast_id: int
    place: str
    source: str
    issued_at: datetime
    from_: datetime = Field(serialization_alias="from", description="Its first hour")
    to: datetime = Field(description="Its last hour")
    received_at: datetime
    by: str


class ForecastAdded(Document):
    """A forecast that was posted."""

    forecast_id: int
    is_new: bool = Field(description="False: the very same was there already")
    place: str
    source: str
    issued_at: datetime
    hours: int
    missing: dict[str, int] = Field(description="Hours that lack a quantity, by its name")


class ForecastKept(Document):
    """A forecast; ``forecast`` is a document of our own JSON format, see ``/schema``."""

    forecast_id: int
    received_at: datetime
    by: str
    forecast: dict[str, Any]


async def _may_bring(
    ctx: Ctx,
    request: Request,
    authorization: Annotated[str, Header(include_in_schema=False)] = "",
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
) -> None:
    """Let a program in that has the winter service's password and says what it sends: forecasts decide about salt."""
    if await may(request) is None:
        needs_password(ctx, request, authorization)
    kind = content_type.partition(";")[0].strip().lower()
    if kind in UNASKED:
        raise HTTPException(415, f"Content-Type {kind!r} is not taken: send application/octet-stream.")


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(_may_bring)],
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
)
async def post_forecast(
    request: Request,
    response: Response,
    ctx: Ctx,
    by: Annotated[str, Query(min_length=1, max_length=100, pattern=r"\S", description="Who brings it")],
    form: Annotated[
        Format | None, Query(alias="format", description="Told from the content where not given")
    ] = None,
    place: Annotated[str | None, Query(max_length=80)] = None,
    latitude: Annotated[float | None, Query(ge=-90, le=90)] = None,
    longitude: Annotated[float | None, Query(ge=-180, le=180)] = None,
    altitude: Annotated[float | None, Query(ge=-500, le=9000)] = None,
    source: Annotated[str | None, Query(max_length=40)] = None,
    issued_at: Annotated[AwareDatetime | None, Query(description="For formats that do not say it")] = None,
) -> list[ForecastAdded]:
    """Keep the forecasts of a file, which is the body as it is. 200 instead of 201 where all were there already."""
    given = Given(
        place=place, latitude_deg=latitude, longitude_deg=longitude, altitude_m=altitude, source=source,
        issued_s=None if issued_at is None else issued_at.timestamp(), fetched_s=ctx.clock.now().timestamp(),
    )  # fmt: skip
    content = await request.body()
    try:
        forecasts = await asyncio.to_thread(read, content, "the file", given, form)
    except ConfigurationError as e:
        raise HTTPException(422, str(e)) from e
    added = await _store(ctx).add(forecasts, by)
    if not any(a.is_new for a in added):
        response.status_code = 200
    return [_added(f, a.forecast_id, a.is_new) for f, a in zip(forecasts, added, strict=True)]


@router.get("")
async def list_forecasts(
    ctx: Ctx,
    place: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    before: Annotated[Number | None, Query(description="Those received before this one")] = None,
) -> list[ForecastHead]:
    """Return forecasts without their hours, the last received first."""
    return [_head(x) for x in await _store(ctx).listed(place, limit, before)]


@router.get("/newest")
async def newest_forecasts(
    ctx: Ctx,
    at: Annotated[
        AwareDatetime | None, Query(description="Issued by this time; the town's now where not given")
    ] = None,
    place: Annotated[str | None, Query(max_length=80)] = None,
) -> list[ForecastKept]:
    """Return the newest forecast of each place and source."""
    now = await ctx.town_now() if at is None else at
    return [_kept(k) for k in await _store(ctx).newest(now.timestamp(), place)]


@router.get("/schema")
async def get_schema() -> dict[str, Any]:
    """Return the JSON Schema of our own format."""
    return own_json.schema()


@router.get("/{forecast_id}")
async def get_forecast(forecast_id: Number, ctx: Ctx) -> ForecastKept:
    """Return one forecast with its hours."""
    kept = await _store(ctx).by_id(forecast_id)
    if kept is None:
        raise HTTPException(404, f"There is no weather forecast {forecast_id}.")
    return _kept(kept)


async def measure(ctx: Context) -> None:
    """Set the gauge of how old the newest forecasts are; where the database does not answer it has no values."""
    gauge = ctx.metrics.forecast_age_s
    gauge.clear()
    if ctx.forecasts is None:
        return
    try:
        async with asyncio.timeout(MEASURE_S):
            now_s = (await ctx.town_now()).timestamp()
            newest = await ctx.forecasts.newest(now_s)
    except (TransientError, TimeoutError):
        return
    for kept in newest:
        f = kept.forecast
        gauge.labels(f.place.name, f.source).set(now_s - f.issued_s)


def _store(ctx: Context) -> WeatherForecasts:
    if ctx.forecasts is None:
        raise HTTPException(503, "Weather forecasts are not set up here.")
    return ctx.forecasts


def _added(f: WeatherForecast, forecast_id: int, is_new: bool) -> ForecastAdded:
    return ForecastAdded(
        forecast_id=forecast_id, is_new=is_new, place=f.place.name, source=f.source, issued_at=_utc(f.issued_s),
        hours=len(f.at_s), missing=f.missing(),
    )  # fmt: skip


def _head(x: Listed) -> ForecastHead:
    return ForecastHead(
        forecast_id=x.forecast_id, place=x.place, source=x.source, issued_at=_utc(x.issued_s), from_=_utc(x.from_s),
        to=_utc(x.to_s), received_at=_utc(x.received_s), by=x.by,
    )  # fmt: skip


def _kept(kept: Kept) -> ForecastKept:
    return ForecastKept(
        forecast_id=kept.forecast_id, received_at=_utc(kept.received_s), by=kept.by, forecast=own_json.document(kept.forecast)
    )  # fmt: skip


def _utc(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
