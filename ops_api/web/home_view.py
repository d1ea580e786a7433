"""What a resident's page says, from readings and the rules' state.

Plain English for a reading age of nine. It speaks of "risk" only: no sensor sees what
grows on a wall, and a damp home is not the resident's fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.chart import Chart, draw
from ops_api.web.home_advice import HUMID_PCT, advice
from ops_api.web.home_facts import Fact, facts_of

Row = Mapping[str, Any]

CHART_SPAN = timedelta(hours=48)
TABLE_STEP = timedelta(hours=2)

ACTIVITIES: Mapping[str, str] = {
    "shower": "Shower or bath",
    "cooking": "Cooking",
    "washing": "Drying clothes",
    "window": "Opened a window",
    "heating": "Heating on",
    "other": "Something else",
}
BUTTONS = ("shower", "cooking", "washing", "window")

HEADLINES: Mapping[str, str] = {
    "low": "Your damp risk is low",
    "raised": "Your damp risk is raised",
    "high": "Your damp risk is high",
    "unknown": "Your frog is still learning",
    "quiet": "Your frog is quiet",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A diary entry as shown."""

    entry_id: int
    activity: str
    name: str
    at: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room to choose."""

    device: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class HomeView:
    """The page's content; ``tone`` is low, raised, high, unknown or quiet."""

    label: str
    tone: str
    headline: str
    action: str
    steps: tuple[str, ...]
    why: str
    measured: str
    rooms: tuple[Room, ...]
    facts: tuple[Fact, ...]
    humidity: Chart
    temperature: Chart
    table: tuple[tuple[str, str, str], ...]
    chart_summary: str


def room_name(room: Row) -> str:
    """Return what to call a room: its name, else the device's label."""
    return str(room["room"] or room["label"] or room["name"]).replace("_", " ").capitalize()


def chosen_room(rooms: Sequence[Row], state: Row | None, wanted: str | None) -> Row | None:
    """Return the room asked for, else the one the risk is about, else the first."""
    for name in (wanted, (state or {}).get("device")):
        for room in rooms:
            if name is not None and room["name"] == name:
                return room
    return rooms[0] if rooms else None


def _is_quiet(room: Row, now: datetime) -> bool:
    limit = timedelta(seconds=max(3 * room["cadence_s"], 1800))
    return room["ts"] is None or now - room["ts"] > limit


def tone_of(room: Row | None, state: Row | None, now: datetime) -> str:
    """Return low, raised or high; unknown before the rules spoke; quiet without fresh readings."""
    if room is None or room["ts"] is None or _is_quiet(room, now):
        return "quiet"
    risk = (state or {}).get("risk")
    return str(risk) if risk in ("low", "raised", "high") else "unknown"


def _why(state: Row, brand: Brand, now: datetime) -> str:
    """Return what the answer rests on: the coldest wall, since when, and what would keep it dry."""
    wall_pct, limit_pct = state.get("surface_humidity_pct"), state.get("humidity_limit_pct")
    if wall_pct is None:
        return ""
    said = f"the air at your coldest wall is {words.number(min(wall_pct, 100.0))}% full of water."
    since = words.moment(state.get("since"))
    if since is not None:
        said += f" It has been wet since {words.day_and_clock(since, brand.time_zone, now)}."
    if limit_pct is not None:
        said += f" It stays dry while the room's humidity is under {words.number(limit_pct)}%."
    return said


def _chart_summary(points: Sequence[Row]) -> str:
    humidity = [p["humidity_pct"] for p in points if p["humidity_pct"] is not None]
    temperature = [p["temperature_c"] for p in points if p["temperature_c"] is not None]
    if not humidity or not temperature:
        return "There are no readings from the last 48 hours."
    above = 100 * sum(v >= HUMID_PCT for v in humidity) / len(humidity)
    return (
        f"In the last 48 hours humidity was {words.number(min(humidity))}% to {words.number(max(humidity))}%, "
        f"and over {HUMID_PCT:.0f}% for {words.number(above)}% of the time. "
        f"Temperature was {words.degrees(min(temperature))} to {words.degrees(max(temperature))}."
    )


def _table(points: Sequence[Row], brand: Brand, end: datetime) -> tuple[tuple[str, str, str], ...]:
    rows, due = [], None
    for p in points:
        if due is None or p["at"] >= due:
            due = p["at"] + TABLE_STEP
            rows.append(
                (
                    words.day_and_clock(p["at"], brand.time_zone, end).capitalize(),
                    words.degrees(p["temperature_c"]),
                    words.percent(p["humidity_pct"]),
                )
            )
    return tuple(reversed(rows))


def entries(diary: Sequence[Row], brand: Brand, now: datetime) -> tuple[Entry, ...]:
    """Return the diary entries of the local day of ``now``, newest first."""
    today = now.astimezone(brand.time_zone).date()
    return tuple(
        Entry(
            d["diary_entry_id"],
            d["activity"],
            ACTIVITIES[d["activity"]],
            words.clock(d["at"], brand.time_zone),
        )
        for d in diary
        if d["at"].astimezone(brand.time_zone).date() == today
    )


def view(
    home: Row,
    rooms: Sequence[Row],
    room: Row | None,
    state: Row | None,
    points: Sequence[Row],
    diary: Sequence[Row],
    *,
    span: tuple[datetime, datetime],
    now: datetime,
    brand: Brand,
) -> HomeView:
    """Return the page's content.

    Args:
        home: row of ``home_by_code``.
        rooms: rows of ``queries.rooms``.
        room: the chosen one of them.
        state: the rules' state of the home, None before the first.
        points: rows at, temperature_c, humidity_pct in time order.
        diary: diary rows, newest first.
        span: start and end of the chart.
        now: the time it is in the town.
        brand: name and time zone.
    """
    known = state or {}
    tone = tone_of(room, state, now)
    measured_at = None if room is None else room["ts"]
    ago = words.ago(measured_at, now)
    action, steps = advice(tone, room, known, ago, points)
    # The state is about one room; another room's page shows only what is measured there.
    about_this_room = room is not None and known.get("device") in (None, room["name"])
    marks = [(d["at"], ACTIVITIES[d["activity"]]) for d in diary]
    start, end = span
    axis = {"start": start, "end": end, "zone": brand.time_zone, "width": 400, "height": 170}
    return HomeView(
        label=str(home["label"]),
        tone=tone,
        headline=HEADLINES[tone],
        action=action,
        steps=steps,
        why=_why(known, brand, now) if tone in ("low", "raised", "high") else "",
        measured=""
        if measured_at is None
        else f"Measured {ago}, at {words.clock(measured_at, brand.time_zone)}",
        rooms=tuple(
            Room(r["name"], room_name(r), room is not None and r["name"] == room["name"]) for r in rooms
        ),
        facts=facts_of(room, known, about_wall=about_this_room),
        humidity=draw(
            [(p["at"], p["humidity_pct"]) for p in points],
            step=20,
            at_least=(40, 80),
            above=HUMID_PCT,
            marks=marks,
            **axis,  # type: ignore[arg-type]
        ),
        temperature=draw(
            [(p["at"], p["temperature_c"]) for p in points],
            step=5,
            at_least=(15, 25),
            **axis,  # type: ignore[arg-type]
        ),
        table=_table(points, brand, end),
        chart_summary=_chart_summary(points),
    )


def notice(saved: str | None, removed: str | None) -> str:
    """Return what to say after a form, or nothing; unknown words from an address are not repeated."""
    if saved is not None and saved in ACTIVITIES:
        return f"Saved: {ACTIVITIES[saved]}. Thank you."
    return "Removed." if removed else ""
