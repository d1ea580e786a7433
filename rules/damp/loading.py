"""Homes with all that is needed to work out their days: a handful of queries for many homes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from cityops.db.queries import load_queries
from rules.core.analyst.days import AROUND_S, LOOK_BACK_DAYS, WINDOW_DAYS, begins_s
from rules.core.analyst.model import HomeInput, RoomInput
from rules.core.analyst.moisture_load import WHOLE_HOURS
from rules.core.analyst.plan import Plan, plan, span_s
from rules.core.analyst.rules import DampRules
from rules.core.moisture_events.diary import Entry
from rules.damp.ports import Due
from rules.damp.rows import (
    NO_READINGS,
    calibration_of_row,
    day_of_row,
    event_of_row,
    month_of_row,
    series_of,
)

SQL = load_queries("rules.damp")
DAY_S = 86_400.0

Connection = psycopg.AsyncConnection[Any]
Grouped = Mapping[int, list[Any]]


@dataclass(frozen=True, slots=True)
class _Box:
    """A box of a home, and from when to when its readings are needed [s since 1970]."""

    home_id: int
    device_id: int
    device: str
    room: str
    cadence_s: float
    installed_s: float
    from_s: float
    to_s: float
    due: date


async def load(conn: Connection, ids: Sequence[int], rules: DampRules, seen_s: float) -> tuple[Due, ...]:
    """Return the homes among ``ids`` of which days are due; in the caller's transaction."""
    homes = await _rows(conn, "homes", ids=list(ids))
    found = await _rows(conn, "rooms", ids=list(ids), seen_s=seen_s)
    rooms: dict[int, list[Any]] = defaultdict(list)
    for row in found:
        rooms[row[0]].append(row)
    plans = {h[0]: _plan(h[4], rooms[h[0]], rules) for h in homes}
    boxes = [_box(row, p, rules) for home_id, p in plans.items() if p for row in rooms[home_id]]
    inputs = await _rooms(conn, boxes, rules)
    diary = await _diary(conn, {i: p for i, p in plans.items() if p}, rules)
    return tuple(
        Due(h[0], h[5], _home(h, plans[h[0]], inputs[h[0]], diary[h[0]], seen_s), plans[h[0]], h[6])
        for h in homes
    )


def _plan(due_from: date, rooms: Sequence[Any], rules: DampRules) -> Plan | None:
    first = [r[7] for r in rooms if r[7] is not None]
    newest = [r[8] for r in rooms if r[8] is not None]
    kept = [r[9] for r in rooms if r[9] is not None]
    return plan(due_from, min(first, default=None), max(newest, default=None), max(kept, default=None), rules)


def _box(row: Sequence[Any], p: Plan, rules: DampRules) -> _Box:
    home_id, device_id, device, room, cadence_s, installed_s, since_s, *_ = row
    from_s, to_s = span_s(p, rules)
    return _Box(
        home_id, device_id, device, room, float(cadence_s), installed_s,
        from_s if since_s is None else max(from_s, since_s), to_s, p.due,
    )  # fmt: skip


async def _rooms(conn: Connection, boxes: Sequence[_Box], rules: DampRules) -> dict[int, list[RoomInput]]:
    inputs: dict[int, list[RoomInput]] = defaultdict(list)
    if not boxes:
        return inputs
    which = {
        "homes": [b.home_id for b in boxes],
        "devices": [b.device_id for b in boxes],
        "dues": [b.due for b in boxes],
    }
    series = await _series(conn, boxes)
    zone = rules.zone.key
    days = await _grouped(conn, "kept_days", **which, look_back=LOOK_BACK_DAYS, zone=zone)
    nights = await _grouped(
        conn, "first_nights", **which, nights=rules.catalogue.drift.parameters.learn_nights, zone=zone
    )
    months = await _grouped(conn, "months", **which, whole=WHOLE_HOURS, zone=zone)
    events = await _grouped(
        conn, "kept_events", homes=which["homes"], devices=which["devices"],
        begins_s=[begins_s(b.due, rules.zone) for b in boxes], back_s=WINDOW_DAYS * DAY_S,
    )  # fmt: skip
    calibrations = await _grouped(conn, "calibrations", devices=which["devices"])
    for n, b in enumerate(boxes, start=1):
        inputs[b.home_id].append(
            RoomInput(
                device=b.device,
                room=b.room,
                cadence_s=b.cadence_s,
                installed_s=b.installed_s,
                series=series_of(series[n]) if n in series else NO_READINGS,
                before=tuple(day_of_row(r) for r in days[n]),
                first_nights=tuple(nights[n][0][0]) if nights[n] else (),
                first_warmth=tuple(nights[n][0][1]) if nights[n] else (),
                months=tuple(month_of_row(r) for r in months[n]),
                calibrations=tuple(calibration_of_row(r) for r in calibrations[n]),
                events=tuple(event_of_row(r) for r in events[n]),
            )
        )
    return inputs


async def _series(conn: Connection, boxes: Sequence[_Box]) -> dict[int, Sequence[Any]]:
    """Return the readings of boxes as columns: as arrays they are a fifth of the work of rows."""
    params = {
        "devices": [b.device_id for b in boxes],
        "from_s": [b.from_s for b in boxes],
        "to_s": [b.to_s for b in boxes],
        "first": min(b.from_s for b in boxes),
        "last": max(b.to_s for b in boxes),
    }
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(SQL["series"], params)
        return {row[0]: row[1:] for row in await cursor.fetchall()}


async def _diary(
    conn: Connection, plans: Mapping[int, Plan], rules: DampRules
) -> dict[int, list[tuple[int, Entry]]]:
    found: dict[int, list[tuple[int, Entry]]] = defaultdict(list)
    if not plans:
        return found
    spans = {i: (begins_s(p.due, rules.zone) - AROUND_S, span_s(p, rules)[1]) for i, p in plans.items()}
    first, last = min(a for a, _ in spans.values()), max(b for _, b in spans.values())
    for home_id, number, at_s, activity in await _rows(
        conn, "diary", ids=list(plans), from_s=first, to_s=last
    ):
        if spans[home_id][0] <= at_s < spans[home_id][1]:
            found[home_id].append((number, Entry(at_s=at_s, activity=activity)))
    return found


def _home(
    row: Sequence[Any],
    p: Plan | None,
    rooms: Sequence[RoomInput],
    diary: Sequence[tuple[int, Entry]],
    seen_s: float,
) -> HomeInput | None:
    if p is None:
        return None
    home_id, code, factor, occupants, *_ = row
    return HomeInput(
        home_id=home_id,
        code=code,
        temperature_factor=factor,
        occupants=occupants,
        due=p.due,
        last=p.last,
        seen_s=seen_s,
        rooms=tuple(rooms),
        diary=tuple(diary),
    )


async def _grouped(conn: Connection, query: str, **params: object) -> Grouped:
    """Return rows by their first column."""
    found: dict[int, list[Any]] = defaultdict(list)
    async with conn.cursor(binary=True) as cursor:
        await cursor.execute(SQL[query], params)
        for number, *row in await cursor.fetchall():
            found[number].append(row)
    return found


async def _rows(conn: Connection, query: str, **params: object) -> list[Any]:
    return await (await conn.execute(SQL[query], params)).fetchall()
