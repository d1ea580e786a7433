"""Words of the board of bins: what is wrong at a bin and what to do, when it is full, and a bin's level."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.web import words

Row = Mapping[str, Any]

DO: Mapping[str, tuple[str, str]] = {
    "fire": ("On fire", "Call 999 if nobody has. Keep crews away until the fire service says it is out."),
    "tilted": ("On its side", "Send the street team to set it up; its level counts again then."),
    "blocked": ("Blocked", "Crew: clear what is in the way, or tell when it can be reached."),
    "stuck": ("Sensor stuck", "Look at the sensor: it says always the same. Empty by its age until then."),
    "no_echo": ("No echo", "Clean or turn the sensor; the level is not known until then."),
    "silent": ("Silent", "Check battery and signal; the bin goes by its age until then."),
    "contaminated": ("Wrong waste", "A separate job: not with the round's lorry."),
    "missing": ("Not found", "Ask the crew where it should be; put it back or take it off the register."),
    "damaged": ("Damaged", "Look at it, and repair or replace it."),
    "not_emptied": ("Not emptied", "Serviced, but its level did not fall: send the crew again and check the sensor."),
    "discrepancy": ("Report and sensor differ", "Look at it: a resident says full, the sensor says no."),
}  # fmt: skip
"""What is wrong by code: its name, and what to do; the most urgent first."""

ALARM_CODES: Mapping[str, str] = {
    "bins.fire": "fire", "bins.tilted": "tilted", "bins.blocked": "blocked", "bins.contaminated": "contaminated",
    "bins.not_emptied": "not_emptied",
}  # fmt: skip
"""Alarms that tell the same as an exception."""


WEEK_DAYS = 7


def short_time(value: object, zone: ZoneInfo, now: datetime) -> str:
    """Return a time in few words: ``14:20``, ``tomorrow 08:00``, ``Sat 08:00`` within a week, ``23 Dec`` later; ``later`` where nobody knows."""
    at = words.moment(value)
    if at is None:
        return "later"
    local = at.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days in (0, 1):
        return words.day_and_clock(at, zone, now).removeprefix("today ")
    if 1 < days < WEEK_DAYS:
        return f"{local:%a} {words.clock(at, zone)}"
    return f"{local.day} {local:%b}"


def chance(p: float | None) -> str:
    """Return a chance (0..1) as people say it: ``less than 1%``, ``42%``; a dash where it is not known."""
    if p is None:
        return "–"
    return "less than 1%" if p < 0.01 else "more than 99%" if p > 0.99 else f"{100.0 * p:.0f}%"


def when_full(state: Row, zone: ZoneInfo, now: datetime) -> str:
    """Return when a bin is full: ``full now``, ``Sat 14:00 (80%: 10:00 to Sun 06:00)``; empty where nobody knows."""
    outlook = state.get("outlook") or {}
    fill, at = state.get("fill_pct"), words.moment(outlook.get("full_at"))
    if state.get("state") == "overflowing" or (fill is not None and fill >= 98.0):
        return "full now"
    if at is None:
        return "not within 60 days" if outlook else ""
    if at <= now:
        return "full by now"
    spread = [short_time(outlook.get(k), zone, now) for k in ("full_from", "full_to")]
    return f"{short_time(outlook['full_at'], zone, now)} (80%: {spread[0]} to {spread[1]})"


def waits(state: Row, zone: ZoneInfo, now: datetime) -> str:
    """Return that the newest reading does not count yet, and what it waits for; empty where it counts."""
    told = state.get("unconfirmed")
    at = None if not told else words.moment(told.get("at"))
    if not told or at is None:
        return ""
    read = f"{words.percent(number_of(told.get('fill_pct')))} read {words.day_and_clock(at, zone, now)}"
    over_s = number_of(told.get("over_s")) or 0.0
    over = f" over {words.number(over_s / 60.0)} minutes" if over_s > 0.0 else ""
    return f"{read}, waits for confirmation: {told['readings']} of {told['of']} readings{over}"


def number_of(value: object) -> float | None:
    """Return a number of a JSON document, or None where it is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
