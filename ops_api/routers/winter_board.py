"""The board of the winter service: its page and live parts, and over REST its map and the log of a night."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Cookie, Depends, Form, Header, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from ops_api.housing.team_door import Pass
from ops_api.routers import content, winter_content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.live import LastEventId, stream
from ops_api.routers.officers import COOKIE, OFFICER, Carried, door_of
from ops_api.routers.schemas import Document
from ops_api.routers.staff_pass import carried
from ops_api.routers.times import Day
from ops_api.routers.winter_content import Asked
from ops_api.web import winter_log, winter_map
from ops_api.web.winter_verify import judged_from
from rules.core.effects import hour_of
from rules.core.winter_nights import in_words

router = APIRouter(prefix="/api/v1/winter", tags=["winter"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Name = Annotated[str, Query(max_length=200)]
Night = Annotated[Day, Query(ge=date(2000, 1, 1), le=date(2100, 1, 1))]
GEOJSON = "application/geo+json"


async def _pass(
    ctx: Ctx, request: Request, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = ""
) -> Pass | None:
    door = None if ctx.officers is None else ctx.officers.door
    return await carried(ctx, request, door, cookie, OFFICER)


Officer = Annotated[Pass | None, Depends(_pass)]
"""Who acts, where a browser carries a pass; the board is shown to everybody, also where orders are not served."""


@pages.get("/winter")
async def winter(
    request: Request,
    ctx: Ctx,
    who: Officer,
    route: Name | None = None,
    stretch: Name | None = None,
    night: Night | None = None,
) -> HTMLResponse:
    """Answer "which routes tonight, when, and how did last night do"."""
    asked = Asked(route or None, stretch or None, night, officer=who is not None)
    found = await winter_content.board(ctx, asked)
    this = winter_content.night_now(found["now_s"], ctx)
    shown = night or this
    page = ctx.templates.render(
        "winter.html",
        **found,
        me=who,
        until="" if who is None else hour_of(datetime.fromtimestamp(who.until_s, ctx.brand.time_zone)),
        role=OFFICER,
        # A screen that nobody has chosen a route on follows the most urgent one; an officer's panel stays where it is.
        follows=route or (found["route"]["route_id"] if who is not None and found["route"] else ""),
        stretch=None if not stretch else await winter_content.stretch(ctx, stretch),
        entries=await winter_content.log_of(ctx, shown, names=asked.officer),
        kinds=winter_log.KINDS,
        zone=ctx.brand.time_zone,
        verify=await winter_content.verification(ctx, night),
        night=_nights(shown, this),
        cab=_has(request, "/winter/cab"),
    )
    return HTMLResponse(page)


def _nights(shown: date, this: date) -> dict[str, Any]:
    """Return the night that is shown, with those before and after it."""
    day = timedelta(days=1)
    after = None if shown >= this else (shown + day).isoformat()
    return {
        "iso": shown.isoformat(), "words": in_words(shown), "is_this": shown == this, "last": this.isoformat(),
        "before": (shown - day).isoformat(), "after": after,
    }  # fmt: skip


def _has(request: Request, path: str) -> bool:
    """Whether the application has this page."""
    return any(getattr(route, "path", "") == path for route in request.app.routes)


async def _live(ctx: Context, asked: Asked) -> str:
    return await content.live_winter(ctx, asked, states=False)


@pages.get("/winter/board/live/stream")
async def live_stream(
    ctx: Ctx, who: Officer, route: Name = "", last_event_id: LastEventId = None
) -> Response:
    """Stream the board's live parts. Officers have a topic of their own: others are not told who did what."""
    asked = Asked(route or None, officer=who is not None)
    if asked.route_id is not None and await ctx.db.row("routes", route_id=route) is None:
        raise HTTPException(404, f"There is no gritting route {route!r}.")
    name = f"page:winter:{'officer' if asked.officer else 'all'}:{route}"
    until_s = None if who is None else who.until_s
    return stream(ctx, name, partial(_live, ctx, asked), last_event_id, until_s=until_s)


@pages.get("/winter/board/live")
async def live_poll(ctx: Ctx, who: Officer, route: Name = "") -> Response:
    """Return the board's live parts once: for browsers whose stream fails."""
    text = await _live(ctx, Asked(route or None, officer=who is not None))
    return Response(text, media_type="application/json")


