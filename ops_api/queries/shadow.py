"""The shadow as people see it: how it stands, and what it says beside the live rules."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import psycopg

from ops_api.queries import Db, Row
from rules.core.diff import Difference, compare
from rules.core.replayed import AlarmSpan, Replayed, made

State = Literal["waiting", "running", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowState:
    """A catalogue in shadow.

    Attributes:
        catalogue_id, label: which.
        since, by, reason: when it was started, by whom and why.
        state: ``waiting`` until the rules service takes it up.
        error: why it is paused.
        from_at: event time at which it begins, with the live engine's memory of then; None before the
            first reading.
        settled_at, live_settled_at: event time up to which it and the live rules have judged.
        batches_behind: batches that it has not seen.
    """

    catalogue_id: int
    label: str
    since: datetime
    by: str
    reason: str
    state: State
    error: str | None = None
    from_at: datetime | None = None
    settled_at: datetime | None = None
    live_settled_at: datetime | None = None
    batches_behind: int | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """What live rules and shadow say of the same time. ``names``: what people call routes and stretches."""

    live: Replayed
    shadow: Replayed
    differences: tuple[Difference, ...]
    names: Mapping[str, str]


async def shadow_state(db: Db) -> ShadowState | None:
    """Return how the shadow stands; None where no catalogue is in shadow."""
    chosen = await db.row("shadow_chosen")
    if chosen is None:
        return None
    known = {k: chosen[k] for k in ("catalogue_id", "label", "since", "by", "reason")}
    run = await _run(db)
    if run is None or run["start_id"] != chosen["start_id"]:
        return ShadowState(**known, state="waiting")
    names = ("error", "from_at", "settled_at", "live_settled_at", "batches_behind")
    stands = {name: run[name] for name in names}
    return ShadowState(**known, **stands, state="running" if run["error"] is None else "paused")


async def shadow_sides(db: Db, state: ShadowState, within: timedelta | None = None) -> Sides | None:
    """Return both sides since the shadow began, or of the last part ``within`` of it.

    Returns:
        None where the shadow has judged nothing yet.
    """
    ends = [at for at in (state.settled_at, state.live_settled_at) if at is not None]
    if len(ends) < 2:
        return None
    until = min(ends)
    since = datetime(1970, 1, 1, tzinfo=UTC) if state.from_at is None else state.from_at
    since = since if within is None else max(since, until - within)
    # What the reading that stands last led to counts, too: times are stored to the microsecond.
    span = {"since": since, "until": until + timedelta(microseconds=1)}
    try:
        alarms = await db.rows("shadow_alarms", **span)
        decisions = await db.rows("shadow_decisions", **span)
    except psycopg.errors.UndefinedTable:  # ended meanwhile
        return None
    places = await db.rows("shadow_names")
    # In a thread: a week of a city takes long, and streams must go on.
    return await asyncio.to_thread(_sides, alarms, decisions, places, since.timestamp(), until.timestamp())


def _sides(
    alarms: Sequence[Row], decisions: Sequence[Row], places: Sequence[Row], from_s: float, to_s: float
) -> Sides:
    widths = {p["id"]: p["width_m"] for p in places if p["width_m"] is not None}
    live, shadow = (_side(name, alarms, decisions, widths, from_s, to_s) for name in ("live", "shadow"))
    return Sides(live, shadow, compare(live, shadow), {p["id"]: p["name"] for p in places})


async def _run(db: Db) -> Row | None:
    if not (await db.one("shadow_there"))["there"]:
        return None
    try:
        return await db.row("shadow_run")
    except psycopg.errors.UndefinedTable:  # ended meanwhile
        return None


def _side(
    side: str,
    alarms: Iterable[Row],
    decisions: Iterable[Row],
    widths_m: Mapping[str, float],
    from_s: float,
    to_s: float,
) -> Replayed:
    spans = [
        AlarmSpan(
            **{name: a[name] for name in AlarmSpan.__struct_fields__ if name != "members"},
            members=tuple(a["members"]),
        )
        for a in alarms
        if a["side"] == side
    ]
    decided = [
        made(
            d["rule_id"], d["subject_kind"], d["subject"], d["at_s"], d["outcome"], d["reason"], d["result"], widths_m
        )
        for d in decisions
        if d["side"] == side
    ]  # fmt: skip
    return Replayed(from_s=from_s, to_s=to_s, alarms=tuple(spans), decisions=tuple(decided))
