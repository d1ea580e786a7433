"""Loads what the board of the winter service shows and hands it to the views; for its page, its live parts and REST."""

from __future__ import annotations

import asyncio
import hashlib
import tomllib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from fastapi import HTTPException

from ops_api.queries import Row
from ops_api.routers.context import Context
from ops_api.web import orders_view, winter_log, winter_log_forecasts, winter_view
from ops_api.web.winter_ahead import Ahead, note
from ops_api.web.winter_answers import NOTHING, Answer, answer_of
from ops_api.web.winter_decision import view as decision_view
from ops_api.web.winter_hours import StretchView, routes_by_hour, stretch_view
from ops_api.web.winter_log import Entry, Night
from ops_api.web.winter_routes import Board, board_rows
from ops_api.web.winter_verify import VerifyView, judged_from, last_judged
from ops_api.web.winter_verify import view as verify_view
from ops_api.winter_roads import Roads
from rules.core.winter_nights import night_of, season_of, span_s
from rules.core.winter_scores.facts import ScoreParameters
from rules.core.winter_scores.night import NightScore, score
from rules.core.winter_scores.season import season
from rules.winter.orders.ports import NoSuchOrderError
from rules.winter.scores.ports import ScoreBook

FRESH_H = 3.0
"""How old a road forecast may be where no catalogue is live [h]: winter_forecast_stale.toml as it is shipped."""
LOG_KEPT_S, SCORE_KEPT_S, STRETCHES_KEPT_S = 15.0, 60.0, 30.0
"""How long a night's log, a score that was only worked out, and what is known of stretches are good enough [s]: many look, few things happen."""

SLIPPERY = 20
"""Slippery stretches that are listed, the coldest first; the map has all."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to see: a route's decision, a stretch, a night, and whether as an officer."""

    route_id: str | None = None
    stretch: str | None = None
    night: date | None = None
    officer: bool = False


def roads_of(ctx: Context) -> Roads:
    """Return the road forecasts; none where the officers' desk is not served."""
    return Roads(None) if ctx.officers is None else ctx.officers.roads


def night_now(now_s: float, ctx: Context) -> date:
    """Return the service night that it is."""
    return night_of(now_s, ctx.brand.time_zone)


async def newest(ctx: Context) -> Ahead | None:
    """Return the newest road forecast."""
    found = await ctx.db.row("road_issue")
    return None if found is None else await roads_of(ctx).issue(found["forecast_id"])


async def board(ctx: Context, asked: Asked) -> dict[str, Any]:
    """Return the content of the board's live parts; 404 for an unknown route."""
    routes = await ctx.db.rows("routes", route_id=None)
    segments = await _stretches(ctx)
    now, ahead = await ctx.town_now(), await newest(ctx)
    answers = await _answers(ctx, now, asked.officer)
    rows = board_rows(routes, Board(ahead, answers, segments, now, ctx.brand))
    as_of = max((s["at"] for s in segments if s["at"] is not None), default=None)
    return {
        "view": winter_view.view(routes, segments, as_of=as_of, now=now, brand=ctx.brand, show=SLIPPERY,
                                 cancelled={r for r, a in answers.items() if a.cancelled}),
        "rows": rows,
        "waiting": sum(a.waits for a in answers.values()),
        "note": note(ahead, now, ctx.brand.time_zone, await _fresh_h(ctx)),
        "issue": None if ahead is None else ahead.forecast_id,
        "now_s": round(now.timestamp()),
        "who": asked.officer,
        "can_answer": ctx.officers is not None and ctx.officers.door is not None,
        "hours": _hours(ahead, rows, segments, now, ctx),
        **await _chosen(ctx, asked, routes, segments, rows, answers, ahead, now),
    }  # fmt: skip


async def _stretches(ctx: Context) -> list[Row]:
    """Return every stretch as it is now, read once however many boards of routes are open."""
    stand = await ctx.db.one("stretches_stand")
    return await _kept(ctx, "stretches", STRETCHES_KEPT_S, lambda: ctx.db.rows("stretches"), stand)


async def _answers(ctx: Context, now: datetime, names: bool) -> dict[str, Answer]:
    zone = ctx.brand.time_zone
    since = datetime.fromtimestamp(span_s(night_of(now.timestamp(), zone), zone)[0], UTC)
    found = await ctx.db.rows("route_answers", since=since)
    return {r["route_id"]: answer_of(r, ctx.brand, now, names=names) for r in found}


