"""The web pages of the town. Those of a home are in ``home_pages`` and beside it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ops_api.queries import readings
from ops_api.routers import content
from ops_api.routers.catalogue import find_device
from ops_api.routers.context import Context, Ctx
from ops_api.routers.open_answers import base_of
from ops_api.routers.platform import dead_letter_rows, detail
from ops_api.routers.resident import Who
from ops_api.routers.staff_browser import passkey_site
from ops_api.web import api_view, words
from ops_api.web.radio_view import radio_facts

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _page(ctx: Context, template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values))


@router.get("/")
async def start(
    request: Request, ctx: Ctx, who: Who, unknown: str | None = None, wait: bool = False, left: bool = False
) -> HTMLResponse:
    """Choose a role."""
    homes = () if who is None else who.homes
    passkeys = ctx.front.desk is not None and not homes and passkey_site(request, ctx) is not None
    return _page(ctx, "start.html", passkeys=passkeys, unknown=unknown, wait=wait, left=left, homes=homes)


@router.get("/winter/{route_id}")
async def sheet(route_id: str, ctx: Ctx) -> HTMLResponse:
    """The driver's sheet of a route, for paper."""
    return _page(ctx, "sheet.html", **await content.route_sheet(ctx, route_id))


@router.get("/health")
async def health(ctx: Ctx) -> HTMLResponse:
    """Answer "is anything missing, and is the database well"."""
    return _page(ctx, "health.html", **await content.health(ctx))


@router.get("/dead-letters")
async def dead_letters(ctx: Ctx, reason: str | None = None, before: int | None = None) -> HTMLResponse:
    """List messages that could not be stored, with their reasons."""
    rows = await dead_letter_rows(ctx, reason=reason, before=before, limit=51)
    now, zone = ctx.clock.now(), ctx.brand.time_zone
    letters = [
        {
            **detail(r).model_dump(),
            "when": words.day_and_clock(r["received_at"], zone, now),
            "replayed": r["replayed_at"] and words.day_and_clock(r["replayed_at"], zone, now),
        }
        for r in rows[:50]
    ]
    following = rows[49]["dead_letter_id"] if len(rows) > 50 else None
    more = await ctx.db.one("dead_letters_not_kept_total", reason_code=reason, device=None)
    return _page(ctx, "dead_letters.html", letters=letters, reason=reason, following=following, more=more)


@router.get("/devices/{name}")
async def device(name: str, ctx: Ctx) -> HTMLResponse:
    """Show one device: its newest reading and the last 48 hours."""
    row = await find_device(ctx, name)
    kind = ctx.kind(row["kind"])
    newest = await readings.latest(ctx.db, kind, device_id=row["device_id"], limit=1)
    seen = await ctx.db.row("device_seen", device_id=row["device_id"])
    now = await ctx.town_now()
    fields = [
        {
            "name": f.name,
            "title": f.title,
            "unit": f.quantity.symbol,
            "value": newest[0][f.name],
            "decimals": f.decimals,
            "codes": f.codes,
        }
        for f in kind.fields
        if newest and newest[0][f.name] is not None
    ]
    plotted = [f for f in fields if not f["codes"]]
    return _page(
        ctx,
        "device.html",
        device=row,
        kind=kind,
        fields=fields,
        plotted=plotted,
        kept_out="" if seen is None else seen["kept_out"],
        measured=words.ago(newest[0]["ts"], now) if newest else "never",
        since=(now - readings.LATEST_WINDOW).isoformat(),
        radio=radio_facts(
            await ctx.db.row("radio", device_id=row["device_id"]) or {}, ctx.clock.now(), ctx.brand
        ),
    )


@router.get("/api")
async def api_reference(request: Request, ctx: Ctx) -> HTMLResponse:
    """Describe the REST API for people, from its OpenAPI document."""
    return _page(ctx, "api.html", groups=api_view.groups(request.app.openapi()), base=base_of(request, ctx))
