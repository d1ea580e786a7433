"""Alarms: list, look at, acknowledge."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Query

from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Acknowledge, AlarmDocument, Severity, SubjectKind

AlarmState = Literal["active", "cleared", "all"]

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


async def find_alarm(ctx: Context, alarm_id: int) -> Row:
    """Return an alarm; 404 where there is none."""
    row = await ctx.db.row(
        "alarms", alarm_id=alarm_id, active=None, severity=None, subject_kind=None, before=None, limit=1
    )
    if row is None:
        raise HTTPException(404, f"There is no alarm {alarm_id}.")
    return row


async def acknowledge_alarm(ctx: Context, alarm_id: int, by: str, note: str) -> Row:
    """Record who takes care of an alarm, once, with an event as its audit trail; 409 if someone did."""
    at = ctx.clock.now()
    name = by.strip()
    async with ctx.db.transaction() as transaction:
        done = await transaction.row("alarm_acknowledge", alarm_id=alarm_id, at=at, by=name)
        if done is not None:
            await transaction.rows(
                "alarm_acknowledged_event",
                subject_kind=done["subject_kind"],
                subject=done["subject"],
                at=at,
                alarm_id=alarm_id,
                by=name,
                note=note.strip(),
            )
    alarm = await find_alarm(ctx, alarm_id)
    if done is None:
        raise HTTPException(409, f"{alarm['acknowledged_by']} has already acknowledged alarm {alarm_id}.")
    ctx.hub.touch()
    return alarm


async def alarm_rows(
    ctx: Context,
    state: AlarmState,
    *,
    severity: str | None = None,
    subject_kind: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Row]:
    """Return alarms, newest first."""
    return await ctx.db.rows(
        "alarms",
        alarm_id=None,
        active=None if state == "all" else state == "active",
        severity=severity,
        subject_kind=subject_kind,
        before=before,
        limit=limit,
    )


@router.get("")
async def list_alarms(
    ctx: Ctx,
    state: AlarmState = "active",
    severity: Severity | None = None,
    subject_kind: SubjectKind | None = None,
    before: Annotated[int | None, Query(description="Only alarms with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlarmDocument]:
    """Return alarms, newest first."""
    rows = await alarm_rows(
        ctx, state, severity=severity, subject_kind=subject_kind, before=before, limit=limit
    )
    return [AlarmDocument(**r) for r in rows]


@router.get("/{alarm_id}")
async def get_alarm(alarm_id: int, ctx: Ctx) -> AlarmDocument:
    """Return one alarm with the inputs it saw."""
    return AlarmDocument(**await find_alarm(ctx, alarm_id))


@router.post("/{alarm_id}/acknowledge")
async def post_acknowledge(alarm_id: int, body: Acknowledge, ctx: Ctx) -> AlarmDocument:
    """Acknowledge an alarm; the first who does it keeps it."""
    return AlarmDocument(**await acknowledge_alarm(ctx, alarm_id, body.by, body.note))