def _hours(
    ahead: Ahead | None, rows: Sequence[Any], segments: Sequence[Row], now: datetime, ctx: Context
) -> dict[str, Any]:
    """Return the forecast as a table: hours by routes, in the order of the routes' table."""
    if ahead is None:
        return {"labels": (), "rows": ()}
    members: dict[str, list[str]] = {}
    for s in segments:
        members.setdefault(str(s["route_id"]), []).append(s["segment_id"])
    order = [members.get(r.route.route_id, []) for r in rows]
    streets = {str(s["segment_id"]): str(s["street"]) for s in segments}
    return {
        "labels": [r.route.label for r in rows],
        "rows": routes_by_hour(ahead, order, streets, now, ctx.brand),
    }


async def _chosen(
    ctx: Context,
    asked: Asked,
    routes: Sequence[Row],
    segments: Sequence[Row],
    rows: Sequence[Any],
    answers: dict[str, Answer],
    ahead: Ahead | None,
    now: datetime,
) -> dict[str, Any]:
    """Return the decision on the chosen route, the most urgent one where none is chosen, and its forms."""
    if not rows:
        return {"decision": None, "cases": (), "route": None, "streets": {}, "address": "", "back": "board"}
    route_id = asked.route_id or rows[0].route.route_id
    route = next((r for r in routes if r["route_id"] == route_id), None)
    if route is None:
        raise HTTPException(404, f"There is no gritting route {route_id!r}.")
    members = [s for s in segments if s["route_id"] == route_id]
    decided = await ctx.db.row("route_decision", route_id=route_id)
    return {
        "decision": decision_view(route, decided, members, ahead, now=now, brand=ctx.brand),
        "cases": await _cases(ctx, answers.get(route_id, NOTHING).ref, asked.officer),
        "route": {"route_id": route_id, "segments": sorted(str(s["segment_id"]) for s in members)},
        "streets": {str(s["segment_id"]): str(s["street"]) for s in members},
        "address": f"/winter/{quote(route_id, safe='')}/orders",
        "back": "board",
    }


async def _cases(ctx: Context, ref: str, names: bool) -> tuple[orders_view.CaseView, ...]:
    if ctx.officers is None or not ref:
        return ()
    try:
        found = await ctx.officers.desk.case(ref)
    except NoSuchOrderError:
        return ()
    now_s = (await ctx.town_now()).timestamp()
    return orders_view.case_views([found], ctx.brand.time_zone, now_s, names=names)


async def _fresh_h(ctx: Context) -> float:
    found = await ctx.db.row("fresh_forecast")
    return FRESH_H if found is None or found["toml"] is None else fresh_h_of(found["toml"])


@lru_cache(maxsize=4)
def fresh_h_of(toml: str) -> float:
    """Return how old a road forecast may be by the catalogue [h]."""
    return float(tomllib.loads(toml)["parameters"]["fresh_h"])


async def stretch(ctx: Context, segment_id: str) -> StretchView:
    """Return a stretch hour by hour; 404 for an unknown one."""
    row = await ctx.db.row("segment_now", segment_id=segment_id)
    if row is None:
        raise HTTPException(404, f"There is no stretch {segment_id!r}.")
    return stretch_view(row, await newest(ctx), await ctx.town_now(), ctx.brand)


# -- the night -------------------------------------------------------------------------


async def log_of(ctx: Context, night: date, *, names: bool) -> tuple[Entry, ...]:
    """Return a night's log, the newest entry first; ``names``: whether it says who."""
    # Only lorries come late; what an officer has just said is there at once.
    stand = await ctx.db.one("log_stand")
    return await _kept(ctx, ("log", night, names), LOG_KEPT_S, lambda: _log_of(ctx, night, names), stand)


async def _log_of(ctx: Context, night: date, names: bool) -> tuple[Entry, ...]:
    zone, now = ctx.brand.time_zone, await ctx.town_now()
    begin, end = (datetime.fromtimestamp(t, UTC) for t in span_s(night, zone))
    span = {"from": begin, "to": end}
    routes = await ctx.db.rows("routes", route_id=None)
    labels = {str(r["route_id"]): str(r["label"]) for r in routes}
    return winter_log.entries(
        Night(
            labels=labels, forecasts=await _forecasts(ctx, labels, begin, end),
            decisions=await ctx.db.rows("night_decisions", **span), acts=await ctx.db.rows("night_acts", **span),
            alarms=await ctx.db.rows("night_alarms", **span), sensors=await ctx.db.rows("night_sensors", **span),
            lorries=await ctx.db.rows("night_lorries", **span),
            begin=begin, end=end, now=now, zone=zone,
        ),
        names=names,
    )  # fmt: skip


