"""Kinds, devices, latest readings and series."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response

from devices.contract.kind import Kind
from devices.contract.schema import json_schema
from ops_api.queries import Row, readings
from ops_api.rest.chosen_fields import FIELDS, ChosenFields
from ops_api.rest.plain import answer, objects
from ops_api.routers.context import Context, Ctx
from ops_api.routers.paging import Pages
from ops_api.routers.schemas import DeviceDocument, DevicePage, KindDocument, KindField, LatestReading, Series
from ops_api.routers.times import Moment

router = APIRouter(prefix="/api/v1", tags=["devices and readings"], route_class=ChosenFields)

From = Annotated[
    Moment | None, Query(alias="from", description="Start, with offset; default 48 h before `to`")
]
To = Annotated[Moment | None, Query(alias="to", description="End, not included; default now")]
Limit = Annotated[int, Query(ge=1, le=10_000)]


def kind_document(kind: Kind) -> KindDocument:
    """Return a kind as the API shows it."""
    return KindDocument(
        name=kind.name,
        title=kind.title,
        description=kind.description,
        cadence_s=kind.cadence_s,
        fields=[
            KindField(
                name=f.name,
                title=f.title,
                unit=f.quantity.symbol,
                ucum=f.quantity.ucum,
                minimum=f.minimum,
                maximum=f.maximum,
                resolution=f.resolution,
                required=f.required,
                codes=dict(f.codes),
            )
            for f in kind.fields
        ],
    )


@router.get("/kinds", dependencies=FIELDS)
async def list_kinds(ctx: Ctx) -> list[KindDocument]:
    """Return every kind of device with its fields and units."""
    return [kind_document(k) for k in ctx.kinds.values()]


@router.get("/kinds/{kind}", dependencies=FIELDS)
async def get_kind(kind: str, ctx: Ctx) -> KindDocument:
    """Return one kind of device."""
    return kind_document(ctx.kind(kind))


@router.get("/kinds/{kind}/schema")
async def get_kind_schema(kind: str, ctx: Ctx) -> dict[str, Any]:
    """Return the JSON Schema of a reading on the wire."""
    return json_schema(ctx.kind(kind))


@router.get("/devices", dependencies=FIELDS, response_model=DevicePage)
async def list_devices(
    ctx: Ctx,
    pages: Pages,
    kind: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Return devices by name. Devices in homes are reached by the home's code only."""
    key = pages.key(str)
    begin = after if key is None else key[0]
    asked = {"name": None, "kind": kind, "after": begin, "limit": limit + 1}
    found = await ctx.db.table("devices", asked)
    last = found.rows[limit - 1][found.columns.index("name")] if len(found.rows) > limit else None
    if last is not None:
        pages.next(last)
    devices = objects(found.columns, found.rows[:limit], tuple(DeviceDocument.model_fields))
    return answer({"devices": devices, "next": last}, pages.headers)


async def find_device(ctx: Context, name: str) -> Row:
    """Return a device that stands in no home; 404 otherwise."""
    row = await ctx.db.row("devices", name=name, kind=None, after=None, limit=1)
    if row is None:
        raise HTTPException(404, f"There is no device {name!r}.")
    return row


async def is_shown(ctx: Context, name: str) -> bool:
    """Whether a device has a page of its readings: those of homes have none that anybody may open."""
    try:
        await find_device(ctx, name)
    except HTTPException:
        return False
    return True


@router.get("/devices/{name}", dependencies=FIELDS)
async def get_device(name: str, ctx: Ctx) -> DeviceDocument:
    """Return one device."""
    return DeviceDocument(**await find_device(ctx, name))


@router.get("/devices/{name}/latest", dependencies=FIELDS)
async def get_latest(name: str, ctx: Ctx) -> LatestReading:
    """Return the newest reading of a device."""
    device = await find_device(ctx, name)
    rows = await readings.latest(ctx.db, ctx.kind(device["kind"]), device_id=device["device_id"], limit=1)
    if not rows:
        raise HTTPException(404, f"Device {name!r} has sent no reading yet.")
    return LatestReading(**rows[0])


EPOCH = datetime.fromtimestamp(0, UTC)


def microseconds_of(at: datetime) -> int:
    """Return a time as microseconds since 1970: exactly as the database has it."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment_of(us: int) -> datetime:
    """Return the time of :func:`microseconds_of`."""
    return EPOCH + timedelta(microseconds=us)


def asked_span(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Return the start and end that a request for a series means; 422 where they are reversed."""
    until = end or now + timedelta(minutes=5)
    try:
        since = start or until - readings.LATEST_WINDOW
    except OverflowError as e:
        raise HTTPException(422, f"to ({until.isoformat()}) lies too far back.") from e
    if since >= until:
        raise HTTPException(422, f"from ({since.isoformat()}) must lie before to ({until.isoformat()}).")
    return since, until


@router.get("/devices/{name}/series")
async def get_series(
    name: str,
    ctx: Ctx,
    pages: Pages,
    start: From = None,
    end: To = None,
    bucket: Literal["raw", "hour", "day"] = "raw",
    limit: Limit = 1000,
) -> Series:
    """Return readings of a device in time order, raw or by hour or day."""
    device = await find_device(ctx, name)
    kind = ctx.kind(device["kind"])
    since, until = asked_span(start, end, ctx.clock.now())
    key = pages.key(int, int)
    after = None if key is None else (moment_of(int(key[0])), int(key[1]))
    rows = await readings.series(
        ctx.db, kind, device["device_id"], start=since, end=until, bucket=bucket, limit=limit + 1, after=after
    )
    if len(rows) > limit:
        last = rows[limit - 1]
        pages.next(microseconds_of(last["ts"]), last.get("seq", 0))
    return Series(device=name, kind=kind.name, bucket=bucket, truncated=len(rows) > limit, rows=rows[:limit])


@router.get("/readings/latest", dependencies=FIELDS, response_model=list[LatestReading])
async def list_latest(
    ctx: Ctx,
    kind: Annotated[str, Query(description="Kind of device, e.g. road")],
    limit: Limit = 1000,
) -> Response:
    """Return the newest reading of every device of a kind that stands in no home."""
    found = await readings.latest_table(ctx.db, ctx.kind(kind), limit=limit)
    return answer(objects(found.columns, found.rows))
