"""The pages of the alarm desk. Every form works without JavaScript: post, redirect, get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import quote, unquote

from fastapi import APIRouter, Cookie, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.queries.alarms import members_of
from ops_api.routers.alarms import alarm_rows, do, find_alarm
from ops_api.routers.context import Context, Ctx
from ops_api.routers.explain import explained_alarm
from ops_api.web import alarm_view, alarms_view, explain_view
from rules.core.desk import model as m

ALARMS_SHOWN = 50
NAME = "cityops_name"
NAME_AGE_S = 12 * 3600
"""A typed name is offered again for a shift, not for whoever comes next week."""

Only = Literal["all", "waiting", "mine", "shelved"]
Shown = Literal["active", "all"]
By = Annotated[str, Form(max_length=100, pattern=r"\S")]
Text = Annotated[str, Form(max_length=1000)]
Back = Annotated[Literal["list", "alarm"], Form()]
Known = Annotated[str, Cookie(alias=NAME)]

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/alarms")
async def alarms(
    ctx: Ctx, show: str = "active", rule: str | None = None, only: str = "all", name: Known = ""
) -> HTMLResponse:
    """List alarms for the desk: those that wait for somebody first."""
    shown: Shown = "all" if show == "all" else "active"
    now = await ctx.town_now()
    rows = alarms_view.by_urgency(await alarm_rows(ctx, shown, rule=rule, limit=1000))
    wanted = [a for a in rows if _wanted(a, only, unquote(name))]
    first = wanted[:ALARMS_SHOWN]
    return _page(
        ctx,
        "alarms.html",
        alarms=[alarms_view.alarm_row(a, ctx.brand, now) for a in first],
        members=await _members(ctx, [a["alarm_id"] for a in first if a["members_now"]], now),
        hidden=max(0, len(wanted) - ALARMS_SHOWN),
        waiting=alarms_view.waiting(rows),
        total=len(wanted),
        groups=alarms_view.groups(await ctx.db.rows("alarm_counts"), now),
        show=shown,
        rule=rule,
        only=only,
        name=unquote(name),
    )


@router.get("/alarms/{alarm_id}")
async def alarm(alarm_id: int, ctx: Ctx, name: Known = "", name_again: bool = False) -> HTMLResponse:
    """Show one alarm: what it is and why, its members, and everything that happened to it."""
    row, now = await find_alarm(ctx, alarm_id), await ctx.town_now()
    members = (await _members(ctx, [alarm_id], now)).get(alarm_id, [])
    return _page(
        ctx,
        "alarm.html",
        alarm=alarms_view.alarm_row(row, ctx.brand, now),
        rule_version=row["rule_version"],
        explanation=explain_view.view(await explained_alarm(ctx, alarm_id)),
        members=[x for x in members if not x.left],
        left=alarms_view.left(members),
        lines=alarm_view.lines(await ctx.desk.timeline(alarm_id), ctx.brand.time_zone, now),
        name="" if name_again else unquote(name),
    )


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
    response = RedirectResponse(place, 303)
    response.set_cookie(
        NAME, quote(command.by.strip()), max_age=NAME_AGE_S, path="/alarms", httponly=True, samesite="strict"
    )
    return response


def _wanted(a: Mapping[str, Any], only: str, name: str) -> bool:
    if only == "waiting":
        return alarms_view.waiting([a]) == 1
    if only == "shelved":
        return a["shelved_until"] is not None
    if only == "mine":
        return name.casefold() in {
            str(a[who]).casefold() for who in ("assignee", "acknowledged_by") if a[who]
        }
    return True


async def _members(
    ctx: Context, alarm_ids: list[int], now: datetime
) -> dict[int, list[alarms_view.MemberRow]]:
    if not alarm_ids:
        return {}
    found = await members_of(ctx.db, alarm_ids)
    return {a: [alarms_view.member_row(x, ctx.brand, now) for x in rows] for a, rows in found.items()}


def _page(ctx: Context, template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values))
