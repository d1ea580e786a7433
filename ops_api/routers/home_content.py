"""Loads what a home's pages show and hands it to the views; shared by pages and live streams."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException

from ops_api.households.model import Member
from ops_api.queries import home_page as queries
from ops_api.routers import content
from ops_api.routers.context import Context
from ops_api.web import home_view
from ops_api.web.home_answer import Known, speaking_room


async def home(ctx: Context, who: Member | None, code: str, wanted_room: str | None = None) -> dict[str, Any]:
    """Return the content of a home's first page; 404 for who does not live there."""
    who = content.check_lives_in(who, code)
    town = await queries.town(ctx.db, ctx.clock.now())
    async with who.db.transaction() as t:
        found = await queries.home_page(t, ctx.kind("frog"), code, town)
        if found is None:
            raise HTTPException(404, content.UNKNOWN_HOME)
        known = Known(
            home=found.home, rooms=found.rooms, state=found.state, finding=found.finding, days=found.days,
            advice=found.advice, calibrations=found.calibrations,
        )  # fmt: skip
        speaks = speaking_room(known)
        room = home_view.chosen_room(found.rooms, None if speaks is None else speaks["name"], wanted_room)
        start, home_id = town.now - queries.SPAN, found.home["home_id"]
        points = [] if room is None else await queries.two_days(t, room, found.calibrations, town.now)
        # The diary is written at the wall clock's time even while the town is behind it.
        diary, events = await queries.marks(t, home_id, None if room is None else room["device_id"], start)
    view = home_view.view(
        known, room, points, diary, events, span=(start, town.now), now=town.now, brand=ctx.brand
    )
    return {
        "code": code,
        "view": view,
        "entries": home_view.entries(diary, ctx.brand, ctx.clock.now()),
        "room": None if room is None else room["name"],
    }


async def live_home(ctx: Context, who: Member | None, code: str, room: str | None) -> str:
    """Return the live part of a home's first page."""
    fragments = {
        "now": "_home_now.html",
        "rooms": "_home_rooms.html",
        "chart": "_home_chart.html",
        "entries": "_home_entries.html",
    }
    return content.live_state(ctx, fragments, await home(ctx, who, code, room))
