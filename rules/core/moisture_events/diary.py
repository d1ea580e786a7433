"""The household's diary beside what the series shows. The diary's word wins over the guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from rules.core.moisture_events.model import Activity, Event
from rules.core.moisture_events.parameters import DiaryParameters

WATER: tuple[Activity, ...] = tuple(a for a in get_args(Activity) if a != "unknown")
"""Activities of the diary that let water into the air."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the diary: when the button was pressed [s since 1970] and for what.

    ``activity``: as in ``devices.contract.messages.Activity``; other ones than showers, cooking and
    washing match no event.
    """

    at_s: float
    activity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """The diary beside the series.

    Attributes:
        pairs: entries with their events; the event carries the entry's activity.
        unmatched_events: seen, not told: worth a question.
        unmatched_entries: told, not seen.
    """

    pairs: tuple[tuple[Entry, Event], ...]
    unmatched_events: tuple[Event, ...]
    unmatched_entries: tuple[Entry, ...]

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, in order of time, with the diary's word where there is one."""
        both = [e for _, e in self.pairs] + list(self.unmatched_events)
        return tuple(sorted(both, key=lambda e: e.start_s))


def match(entries: Sequence[Entry], events: Sequence[Event], p: DiaryParameters) -> Matched:
    """Return which entry tells of which event: nearest pairs first, each used once.

    Events that outdoor air or furnishings explain are not the household's and stay out.
    """
    told = [e for e in entries if e.activity in WATER]
    seen = [e for e in events if e.of_the_household]
    costs = sorted(
        (cost, i, k)
        for i, entry in enumerate(told)
        for k, event in enumerate(seen)
        if (cost := distance_s(entry, event, p)) is not None
    )
    taken: dict[int, int] = {}
    used: set[int] = set()
    for _, i, k in costs:
        if i not in taken and k not in used:
            taken[i] = k
            used.add(k)
    return Matched(
        pairs=tuple((told[i], _told(told[i], seen[k])) for i, k in sorted(taken.items())),
        unmatched_events=tuple(e for k, e in enumerate(seen) if k not in used),
        unmatched_entries=tuple(e for i, e in enumerate(told) if i not in taken),
    )


def distance_s(entry: Entry, event: Event, p: DiaryParameters) -> float | None:
    """Return how far an entry is from an event [s]; None where they can't be the same.

    Hours of drying are never a shower, nor the other way round.
    """
    slow = event.activity == "washing"
    if slow != (entry.activity == "washing"):
        return None
    last_s = event.start_s + p.slow_after_s if slow else event.peak_s + p.after_s
    if not event.start_s - p.before_s <= entry.at_s <= last_s:
        return None
    away = max(event.start_s - entry.at_s, entry.at_s - event.peak_s, 0.0)
    other = event.activity not in ("unknown", entry.activity)
    return away + (p.other_guess_s if other else 0.0)


def _told(entry: Entry, event: Event) -> Event:
    activity = next(a for a in WATER if a == entry.activity)
    return replace(event, activity=activity, confidence=1.0, from_diary=True)


def question(event: Event, clock: str) -> str:
    """Return what a household is asked about an event that the diary does not know.

    Args:
        event: of the household.
        clock: when it began, as people say it ("18:40").
    """
    words = {"shower": "a shower", "cooking": "cooking", "washing": "washing drying indoors"}
    guess = words.get(event.activity)
    return (
        f"We saw something at {clock}. Was it {guess}?"
        if guess
        else f"We saw something at {clock}. What was it?"
    )
