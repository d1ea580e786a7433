"""Loads what the wall shows; shared by its page, its live stream and its map."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ops_api.queries import Row
from ops_api.queries.alarms import ANY_ALARM
from ops_api.queries.readings import latest
from ops_api.routers import content
from ops_api.routers.bins_content import todays_rounds
from ops_api.routers.context import Context
from ops_api.routers.housing_look import wards
from ops_api.web import ops_changes, ops_closed, ops_map, ops_view
from ops_api.web.ops_changes import Happened
from ops_api.web.ops_closed import RoadNews
from ops_api.web.render import STATIC, asset
from ops_api.web.ward_map import says, shade_of
from rules.emergency.service import NoWayError

FRAGMENTS: Mapping[str, str] = {
    "old": "_ops_old.html", "head": "_ops_head.html", "tiles": "_ops_tiles.html", "alarms": "_ops_alarms.html", "closed": "_ops_closed.html",
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
    missing, database, counts, (closed, roads) = await asyncio.gather(
        ctx.missing.get(),
        ctx.database.get(),
        content.device_counts(ctx, town_now),
        _closures(ctx, town_now),
    )
    totals_day, totals_hour, rate, urgent, happened = await asyncio.gather(
        ctx.db.one("ingest_totals", since=day),
        ctx.db.one("ingest_totals", since=hour),
        ctx.db.rows("ingest_rate", since=hour, step=timedelta(seconds=10)),
        _urgent(ctx),
        _happened(ctx, town_now - ops_changes.SPAN, roads),
    )
    return ops_view.Found(
        totals_day=totals_day,
        totals_hour=totals_hour,
        rate=rate,
        rules=await ctx.db.one("event_time"),
        reasons=await ctx.db.rows("dead_letter_reasons", since=day),
        devices=[(name, ctx.kinds[name].title, reporting, total) for name, reporting, total in counts],
        alarm_counts=await ctx.db.rows("alarm_counts"),
        urgent=urgent,
        missing=missing,
        happened=happened,
        messages=await ctx.db.one("wall_messages", now=now),
        database=database,
        closed=closed,
        incidents=() if ctx.incidents is None else await ctx.incidents.book.incidents(live=True),
    )


async def _urgent(ctx: Context) -> list[Row]:
    """Return the most urgent alarms of however many there are."""
    chosen = [r["alarm_id"] for r in await ctx.db.rows("wall_urgent", limit=ops_view.URGENT_SHOWN)]
    return await ctx.db.rows("alarms", **{**ANY_ALARM, "alarm_ids": chosen, "limit": len(chosen)})


async def _closures(ctx: Context, town_now: datetime) -> tuple[tuple[str, ...], Sequence[RoadNews]]:
    """Return in words what is closed now, and what was closed and opened in the last hour."""
    if ctx.tools is None:
        return (), ()
    now_s, since_s = town_now.timestamp(), (town_now - ops_changes.SPAN).timestamp()
    found = await ctx.tools.closures.between(since_s, now_s)
    if not found:
        return (), ()
    try:
        network = (await ctx.tools.ways.ground()).network
    except NoWayError:
        return (), ()
    news = ops_closed.news(found, network, since_s, now_s)
    return ops_closed.streets(found, network, now_s, ctx.brand.time_zone), news


async def _happened(ctx: Context, since: datetime, roads: Sequence[RoadNews]) -> Happened:
    most = {"since": since, "limit": ops_changes.READ}
    return Happened(
        alarms=await ctx.db.rows("wall_alarm_lines", **most, look=ALARM_LINES_LOOK),
        decisions=await ctx.db.rows("wall_decisions", **most),
        emptied=await ctx.db.rows("wall_emptied", **most),
        treated=await ctx.db.rows("wall_treated", since=since),
        acts=await ctx.db.rows("wall_acts", **most),
        roads=roads,
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
    now_s = now.timestamp()
    told, _ = await wards(ctx)
    closures = () if ctx.tools is None else await ctx.tools.closures.between(now_s, now_s)
    document = ops_map.now_document(
        ops_map.mark_of(await ctx.db.one("wall_stands")),
        roads=(await ctx.db.one("wall_roads"))["codes"],
        bins=(await ctx.db.one("wall_bins"))["codes"],
        weather=await _newest(ctx, "weather", STATIONS),
        gritters=await _newest(ctx, "gritter", GRITTERS),
        rounds=await todays_rounds(ctx, now_s),
        alarms=await ctx.db.rows("wall_alarm_places", limit=ALARMS_PLACED),
        wards={
            w["ward_id"]: {"shade": shade_of(w["homes"], w["at_risk"]), "label": w["label"], "says": says(w)}
            for w in told["wards"]
        },
        now=now,
        closed=ops_closed.stretches(closures, now_s),
    )
    text = content.compact(document)
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), text


async def _newest(ctx: Context, kind: str, limit: int) -> list[dict[str, Any]]:
    return await latest(ctx.db, ctx.kinds[kind], limit=limit) if kind in ctx.kinds else []
