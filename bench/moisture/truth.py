"""What truly happened beside what was found: precision, recall, and whether the guess was right. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from firmware_sim.world.home_events import ACTIVITIES
from firmware_sim.world.home_weeks import Weeks
from rules.core.moisture_events.diary import Entry
from rules.core.moisture_events.model import Event

QUICK = ("shower", "cooking")
SLACK_S = 600.0
"""How far a found event may be from a true one [s]: two bins."""


@dataclass(frozen=True, slots=True)
class TrueEvent:
    """One true event: what, from when to when [s], grams."""

    activity: str
    start_s: float
    end_s: float
    grams: float


@dataclass(slots=True)
class Score:
    """Counts over homes.

    Attributes:
        found, right: events found; of them at a true one.
        happened, seen: by activity, events that happened; of them found.
        alone: of those seen, with a found event of its own (one found event stands for one true one).
        told, named: found events that are right; of them with the right activity.
    """

    found: int = 0
    right: int = 0
    happened: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    alone: int = 0
    told: int = 0
    named: int = 0

    def add(self, found: Sequence[tuple[float, float, str]], truth: Sequence[TrueEvent]) -> None:
        """Count one home: found events as (start, peak, activity) and what happened."""
        hits = [[t for t in truth if touches(f, t)] for f in found]
        self.found += len(found)
        self.right += sum(bool(h) for h in hits)
        for t in truth:
            self.happened[t.activity] = self.happened.get(t.activity, 0) + 1
            self.seen[t.activity] = self.seen.get(t.activity, 0) + any(touches(f, t) for f in found)
        self.alone += pairs(found, truth)
        self.told += sum(bool(h) for h in hits)
        self.named += sum(any(t.activity == f[2] for t in h) for f, h in zip(found, hits, strict=True) if h)

    def figures(self) -> dict[str, object]:
        """Return shares, None where there is nothing to divide by."""
        happened, seen = sum(self.happened.values()), sum(self.seen.values())
        return {
            "found": self.found,
            "happened": happened,
            "precision": share(self.right, self.found),
            "recall": share(seen, happened),
            "recall_one_to_one": share(self.alone, happened),
            "recall_by_activity": {a: share(self.seen[a], n) for a, n in sorted(self.happened.items())},
            "right_activity": share(self.named, self.told),
        }


def touches(found: tuple[float, float, str], t: TrueEvent) -> bool:
    """Whether a found event, from its start to its peak, is at a true one."""
    return t.start_s - SLACK_S <= found[1] and found[0] <= t.end_s + SLACK_S


def pairs(found: Sequence[tuple[float, float, str]], truth: Sequence[TrueEvent]) -> int:
    """Return how many true events have a found one of their own, nearest first."""
    costs = sorted(
        (abs(f[0] - t.start_s), i, k)
        for i, f in enumerate(found)
        for k, t in enumerate(truth)
        if touches(f, t)
    )
    a: set[int] = set()
    b: set[int] = set()
    for _, i, k in costs:
        if i not in a and k not in b:
            a.add(i)
            b.add(k)
    return len(a)


def share(part: int, whole: int) -> float | None:
    """Return part / whole to three places; None of nothing."""
    return None if whole == 0 else round(part / whole, 3)


def truth_of(w: Weeks, home: int, activities: Sequence[str]) -> list[TrueEvent]:
    """Return the true events of some activities in one home, in order of time."""
    mine = w.events.home == home
    columns = zip(
        w.events.activity[mine],
        w.events.start_s[mine],
        w.events.end_s[mine],
        w.events.vapour_g[mine],
        strict=True,
    )
    every = [TrueEvent(ACTIVITIES[a], float(s), float(e), float(g)) for a, s, e, g in columns]
    return sorted((t for t in every if t.activity in activities), key=lambda t: t.start_s)


def spans(events: Sequence[Event]) -> list[tuple[float, float, str]]:
    """Return the household's events as (start, peak, activity)."""
    return [(e.start_s, e.peak_s, e.activity) for e in events if e.of_the_household]


def diary_of(truth: Sequence[TrueEvent], told_share: float, rng: np.random.Generator) -> list[Entry]:
    """Return a diary: a share of what happened, told from 5 minutes before it began to 45 after it ended."""
    kept = [t for t in truth if rng.uniform() < told_share]
    return [
        Entry(at_s=float(rng.uniform(t.start_s - 300.0, t.end_s + 2700.0)), activity=t.activity) for t in kept
    ]
