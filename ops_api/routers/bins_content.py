"""Loads what the board of bins and a bin's page show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ops_api.bin_rounds import TodaysRounds
from ops_api.queries import Row
from ops_api.queries.alarms import ANY_ALARM
from ops_api.routers import content
from ops_api.routers.context import Context
from ops_api.web import bins_filter, bins_view
from ops_api.web.bins_answer import Known
from ops_api.web.bins_filter import Filter
from ops_api.web.bins_view import BinsView

ALARMS_MOST = 2000
PHOTO_AGE = timedelta(days=14)
"""Of an older photo nobody knows whether it shows what is the matter now."""
FRAGMENTS = {
    "answer": "_bins_answer.html", "must": "_bins_must.html", "rounds": "_bins_rounds.html", "wrong": "_bins_wrong.html",
    "may": "_bins_may.html",
}  # fmt: skip


async def todays_rounds(ctx: Context, now_s: float) -> TodaysRounds | None:
    """Return today's plan; None where there is none, or rounds are not served."""
    rounds = None if ctx.bin_desk is None else ctx.bin_desk.rounds
    return None if rounds is None else await rounds.today(now_s)


async def bin_alarms(ctx: Context) -> list[Row]:
    """Return the active alarms of bins."""
    return await ctx.db.rows(
        "alarms", **{**ANY_ALARM, "active": True, "subject_kind": "bin", "limit": ALARMS_MOST}
    )


async def with_photos(ctx: Context, rows: list[Row], now: datetime, bin_id: str | None = None) -> list[Row]:
    """Return rows of bins with the hash of the newest photo that a crew took there lately, as ``photo``."""
    found = await ctx.db.rows("bin_photos", since=now - PHOTO_AGE, bin_id=bin_id)
    photos = {p["bin_id"]: p["photo"] for p in found}
    return [{**row, "photo": photos.get(row["bin_id"])} for row in rows]


async def known(ctx: Context) -> Known:
    """Return what the board is made of."""
    now = await ctx.town_now()
    return Known(
        bins=await with_photos(ctx, await ctx.db.rows("bins", bin_id=None), now),
        decision=await content.newest_round(ctx),
        rounds=await todays_rounds(ctx, now.timestamp()),
        alarms=await bin_alarms(ctx),
        now=now,
    )


async def board(ctx: Context, asked: Filter) -> BinsView:
    """Return the board, its lists of the bins that are asked for."""
    return bins_view.view(await known(ctx), ctx.brand, asked)


async def live_bins(ctx: Context, query: str) -> str:
    """Return the live part of the board; ``query``: what is asked for, as in the page's address."""
    view = await board(ctx, bins_filter.read(query))
    shown: dict[str, Any] = {"view": view}
    return content.live_state(ctx, FRAGMENTS, shown, states=view.states, mark=view.mark)
