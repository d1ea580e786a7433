"""Where a plan has a lorry wait, because what it treats next may not be treated earlier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rules.core.cab.card import Card, Entry
from rules.core.cab.codec import OnRoads

LEAST_S = 0.5
"""Shorter gaps between steps are no waits [s]."""


def waits_of(on: OnRoads, lorry: str) -> dict[int, float]:
    """Return by step how long a lorry waits before it [s]; who leaves a yard later does not wait."""
    steps = on.trips[lorry].steps
    start = next(s for s in on.contents.fleet if s.lorry == lorry)
    ends_s = start.from_s if start.after is not None else steps[0].begins_s if steps else 0.0
    found: dict[int, float] = {}
    for number, step in enumerate(steps):
        if step.begins_s - ends_s > LEAST_S:
            found[number] = step.begins_s - ends_s
        ends_s = step.ends_s
    return found


def late_at(behind_s: float, here: int, waits: Mapping[int, float], step: int) -> float:
    """Return how late a lorry will be at a step that is as late as ``behind_s`` at step ``here`` [s].

    Who is late waits less; who is early waits all the same.
    """
    for number in sorted(waits):
        if here < number <= step:
            behind_s = max(0.0, behind_s - waits[number])
    return behind_s


def with_waits(on: OnRoads, card: Card) -> Card:
    """Return a card that says where the lorry waits."""
    waits = waits_of(on, card.lorry)
    if not waits:
        return card
    return replace(card, entries=tuple(_with_wait(e, waits) for e in card.entries))


def _with_wait(e: Entry, waits: Mapping[int, float]) -> Entry:
    here_s = waits.get(e.first, 0.0)
    within_s = sum(s for n, s in waits.items() if e.first < n <= e.last)
    text = (
        e.text if here_s == 0.0 else f"Wait {_minutes(here_s)}, not on before the time beside this. {e.text}"
    )
    return replace(e, text=text if within_s == 0.0 else f"{text} On the way wait {_minutes(within_s)}.")


def _minutes(wait_s: float) -> str:
    return f"about {max(1, round(wait_s / 60.0))} min"