@pages.get("/winter/board/part/{name}")
async def part(name: Literal["hours", "log"], ctx: Ctx, who: Officer) -> HTMLResponse:
    """Return a part of the page that changes seldom, for its script."""
    if name == "hours":
        found = await winter_content.board(ctx, Asked())
        return HTMLResponse(ctx.templates.render("_winter_hours.html", **found))
    night = winter_content.night_now((await ctx.town_now()).timestamp(), ctx)
    entries = await winter_content.log_of(ctx, night, names=who is not None)
    zone = ctx.brand.time_zone
    return HTMLResponse(
        ctx.templates.render("_winter_log.html", entries=entries, kinds=winter_log.KINDS, zone=zone)
    )


@pages.get("/winter/board/stretch")
async def stretch_part(ctx: Ctx, stretch: Name) -> HTMLResponse:
    """Return a stretch hour by hour, for the page's script."""
    found = await winter_content.stretch(ctx, stretch)
    return HTMLResponse(ctx.templates.render("_winter_stretch.html", stretch=found))


@pages.post("/winter/board/keep")
async def keep_score(ctx: Ctx, who: Carried, night: Annotated[date, Form()]) -> Response:
    """Keep a night's score, as an officer: the newest that is kept counts."""
    if who is None:
        door_of(ctx)
        raise HTTPException(403, "Say who you are first: on the page of any route’s orders.")
    if ctx.officers is None or ctx.officers.scores is None:
        raise HTTPException(503, "Scores are not served here.")
    zone = ctx.brand.time_zone
    if await ctx.town_now() < judged_from(night, zone):
        raise HTTPException(409, f"{in_words(night).capitalize()} can be judged from 10:00 in its morning.")
    found = await winter_content.worked_out(ctx, night)
    if found is None:
        raise HTTPException(409, "Nobody measured any route in that night: there is nothing to keep.")
    await ctx.officers.scores.put(found, who.name)
    return RedirectResponse(f"/winter?night={night}#verify", 303)


# -- REST ------------------------------------------------------------------------------


@router.get("/map", response_class=Response, responses={200: {"content": {GEOJSON: {}}}, 304: {}})
async def get_map(ctx: Ctx, if_none_match: Annotated[str, Header()] = "") -> Response:
    """Return every stretch with its road forecast of every hour, as GeoJSON. It changes with each issue: ask with `If-None-Match`."""
    found = await ctx.db.row("road_issue")
    stand = await ctx.db.one("network_print")
    key = f"{None if found is None else found['forecast_id']} {stand['stretches']} {stand['print']} {ctx.brand.time_zone}"
    tag = f'W/"{hashlib.blake2b(key.encode(), digest_size=8).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if tag in (t.strip() for t in if_none_match.split(",")):
        return Response(status_code=304, headers=headers)
    roads = winter_content.roads_of(ctx)
    held = roads.known("map")
    if held is None or held[0] != tag:
        held = tag, await _map(ctx)
        roads.keep("map", held)
    return Response(held[1], media_type=GEOJSON, headers=headers)


async def _map(ctx: Context) -> str:
    segments, ahead, zone = (
        await ctx.db.rows("segments", route_id=None),
        await winter_content.newest(ctx),
        ctx.brand.time_zone,
    )
    # In a thread: a county's map takes a second.
    return await asyncio.to_thread(lambda: content.compact(winter_map.map_document(segments, ahead, zone)))


class RoadsNow(Document):
    """What is known of each stretch now."""

    at: datetime | None = Field(description="Of the newest")
    roads: dict[str, Annotated[list[float | str | None], Field(min_length=3, max_length=3)]] = Field(
        description="By stretch: surface temperature, °C; state; what it is known from: sensor or neighbour"
    )


@router.get("/map/now")
async def get_map_now(ctx: Ctx) -> RoadsNow:
    """Return surface temperature and state of each stretch as they are now."""
    return RoadsNow(**winter_map.now_document(await ctx.db.rows("roads_now")))


class LogEntry(Document):
    """One thing that happened in a night."""

    at: datetime
    kind: Literal["forecast", "proposal", "officer", "lorry", "alarm", "sensor"]
    route_id: str | None
    text: str
    href: str | None = Field(description="The page about it")


class NightLog(Document):
    """A night's log, by time."""

    night: date = Field(description="The day on which it began, at noon of the town")
    entries: list[LogEntry]


@router.get("/log")
async def get_log(
    ctx: Ctx,
    night: Annotated[
        Night | None, Query(description="The day on which it began; the present one without")
    ] = None,
) -> NightLog:
    """Return what was forecast, proposed, answered, driven and wrong in a night, without names."""
    found = night or winter_content.night_now((await ctx.town_now()).timestamp(), ctx)
    entries = await winter_content.log_of(ctx, found, names=False)
    rows = winter_log.documents(reversed(entries))
    return NightLog(night=found, entries=[LogEntry(**{**r, "at": r["at"].astimezone(UTC)}) for r in rows])