async def parts(ctx: Context, shown: dict[str, Any], *, names: bool) -> dict[str, str]:
    """Return a mark of each part of the board that is fetched anew only when its mark differs: they are long, and seldom change."""
    entries = await log_of(ctx, night_now(shown["now_s"], ctx), names=names)
    hours = [row.label for row in shown["hours"]["rows"][:1]]
    return {"hours": _mark((shown["issue"], hours)), "log": _mark(entries)}


def _mark(what: object) -> str:
    return hashlib.blake2b(repr(what).encode(), digest_size=6).hexdigest()


async def _forecasts(ctx: Context, labels: dict[str, str], begin: datetime, end: datetime) -> list[Entry]:
    issues = await ctx.db.rows("road_issues", **{"from": begin, "to": end})
    if not issues:
        return []
    rows = await ctx.db.rows("route_segments")
    streets = {str(s["segment_id"]): str(s["street"]) for s in rows}
    members: dict[str, list[str]] = {}
    for s in rows:
        members.setdefault(s["route_id"], []).append(s["segment_id"])
    said = {}
    roads, end_s, stand = (
        roads_of(ctx),
        end.timestamp(),
        hash(tuple((s["segment_id"], s["route_id"]) for s in rows)),
    )
    for issue in issues:
        key = ("told", issue["forecast_id"], end_s, stand)
        found = roads.known(key)
        if found is None and (ahead := await roads.issue(issue["forecast_id"])) is not None:
            found = winter_log_forecasts.told(ahead, members, streets, end_s)
            roads.keep(key, found)
        if found is not None:
            said[issue["forecast_id"]] = found
    return winter_log_forecasts.entries(issues, said, labels, ctx.brand.time_zone)


async def verification(ctx: Context, asked: date | None) -> VerifyView | None:
    """Return how a night did, the newest that can be judged where none is asked for; None where scores are not served."""
    book = None if ctx.officers is None else ctx.officers.scores
    if book is None:
        return None
    now, zone = await ctx.town_now(), ctx.brand.time_zone
    found = await _verified(ctx, book, asked or last_judged(now, zone), now)
    if asked is None and found.early:
        # Before the first night has been measured: when the present one can be judged.
        return await _verified(ctx, book, night_of(now.timestamp(), zone), now)
    return found


async def _verified(ctx: Context, book: ScoreBook, night: date, now: datetime) -> VerifyView:
    zone = ctx.brand.time_zone
    nights = list(await book.nights(season_of(night), night))
    found = next((s for s in nights if s.night == night), None)
    kept = found is not None
    if now < judged_from(night, zone):
        found = None
    elif found is None:
        found = await worked_out(ctx, night)
        nights += [] if found is None else [found]
    return verify_view(night, found, season(nights), kept=kept, now=now, zone=zone)


async def worked_out(ctx: Context, night: date) -> NightScore | None:
    """Return a night's score, worked out and not kept; None where nothing of it can be judged."""
    book = None if ctx.officers is None else ctx.officers.scores
    if book is None:
        return None
    begin_s, end_s = span_s(night, ctx.brand.time_zone)

    async def work() -> NightScore:
        facts = await book.facts(night, begin_s, end_s)
        return await asyncio.to_thread(score, facts, ctx.brand.time_zone, ScoreParameters())

    found = await _kept(ctx, ("score", night), SCORE_KEPT_S, work)
    return found if found.counts.judged > 0 else None


async def _kept(
    ctx: Context, key: Hashable, for_s: float, make: Callable[[], Awaitable[T]], stand: object = None
) -> T:
    """Return what was made lately under a key while things stood as they do, else make it."""
    roads, clock = roads_of(ctx), asyncio.get_running_loop().time
    held = roads.known(key)
    if held is None or held[1] != stand or clock() - held[0] > for_s:
        held = (clock(), stand, await make())
        roads.keep(key, held)
    made: T = held[2]
    return made
