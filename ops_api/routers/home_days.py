"""The last month and year of a home, for who lives there."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from ops_api.queries.rooms import rooms_of
from ops_api.routers.context import Ctx
from ops_api.routers.home_pages import page, today
from ops_api.routers.home_people import at_home
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.web import home_days, home_view

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

DAYS, WEEKS = 400, 60


@pages.get("/home/{code}/days")
async def days(code: Code, ctx: Ctx, who: Who, room: str | None = None) -> HTMLResponse:
    """Show a room's month and year."""
    found, home = at_home(who, code)
    now = await ctx.town_now()
    after = (now - home_days.YEAR).date() - timedelta(days=1)
    async with found.db.transaction() as t:
        rooms = await rooms_of(t, ctx.kind("frog"), home.home_id)
        weeks = await t.rows("home_weeks", home_id=home.home_id, after=after, limit=WEEKS)
        speaks = next((r["name"] for r in rooms for w in weeks[:1] if r["device_id"] == w["device_id"]), None)
        shown = home_view.chosen_room(rooms, speaks, room)
        of_room = (
            []
            if shown is None
            else await t.rows(
                "home_days", home_id=home.home_id, device_id=shown["device_id"], after=after, limit=DAYS
            )
        )
    view = home_days.view(rooms, shown, of_room, weeks, now=now, brand=ctx.brand)
    return page(
        ctx, "home_days.html", home=home, code=home.code, view=view, label=home.label, today=today(ctx)
    )
