"""Loads what a page shows and hands it to the views; shared by pages and live streams."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from fastapi import HTTPException

from ops_api.access.enforce import UNKNOWN_HOME as UNKNOWN_HOME
from ops_api.access.forms import unmarked
from ops_api.households.model import Member
from ops_api.queries import Row, late, readings
from ops_api.queries.rooms import rooms_of
from ops_api.routers import winter_content
from ops_api.routers.context import Context
from ops_api.routers.winter_content import Asked
from ops_api.web import health_view, late_view, sheet_view

EVERYBODY = Asked()
LATE_COUNTED = timedelta(days=7)


def check_lives_in(who: Member | None, code: str) -> Member:
    """Return the resident; 404 where nobody is signed in or she does not live in that home now.

    The database checks it again: what ``who.db`` reads is of her homes alone.
    """
    if who is None or who.lives_in(code) is None:
        raise HTTPException(404, UNKNOWN_HOME)
    return who


async def home_row(who: Member, code: str) -> Row:
    """Return the home with a code as the resident may see it; 404 in friendly words otherwise."""
    row = await who.db.row("home_by_code", code=code)
    if row is None:
        raise HTTPException(404, UNKNOWN_HOME)
    return row


async def home_rooms(ctx: Context, who: Member, home_id: int) -> list[Row]:
    """Return a home's devices with their newest reading; see :func:`ops_api.queries.rooms.rooms_of`."""
    return await rooms_of(who.db, ctx.kind("frog"), home_id)


async def diary_since(who: Member, home_id: int, since: datetime) -> list[Row]:
    """Return a home's diary entries since a time, newest first."""
    return await who.db.rows("diary_since", home_id=home_id, since=since, limit=200)


async def route_sheet(ctx: Context, route_id: str) -> dict[str, Any]:
    """Return the content of a route sheet; 404 for an unknown route."""
    row = await ctx.db.row("routes", route_id=route_id)
    if row is None:
        raise HTTPException(404, f"There is no gritting route {route_id!r}.")
    segments = await ctx.db.rows("segments", route_id=None)
    depots = {d["depot_id"]: d for d in await ctx.db.rows("depots")}
    now = await ctx.town_now()
    return {"view": sheet_view.view(row, segments, depots.get(row["depot_id"]), now=now, brand=ctx.brand)}


async def newest_round(ctx: Context) -> Row | None:
    """Return the newest collection decision."""
    return await ctx.db.row("decisions", subject_kind="route", subject="bins", before=None, limit=1)


async def device_counts(ctx: Context, now: datetime) -> list[tuple[str, int, int]]:
    """Return per kind with devices: its name, how many report, how many there are."""
    totals = {r["kind"]: r["devices"] for r in await ctx.db.rows("device_counts")}
    return [
        (name, await readings.reporting(ctx.db, kind, now), totals[name])
        for name, kind in ctx.kinds.items()
        if name in totals
    ]


async def health(ctx: Context) -> dict[str, Any]:
    """Return the content of the page that says what is missing and how the database does."""
    view = health_view.view(
        await ctx.missing.get(),
        await ctx.database.get(),
        titles={name: kind.title for name, kind in ctx.kinds.items()},
        now=ctx.clock.now(),
        brand=ctx.brand,
    )
    since = ctx.clock.now() - LATE_COUNTED
    return {"view": view, "late": late_view.headline(await late.late_counts(ctx.db, since))}


def compact(document: object) -> str:
    """Return JSON on one line."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False, default=str)


async def live_winter(ctx: Context, asked: Asked = EVERYBODY, *, states: bool = True) -> str:
    """Return the live part of the winter board; ``states``: with the state of each stretch."""
    content = await winter_content.board(ctx, asked)
    fragments = {
        name: f"_winter_{name}.html" for name in ("answer", "routes", "hazards", "decision", "orders")
    }
    data = {
        "issue": content["issue"],
        "now_s": content["now_s"],
        "route": (content["route"] or {}).get("route_id"),
        "parts": await winter_content.parts(ctx, content, names=asked.officer),
    }
    return live_state(
        ctx, fragments, content, **data, **({"states": content["view"].states} if states else {})
    )


async def live_health(ctx: Context) -> str:
    """Return the live part of the health page."""
    fragments = {"answer": "_health_answer.html", "devices": "_health_devices.html"}
    fragments |= {"late": "_health_late.html", "database": "_health_database.html"}
    return live_state(ctx, fragments, await health(ctx))


def live_state(ctx: Context, templates: dict[str, str], content: dict[str, Any], **data: object) -> str:
    """Return a page's live state: its fragments by name, and data for its script."""
    with unmarked():  # many readers share them
        fragments = {name: ctx.templates.render(template, **content) for name, template in templates.items()}
    return compact({"fragments": fragments, **data})


def as_document(view: Any) -> dict[str, Any]:
    """Return a view as a plain document."""
    return asdict(view)
