"""What the pages about tonight's lorries say, and their live parts."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import HTTPException

from ops_api.routers.content import live_state
from ops_api.routers.context import Context
from ops_api.web import cab_view
from rules.core.cab.codec import OnRoads
from rules.core.cab.model import Plan
from rules.core.cab.progress import Progress
from rules.winter.fleet.following import Situation
from rules.winter.fleet.ports import NotPlannedError
from rules.winter.fleet.service import PlanDesk

NOTHING_YET = "No plan for tonight yet"


def plans_of(ctx: Context) -> PlanDesk:
    """Return the desk of plans; 503 where it is not served."""
    if ctx.officers is None or ctx.officers.plans is None:
        raise HTTPException(503, "Plans of lorries are not served here.")
    return ctx.officers.plans


async def newest(ctx: Context) -> Plan | None:
    """Return tonight's plan."""
    desk = plans_of(ctx)
    return await desk.shelf.newest(desk.night((await ctx.town_now()).timestamp()))


async def board(ctx: Context) -> dict[str, Any]:
    """Return the content of the page of all lorries."""
    desk, now = plans_of(ctx), await ctx.town_now()
    why_not = await desk.why_not()
    out = cab_view.out_of_service(await desk.book.out(), ctx.brand.time_zone, now)
    content: dict[str, Any] = {
        "view": None, "why_not": why_not, "changed": "", "out": out, "versions": (), "news": await news(ctx),
    }  # fmt: skip
    if why_not:
        return content
    try:
        found = await desk.situation(now.timestamp())
    except NotPlannedError as error:
        return {**content, "changed": str(error)}
    if found is None:
        return content
    versions = await desk.shelf.versions(found.plan.night)
    older = tuple(cab_view.version_line(v, ctx.brand.time_zone, now) for v in reversed(versions[:-1]))
    view = await asyncio.to_thread(_view, found, ctx.brand.time_zone, now)
    return {**content, "view": view, "versions": older}


def _view(found: Situation, zone: ZoneInfo, now: datetime) -> cab_view.PlanView:
    lorries = [
        cab_view.lorry_view(found.plan, found.on, p.lorry, zone, progress=p, now_s=found.now_s)
        for p in found.progress.values()
    ]
    return cab_view.plan_view(found.plan, found.on, lorries, zone, now)


async def news(ctx: Context) -> tuple[str, ...]:
    """Return the orders that tonight's plan does not know as they stand."""
    plan = await newest(ctx)
    return () if plan is None else await plans_of(ctx).news(plan, (await ctx.town_now()).timestamp())


async def lorry(ctx: Context, name: str, version: int | None = None) -> dict[str, Any]:
    """Return the content of a lorry's page; 404 where no plan has it."""
    desk, now_s = plans_of(ctx), (await ctx.town_now()).timestamp()
    latest = await newest(ctx)
    try:
        plan = latest if version is None else await desk.shelf.plan(version)
        if plan is None or name not in plan.trips:
            return {"view": None, "name": name, "why": await _absent(ctx, name)}
        counts = latest is not None and latest.version == plan.version
        # A card that does not count is shown as it was made: nothing is read for it.
        on, progress = (
            await _followed(desk, plan, name, now_s) if counts else (await desk.on_roads(plan), None)
        )
    except NotPlannedError as error:
        return {"view": None, "name": name, "why": str(error)}
    view = await asyncio.to_thread(
        cab_view.lorry_view, plan, on, name, ctx.brand.time_zone, progress=progress,
        now_s=now_s - plan.contents.start_s,
        newest=None if latest is None or latest.night != plan.night else latest.version,
    )  # fmt: skip
    return {"view": view, "name": name, "why": "", "news": await news(ctx) if counts else ()}


async def _followed(desk: PlanDesk, plan: Plan, name: str, now_s: float) -> tuple[OnRoads, Progress]:
    found = await desk.follow(plan, now_s)
    return found.on, found.progress[name]


async def _absent(ctx: Context, name: str) -> str:
    desk = plans_of(ctx)
    if await desk.why_not():
        return "This town has no directed roads to plan on: drive by the route sheet."
    if name in await desk.book.out():
        return f"{name} is out of service. Its card does not count any more: others drive what was left."
    if name not in [e.id for e in (await desk.roster()).lorry]:
        raise HTTPException(404, f"There is no lorry {name!r}.")
    return NOTHING_YET if await newest(ctx) is None else f"Tonight’s plan has nothing for {name}."


async def live_cab(ctx: Context, name: str | None) -> str:
    """Return the live part of one lorry's page, or of all lorries'."""
    if name is None:
        return live_state(ctx, {"cab": "_cab_board.html"}, {**await board(ctx), "who": None})
    return live_state(ctx, {"cab": "_cab_lorry.html"}, await lorry(ctx, name))
