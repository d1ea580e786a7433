"""What is missing and how the database does, as documents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from ops_api.missing import DeviceMissing, KindMissing, Missing
from ops_api.queries import TooSlowError
from ops_api.queries.database import DatabaseState
from ops_api.queries.missing import find_missing
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1", tags=["platform"])

COUNTING = "Still counting; ask again in a moment."


class KindCompleteness(Document):
    """Of all devices of a kind: what has arrived and what has not."""

    kind: str
    devices: int
    expected: int | None = Field(
        description="Readings that the devices' intervals make; null: not all the time"
    )
    stored: int | None
    completeness: float | None = Field(description="stored / expected, 0 to 1")
    completeness_7d: float | None
    missing: int = Field(description="Numbers never received between a boot's lowest and highest")
    devices_with_gaps: int
    lost_on_air: int = Field(description="Frames of LoRaWAN sensors that can't be sent again; not missing")
    outstanding: int = Field(description="What the devices' last statuses said waits in their outboxes")
    devices_outstanding: int
    oldest_status_at: datetime | None


class Completeness(Document):
    """What is missing, by kind, counted at ``at`` over ``start`` <= ts < ``end``."""

    at: datetime
    start: datetime
    end: datetime
    completeness: float | None
    missing: int
    devices_to_look_at: int
    kinds: list[KindCompleteness]


class GapRange(Document):
    """Missing numbers of one boot, both ends included."""

    boot: int
    first: int
    last: int


class DeviceGaps(Document):
    """A device with gaps, silent or behind."""

    device: str
    kind: str
    expected: int | None
    stored: int | None
    completeness: float | None
    received: int
    missing: int
    gaps: int = Field(description="Missing ranges; the newest twelve are named")
    lost_on_air: int = Field(description="Frames of a LoRaWAN sensor that can't be sent again; not missing")
    lost_share: float | None = Field(description="Of all frames between the lowest and the highest, 0 to 1")
    ranges: list[GapRange]
    outstanding: int | None = Field(description="As its last status said; null: offline, it did not say")
    status_at: datetime | None
    heard_at: datetime | None = Field(description="Time of the newest reading")
    silent: bool


class ReadingTableDocument(Document):
    """A kind's reading table; ``columnar`` and the bytes before and after on TimescaleDB only."""

    kind: str
    rows_estimate: int | None = Field(description="The planner's estimate; null: not counted yet")
    bytes: int
    parts: int = Field(description="Chunks, or monthly partitions on plain PostgreSQL")
    columnar: int | None
    before_bytes: int | None
    after_bytes: int | None


class PolicyDocument(Document):
    """A policy of TimescaleDB and its last run."""

    policy: str
    target: str
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_status: str | None
    runs: int
    failures: int
    next_run_at: datetime | None


class DatabaseDocument(Document):
    """The database."""

    server_version: str
    timescaledb: str | None
    bytes: int
    tables: list[ReadingTableDocument]
    policies: list[PolicyDocument]


@router.get("/completeness")
async def get_completeness(ctx: Ctx) -> Completeness:
    """Return what is missing and outstanding by kind, over the last 24 full hours and 7 days."""
    found = await ctx.missing.get()
    if found is None:
        raise HTTPException(503, COUNTING, {"Retry-After": "10"})
    return Completeness(
        at=found.at,
        start=found.start,
        end=found.end,
        completeness=found.share,
        missing=found.missing,
        devices_to_look_at=found.look_devices,
        kinds=[_kind(k) for k in found.kinds],
    )


@router.get("/gaps")
async def list_gaps(
    ctx: Ctx,
    kind: str | None = None,
    device: Annotated[str | None, Query(description="This device, whether it lacks anything or not")] = None,
    hours: Annotated[int, Query(ge=1, le=92 * 24, description="Window of the completeness")] = 24,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[DeviceGaps]:
    """Return devices with missing numbers, silent or behind, the worst first."""
    found = await _found(ctx, kind, device, hours, limit)
    return [_device(d, found.at) for d in found.devices]


async def _device_id(ctx: Context, device: str) -> int:
    row = await ctx.db.row("device_id", name=device)
    if row is None:
        raise HTTPException(404, f"There is no device {device!r}.")
    return int(row["device_id"])


async def _found(ctx: Context, kind: str | None, device: str | None, hours: int, limit: int) -> Missing:
    if kind is not None:
        ctx.kind(kind)
    device_id = None if device is None else await _device_id(ctx, device)
    found = await find_missing(
        ctx.db,
        ctx.kinds,
        await ctx.town_now(),
        clock_at=ctx.clock.now(),
        back=timedelta(hours=hours),
        kind=kind,
        device_id=device_id,
        limit=limit,
    )
    if found is None:
        raise TooSlowError("counting takes too long; ask for one kind, one device or fewer hours")
    return found


@router.get("/database")
async def get_database(ctx: Ctx) -> DatabaseDocument:
    """Return the database's version and size, its reading tables and TimescaleDB's policies."""
    state: DatabaseState | None = await ctx.database.get()
    if state is None:
        raise HTTPException(503, COUNTING, {"Retry-After": "10"})
    return DatabaseDocument.model_validate(state, from_attributes=True)


def _kind(k: KindMissing) -> KindCompleteness:
    return KindCompleteness(
        kind=k.kind,
        devices=k.devices,
        expected=k.expected,
        stored=k.stored,
        completeness=k.share,
        completeness_7d=k.week_share,
        missing=k.missing,
        devices_with_gaps=k.gap_devices,
        lost_on_air=k.lost,
        outstanding=k.waiting,
        devices_outstanding=k.waiting_devices,
        oldest_status_at=k.oldest_status_at,
    )


def _device(d: DeviceMissing, now: datetime) -> DeviceGaps:
    return DeviceGaps(
        device=d.name,
        kind=d.kind,
        expected=d.expected,
        stored=d.stored,
        completeness=d.share,
        received=d.received,
        missing=d.missing,
        gaps=d.gaps,
        lost_on_air=d.lost,
        lost_share=d.lost_share,
        ranges=[GapRange(**r._asdict()) for r in d.ranges],
        outstanding=d.waiting,
        status_at=d.status_at,
        heard_at=d.heard_at,
        silent=d.silent(now),
    )
