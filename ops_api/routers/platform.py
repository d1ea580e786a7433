"""The platform itself: dead letters, ingest figures, status, health and metrics."""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from ops_api.access.enforce import NO_ROUTE
from ops_api.queries import DatabaseUnavailableError, Row
from ops_api.routers import backups, content, weather_forecasts
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import (
    DeadLetter,
    DeadLetterDetail,
    IngestStats,
    KindStatus,
    NotKept,
    ReasonCount,
    Status,
)
from ops_api.routers.staff_pass import may

router = APIRouter(prefix="/api/v1", tags=["platform"])
health = APIRouter(tags=["platform"], include_in_schema=False)


async def dead_letter_rows(
    ctx: Context,
    *,
    reason: str | None = None,
    device: str | None = None,
    before: int | None = None,
    dead_letter_id: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return dead letters, newest first."""
    return await ctx.db.rows(
        "dead_letters",
        dead_letter_id=dead_letter_id,
        reason_code=reason,
        device=device,
        before=before,
        limit=limit,
    )


def detail(row: Row) -> DeadLetterDetail:
    """Return a dead letter with its payload readable, where it may be read."""
    payload = None if row["payload"] is None else bytes(row["payload"])
    return DeadLetterDetail(
        **row,
        payload_text=None if payload is None else _text(payload),
        payload_hex=None if payload is None else payload.hex(),
    )


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


@router.get("/dead-letters")
async def list_dead_letters(
    ctx: Ctx,
    reason: Annotated[str | None, Query(description="Reason code")] = None,
    device: str | None = None,
    before: Annotated[int | None, Query(description="Only dead letters with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[DeadLetter]:
    """Return messages that could not be stored, newest first."""
    rows = await dead_letter_rows(ctx, reason=reason, device=device, before=before, limit=limit)
    return [DeadLetter(**r) for r in rows]


@router.get("/dead-letters/not-kept")
async def list_not_kept(
    ctx: Ctx,
    reason: Annotated[str | None, Query(description="Reason code")] = None,
    device: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[NotKept]:
    """Return the counts of dead letters that were not kept, by hour, sender and reason, newest first."""
    rows = await ctx.db.rows("dead_letters_not_kept", reason_code=reason, device=device, limit=limit)
    return [NotKept(**r) for r in rows]


@router.get("/dead-letters/{dead_letter_id}")
async def get_dead_letter(dead_letter_id: int, ctx: Ctx) -> DeadLetterDetail:
    """Return one dead letter with its payload."""
    rows = await dead_letter_rows(ctx, dead_letter_id=dead_letter_id, limit=1)
    if not rows:
        raise HTTPException(404, f"There is no dead letter {dead_letter_id}.")
    return detail(rows[0])


@router.get("/ingest/stats")
async def get_ingest_stats(
    ctx: Ctx, minutes: Annotated[int, Query(ge=1, le=7 * 1440, description="How far back")] = 60
) -> IngestStats:
    """Return what the ingester committed, refused and found twice."""
    now = ctx.clock.now()
    since = now - timedelta(minutes=minutes)
    totals = await ctx.db.one("ingest_totals", since=since)
    last_minute = await ctx.db.one("ingest_totals", since=now - timedelta(minutes=1))
    reasons = await ctx.db.rows("dead_letter_reasons", since=since)
    return IngestStats(
        since=since,
        readings_per_s=last_minute["readings"] / 60,
        reasons=[ReasonCount(**r) for r in reasons],
        **totals,
    )


@router.get("/status")
async def get_status(ctx: Ctx) -> Status:
    """Return whether devices report, readings arrive and rules decide."""
    now = ctx.clock.now()
    counts = await content.device_counts(ctx, await ctx.town_now())
    rules = await ctx.db.one("event_time")
    totals = await ctx.db.one("ingest_totals", since=now - timedelta(days=1))
    alarms = await ctx.db.rows("alarm_counts")
    return Status(
        at=now,
        event_time=rules["event_time"],
        last_batch_at=totals["last_batch_at"],
        rules_updated_at=rules["updated_at"],
        active_alarms=sum(a["alarms"] for a in alarms),
        unacknowledged_alarms=sum(a["unacknowledged"] for a in alarms),
        kinds=[KindStatus(kind=k, reporting=r, devices=n) for k, r, n in counts],
    )


@health.get("/healthz")
async def healthz() -> JSONResponse:
    """Answer as long as the event loop turns."""
    return JSONResponse({"ok": True})


@health.get("/readyz")
async def readyz(ctx: Ctx) -> JSONResponse:
    """Answer 200 when the database answers and streams are open, else 503."""
    try:
        await ctx.db.one("ping")
        database = True
    except DatabaseUnavailableError:
        database = False
    parts = {"database": database, "streams": not ctx.hub.closed}
    return JSONResponse(parts, 200 if all(parts.values()) else 503)


def _is_near(request: Request) -> bool:
    """Whether this machine or its own network asks, and no proxy for somebody else."""
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded")):
        return False
    try:
        return request.client is not None and ipaddress.ip_address(request.client.host).is_private
    except ValueError:
        return False


@health.get("/metrics")
async def metrics(request: Request, ctx: Ctx) -> Response:
    """Return the metrics in the Prometheus text format: to who is near, or has a key; to others there are none."""
    if not _is_near(request) and await may(request) is None:
        raise HTTPException(404, NO_ROUTE)
    ctx.metrics.readers.set(ctx.hub.readers + ctx.feed.readers)
    ctx.metrics.dropped.set(ctx.hub.dropped)
    await weather_forecasts.measure(ctx)
    await backups.measure(ctx)
    return Response(generate_latest(ctx.metrics.registry), media_type=CONTENT_TYPE_LATEST)
