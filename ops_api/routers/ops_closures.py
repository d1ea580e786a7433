"""Roads are closed and opened for a time: over REST by a program, on the page by somebody who was let in and confirms it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from cityops.errors import ConfigurationError
from ops_api.ops_asking import TEXT_MOST, Typed, closure_of, opened
from ops_api.ops_places import STRETCHES_MOST
from ops_api.ops_tools import closure_document
from ops_api.request_ids import RequestId, request_id_of
from ops_api.routers.context import Ctx
from ops_api.routers.ops_door import Carried, Program, door_of, let_out, tools_of
from ops_api.routers.ops_tools_pages import Said, Short, TypedForm, tool_page
from ops_api.routers.staff_pass import own_account
from rules.closing.ports import ClosureRefusedError
from rules.emergency.service import NoWayError

router = APIRouter(prefix="/api/v1/ops", tags=["operations"])
pages = APIRouter(prefix="/ops", include_in_schema=False, default_response_class=HTMLResponse)

Number = Annotated[int, Path(ge=1, le=2**62)]
UNCONFIRMED = "Nothing is done yet: tick the box to confirm it."


class ClosingBody(BaseModel):
    """A closure."""

    model_config = ConfigDict(extra="forbid")

    segments: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=STRETCHES_MOST, description="Stretches that nobody may drive"
    )
    street: str = Field(default="", max_length=200, description="... and all of a street")
    from_: str = Field(
        default="", alias="from", max_length=40, description="RFC 3339 or by the town's clock; now without"
    )
    until: str = Field(default="", max_length=40, description="The same; without until it is opened")
    reason: str = Field(min_length=1, max_length=TEXT_MOST, description="Drivers and the public read it")
    request_id: RequestId = None


class OpeningBody(BaseModel):
    """An opening."""

    model_config = ConfigDict(extra="forbid")

    segments: list[Annotated[str, Field(max_length=100)]] = Field(
        default=[], max_length=STRETCHES_MOST, description="All that it still closes without"
    )
    reason: str = Field(default="", max_length=TEXT_MOST, description="What was done")


@router.post("/closures", status_code=201)
async def post_closure(body: ClosingBody, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Close roads for a time; plans that lead through them are made again around them."""
    tools, now = tools_of(ctx), await ctx.town_now()
    typed = Typed(body.segments, body.street.strip(), body.from_.strip(), body.until.strip(), body.reason)
    said = (who.name, who.purpose)
    try:
        new = await closure_of(tools, typed, now, ctx.brand.time_zone, said, "rest", body.request_id)
    except (ConfigurationError, NoWayError) as error:
        raise HTTPException(422, str(error)) from error
    kept = await tools.closures.close(new)
    return closure_document(kept, (await tools.ways.ground()).network, now.timestamp())


@router.post("/closures/{closure_id}/open")
async def post_opening(closure_id: Number, body: OpeningBody, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Open a closure before its time, or some of its stretches; what another one closes stays closed."""
    tools, now_s, said = tools_of(ctx), (await ctx.town_now()).timestamp(), (who.name, who.purpose)
    [kept] = await opened(tools, now_s, body.segments, said, "rest", body.reason, closure_id)
    return closure_document(kept, (await tools.ways.ground()).network, now_s)


@pages.post("/closures")
async def close(
    ctx: Ctx,
    who: Carried,
    typed: TypedForm,
    once: Short = "",
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask whether it is meant; close the roads where it is."""
    if who is None:
        door_of(ctx)
        return await tool_page(ctx, None, typed, refused="Say who you are first.", status=403)
    tools, said = tools_of(ctx), (who.name, who.purpose)
    try:
        named = request_id_of(f"close-{once}") if once else None
        new = await closure_of(tools, typed, await ctx.town_now(), ctx.brand.time_zone, said, "page", named)
        if sure != "yes":
            chosen = Typed(new.segments, "", typed.from_, typed.until, typed.reason)
            return await tool_page(ctx, who, chosen, confirm=new)
        await tools.closures.close(new)
    except ClosureRefusedError as error:
        return await tool_page(ctx, who, typed, refused=f"Not closed: {error}", status=409)
    except (ConfigurationError, NoWayError, ValueError) as error:
        return await tool_page(ctx, who, typed, refused=str(error), status=422)
    return RedirectResponse("/ops/what-if#closures", 303)


@pages.post("/bye")
async def bye(request: Request) -> Response:
    """Forget who it is; who came by an account signs out there."""
    return let_out(own_account(request) or "/ops/what-if")


@pages.post("/closures/{closure_id}/open")
async def open_(
    closure_id: Number,
    ctx: Ctx,
    who: Carried,
    reason: Said = "",
    sure: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Open what a closure still closes, where it is meant."""
    if who is None:
        door_of(ctx)
        return await tool_page(ctx, None, Typed(), refused="Say who you are first.", status=403)
    if sure != "yes":
        return await tool_page(ctx, who, Typed(), refused=UNCONFIRMED, status=422)
    said, now_s = (who.name, who.purpose), (await ctx.town_now()).timestamp()
    try:
        await opened(tools_of(ctx), now_s, (), said, "page", reason, closure_id)
    except ClosureRefusedError as error:
        return await tool_page(ctx, who, Typed(), refused=f"Not opened: {error}", status=409)
    return RedirectResponse("/ops/what-if#closures", 303)
