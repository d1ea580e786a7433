"""Whether two devices live under one name. Pure.

A life is a card (``install``) in one of its starts (``boot``), told apart from another of the same numbers by when it
started. A device that starts again, or gets a new card, begins a new life and the one before is over. So a life that
speaks again after another one spoke is a second device: no restart, no repair and no lost connection looks like that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_START_MS = 120_000
"""How far two reports of when one life started may be apart: a clock that is set moves it [ms]."""
WINDOW = timedelta(days=7)
"""How long ago a life may have last spoken and still be one of the two."""


@dataclass(frozen=True, slots=True)
class Run:
    """Births of one life without another's between them.

    Attributes:
        install: id of the card, made with its outbox.
        boot: number of the start.
        started_ms: when that was by the device's own clocks [ms since 1970]; None: not said.
        first_seen, last_seen: of the births.
    """

    install: str
    boot: int
    started_ms: int | None
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a device is taken for two: in words for a person, and the cards that showed themselves."""

    reason: str
    installs: tuple[str, ...]


def same_life(one: Run, other: Run) -> bool:
    """Whether two runs are of one life."""
    if (one.install, one.boot) != (other.install, other.boot):
        return False
    if one.started_ms is None or other.started_ms is None:
        return True
    return abs(one.started_ms - other.started_ms) <= SAME_START_MS


def find_clone(runs: Sequence[Run], keep: str | None = None) -> Finding | None:
    """Return why the runs, in the order in which they came, are of two devices; None: they are of one.

    Args:
        runs: the newest of a device's.
        keep: the only card that is believed, after a quarantine was ended; None: any.
    """
    if keep is not None:
        for run in runs:
            if run.install != keep:
                reason = (
                    f"card {run.install} showed itself, and only {keep} is believed since the last quarantine"
                )
                return Finding(reason, (keep, run.install))
    for at in range(2, len(runs)):
        earlier = _earlier(runs, at)
        if earlier is not None:
            return _finding(runs[earlier], runs[earlier + 1], runs[at])
    return None


def _earlier(runs: Sequence[Run], at: int) -> int | None:
    """Return the place of the run of the same life as ``runs[at]`` before the ones between; None: there is none."""
    for place in range(at - 2, -1, -1):
        if runs[at].first_seen - runs[place].last_seen > WINDOW:
            return None
        if same_life(runs[place], runs[at]) and not same_life(runs[at - 1], runs[at]):
            return place
    return None


def _finding(first: Run, between: Run, again: Run) -> Finding:
    if first.install == between.install:
        what = f"starts {again.boot} and {between.boot} of card {again.install}"
    else:
        what = f"cards {again.install} and {between.install}"
    text = f"{what} showed themselves in turn: {first.last_seen:%H:%M:%S}, {between.first_seen:%H:%M:%S} and again {again.first_seen:%H:%M:%S} UTC"
    return Finding(text, tuple(dict.fromkeys((first.install, between.install))))
