"""Tonight's lorries: the driver's phone page, card and track, and the officer's page of all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import CityopsError
from ops_api.access.enforce import rule_named
from ops_api.access.model import entitled
from ops_api.cab_files import card_file
from ops_api.housing.team_door import Pass
from ops_api.routers import cab_content
from ops_api.routers.cab_content import plans_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.officers import OFFICER, Carried, door_of, let_in
from ops_api.routers.password import try_password
from ops_api.routers.staff_pass import may
from rules.core.effects import hour_of
from rules.core.winter_orders.commands import NAME_MOST, TEXT_MOST
from rules.winter.fleet.asking import Who
from rules.winter.fleet.ports import NoSuchPlanError, NotPlannedError, PlanMovedError

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
ADDRESS = "/winter/cab"
PASSWORD_MOST = 200

Short = Annotated[str, Form(max_length=100)]
Said = Annotated[str, Form(max_length=TEXT_MOST)]
Version = Annotated[int | None, Query(ge=1, le=2**31)]


@router.get("/winter/cab")
async def cab(ctx: Ctx, carried: Carried) -> HTMLResponse:
    """Show all lorries; officers can plan, and say what breaks down and comes back."""
    return await _board(ctx, carried)


@router.post("/winter/cab/officer")
async def say_who(
    request: Request,
    ctx: Ctx,
    by: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")],
    role: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")] = OFFICER,
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
) -> Response:
    """Let an officer in for a shift."""
    if (no := try_password(ctx, request, door_of(ctx), password)) is not None:
        return no.on(await _board(ctx, None, refused=no.words, status=no.status))
    return let_in(ctx, request, ADDRESS, by, role)


@router.post("/winter/cab")
async def say(
    request: Request,
    ctx: Ctx,
    carried: Carried,
    what: Short,
    lorry: Short = "",
    reason: Said = "",
    request_id: Short = "",
) -> Response:
    """Plan tonight, or say that a lorry has broken down or is back."""
    if carried is None:
        door_of(ctx)
        return await _board(ctx, None, refused="Say who you are first.", status=403)
    if what == "plan" and not await _plans(request):
        return await _board(
            ctx, carried, refused="Officers plan the night; a crew says what is out and back.", status=403
        )
    who = Who(carried.name, carried.purpose, "page", reason.strip(), request_id.strip() or None)
    now_s, desk = (await ctx.town_now()).timestamp(), plans_of(ctx)
    try:
        if what == "plan":
            await desk.plan_tonight(who, now_s)
        elif what == "breakdown":
            await desk.breakdown(lorry, who, now_s)
        elif what == "returned":
            await desk.returned(lorry, who, now_s)
        else:
            return await _board(
                ctx, carried, refused=f"what {what!r}: plan, breakdown or returned", status=422
            )
    except (NotPlannedError, PlanMovedError) as error:
        return await _board(ctx, carried, refused=str(error), status=409)
    except NoSuchPlanError as error:
        return await _board(ctx, carried, refused=str(error), status=404)
    ctx.hub.touch()
    return RedirectResponse(ADDRESS, 303)


async def _plans(request: Request) -> bool:
    """Whether who acts may plan as well: an officer, or whoever has the officers' password."""
    own, rule = await may(request), rule_named("POST", "/api/v1/winter/plan")
    return own is None or (rule is not None and entitled(rule, own))


@router.get("/winter/cab/{lorry}")
async def phone(lorry: str, ctx: Ctx, version: Version = None) -> HTMLResponse:
    """Show a lorry's card, the next turn first."""
    content = await cab_content.lorry(ctx, lorry, version)
    address = f"{ADDRESS}/{quote(lorry, safe='')}"
    live = "" if version is not None else f"/live/cab?code={quote(lorry, safe='')}"
    return HTMLResponse(
        ctx.templates.render("cab_lorry.html", **content, address=address, live=live, version=version)
    )


@router.get("/winter/cab/{lorry}/card.pdf")
async def paper(lorry: str, ctx: Ctx, version: Version = None) -> Response:
    """Give a lorry's card for paper."""
    data = await _card(ctx, lorry, version, ".pdf")
    return _file(data, "application/pdf", f"card-{lorry}.pdf", "inline")


@router.get("/winter/cab/{lorry}/track.gpx")
async def track(lorry: str, ctx: Ctx, version: Version = None) -> Response:
    """Give a lorry's way and turns for a navigation device."""
    data = await _card(ctx, lorry, version, ".gpx")
    return _file(data, "application/gpx+xml", f"{lorry}.gpx", "attachment")


async def _card(ctx: Context, lorry: str, version: int | None, suffix: str) -> bytes:
    now_s = (await ctx.town_now()).timestamp()
    return await card_file(plans_of(ctx), lorry, version, now_s, suffix, ctx.brand.council)


def _file(data: bytes, kind: str, name: str, how: str) -> Response:
    disposition = f"{how}; filename*=UTF-8''{quote(name, safe='')}"
    return Response(data, media_type=kind, headers={"Content-Disposition": disposition})


async def _board(ctx: Context, who: Pass | None, refused: str = "", status: int = 200) -> HTMLResponse:
    content: dict[str, Any] = await cab_content.board(ctx)
    until = None if who is None else datetime.fromtimestamp(who.until_s, UTC).astimezone(ctx.brand.time_zone)
    names: tuple[str, ...] = ()
    try:
        names = tuple(e.id for e in (await plans_of(ctx).roster()).lorry)
    except CityopsError as error:
        refused = refused or ("" if content["why_not"] else str(error))
    officers = ctx.officers
    page = ctx.templates.render(
        "cab.html", **content, once=token_urlsafe(12), who=who, refused=refused, names=names, role=OFFICER,
        is_set_up=officers is not None and officers.door is not None, until="" if until is None else hour_of(until),
    )  # fmt: skip
    return HTMLResponse(page, status)
