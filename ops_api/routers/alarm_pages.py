"""The pages of the alarm desk. Every form works without JavaScript: post, redirect, get."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.routers import desk_content
from ops_api.routers.alarms import do, find_alarm
from ops_api.routers.context import Context, Ctx
from ops_api.routers.live import LastEventId, stream
from ops_api.routers.staff_pass import may
from rules.core.desk import model as m

Text = Annotated[str, Form(max_length=1000)]
Back = Annotated[Literal["list", "alarm"], Form()]


async def _who(request: Request) -> str:
    """Who looks, by the name of their account, if they may act; empty: they only look."""
    who = await may(request)
    return "" if who is None else who.name


Who = Annotated[str, Depends(_who)]
By = Who
"""Who acts: the rule has let them in."""


async def _asked(
    who: Who, show: str = "active", rule: str | None = None, only: str = "all"
) -> desk_content.Wanted:
    return desk_content.Wanted.of(show, rule, only, who)


Asked = Annotated[desk_content.Wanted, Depends(_asked)]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/alarms")
async def alarms(ctx: Ctx, wanted: Asked) -> HTMLResponse:
    """List alarms for the desk: those that wait for somebody first."""
    return _page(ctx, "alarms.html", **await desk_content.alarm_list(ctx, wanted))


@router.get("/alarms/live")
async def alarms_now(ctx: Ctx, wanted: Asked) -> Response:
    """Return the list's live parts once: for browsers whose stream fails."""
    return Response(await desk_content.live_list(ctx, wanted), media_type="application/json")


@router.get("/alarms/live/stream")
async def alarms_stream(ctx: Ctx, wanted: Asked, last_event_id: LastEventId = None) -> Response:
    """Stream the list's live parts."""
    render = partial(desk_content.live_list, ctx, wanted)
    return stream(ctx, f"page:alarms:{wanted}", render, last_event_id, follows="alarms")


@router.get("/alarms/{alarm_id}")
async def alarm(alarm_id: int, ctx: Ctx, who: Who) -> HTMLResponse:
    """Show one alarm: what it is and why, its members, and everything that happened to it."""
    content = await desk_content.one_alarm(ctx, alarm_id, who)
    return _page(ctx, "alarm.html", **content)


@router.get("/alarms/{alarm_id}/live")
async def alarm_now(alarm_id: int, ctx: Ctx, who: Who) -> Response:
    """Return an alarm's live parts once."""
    text = await desk_content.live_alarm(ctx, alarm_id, who)
    return Response(text, media_type="application/json")


@router.get("/alarms/{alarm_id}/live/stream")
async def one_alarm_stream(
    alarm_id: int,
    ctx: Ctx,
    who: Who,
    last_event_id: LastEventId = None,
) -> Response:
    """Stream an alarm's live parts; 404 where there is none."""
    await find_alarm(ctx, alarm_id)
    render = partial(desk_content.live_alarm, ctx, alarm_id, who)
    return stream(ctx, f"page:alarm:{alarm_id}:{who}", render, last_event_id, follows="alarms")


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge(alarm_id: int, ctx: Ctx, by: By, note: Text = "", back: Back = "list") -> Response:
    """Take an alarm in hand."""
    return await _done(ctx, alarm_id, m.Acknowledge(by=by, via="web", note=note.strip()), back)


@router.post("/alarms/{alarm_id}/unacknowledge")
async def unacknowledge(alarm_id: int, ctx: Ctx, by: By, back: Back = "alarm") -> Response:
    """Give an alarm back."""
    return await _done(ctx, alarm_id, m.Unacknowledge(by=by, via="web"), back)


@router.post("/alarms/{alarm_id}/assign")
async def assign(
    alarm_id: int, ctx: Ctx, by: By, to: Annotated[str, Form(max_length=100)] = "", back: Back = "list"
) -> Response:
    """Assign an alarm to a person."""
    return await _done(ctx, alarm_id, m.Assign(by=by, to=to, via="web"), back)


@router.post("/alarms/{alarm_id}/comment")
async def comment(alarm_id: int, ctx: Ctx, by: By, text: Text = "", back: Back = "alarm") -> Response:
    """Add a remark to an alarm's timeline."""
    return await _done(ctx, alarm_id, m.Comment(by=by, text=text, via="web"), back)


@router.post("/alarms/{alarm_id}/shelve")
async def shelve(
    alarm_id: int,
    ctx: Ctx,
    by: By,
    hours: Annotated[int, Form(ge=1, le=168)] = 1,
    reason: Text = "",
    back: Back = "list",
) -> Response:
    """Have nobody told for some hours."""
    until = await ctx.town_now() + timedelta(hours=hours)
    why = reason.strip() or ("no reason given, from the list of alarms" if back == "list" else "")
    command = m.Shelve(by=by, until_s=until.timestamp(), reason=why, via="web")
    return await _done(ctx, alarm_id, command, back)


@router.post("/alarms/{alarm_id}/unshelve")
async def unshelve(alarm_id: int, ctx: Ctx, by: By, back: Back = "list") -> Response:
    """Take an alarm back from the shelf."""
    return await _done(ctx, alarm_id, m.Unshelve(by=by, via="web"), back)


@router.post("/alarms/{alarm_id}/close")
async def close(
    alarm_id: int,
    ctx: Ctx,
    by: By,
    reason: Text = "",
    verdict: Annotated[Literal["true", "false_alarm", "test"], Form()] = "true",
    back: Back = "alarm",
) -> Response:
    """Put an alarm away."""
    return await _done(ctx, alarm_id, m.Close(by=by, reason=reason, verdict=verdict, via="web"), back)


async def _done(ctx: Context, alarm_id: int, command: m.Command, back: str) -> Response:
    await do(ctx, alarm_id, command)
    place = f"/alarms#alarm-{alarm_id}" if back == "list" else f"/alarms/{alarm_id}#timeline"
    return RedirectResponse(place, 303)


def _page(ctx: Context, template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values))
