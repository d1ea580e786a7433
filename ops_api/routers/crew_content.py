"""What the crews' pages say, and their live parts. Everybody may read these: no name, and nothing that people wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import HTTPException

from ops_api.routers.content import live_state
from ops_api.routers.context import Context
from ops_api.routers.crew_door import crew_of
from ops_api.web import crew_view
from rules.core.collection_acts.record import BIN, Act
from rules.core.crew_card.paper import clock_of
from rules.core.effects import hour_of
from rules.core.rounds.fleet import RoundLorry
from rules.rounds.following import DayNow

NO_LORRIES = "No lorries are written down yet: `cityops bins lorries FILE` does it."
NO_PLAN = "No plan for today yet. It is made in the morning."


@dataclass(frozen=True, slots=True)
class Today:
    """Today's rounds with what is known of bins, and what crews said that stands."""

    now: DayNow
    lorries: dict[str, RoundLorry]
    bins: dict[str, Any]
    acts: tuple[Act, ...]


async def today(ctx: Context) -> Today | None:
    """Return today's rounds; None where there is no plan."""
    crew = crew_of(ctx)
    now = await crew.rounds.day_now((await ctx.town_now()).timestamp())
    kept = await crew.rounds.book.fleet()
    if now is None or kept is None:
        return None
    bins = {r["bin_id"]: r for r in await ctx.db.rows("bins", bin_id=None)}
    acts = await crew.taps.acts.of_lorries(float(now.rounds.plan.day_s), now.now_s + 1.0)
    return Today(now, {v.id: v for v in kept.fleet.lorry}, bins, acts)


def made_at(ctx: Context, at_s: float) -> str:
    """Return when a plan was made, as one says it."""
    return hour_of(datetime.fromtimestamp(at_s, UTC).astimezone(ctx.brand.time_zone))


async def views(ctx: Context, found: Today, only: str | None = None) -> list[crew_view.LorryView]:
    """Return the views of today's lorries, or of one."""
    rounds = found.now.rounds
    told = await crew_of(ctx).words(rounds)
    return [
        crew_view.lorry_view(p, told.lines.get(name, ()), _facts(ctx, found, name))
        for name, p in found.now.progress.items()
        if only in (None, name) and name in found.lorries
    ]


def _facts(ctx: Context, found: Today, name: str) -> crew_view.Facts:
    rounds, lorry = found.now.rounds, found.lorries[name]
    out = found.now.out.get(name)
    return crew_view.Facts(
        found.bins, crew_view.acts_by_bin(found.acts, name), lorry.max_kg, lorry.max_l,
        clock_of(rounds.plan.day_s, ctx.brand.time_zone), made_at(ctx, rounds.at_s),
        "" if out is None else f"Out of service since {made_at(ctx, out.at_s)}",
    )  # fmt: skip


async def board(ctx: Context) -> dict[str, Any]:
    """Return the content of the page of all lorries."""
    found = await today(ctx)
    if found is None:
        kept = await crew_of(ctx).rounds.book.fleet()
        names = () if kept is None else tuple(v.id for v in kept.fleet.lorry)
        return {
            "views": (),
            "names": names,
            "why": NO_PLAN if kept else NO_LORRIES,
            "version": None,
            "made": "",
        }
    rounds = found.now.rounds
    return {
        "views": await views(ctx, found), "names": (), "why": "", "version": rounds.version,
        "made": made_at(ctx, rounds.at_s),
    }  # fmt: skip


async def lorry(ctx: Context, name: str) -> dict[str, Any]:
    """Return the content of a lorry's page; 404 where there is no such lorry."""
    found = await today(ctx)
    view = None if found is None else next(iter(await views(ctx, found, name)), None)
    if view is None:
        kept = await crew_of(ctx).rounds.book.fleet()
        if kept is None or name not in [v.id for v in kept.fleet.lorry]:
            raise HTTPException(404, f"There is no lorry {name!r}.")
    return {"view": view, "name": name, "why": NO_PLAN}


async def notes(ctx: Context, name: str) -> list[dict[str, Any]]:
    """Return what a lorry's crew wrote and photographed today, the newest first; for the crew alone."""
    found = await today(ctx)
    if found is None:
        return []
    told = [a for a in reversed(found.acts) if a.lorry == name and a.ref.startswith(BIN)]
    return [_note(ctx, found, a) for a in told if a.reason or a.seen.get("photo_sha256")]


def _note(ctx: Context, found: Today, act: Act) -> dict[str, Any]:
    bin_id = act.ref.removeprefix(BIN)
    row = found.bins.get(bin_id)
    return {
        "title": bin_id if row is None else row["label"], "said": crew_view.SAID.get(act.what, act.what),
        "reason": act.reason, "photo": act.seen.get("photo_sha256") or "", "by": act.by, "at": made_at(ctx, act.at_s),
    }  # fmt: skip


async def live_crew(ctx: Context, name: str | None) -> str:
    """Return the live part of one lorry's page, or of all lorries'."""
    if name is None:
        return live_state(ctx, {"crew": "_crew_board.html"}, await board(ctx))
    return live_state(ctx, {"crew": "_crew_lorry.html"}, {**await lorry(ctx, name), "once": ""})
