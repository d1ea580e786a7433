"""The operations centre's tools over REST: the emergency way, closures, what closing a road would do."""

from __future__ import annotations

import math
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Path, Query
from pydantic import BaseModel, Field

from cityops.errors import ConfigurationError
from ops_api.ops_asking import TEXT_MOST, Typed, asked, kept, question_of
from ops_api.ops_places import STRETCHES_MOST, TYPED_MOST, place_of
from ops_api.ops_tools import closure_document
from ops_api.request_ids import RequestId
from ops_api.routers.context import Context, Ctx
from ops_api.routers.ops_door import Program, Reader, tools_of
from ops_api.routers.time_limit import LONG
from ops_api.routers.times import Integer
from rules.closing.ports import NoSuchWhatIfError
from rules.core.closing_effects.document import ClosingDocument
from rules.core.emergency.finding import WayAnswer
from rules.emergency.service import NoWayError

router = APIRouter(prefix="/api/v1/ops", tags=["operations"])

To = Annotated[
    str,
    Query(
        min_length=1, max_length=TYPED_MOST, description="latitude,longitude; a stretch; an address; a street"
    ),
]
VehicleName = Annotated[str, Query(max_length=40, description="fire-engine, ambulance, car")]


async def way_to(ctx: Context, to: str, vehicle: str, exempt: bool) -> WayAnswer:
    """Return the answer; NoWayError in words."""
    tools, now_s = tools_of(ctx), (await ctx.town_now()).timestamp()
    where = await place_of(tools.ways, tools.addresses, to, vehicle, exempt=exempt)
    return await tools.ways.find(where, now_s)


@router.get("/way")
async def get_way(
    ctx: Ctx,
    to: To,
    vehicle: VehicleName = "fire-engine",
    exempt: Annotated[
        bool, Query(description="One-way streets and turn bans do not bind it: where the order says so")
    ] = False,
) -> dict[str, Any]:
    """Return the quickest way for an emergency vehicle to a place as roads are now; `best` is null where none leads there."""
    try:
        found: dict[str, Any] = msgspec.to_builtins(await way_to(ctx, to, vehicle, exempt))
    except NoWayError as error:
        raise HTTPException(422, str(error)) from error
    return found


@router.get("/closures")
async def get_closures(ctx: Ctx) -> list[dict[str, Any]]:
    """Return the roads that are closed now or will be, with the reason; never who said so."""
    tools, now_s = tools_of(ctx), (await ctx.town_now()).timestamp()
    try:
        network = (await tools.ways.ground()).network
    except NoWayError as error:
        raise HTTPException(409, str(error)) from error
    found = await tools.closures.between(now_s, math.inf)
    return [closure_document(c, network, now_s) for c in found]


class WhatIfBody(BaseModel):
    """What is asked."""

    segments: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=STRETCHES_MOST, description="Stretches that would be closed"
    )
    street: str = Field(default="", max_length=200, description="... and all of a street")
    from_: str = Field(
        default="", alias="from", max_length=40, description="RFC 3339 or by the town's clock; now without"
    )
    until: str = Field(default="", max_length=40, description="The same; open end without")
    reason: str = Field(default="", max_length=TEXT_MOST)
    iterations: Integer | None = Field(default=None, ge=0, le=20_000, description="Of each search")
    keep: str | None = Field(default=None, max_length=TEXT_MOST, description="Keep the answer with this note")
    request_id: RequestId = None


@router.post("/what-if/close", dependencies=[LONG])
async def ask_what_if(body: WhatIfBody, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Return what closing roads would do; `what_if_id` is its number where it was kept."""
    tools = tools_of(ctx)
    typed = Typed(body.segments, body.street, body.from_, body.until, body.reason)
    try:
        question = await question_of(tools, typed, await ctx.town_now(), ctx.brand.time_zone, body.iterations)
        found = await asked(tools, question)
    except (ConfigurationError, NoWayError) as error:
        raise HTTPException(422, str(error)) from error
    number = None
    if body.keep is not None:
        note = await kept(tools, found, (who.name, who.purpose), "rest", body.keep, body.request_id)
        number, found = note.what_if_id, msgspec.convert(note.document, ClosingDocument)
    return {"what_if_id": number, **msgspec.to_builtins(found)}


@router.get("/what-if/{what_if_id}")
async def get_what_if(
    what_if_id: Annotated[int, Path(ge=1, le=2**62)], ctx: Ctx, reads: Reader
) -> dict[str, Any]:
    """Return an answer that was kept, without who asked; what they noted is told to who sends the password."""
    try:
        note = await tools_of(ctx).notes.what_if(what_if_id)
    except NoSuchWhatIfError as error:
        raise HTTPException(404, str(error)) from error
    return {"what_if_id": note.what_if_id, "note": note.note if reads else None, **note.document}
