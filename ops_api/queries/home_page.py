"""Everything that a home's page says first, in five statements of the resident's and one of the town's.

Nothing here looks at more than two days of readings: what a year says is kept by the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from devices.contract.kind import Kind
from ops_api.queries import Db, Row, Transaction
from ops_api.queries.damp import advice_from, corrected
from ops_api.queries.home_now import state_now
from ops_api.queries.rooms import rooms_of
from ops_api.queries.town import town_at

SPAN = timedelta(hours=48)
STEP = timedelta(minutes=10)
POINTS = 400
ENTRIES = 200
FRESH = timedelta(hours=2)
WEATHER_FRESH = timedelta(hours=3)
DOUBTFUL_TIME = 2
"""Bit of a reading's quality: its time was repaired or is in doubt."""
NO_DAY: Row = {"at": None, "items": [], "reason": "There is no whole day yet to work it out from."}


@dataclass(frozen=True, slots=True)
class Town:
    """The time it is in the town, and what its weather stations measured last."""

    now: datetime
    stations: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A home's page as the database tells it; ``advice`` as of :func:`ops_api.queries.damp.advice_now`."""

    home: Row
    rooms: tuple[Row, ...]
    state: Row
    finding: Row | None
    days: tuple[Row, ...]
    advice: Row
    calibrations: tuple[Row, ...]


async def town(db: Db, now: datetime) -> Town:
    """Return the town's time and weather; ``now`` is the wall clock's."""
    row = await db.one("home_town", now=now)
    at = town_at(row, now)
    stations = [{**s, "ts": datetime.fromisoformat(s["ts"])} for s in row["stations"]]
    return Town(at, tuple(s for s in stations if at - WEATHER_FRESH < s["ts"] <= at))


async def home_page(t: Transaction, frog: Kind, code: str, town: Town) -> Found | None:
    """Return what is known of a home, by its code; None where the resident has none such."""
    row = await t.row("home_page", code=code)
    if row is None:
        return None
    calibrations = tuple(_calibration(c) for c in row["calibrations"])
    finding = None if row["finding"] is None else _finding(row["finding"])
    sent = await rooms_of(t, frog, row["home_id"])
    return Found(
        home={k: row[k] for k in ("home_id", "code", "label")},
        rooms=tuple(_room(r, calibrations) for r in sent),
        state=state_now(row["state"] or {}, sent, finding, calibrations, row["temperature_factor"]),
        finding=finding,
        days=() if finding is None else tuple(finding["days"]),
        advice=NO_DAY
        if finding is None
        else advice_from(finding, _box(finding, sent, town.now), town.stations, calibrations),
        calibrations=calibrations,
    )


async def two_days(
    t: Transaction, room: Mapping[str, Any], calibrations: Sequence[Row], now: datetime
) -> list[Row]:
    """Return a room's readings of the last two days by steps: at, temperature_c, humidity_pct, corrected."""
    rows = await t.rows(
        "room_series",
        **{"device_id": room["device_id"], "from": now - SPAN, "to": now + STEP, "step": STEP},
        limit=POINTS,
    )
    mine = [c for c in calibrations if c["device"] == room["name"] and c["withdrawn_at"] is None]
    return _corrected(rows, "at", mine) if mine else rows


async def marks(
    t: Transaction, home_id: int, device_id: int | None, since: datetime
) -> tuple[list[Row], list[Row]]:
    """Return the diary, and the moisture events of a room, since a time; the newest first."""
    row = await t.row("home_marks", home_id=home_id, device_id=device_id, since=since, limit=ENTRIES)
    assert row is not None
    return [_times(d, "at") for d in row["diary"]], [
        _times(e, "started_at", "peak_at") for e in row["events"]
    ]


def _times(row: Row, *names: str) -> Row:
    return {**row, **{n: datetime.fromisoformat(row[n]) for n in names if row[n] is not None}}


def _calibration(row: Row) -> Row:
    return _times(row, "from_at", "to_at", "created_at", "withdrawn_at")


def _finding(row: Row) -> Row:
    days = [{**d, "day": date.fromisoformat(d["day"])} for d in row["days"]]
    dates = {n: date.fromisoformat(row[n]) for n in ("week", "to_day")}
    return {**row, **dates, "days": days}


def _box(finding: Row, rooms: Sequence[Row], now: datetime) -> Row | None:
    """Return what the finding's frog measured last, where that is of now and its time is sure."""
    for r in rooms:
        if r["name"] == finding["device"] and r["ts"] is not None and now - FRESH < r["ts"] <= now:
            return None if r["quality"] & DOUBTFUL_TIME != 0 else r
    return None


def _room(room: Row, calibrations: Sequence[Row]) -> Row:
    mine = [c for c in calibrations if c["device"] == room["name"]]
    return _corrected([room], "ts", mine)[0] if mine and room["ts"] is not None else room


def _corrected(rows: Sequence[Row], at: str, calibrations: Sequence[Row]) -> list[Row]:
    """Return rows of one frog with its calibrations applied, all in one go; those that lack a value stay as they are."""
    whole = [r for r in rows if r["temperature_c"] is not None and r["humidity_pct"] is not None]
    if not whole:
        return list(rows)
    found = corrected([(r[at], r["temperature_c"], r["humidity_pct"]) for r in whole], calibrations)
    by_time = {r[at]: values for r, values in zip(whole, found, strict=True)}
    return [
        {**r, "temperature_c": by_time[r[at]][0], "humidity_pct": by_time[r[at]][1]}
        if r[at] in by_time
        else r
        for r in rows
    ]
