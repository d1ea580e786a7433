"""The pages of incidents. Forms work without JavaScript; who has not given the password only looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.incident_desk import SINCE_MOST
from ops_api.routers import incident_content as content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.incident_form import IncidentForm
from ops_api.routers.incidents import do, number_of
from ops_api.routers.live import LastEventId, stream
from ops_api.routers.ops_door import ROLE, Carried, desk_of, door_of, let_in
from ops_api.routers.password import try_password
from ops_api.web.incident_view import handover_view
from rules.core.effects import hour_of
from rules.core.incidents.commands import HREF_MOST, NAME_MOST, TEXT_MOST, IncidentRefusedError

router = APIRouter(prefix="/incidents", include_in_schema=False, default_response_class=HTMLResponse)
PASSWORD_MOST = 200

Short = Annotated[str, Form(max_length=200)]
Said = Annotated[str, Form(max_length=TEXT_MOST)]


@router.get("")
async def incidents(ctx: Ctx, carried: Carried) -> HTMLResponse:
    """Say what is going on and who has it."""
    return await _list(ctx, carried)


@router.post("/who")
async def say_who(
    request: Request,
    ctx: Ctx,
    by: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")],
    role: Annotated[str, Form(max_length=NAME_MOST)] = ROLE,
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
    back: Short = "",
) -> Response:
    """Let somebody of the operations centre in for a shift."""
    door = door_of(ctx)
    if (no := try_password(ctx, request, door, password)) is not None:
        return no.on(await _list(ctx, None, refused=no.words, status=no.status))
    return let_in(ctx, request, _address(back), by, role)


@router.post("")
async def open_own(
    ctx: Ctx, carried: Carried, title: Short = "", place: Short = "", reason: Said = "", once: Short = ""
) -> Response:
    """Open an incident that nobody proposed."""
    if carried is None:
        door_of(ctx)
        return await _list(ctx, None, refused="Say who you are first.", status=403)
    form = IncidentForm(what="new", once=once, title=title, place=place, reason=reason)
    now = await ctx.town_now()
    try:
        made = await do(ctx, form.command(0, carried, ctx.brand.time_zone, now), now)
    except IncidentRefusedError as error:
        return await _list(ctx, carried, refused=str(error), status=409)
    except ConfigurationError as error:
        return await _list(ctx, carried, refused=str(error), status=422)
    return RedirectResponse(f"/incidents/I{made.incident_id}", 303)


@router.get("/live")
async def list_now(ctx: Ctx, carried: Carried) -> Response:
    """Return the list's live parts once: for browsers whose stream fails."""
    text = await content.live_list(ctx, names=carried is not None)
    return Response(text, media_type="application/json")


@router.get("/live/stream")
async def list_stream(ctx: Ctx, carried: Carried, last_event_id: LastEventId = None) -> Response:
    """Stream the list's live parts."""
    desk_of(ctx)
    names = carried is not None
    render = partial(content.live_list, ctx, names=names)
    until_s = None if carried is None else carried.until_s
    return stream(ctx, f"page:incidents:{names}", render, last_event_id, follows="incidents", until_s=until_s)


@router.get("/handover")
async def handover(
    ctx: Ctx,
    carried: Carried,
    since_h: Annotated[float, Query(gt=0, le=SINCE_MOST.total_seconds() / 3600)] = 12.0,
) -> HTMLResponse:
    """Show what one shift tells the next, made to be printed."""
    now, desk = await ctx.town_now(), desk_of(ctx)
    found = await desk.handover(now.timestamp(), timedelta(hours=since_h), names=carried is not None)
    page = ctx.templates.render(
        "incidents_handover.html",
        view=handover_view(found, ctx.brand.time_zone),
        since_h=since_h,
        who=carried,
    )
    return HTMLResponse(page)


@router.get("/{ref}")
async def incident(ref: str, ctx: Ctx, carried: Carried) -> HTMLResponse:
    """Show one: what to do, where, tasks, links, and all that happened."""
    return await _one(ctx, number_of(ref), carried)


@router.get("/{ref}/live")
async def incident_now(ref: str, ctx: Ctx, carried: Carried) -> Response:
    """Return an incident's live parts once."""
    text = await content.live_incident(ctx, number_of(ref), names=carried is not None)
    return Response(text, media_type="application/json")


@router.get("/{ref}/live/stream")
async def incident_stream(
    ref: str, ctx: Ctx, carried: Carried, last_event_id: LastEventId = None
) -> Response:
    """Stream an incident's live parts; 404 where there is none."""
    number, names = number_of(ref), carried is not None
    await desk_of(ctx).book.incident(number)
    render = partial(content.live_incident, ctx, number, names=names)
    until_s = None if carried is None else carried.until_s
    return stream(
        ctx, f"page:incident:{number}:{names}", render, last_event_id, follows="incidents", until_s=until_s
    )


@router.post("/{ref}")
async def say(
    ref: str,
    ctx: Ctx,
    carried: Carried,
    what: Short,
    once: Short = "",
    reason: Said = "",
    title: Short = "",
    to: Short = "",
    to_role: Short = "",
    text: Said = "",
    who: Short = "",
    due: Short = "",
    number: Short = "",
    kind: Short = "",
    link_ref: Short = "",
    href: Annotated[str, Form(max_length=HREF_MOST)] = "",
    into: Short = "",
    even_so: Short = "",
    key: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Do what somebody of the operations centre says."""
    about = number_of(ref)
    if carried is None:
        door_of(ctx)
        return await _one(ctx, about, None, refused="Say who you are first.", status=403)
    form = IncidentForm(
        what=what, once=once, reason=reason, title=title, to=to, to_role=to_role, text=text, who=who, due=due,
        number=number, kind=kind, ref=link_ref, href=href, into=into, even_so=even_so, keys=tuple(key or ()),
    )  # fmt: skip
    now = await ctx.town_now()
    try:
        after = await do(ctx, form.command(about, carried, ctx.brand.time_zone, now), now)
    except IncidentRefusedError as error:
        return await _one(ctx, about, carried, refused=str(error), status=409)
    except ConfigurationError as error:
        return await _one(ctx, about, carried, refused=str(error), status=422)
    return RedirectResponse(f"/incidents/I{after.incident_id}", 303)


def _address(back: str) -> str:
    """Return where somebody came from: an incident's page, or the list."""
    return f"/incidents/{back}" if back.isascii() and back.isalnum() else "/incidents"


def _who(ctx: Context, who: Pass | None) -> dict[str, object]:
    until = None if who is None else datetime.fromtimestamp(who.until_s, UTC).astimezone(ctx.brand.time_zone)
    return {
        "who": who,
        "until": "" if until is None else hour_of(until),
        "is_set_up": desk_of(ctx).door is not None,
        "role": ROLE,
        "once": token_urlsafe(12),
    }


async def _list(ctx: Context, who: Pass | None, refused: str = "", status: int = 200) -> HTMLResponse:
    found = await content.incident_list(ctx, names=who is not None)
    page = ctx.templates.render("incidents.html", refused=refused, back="", **_who(ctx, who), **found)
    return HTMLResponse(page, status)


async def _one(
    ctx: Context, number: int, who: Pass | None, refused: str = "", status: int = 200
) -> HTMLResponse:
    found = await content.one_incident(ctx, number, names=who is not None)
    back = f"I{number}"
    page = ctx.templates.render("incident.html", refused=refused, back=back, **_who(ctx, who), **found)
    return HTMLResponse(page, status)
