"""Tonight's lorries, for programs of the winter service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from ops_api.cab_text import plan_document, situation_document
from ops_api.housing.team_door import Pass
from ops_api.request_ids import RequestId
from ops_api.routers import cab_content
from ops_api.routers.cab_content import plans_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.officers import Program
from ops_api.routers.time_limit import LONG
from ops_api.routers.times import Integer
from rules.core.cab.model import Plan
from rules.winter.fleet.asking import Who
from rules.winter.fleet.service import USUAL_ITERATIONS

router = APIRouter(prefix="/api/v1/winter/plan", tags=["winter"])


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    reason: str = Field("", max_length=1000)
    request_id: RequestId = None
    seed: Integer = Field(
        1, ge=0, le=2**31 - 1, description="Of everything random: the same gives the same plan"
    )
    iterations: Integer = Field(
        USUAL_ITERATIONS, ge=0, le=200_000, description="Of the search; 0: only build"
    )


class PlanTonight(_Asked):
    """Plan the night from the orders that stand."""


class Breakdown(_Asked):
    """A lorry drives no further."""

    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")


class Returned(_Asked):
    """A lorry is back in service, at its depot."""


def _who(body: _Asked, who: Pass) -> Who:
    return Who(who.name, who.purpose, "api", body.reason.strip(), body.request_id)


@router.get("")
async def get_plan(
    ctx: Ctx,
    version: Annotated[int | None, Query(ge=1, le=2**31, description="Without: tonight's newest")] = None,
) -> dict[str, Any]:
    """Return a plan: what it was made from, each lorry's way, what can't be kept. Nobody's name is in it."""
    return plan_document(await _plan(ctx, version))


@router.get("/lorries")
async def get_lorries(ctx: Ctx) -> dict[str, Any]:
    """Return where the lorries of tonight's plan are: treated and skipped passes, salt left, when they will be done; and
    which are out of service since when.
    """
    desk = plans_of(ctx)
    found = await desk.situation((await ctx.town_now()).timestamp())
    if found is None:
        raise HTTPException(404, f"{cab_content.NOTHING_YET}.")
    return situation_document(found, await desk.book.out())


@router.post("", status_code=201, dependencies=[LONG])
async def post_plan(body: PlanTonight, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Plan the night; a plan that is being driven goes on where it is. Takes some seconds of a core."""
    desk, now_s = plans_of(ctx), (await ctx.town_now()).timestamp()
    plan = await desk.plan_tonight(_who(body, who), now_s, seed=body.seed, iterations=body.iterations)
    ctx.hub.touch()
    return plan_document(plan)


@router.post("/lorries/{lorry}/breakdown", status_code=201, dependencies=[LONG])
async def post_breakdown(lorry: str, body: Breakdown, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Take a lorry out of service: what it has not treated goes to the others. `version` is null where nothing is planned."""
    return await _change(ctx, "breakdown", lorry, body, who)


@router.post("/lorries/{lorry}/return", status_code=201, dependencies=[LONG])
async def post_return(lorry: str, body: Returned, ctx: Ctx, who: Program) -> dict[str, Any]:
    """Take a lorry back into service. `version` is null where nothing is planned."""
    return await _change(ctx, "returned", lorry, body, who)


async def _change(ctx: Context, what: str, lorry: str, body: _Asked, who: Pass) -> dict[str, Any]:
    desk, now_s = plans_of(ctx), (await ctx.town_now()).timestamp()
    do = desk.breakdown if what == "breakdown" else desk.returned
    plan = await do(lorry, _who(body, who), now_s, seed=body.seed, iterations=body.iterations)
    ctx.hub.touch()
    at = datetime.fromtimestamp(now_s, UTC)
    return {"version": None, "lorry": lorry, "what": what, "at": at} if plan is None else plan_document(plan)


async def _plan(ctx: Context, version: int | None) -> Plan:
    if version is None:
        found = await cab_content.newest(ctx)
        if found is None:
            raise HTTPException(404, f"{cab_content.NOTHING_YET}.")
        return found
    return await plans_of(ctx).shelf.plan(version)
