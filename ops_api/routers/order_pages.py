"""The duty officer's panel of a route. Forms work without JavaScript; who has not given the password only looks."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.routers.context import Context, Ctx
from ops_api.routers.officers import OFFICER, Carried, door_of, let_in, officers_of
from ops_api.routers.order_form import OrderForm
from ops_api.routers.orders import do
from ops_api.routers.password import try_password
from ops_api.web import orders_view
from rules.core.effects import hour_of
from rules.core.winter_orders.commands import NAME_MOST, TEXT_MOST, OrderRefusedError
from rules.core.winter_orders.model import Case, Command, Confirm, OrderOwn, Route
from rules.core.winter_orders.words import act_words

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
SHOWN_S = 36 * 3600.0
PASSWORD_MOST = 200

Short = Annotated[str, Form(max_length=100)]
Said = Annotated[str, Form(max_length=TEXT_MOST)]


@router.get("/winter/{route_id}/orders")
async def orders(route_id: str, ctx: Ctx, carried: Carried) -> HTMLResponse:
    """Show what is proposed and ordered on a route, and to officers who said what."""
    return await _page(ctx, route_id, carried)


@router.post("/winter/{route_id}/officer")
async def say_who(
    route_id: str,
    request: Request,
    ctx: Ctx,
    by: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")],
    role: Annotated[str, Form(max_length=NAME_MOST, pattern=r"\S")] = OFFICER,
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
    back: Short = "",
) -> Response:
    """Let an officer in for a shift."""
    door = door_of(ctx)
    route = await _route(ctx, route_id)
    if (no := try_password(ctx, request, door, password)) is not None:
        return no.on(await _page(ctx, route_id, None, refused=no.words, status=no.status))
    return let_in(ctx, request, _back(route, back), by, role)


@router.post("/winter/{route_id}/orders")
async def say(
    route_id: str,
    ctx: Ctx,
    carried: Carried,
    what: Short,
    ref: Short = "",
    rate: Short = "",
    passes: Short = "",
    start: Short = "",
    start_was: Short = "",
    once: Short = "",
    reason: Said = "",
    segment: Annotated[list[str] | None, Form()] = None,
    plough: Annotated[list[str] | None, Form()] = None,
    back: Short = "",
) -> Response:
    """Confirm, change, cancel or order, as an officer says."""
    if carried is None:
        door_of(ctx)
        return await _page(ctx, route_id, None, refused="Say who you are first.", status=403)
    # One look at the clock: what is read by it is judged by it.
    route, now = await _route(ctx, route_id), await ctx.town_now()
    try:
        form = OrderForm(what, ref, rate, passes, start, start_was, once, reason, segment, plough)
        command = form.command(carried, route, ctx.brand.time_zone, now)
        if not isinstance(command, OrderOwn):
            await _check_case(ctx, form, command, route)
        case = await do(ctx, command, now)
        if isinstance(command, OrderOwn) and case.state == "cancelled":
            said = act_words(case.acts[-1], ctx.brand.time_zone)
            raise OrderRefusedError(
                f"That order is {case.ref}, and it is over: {said}. Nothing new is ordered."
            )
    except OrderRefusedError as error:
        return await _page(ctx, route_id, carried, refused=str(error), status=409)
    except ConfigurationError as error:
        return await _page(ctx, route_id, carried, refused=str(error), status=422)
    return RedirectResponse(_back(route, back), 303)


async def _check_case(ctx: Context, form: OrderForm, command: Command, route: Route) -> None:
    """Refuse a form about another route's case, and one from a page that knows not what has been said since."""
    case = await officers_of(ctx).desk.case(form.ref)
    if case.route_id != route.route_id:
        raise HTTPException(404, f"{form.ref} is not about this route.")
    words = form.overtaken(case, command.request_id, ctx.brand.time_zone)
    if words and not isinstance(
        command, Confirm
    ):  # a second confirmation is refused by the desk, in its words
        raise OrderRefusedError(words)


async def _route(ctx: Context, route_id: str) -> Route:
    found = next((r for r in await officers_of(ctx).desk.routes() if r.route_id == route_id), None)
    if found is None:
        raise HTTPException(404, f"There is no gritting route {route_id!r}.")
    return found


def _address(route: Route) -> str:
    return f"/winter/{quote(route.route_id, safe='')}/orders"


def _back(route: Route, back: str) -> str:
    """Return where an officer came from: the board, or the route's own page."""
    return f"/winter?route={quote(route.route_id, safe='')}#decision" if back == "board" else _address(route)


async def recent(ctx: Context, route_id: str) -> tuple[Case, ...]:
    """Return what came up on a route in the last day and a half."""
    now_s = (await ctx.town_now()).timestamp()
    return await officers_of(ctx).desk.cases(now_s - SHOWN_S, now_s + 60.0, route_id)


async def _page(
    ctx: Context, route_id: str, who: Pass | None, refused: str = "", status: int = 200
) -> HTMLResponse:
    route, found = await _route(ctx, route_id), await recent(ctx, route_id)
    now_s = (await ctx.town_now()).timestamp()
    until = None if who is None else datetime.fromtimestamp(who.until_s, UTC).astimezone(ctx.brand.time_zone)
    page = ctx.templates.render(
        "orders.html",
        route=route,
        address=_address(route),
        headline=orders_view.headline(found),
        cases=orders_view.case_views(found, ctx.brand.time_zone, now_s, names=who is not None),
        who=who,
        is_set_up=officers_of(ctx).door is not None,
        until="" if until is None else hour_of(until),
        role=OFFICER,
        refused=refused,
        once=token_urlsafe(12),
    )
    return HTMLResponse(page, status)
