"""Incidents, for programs: reading for everybody but for names and texts of people; acting with the password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import Response

from ops_api.handover_text import handover_pdf
from ops_api.housing.team_door import Pass
from ops_api.incident_desk import SINCE_MOST
from ops_api.routers import incident_documents as d
from ops_api.routers.context import Context, Ctx
from ops_api.routers.incident_handover import handover_document
from ops_api.routers.ops_door import Program, Reader, desk_of
from rules.core.incidents import commands as c
from rules.core.incidents.model import Incident
from rules.core.incidents.words import parse_ref, ranked
from rules.incidents.ports import REF_HINT

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])
LOG_MOST = 1000
Hours = Annotated[float, Query(gt=0, le=SINCE_MOST.total_seconds() / 3600, description="How far back [h]")]


def number_of(ref: str) -> int:
    """Return the number of an incident; 404 where it is no such name."""
    found = parse_ref(ref)
    if found is None:
        raise HTTPException(404, f"There is no incident {ref!r}: {REF_HINT}.")
    return found


async def do(ctx: Context, command: c.Command, now: datetime | None = None) -> Incident:
    """Do what is asked; refusals are 409, in their words. ``now``: the town's time, where it was looked at already."""
    incident = await desk_of(ctx).book.act(command, (now or await ctx.town_now()).timestamp())
    ctx.hub.touch()
    return incident


async def _act(
    ctx: Context, who: Pass, kind: Callable[..., c.Command], body: d.Asked, **more: Any
) -> d.IncidentDocument:
    """Do what a body says: its fields are the command's, but for those in ``more``."""
    fields = body.model_dump() | {"by": who.name, "role": who.purpose, "via": "api"} | more
    return d.incident_document(await do(ctx, kind(**fields)), names=True)


@router.get("")
async def list_incidents(
    ctx: Ctx,
    names: Reader,
    since_h: Annotated[
        float | None, Query(gt=0, le=24 * 366, description="Also those that changed in the last hours")
    ] = None,
) -> list[d.IncidentDocument]:
    """Return the incidents that live, those that need somebody first."""
    since_s = (
        None
        if since_h is None
        else (await ctx.town_now() - timedelta(hours=since_h)).timestamp()
    )  # fmt: skip
    found = await desk_of(ctx).book.incidents(live=True, since_s=since_s)
    return [d.incident_document(i, names=names) for i in ranked(found)]


@router.get("/handover")
async def get_handover(ctx: Ctx, names: Reader, since_h: Hours = 12.0) -> d.HandoverDocument:
    """Return what one shift tells the next: open incidents by owner, what changed, tasks, routes and rounds."""
    now = await ctx.town_now()
    found = await desk_of(ctx).handover(now.timestamp(), timedelta(hours=since_h), names=names)
    return handover_document(found, names=names)


@router.get("/handover.pdf", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
async def get_handover_pdf(ctx: Ctx, names: Reader, since_h: Hours = 12.0) -> Response:
    """Return the handover on paper."""
    now, desk = await ctx.town_now(), desk_of(ctx)
    found = await desk.handover(now.timestamp(), timedelta(hours=since_h), names=names)
    async with desk.setting:
        data = await asyncio.to_thread(handover_pdf, found, desk.zone)
    return Response(
        data, media_type="application/pdf", headers={"Content-Disposition": 'inline; filename="handover.pdf"'}
    )


@router.get("/{ref}")
async def get_incident(ref: str, ctx: Ctx, names: Reader) -> d.WholeDocument:
    """Return an incident with its signals and its timeline."""
    return d.whole_document(await desk_of(ctx).whole(number_of(ref), names=names), names=names)


@router.get("/{ref}/log")
async def get_log(
    ref: str,
    ctx: Ctx,
    names: Reader,
    after: Annotated[int, Query(ge=0, le=2**62, description="Lines after this number")] = 0,
    limit: Annotated[int, Query(ge=1, le=LOG_MOST)] = LOG_MOST,
) -> list[d.ActDocument]:
    """Return an incident's own log as it was written, the newest so many lines, the oldest of them first."""
    number, book = number_of(ref), desk_of(ctx).book
    await book.incident(number)
    return [d.act_document(a, names=names) for a in await book.acts(number, after=after, most=limit)]


@router.post("", status_code=201)
async def post_incident(body: d.NewIncident, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Open an incident that nobody proposed; with a place what goes wrong near there belongs to it."""
    return await _act(ctx, who, c.Open, body)


@router.post("/{ref}/open")
async def post_open(ref: str, body: d.OpenBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Take up a proposal: who opens it has it."""
    return await _act(ctx, who, c.Open, body, incident_id=number_of(ref))


@router.post("/{ref}/claim")
async def post_claim(ref: str, body: d.Body, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Have it in hand."""
    return await _act(ctx, who, c.Claim, body, incident_id=number_of(ref))


@router.post("/{ref}/hand-over")
async def post_hand_over(ref: str, body: d.HandOverBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Give it to somebody."""
    return await _act(ctx, who, c.HandOver, body, incident_id=number_of(ref))


@router.post("/{ref}/place")
async def post_place(ref: str, body: d.PlaceBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Say where it is: what goes wrong near there belongs to it from now on."""
    return await _act(ctx, who, c.Place, body, incident_id=number_of(ref))


@router.post("/{ref}/tasks", status_code=201)
async def post_task(ref: str, body: d.TaskBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Have something done."""
    return await _act(ctx, who, _task, body, incident_id=number_of(ref))


@router.post("/{ref}/tasks/{number}/done")
async def post_done(ref: str, number: int, body: d.DoneBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Say that a task is done."""
    return await _act(ctx, who, c.DoneTask, body, incident_id=number_of(ref), number=number)


@router.post("/{ref}/log", status_code=201)
async def post_log(ref: str, body: d.LogBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Write into its log."""
    return await _act(ctx, who, c.Note, body, incident_id=number_of(ref))


@router.post("/{ref}/links", status_code=201)
async def post_link(ref: str, body: d.LinkBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Tie an order, a route, a round, a document or a what-if to it; the same kind and ref takes the older one's place."""
    return await _act(ctx, who, c.AddLink, body, incident_id=number_of(ref))


@router.post("/{ref}/contain")
async def post_contain(ref: str, body: d.ReasonBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Say that it gets no worse, with the reason."""
    return await _act(ctx, who, c.Contain, body, incident_id=number_of(ref))


@router.post("/{ref}/close")
async def post_close(ref: str, body: d.CloseBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Say that it is over, or that a proposal was none, with the reason."""
    return await _act(ctx, who, c.Close, body, incident_id=number_of(ref))


@router.post("/{ref}/reopen")
async def post_reopen(ref: str, body: d.ReasonBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Say that it is not contained, or not over, after all."""
    return await _act(ctx, who, c.Reopen, body, incident_id=number_of(ref))


@router.post("/{ref}/merge")
async def post_merge(ref: str, body: d.MergeBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Make it a part of another, which is returned."""
    return await _act(ctx, who, c.Merge, body, incident_id=number_of(ref), into=number_of(body.into))


@router.post("/{ref}/split")
async def post_split(ref: str, body: d.SplitBody, ctx: Ctx, who: Program) -> d.IncidentDocument:
    """Make some of its signals an incident of their own, which is returned."""
    return await _act(ctx, who, c.SplitOff, body, incident_id=number_of(ref), keys=tuple(body.keys))


def _task(due: datetime | None, **said: Any) -> c.AddTask:
    return c.AddTask(due_s=None if due is None else due.timestamp(), **said)
