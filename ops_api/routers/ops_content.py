"""Loads what the wall shows; shared by its page, its live stream and its map."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from ops_api.queries.readings import latest
from ops_api.routers import content
from ops_api.routers.bins_content import todays_rounds
from ops_api.routers.context import Context
from ops_api.routers.housing_look import wards
from ops_api.web import ops_changes, ops_map, ops_view
from ops_api.web.ops_changes import Happened
from ops_api.web.render import STATIC, asset

FRAGMENTS: Mapping[str, str] = {
    "old": "_ops_old.html", "head": "_ops_head.html", "tiles": "_ops_tiles.html", "alarms": "_ops_alarms.html",
    "changes": "_ops_changes.html", "data": "_ops_data.html", "devices": "_ops_devices.html", "health": "_ops_health.html",
}  # fmt: skip
ALARM_LINES_LOOK = 5000
"""So far behind its newest line the log of alarms is read for the last hour."""
ALARMS_PLACED = 500
STATIONS, GRITTERS = 200, 500


async def ops(ctx: Context) -> dict[str, Any]:
    """Return the content of the wall."""
    now, town_now = ctx.clock.now(), await ctx.town_now()
    found = await _wall(ctx, now, town_now)
    view = ops_view.view(found, now=now, town_now=town_now, brand=ctx.brand)
    return {"view": view}


async def live_ops(ctx: Context) -> str:
    """Return the live part of the wall: all that any wall may show, so that all share one topic."""
    found = await ops(ctx)
    return content.live_state(ctx, dict(FRAGMENTS), found, series=found["view"].series, build=build())


def build() -> str:
    """Return what differs after an upgrade: a wall that is open for weeks loads itself anew then."""
    files = ("ops.js", "ops_map.js", "live.js", "ops.css")
    return hashlib.blake2b(
        "".join(asset(f) for f in files if (STATIC / f).exists()).encode(), digest_size=6
    ).hexdigest()


async def _wall(ctx: Context, now: datetime, town_now: datetime) -> ops_view.Found:
    day, hour = now - timedelta(days=1), now - timedelta(hours=1)
    # Beside each other: a screen that starts waits for the slowest of them, not for their sum. What can't be had is raised as it is.
    missing, database, counts, happened = await asyncio.gather(
        ctx.missing.get(),
        ctx.database.get(),
        content.device_counts(ctx, town_now),
        _happened(ctx, town_now - ops_changes.SPAN),
    )
    totals_day, totals_hour, rate, alarms = await asyncio.gather(
        ctx.db.one("ingest_totals", since=day),
        ctx.db.one("ingest_totals", since=hour),
        ctx.db.rows("ingest_rate", since=hour, step=timedelta(seconds=10)),
        content.active_alarms(ctx),
    )
    return ops_view.Found(
        totals_day=totals_day,
        totals_hour=totals_hour,
        rate=rate,
        rules=await ctx.db.one("event_time"),
        reasons=await ctx.db.rows("dead_letter_reasons", since=day),
        devices=[(name, ctx.kinds[name].title, reporting, total) for name, reporting, total in counts],
        alarm_counts=await ctx.db.rows("alarm_counts"),
        alarms=alarms,
        missing=missing,
        happened=happened,
        messages=await ctx.db.one("wall_messages", now=now),
        database=database,
    )


async def _happened(ctx: Context, since: datetime) -> Happened:
    most = {"since": since, "limit": ops_changes.READ}
    return Happened(
        alarms=await ctx.db.rows("wall_alarm_lines", **most, look=ALARM_LINES_LOOK),
        decisions=await ctx.db.rows("wall_decisions", **most),
        emptied=await ctx.db.rows("wall_emptied", **most),
        treated=await ctx.db.rows("wall_treated", since=since),
        acts=await ctx.db.rows("wall_acts", **most),
    )


# -- the map ---------------------------------------------------------------------------


async def still_map(ctx: Context) -> tuple[str, str]:
    """Return the mark and the text of what stands still on the map; kept while it is the newest."""
    mark = ops_map.mark_of(await ctx.db.one("wall_stands"))
    held = ctx.wall.still
    if held is None or held[0] != mark:
        segments, bins = await ctx.db.rows("segments", route_id=None), await ctx.db.rows("wall_bin_sites")
        _, outlines = await wards(ctx)
        # In a thread: a county's map takes a second.
        text = await asyncio.to_thread(
            lambda: content.compact(ops_map.still_document(mark, segments, bins, outlines))
        )
        held = ctx.wall.still = (mark, text)
    return held


async def map_now(ctx: Context) -> tuple[str, str]:
    """Return a tag and the text of what is true on the map now: one look-up for all walls that ask at once."""
    return await ctx.wall.now(lambda: _map_now(ctx))


async def _map_now(ctx: Context) -> tuple[str, str]:
    now = await ctx.town_now()
    told, _ = await wards(ctx)
    document = ops_map.now_document(
        ops_map.mark_of(await ctx.db.one("wall_stands")),
        roads=(await ctx.db.one("wall_roads"))["codes"],
        bins=(await ctx.db.one("wall_bins"))["codes"],
        weather=await _newest(ctx, "weather", STATIONS),
        gritters=await _newest(ctx, "gritter", GRITTERS),
        rounds=await todays_rounds(ctx, now.timestamp()),
        alarms=await ctx.db.rows("wall_alarm_places", limit=ALARMS_PLACED),
        wards=told["wards"],
        now=now,
    )
    text = content.compact(document)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), text


async def _newest(ctx: Context, kind: str, limit: int) -> list[dict[str, Any]]:
    return await latest(ctx.db, ctx.kinds[kind], limit=limit) if kind in ctx.kinds else []
