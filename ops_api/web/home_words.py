"""Names and amounts as a household says them. Pure; reading age nine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand

Row = Mapping[str, Any]

COMMON = frozenset({
    "back room", "bathroom", "bedroom", "box room", "conservatory", "dining room", "front room", "hall", "hallway",
    "kitchen", "landing", "living room", "lounge", "main bedroom", "nursery", "office", "sitting room", "spare room",
    "study", "toilet", "utility room",
})  # fmt: skip
"""Rooms that every home may have: "your bedroom". Other names stay as they were given: "Sam's room"."""
ALL_DAY_H = 23.0
NBSP = "\N{NO-BREAK SPACE}"


def room_name(room: Row) -> str:
    """Return what to call a room: its name, else the device's label."""
    name = str(room["room"] or room["label"] or room["name"]).replace("_", " ")
    return name[:1].upper() + name[1:]


def spoken(name: str | None) -> str:
    """Return a room within a sentence: "your bedroom"; "your home" where it has no name."""
    if not name:
        return "your home"
    plain = name.replace("_", " ")
    return f"your {plain.lower()}" if plain.lower() in COMMON else plain


def first_upper(text: str) -> str:
    """Return a text as a sentence begins."""
    return text[:1].upper() + text[1:]


def hours_a_day(hours: float) -> str:
    """Return damp hours of a usual day in words."""
    if hours >= ALL_DAY_H:
        return "nearly all day and night"
    if hours < 1.0:
        return "less than an hour a day"
    return f"about {words.plural(round(hours), 'hour')} a day"


def share(part: float) -> str:
    """Return a share in words that need no percent sign."""
    limits = ((0.9, "nearly all"), (0.65, "most"), (0.4, "about half"), (0.15, "some"))
    return next((said for limit, said in limits if part >= limit), "a little")


def day_name(day: date, now: datetime, brand: Brand) -> str:
    """Return a local day: "today", "yesterday", "Tuesday" within the week before, else "9 January"."""
    back = (now.astimezone(brand.time_zone).date() - day).days
    if back in (0, 1):
        return ("today", "yesterday")[back]
    if 1 < back < 7:
        return f"{day:%A}"
    year = "" if day.year == now.astimezone(brand.time_zone).year else f" {day.year}"
    return f"{day.day} {day:%B}{year}"


def when(at: datetime, now: datetime, brand: Brand) -> str:
    """Return a time as people say it: "09:00 today", "21:40 yesterday", "18:00 on Tuesday", "18:00 on 2 January"."""
    day = day_name(at.astimezone(brand.time_zone).date(), now, brand)
    return f"{words.clock(at, brand.time_zone)} {day if day in ('today', 'yesterday') else f'on {day}'}"


def is_quiet(room: Row, now: datetime) -> bool:
    """Whether a frog has not been heard for longer than three of its readings, and half an hour."""
    limit = timedelta(seconds=max(3 * room["cadence_s"], 1800))
    return room["ts"] is None or now - room["ts"] > limit
