"""Alarms: list, look at, and what people do with them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, HTTPException, Query, Request

from ops_api.queries import Row
from ops_api.queries.alarms import ANY_ALARM, members_of, one_alarm
from ops_api.routers import alarm_documents as documents
from ops_api.routers.context import Context, Ctx
from ops_api.routers.explain import ExplanationDocument, document, explained_alarm
from ops_api.routers.schemas import AlarmDocument, Severity, SubjectKind
from ops_api.routers.staff_pass import acting
from ops_api.web import alarm_view
from rules.core.desk.model import Command, Entry

AlarmState = Literal["active", "cleared", "all"]

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


async def find_alarm(ctx: Context, alarm_id: int) -> Row:
    """Return an alarm; 404 where there is none."""
    row = await one_alarm(ctx.db, alarm_id)
    if row is None:
        raise HTTPException(404, f"There is no alarm {alarm_id}.")
    return row


async def do(ctx: Context, alarm_id: int, command: Command) -> Row:
    """Do what is asked of an alarm and return it; the desk's refusals are 409, in its words."""
    now = await ctx.town_now()
    await ctx.desk.command(alarm_id, command, now.timestamp())
    ctx.hub.touch()
    return await find_alarm(ctx, alarm_id)


async def alarm_rows(ctx: Context, state: AlarmState, **wanted: object) -> list[Row]:
    """Return alarms, newest first; ``wanted`` as in the query ``alarms``."""
    active = None if state == "all" else state == "active"
    return await ctx.db.rows("alarms", **{**ANY_ALARM, "active": active, **wanted})


@router.get("")
async def list_alarms(
    ctx: Ctx,
    state: AlarmState = "active",
    severity: Severity | None = None,
    subject_kind: SubjectKind | None = None,
    rule: Annotated[str | None, Query(description="Only of this rule")] = None,
    assignee: Annotated[str | None, Query(description="Only assigned to this person")] = None,
    acknowledged: bool | None = None,
    shelved: bool | None = None,
    closed: bool | None = None,
    before: Annotated[int | None, Query(description="Only alarms with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AlarmDocument]:
    """Return alarms, newest first. ``state`` is the condition's; whether people are done with it is ``closed``."""
    rows = await alarm_rows(
        ctx,
        state,
        severity=severity,
        subject_kind=subject_kind,
        rule=rule,
        assignee=assignee,
        acknowledged=acknowledged,
        shelved=shelved,
        closed=closed,
        before=before,
        limit=limit,
    )
    return [AlarmDocument(**r) for r in rows]


class _Order(Protocol):
    def command(self, via: str) -> Command: ...


async def _theirs(request: Request, order: _Order) -> Command:
    """Return a command as given by who asks: an account's own name wins over the one in the document."""
    command = order.command("api")
    return msgspec.structs.replace(command, by=await acting(request, command.by))


@router.post("/bulk")
async def post_bulk(body: documents.Bulk, ctx: Ctx, request: Request) -> list[documents.BulkOutcome]:
    """Do the same with several alarms, each by itself; a refusal for one does not stop the others."""
    now = await ctx.town_now()
    outcomes = await ctx.desk.bulk(body.alarm_ids, await _theirs(request, body.command), now.timestamp())
    ctx.hub.touch()
    return [
        documents.BulkOutcome(alarm_id=o.alarm_id, done=o.alarm is not None, refused=o.refused)
        for o in outcomes
    ]


@router.get("/{alarm_id}")
async def get_alarm(alarm_id: int, ctx: Ctx) -> documents.AlarmDetail:
    """Return one alarm with the inputs it saw and its members."""
    row = await find_alarm(ctx, alarm_id)
    members = (await members_of(ctx.db, [alarm_id])).get(alarm_id, [])
    return documents.AlarmDetail(**row, members=[documents.MemberDocument(**m) for m in members])


@router.get("/{alarm_id}/timeline")
async def get_timeline(alarm_id: int, ctx: Ctx) -> list[documents.TimelineEntry]:
    """Return everything that happened to an alarm, oldest first, each line as fields and as a sentence."""
    await find_alarm(ctx, alarm_id)
    now = await ctx.town_now()
    return [entry_document(e, ctx.brand.time_zone, now) for e in await ctx.desk.timeline(alarm_id)]


def entry_document(entry: Entry, zone: ZoneInfo, now: datetime) -> documents.TimelineEntry:
    """Return a line of the log as the API gives it."""
    return documents.TimelineEntry(
        log_id=entry.log_id or 0,
        at=datetime.fromtimestamp(entry.at_s, UTC),
        actor=entry.actor,
        by=entry.by,
        via=entry.via,
        what=entry.what,
        text=alarm_view.sentence(entry, zone, now),
        detail=dict(entry.detail),
    )


@router.get("/{alarm_id}/explanation")
async def get_explanation(alarm_id: int, ctx: Ctx) -> ExplanationDocument:
    """Return why an alarm is up, in words; of a home without what was measured in it."""
    return document(await explained_alarm(ctx, alarm_id))


@router.post("/{alarm_id}/acknowledge")
async def post_acknowledge(
    alarm_id: int, body: documents.Acknowledge, ctx: Ctx, request: Request
) -> AlarmDocument:
    """Acknowledge an alarm; the first who does it keeps it."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/unacknowledge")
async def post_unacknowledge(
    alarm_id: int, body: documents.Unacknowledge, ctx: Ctx, request: Request
) -> AlarmDocument:
    """Give an alarm back: nobody has it in hand, and its escalation begins again."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/assign")
async def post_assign(alarm_id: int, body: documents.Assign, ctx: Ctx, request: Request) -> AlarmDocument:
    """Assign an alarm to a person, who is told."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/comments")
async def post_comment(alarm_id: int, body: documents.Comment, ctx: Ctx, request: Request) -> AlarmDocument:
    """Add a remark to an alarm's timeline; also of a closed one."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/shelve")
async def post_shelve(alarm_id: int, body: documents.Shelve, ctx: Ctx, request: Request) -> AlarmDocument:
    """Have nobody told of an alarm until a time, at most as long as its escalation allows."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/unshelve")
async def post_unshelve(alarm_id: int, body: documents.Unshelve, ctx: Ctx, request: Request) -> AlarmDocument:
    """Take an alarm back from the shelf before its time."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))


@router.post("/{alarm_id}/close")
async def post_close(alarm_id: int, body: documents.Close, ctx: Ctx, request: Request) -> AlarmDocument:
    """Put an alarm away with a verdict; while its condition holds only as a false alarm or a test."""
    return AlarmDocument(**await do(ctx, alarm_id, await _theirs(request, body)))
