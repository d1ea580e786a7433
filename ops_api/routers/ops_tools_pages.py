"""Pages of the operations centre's tools: what if a road is closed, and the way of an emergency vehicle."""

from __future__ import annotations

import math
from secrets import token_urlsafe
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.ops_asking import TEXT_MOST, Typed, asked, kept, question_of
from ops_api.ops_places import TYPED_MOST
from ops_api.request_ids import request_id_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.ops_door import NOT_SET_UP, ROLE, Carried, door_of, let_in, tools_of
from ops_api.routers.ops_tools import way_to
from ops_api.routers.password import try_password
from ops_api.routers.time_limit import LONG
from ops_api.web import what_if_view
from rules.closing.ports import ClosureRefusedError, NoSuchWhatIfError
from rules.core.closing.model import NewClosure, clock, closed_between, why_words
from rules.core.closing.opening import unknown_words
from rules.core.closing_effects.document import ClosingDocument
from rules.core.incidents.commands import NAME_MOST
from rules.emergency.service import NoWayError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
NEWEST = 10
Short = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=20_000)]
Said = Annotated[str, Form(max_length=TEXT_MOST)]


async def typed_in_form(
    segments: Long = "",
    street: Short = "",
    from_: Annotated[str, Form(alias="from", max_length=40)] = "",
    until: Annotated[str, Form(max_length=40)] = "",
    reason: Said = "",
) -> Typed:
    """Return which roads and when, as typed into a form."""
    return Typed.of(segments, street, from_, until, reason)


TypedForm = Annotated[Typed, Depends(typed_in_form)]


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
    return await tool_page(ctx, who, Typed(segment or ()))


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
        return no.on(await tool_page(ctx, None, Typed(), refused=no.words, status=no.status))
    return let_in(ctx, request, "/ops/what-if", by, role)


@router.post("/ops/what-if", dependencies=[LONG])
async def ask(
    ctx: Ctx,
    who: Carried,
    typed: TypedForm,
    keep: Annotated[str, Form(max_length=10)] = "",
    note: Said = "",
    once: Short = "",
) -> Response:
    """Answer the question, and keep the answer where that is asked for; nothing else is stored."""
    if who is None:
        door_of(ctx)
        return await tool_page(ctx, None, typed, refused="Say who you are first.", status=403)
    tools = tools_of(ctx)
    try:
        question = await question_of(tools, typed, await ctx.town_now(), ctx.brand.time_zone)
        found = await asked(tools, question)
    except (ConfigurationError, NoWayError) as error:
        return await tool_page(ctx, who, typed, refused=str(error), status=422)
    if keep:
        try:
            named = request_id_of(f"ask-{once}") if once else None
            saved = await kept(tools, found, (who.name, who.purpose), "page", note, named)
        except (ClosureRefusedError, ValueError) as error:
            return await tool_page(ctx, who, typed, found, refused=str(error), status=422)
        return RedirectResponse(f"/ops/what-if/{saved.what_if_id}", 303)
    return await tool_page(
        ctx, who, Typed(question.segments, "", typed.from_, typed.until, typed.reason), found
    )


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
        at=clock(saved.at_s, ctx.brand.time_zone), **await _closed(ctx),
    )  # fmt: skip
    return HTMLResponse(page)


async def tool_page(
    ctx: Context,
    who: Pass | None,
    typed: Typed,
    found: ClosingDocument | None = None,
    *,
    confirm: NewClosure | None = None,
    refused: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of closures and of what one would do.

    Args:
        ctx: of the application.
        who: is let in; None: only looks, and is told no names and no notes.
        typed: what stands in the form.
        found: the answer to a question.
        confirm: a closure that waits for its confirmation.
        refused: why what was asked is not done.
        status: of the answer.
    """
    tools, zone = tools_of(ctx), ctx.brand.time_zone
    notes = await tools.notes.newest(NEWEST)
    page = ctx.templates.render(
        "what_if.html", who=who, typed=typed, refused=refused, role=ROLE, once=token_urlsafe(12),
        is_set_up=tools.door is not None, not_set_up=NOT_SET_UP, streets=await _streets(ctx),
        view=None if found is None else what_if_view.view(found, zone),
        notes=[
            {"number": n.what_if_id, "note": n.note if who else "", "at": clock(n.at_s, zone)} for n in notes
        ],
        confirm=None if confirm is None else await _confirmed(ctx, confirm), **await _closed(ctx, standing=True),
    )  # fmt: skip
    return HTMLResponse(page, status)


async def _streets(ctx: Context) -> list[str]:
    try:
        network = (await tools_of(ctx).ways.ground()).network
    except NoWayError:
        return []
    return sorted({s.street for s in network.segments if s.street})


async def _confirmed(ctx: Context, new: NewClosure) -> dict[str, Any]:
    """Return what is to be confirmed, in words."""
    index, zone = (await tools_of(ctx).ways.ground()).network.graph, ctx.brand.time_zone
    if unknown := [s for s in new.segments if s not in index.segment_index]:
        raise ClosureRefusedError(unknown_words(unknown))
    return {
        "streets": list(what_if_view.streets_of(new.segments, index)), "count": len(new.segments),
        "when": what_if_view.span_words(new.from_s, new.until_s, zone), "segments": " ".join(new.segments),
        "reason": new.reason,
    }  # fmt: skip


async def _closed(ctx: Context, *, standing: bool = False) -> dict[str, Any]:
    """Return what is closed now, for the map and in words; with ``standing`` each closure that holds or will."""
    tools, now_s, zone = tools_of(ctx), (await ctx.town_now()).timestamp(), ctx.brand.time_zone
    found = await tools.closures.between(now_s, math.inf)
    try:
        index = (await tools.ways.ground()).network.graph
    except NoWayError:
        return {"closed": {}, "closed_words": [], "closures": []}
    now = closed_between(found, now_s, now_s)
    words = {name: why_words(c, zone) for name, c in now.items() if name in index.segment_index}
    streets = dict.fromkeys(
        (index.segments[index.segment_index[n]].street or n, why) for n, why in words.items()
    )
    lines = [what_if_view.closure_line(c, index, now_s, zone) for c in found] if standing else []
    return {
        "closed": words, "closed_words": [f"{street} is closed: {why}." for street, why in streets], "closures": lines,
    }  # fmt: skip
