"""Moisture that was found in the readings, beside the diary: what to ask, and what a tap on "yes" writes down. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ops_api.web import words
from ops_api.web.brand import Brand
from rules.core.moisture_events.parameters import DiaryParameters

Row = Mapping[str, Any]

NEAR = DiaryParameters()
"""An entry of the diary that near to an event speaks of it: whatever it says, nobody is asked again."""
ASKED = 3
"""Questions at a time: more are a nuisance."""
NAMES: Mapping[str, str] = {"shower": "a shower", "cooking": "cooking", "washing": "drying clothes"}
TITLES: Mapping[str, str] = {
    "shower": "Shower or bath",
    "cooking": "Cooking",
    "washing": "Drying clothes",
    "unknown": "A lot of water",
}
CUP_G = 250.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: what it writes into the diary, and what it says."""

    activity: str
    name: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something found.

    Attributes:
        event_id: its number.
        activity: shower, cooking, washing or unknown, for the icon.
        title: what it is, or what we think.
        at: when it began, as people say it.
        said: how much water, and how long it stayed.
        question: to ask, or empty where the household has said what it was.
        choices: answers to tap.
    """

    event_id: int
    activity: str
    title: str
    at: str
    said: str
    question: str
    choices: tuple[Choice, ...]


def told(event: Row, diary: Sequence[Row], others: frozenset[int] = frozenset()) -> Row | None:
    """Return the household's entry about an event, or None; ``others``: entries that speak of other events."""
    slow = event["activity"] == "washing"
    first = event["started_at"] - timedelta(seconds=NEAR.before_s)
    last = (event["started_at"] if slow else event["peak_at"]) + timedelta(
        seconds=NEAR.slow_after_s if slow else NEAR.after_s
    )
    near = [
        d
        for d in diary
        if d["diary_entry_id"] == event["diary_entry_id"]
        or (first <= d["at"] <= last and d["diary_entry_id"] not in others)
    ]
    water = [d for d in near if d["activity"] in (*NAMES, "other")]
    return min(water, key=lambda d: abs(d["at"] - event["started_at"])) if water else None


def choices(event: Row) -> tuple[Choice, ...]:
    """Return the answers: the guess first. What takes hours is no shower, nor the other way round."""
    guess = event["activity"]
    likely = ("washing",) if guess == "washing" else ("shower", "cooking")
    ordered = sorted(likely, key=lambda a: a != guess)
    found = [
        Choice(a, f"Yes, {NAMES[a]}" if a == guess else NAMES[a][0].upper() + NAMES[a][1:]) for a in ordered
    ]
    return (*found, Choice("other", "Something else"))


def question(event: Row) -> str:
    """Return what is asked."""
    guess = NAMES.get(event["activity"])
    return "What was this?" if guess is None else f"Was this {guess}?"


def amount(grams: float) -> str:
    """Return an amount of water as people pour it: cups of a quarter of a litre, above four of them litres."""
    cups = grams / CUP_G
    if cups < 0.75:
        return "about half a cup of water"
    if cups < 4:
        return f"about {words.plural(round(cups), 'cup')} of water"
    return f"about {words.number(grams / 1000, 1)} litres of water"


def _minutes(minutes: float) -> str:
    if minutes < 90:
        return words.plural(5 * round(minutes / 5) or 5, "minute")
    return words.plural(round(minutes / 60), "hour")


def _said(event: Row) -> str:
    said = amount(event["grams"])
    if event["clear_min"] is None or event["activity"] == "washing":
        return f"{said[0].upper()}{said[1:]}."
    window = " with a window open" if event["aired"] else ""
    return f"{said[0].upper()}{said[1:]}. It took {_minutes(event['clear_min'])} to clear{window}."


def noticed(events: Sequence[Row], diary: Sequence[Row], brand: Brand, now: datetime) -> tuple[Noticed, ...]:
    """Return the household's moisture events, the newest first, with questions about the newest that nobody has named.

    Args:
        events: rows of ``moisture_event``, the newest first.
        diary: entries of the same time.
        brand: its time zone.
        now: the time it is in the town.
    """
    found: list[Noticed] = []
    asked = 0
    linked = frozenset(e["diary_entry_id"] for e in events if e["diary_entry_id"] is not None)
    for event in (e for e in events if e["of_household"]):
        entry = told(event, diary, linked)
        ask = entry is None and asked < ASKED
        asked += ask
        found.append(_one(event, entry, ask, words.day_and_clock(event["started_at"], brand.time_zone, now)))
    return tuple(found)


def _one(event: Row, entry: Row | None, ask: bool, at: str) -> Noticed:
    activity = event["activity"] if entry is None else entry["activity"]
    title = TITLES.get(activity, "Something else")
    guessed = entry is None and activity != "unknown"
    return Noticed(
        event["event_id"],
        activity,
        f"{title}, we think" if guessed else title,
        at[:1].upper() + at[1:],
        _said(event),
        question(event) if ask else "",
        choices(event) if ask else (),
    )
