"""Pages of the operations centre's tools: what if a road is closed, and the way of an emergency vehicle."""

from __future__ import annotations

import math
from secrets import token_urlsafe
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.ops_asking import TEXT_MOST, Typed, asked, kept, question_of
from ops_api.ops_places import TYPED_MOST
from ops_api.ops_tools import closed_segments
from ops_api.routers.context import Context, Ctx
from ops_api.routers.ops_door import NOT_SET_UP, ROLE, Carried, door_of, let_in, tools_of
from ops_api.routers.ops_tools import way_to
from ops_api.routers.password import try_password
from ops_api.web import what_if_view
from rules.closing.ports import NoSuchWhatIfError
from rules.core.closing.model import Closed, why_words
from rules.core.closing_effects.document import ClosingDocument
from rules.core.incidents.commands import NAME_MOST
from rules.emergency.service import NoWayError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
NEWEST = 10
Short = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=20_000)]
Said = Annotated[str, Form(max_length=TEXT_MOST)]


@router.get("/ops/way")
async def way(
    ctx: Ctx,
    to: Annotated[str, Query(max_length=TYPED_MOST)] = "",
    vehicle: Annotated[str, Query(max_length=40)] = "fire-engine",
    exempt: bool = False,
) -> HTMLResponse:
    """Answer "how do we get there, from where, and how long does it take"."""
    found, refused = None, ""
    if to.strip():
        try:
            found = await way_to(ctx, to, vehicle, exempt)
        except NoWayError as error:
            refused = str(error)
    vehicles = tools_of(ctx).ways.parameters.vehicle
    page = ctx.templates.render(
        "way.html", to=to, vehicle=vehicle, exempt=exempt, refused=refused, vehicles=vehicles,
        answer=found, view=None if found is None else what_if_view.way_view(found), **await _closed(ctx),
    )  # fmt: skip
    return HTMLResponse(page, 422 if refused else 200)


@router.get("/ops/what-if")
async def what_if(
    ctx: Ctx, who: Carried, segment: Annotated[list[str] | None, Query(max_length=500)] = None
) -> HTMLResponse:
    """Ask "what happens if we close this road"; ``segment`` chooses stretches beforehand."""
    return await _page(ctx, who, Typed(segment or ()))


@router.post("/ops/what-if/who")
async def say_who(
    request: Request,
    ctx: Ctx,
    by: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")],
    role: Annotated[str, Form(max_length=NAME_MOST)] = ROLE,
    password: Short = "",
) -> Response:
    """Let somebody in for a shift."""
    door = door_of(ctx)
    if (no := try_password(ctx, request, door, password)) is not None:
        return no.on(await _page(ctx, None, Typed(), refused=no.words, status=no.status))
    return let_in(ctx, request, "/ops/what-if", by, role)


@router.post("/ops/what-if")
async def ask(
    ctx: Ctx,
    who: Carried,
    segments: Long = "",
    street: Short = "",
    from_: Annotated[str, Form(alias="from", max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    reason: Said = "",
    keep: Annotated[str, Form(max_length=10)] = "",
    note: Said = "",
    once: Short = "",
) -> Response:
    """Answer the question, and keep the answer where that is asked for; nothing else is stored."""
    typed = Typed.of(segments, street, from_, until, reason)
    if who is None:
        door_of(ctx)
        return await _page(ctx, None, typed, refused="Say who you are first.", status=403)
    tools = tools_of(ctx)
    try:
        question = await question_of(tools, typed, await ctx.town_now(), ctx.brand.time_zone)
        found = await asked(tools, question)
    except (ConfigurationError, NoWayError) as error:
        return await _page(ctx, who, typed, refused=str(error), status=422)
    if keep:
        saved = await kept(tools, found, (who.name, who.purpose), "web", note, once or None)
        return RedirectResponse(f"/ops/what-if/{saved.what_if_id}", 303)
    return await _page(ctx, who, Typed(question.segments, "", typed.from_, typed.until, typed.reason), found)


@router.get("/ops/what-if/{what_if_id}")
async def note_page(what_if_id: Annotated[int, Path(ge=1, le=2**62)], ctx: Ctx, who: Carried) -> HTMLResponse:
    """Show a note that was kept."""
    try:
        saved = await tools_of(ctx).notes.what_if(what_if_id)
    except NoSuchWhatIfError as error:
        raise HTTPException(404, str(error)) from error
    found = msgspec.convert(saved.document, ClosingDocument)
    page = ctx.templates.render(
        "what_if_note.html", note=saved, who=who, view=what_if_view.view(found, ctx.brand.time_zone),
        at=what_if_view.clock(saved.at_s, ctx.brand.time_zone), **await _closed(ctx),
    )  # fmt: skip
    return HTMLResponse(page)


async def _page(
    ctx: Context,
    who: Pass | None,
    typed: Typed,
    found: ClosingDocument | None = None,
    *,
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    tools, zone = tools_of(ctx), ctx.brand.time_zone
    notes = await tools.notes.newest(NEWEST)
    page = ctx.templates.render(
        "what_if.html", who=who, typed=typed, refused=refused, role=ROLE, once=token_urlsafe(12),
        is_set_up=tools.door is not None, not_set_up=NOT_SET_UP, streets=await _streets(ctx),
        view=None if found is None else what_if_view.view(found, zone),
        notes=[{"number": n.what_if_id, "note": n.note, "at": what_if_view.clock(n.at_s, zone)} for n in notes],
        **await _closed(ctx),
    )  # fmt: skip
    return HTMLResponse(page, status)


async def _streets(ctx: Context) -> list[str]:
    try:
        network = (await tools_of(ctx).ways.ground()).network
    except NoWayError:
        return []
    return sorted({s.street for s in network.segments if s.street})


async def _closed(ctx: Context) -> dict[str, Any]:
    """Return what is closed now, for the map and in words."""
    tools, now_s, zone = tools_of(ctx), (await ctx.town_now()).timestamp(), ctx.brand.time_zone
    standing = closed_segments(await tools.closures.between(now_s, math.inf), now_s)
    try:
        index = (await tools.ways.ground()).network.graph
    except NoWayError:
        return {"closed": {}, "closed_words": []}
    words = {
        name: why_words(
            Closed(
                segment_id=name, closure_id=c.closure_id, from_s=c.from_s, until_s=c.until_s, reason=c.reason
            ),
            zone,
        )
        for name, c in standing.items()
        if name in index.segment_index
    }
    streets = dict.fromkeys(
        (index.segments[index.segment_index[n]].street or n, why) for n, why in words.items()
    )
    return {"closed": words, "closed_words": [f"{street} is closed: {why}." for street, why in streets]}
