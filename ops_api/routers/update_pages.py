"""The pages of updates: how roll-outs stand, what fails and why, and the button that halts."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.access.model import Principal, Role
from ops_api.access.principal import Asker
from ops_api.routers.context import Context, Ctx
from ops_api.routers.updates import CHANGES, Act, Number, door_of, rollout_of
from ops_api.web import updates_view as view

router = APIRouter(prefix="/fleet/updates", include_in_schema=False, default_response_class=HTMLResponse)
SHOWN = 50


@router.get("")
async def updates(ctx: Ctx) -> HTMLResponse:
    """List roll-outs and bundles, and what devices run."""
    rollouts = await ctx.db.rows("rollouts", rollout_id=None, limit=SHOWN)
    shown = [view.rollout(row, ctx.brand.time_zone, ctx.clock.now()) for row in rollouts]
    values = {
        "headline": view.headline(shown),
        "rollouts": shown,
        "versions": await ctx.db.rows("update_versions"),
        "bundles": await ctx.db.rows("update_bundles", limit=20),
        "pins": await ctx.db.rows("update_pins"),
    }
    return HTMLResponse(ctx.templates.render("fleet_updates.html", **values))


@router.get("/{rollout_id}")
async def update(rollout_id: Number, ctx: Ctx, who: Asker) -> HTMLResponse:
    """Show one roll-out: its stages, why devices failed, which, and who did what."""
    return await _page(ctx, who, rollout_id)


@router.post("/{rollout_id}/{what}")
async def do(
    rollout_id: Number,
    what: Act,
    ctx: Ctx,
    who: Asker,
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Halt, resume or cancel, and show what became of it."""
    await rollout_of(ctx, rollout_id)
    try:
        await door_of(ctx).change(rollout_id, CHANGES[what], reason.strip(), who.id, "web")
    except ConfigurationError as e:
        return await _page(ctx, who, rollout_id, wrong=str(e), status=409)
    return RedirectResponse(f"/fleet/updates/{rollout_id}", 303)


async def _page(
    ctx: Context, who: Principal, rollout_id: int, wrong: str = "", status: int = 200
) -> HTMLResponse:
    row, zone, now = await rollout_of(ctx, rollout_id), ctx.brand.time_zone, ctx.clock.now()
    devices = await ctx.db.rows("rollout_devices", rollout_id=rollout_id, state=None, limit=500)
    values: dict[str, Any] = {
        "r": view.rollout(row, zone, now),
        "stages": view.stages(row, await ctx.db.rows("rollout_stages", rollout_id=rollout_id)),
        "reasons": [
            {"words": view.reason_words(x["reason"]), "devices": x["devices"]}
            for x in await ctx.db.rows("rollout_reasons", rollout_id=rollout_id)
        ],
        "devices": [view.device(x, zone, now) for x in devices],
        "events": [
            view.event(x, zone, now) for x in await ctx.db.rows("rollout_events", rollout_id=rollout_id)
        ],
        "may": Role.DEVICES in who.roles,
        "may_look": not {Role.DEVICES, Role.OPERATIONS}.isdisjoint(who.roles),
        "wrong": wrong,
    }
    return HTMLResponse(ctx.templates.render("fleet_update.html", **values), status)
