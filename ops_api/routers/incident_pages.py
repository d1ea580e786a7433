"""The pages of incidents. Forms work without JavaScript; who has not given the password only looks."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import partial
from secrets import token_urlsafe
from typing import Annotated, NamedTuple

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
from rules.core.incidents.commands import NAME_MOST, IncidentRefusedError
from rules.core.incidents.model import Incident
from rules.emergency.service import NoWayError

router = APIRouter(prefix="/incidents", include_in_schema=False, default_response_class=HTMLResponse)
PASSWORD_MOST = 200
_BACK = re.compile(r"[A-Za-z0-9]+(/place)?")

Asked = Annotated[IncidentForm, Form()]
NOTHING = IncidentForm()


class Refused(NamedTuple):
    """Why something is not done, in words; and the answer's status."""

    words: str
    status: int


NOT_REFUSED = Refused("", 200)


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
    back: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Let somebody of the operations centre in for a shift."""
    door = door_of(ctx)
    if (no := try_password(ctx, request, door, password)) is not None:
        return no.on(await _list(ctx, None, Refused(no.words, no.status)))
    return let_in(ctx, request, _address(back), by, role)


@router.post("")
async def open_own(ctx: Ctx, carried: Carried, form: Asked) -> Response:
    """Open an incident that nobody proposed; where its place is on no map, ask for it next."""
    said = form.model_copy(update={"what": "new"})
    made = await _do(ctx, carried, 0, said)
    if isinstance(made, Refused):
        return await _list(ctx, carried, made, typed=said)
    nowhere = "" if made.latitude_deg is not None else "/place"
    return RedirectResponse(f"/incidents/I{made.incident_id}{nowhere}", 303)


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


@router.get("/{ref}/place")
async def where(ref: str, ctx: Ctx, carried: Carried) -> HTMLResponse:
    """Ask where it is: in words, or by a click on the map."""
    return await _where(ctx, number_of(ref), carried)


@router.post("/{ref}")
async def say(ref: str, ctx: Ctx, carried: Carried, form: Asked) -> Response:
    """Do what somebody of the operations centre says; what was typed stays where it is refused."""
    about = number_of(ref)
    made = await _do(ctx, carried, about, form)
    if isinstance(made, Refused):
        page = _where if form.what == "place" and carried is not None else _one
        return await page(ctx, about, carried, made, typed=form)
    return RedirectResponse(f"/incidents/I{made.incident_id}", 303)


async def _do(ctx: Context, who: Pass | None, about: int, form: IncidentForm) -> Incident | Refused:
    """Do what a form says; return the incident that it leads to, or why not."""
    if who is None:
        door_of(ctx)
        return Refused("Say who you are first.", 403)
    now = await ctx.town_now()
    try:
        spot = await content.meant(ctx, form)
        return await do(ctx, form.command(about, who, ctx.brand.time_zone, now, spot), now)
    except IncidentRefusedError as error:
        return Refused(str(error), 409)
    except (ConfigurationError, NoWayError) as error:
        return Refused(str(error), 422)


def _address(back: str) -> str:
    """Return where somebody came from: a page of an incident, or the list."""
    return f"/incidents/{back}" if _BACK.fullmatch(back) else "/incidents"


def _who(ctx: Context, who: Pass | None) -> dict[str, object]:
    until = None if who is None else datetime.fromtimestamp(who.until_s, UTC).astimezone(ctx.brand.time_zone)
    return {
        "who": who,
        "until": "" if until is None else hour_of(until),
        "is_set_up": desk_of(ctx).door is not None,
        "role": ROLE,
        "once": token_urlsafe(12),
    }


async def _list(
    ctx: Context, who: Pass | None, refused: Refused = NOT_REFUSED, typed: IncidentForm = NOTHING
) -> HTMLResponse:
    found = await content.incident_list(ctx, names=who is not None)
    return _page(ctx, "incidents.html", who, refused, back="", typed=typed, **found)


async def _one(
    ctx: Context, number: int, who: Pass | None, refused: Refused = NOT_REFUSED, typed: IncidentForm = NOTHING
) -> HTMLResponse:
    found = await content.one_incident(ctx, number, names=who is not None)
    return _page(ctx, "incident.html", who, refused, back=f"I{number}", typed=typed, **found)


async def _where(
    ctx: Context, number: int, who: Pass | None, refused: Refused = NOT_REFUSED, typed: IncidentForm = NOTHING
) -> HTMLResponse:
    incident = await desk_of(ctx).book.incident(number)
    return _page(
        ctx, "incident_place.html", who, refused, back=f"I{number}/place", typed=typed, incident=incident
    )


def _page(ctx: Context, template: str, who: Pass | None, refused: Refused, **found: object) -> HTMLResponse:
    page = ctx.templates.render(template, refused=refused.words, **_who(ctx, who), **found)
    return HTMLResponse(page, refused.status)
