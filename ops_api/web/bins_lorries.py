"""The board's table of lorries: stops, way, load and times of each, and how far it has come. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ops_api.bin_rounds import TodaysRounds
from ops_api.web import words
from ops_api.web.bins_today import Today
from rules.core.crew.model import LorryProgress, StopNow
from rules.core.rounds.plan import LorryRound

PHASES: Mapping[str, str] = {
    "waits": "In its yard", "drives": "Under way", "at_stop": "At a stop", "break": "On a break", "off_plan": "Away from its round",
    "silent": "Not heard of", "back": "Back", "idle": "Stays",
}  # fmt: skip
WATCHED = frozenset({"off_plan", "silent"})
LATE_S = 900
"""A lorry that is so much behind is said to be [s]."""


@dataclass(frozen=True, slots=True)
class LorryRow:
    """A lorry of today's plan.

    Attributes:
        lorry_id, letter: its name, and its letter on the map.
        look: number of its colour and dashes on the map.
        stays: it has no round.
        bins, done, skipped: how many bins, and how many of them are done or skipped.
        tips, km, load: unloadings, way, and the heaviest load with its share of what it holds.
        starts, back: clock times; ``late``: how much later than planned, in words.
        phase: where it is; ``watch``: whether that wants somebody's look.
        is_known: whether anybody has heard of it; False: all is by the plan.
    """

    lorry_id: str
    letter: str
    look: int
    stays: bool
    bins: int
    done: int
    skipped: int
    tips: int
    km: str
    load: str
    starts: str
    back: str
    late: str
    phase: str
    watch: bool
    is_known: bool
    overtime: str


LOOKS = 8
"""Colours and dashes there are; the letter tells lorries apart beyond."""


def lorry_rows(today: Today) -> tuple[LorryRow, ...]:
    """Return the lorries of today's plan; those that stay last."""
    rounds = today.rounds
    if rounds is None:
        return ()
    rows = [_row(r, i, rounds, today) for i, r in enumerate(rounds.plan.rounds)]
    return tuple(sorted(rows, key=lambda r: r.stays))


def _row(r: LorryRound, number: int, rounds: TodaysRounds, today: Today) -> LorryRow:
    progress = rounds.progress.get(r.lorry_id)
    ends_s = r.ends_s if progress is None or progress.ends_s is None else progress.ends_s
    bins = len(r.bins) if progress is None else progress.bins_n
    return LorryRow(
        lorry_id=r.lorry_id,
        letter=today.letters[r.lorry_id],
        look=number % LOOKS,
        stays=not r.stops and bins == 0,
        bins=bins,
        done=0 if progress is None else sum(_is_done(x) for x in (*progress.earlier, *progress.stops)),
        skipped=0 if progress is None else progress.skipped_n,
        tips=sum(s.kind == "tip" for s in r.stops),
        km=f"{words.number(r.metres / 1000, 1)} km",
        load=_load(r, rounds),
        starts=today.clock(r.begins_s),
        back=today.clock(ends_s),
        late=_late(progress),
        phase=_phase(r.lorry_id, progress, rounds),
        watch=progress is not None and progress.phase in WATCHED,
        is_known=progress is not None and progress.seen_s is not None,
        overtime="" if not r.overtime_s else f"{r.overtime_s // 60} min overtime",
    )


def _is_done(stop: StopNow) -> bool:
    return stop.kind == "bin" and stop.state == "done" and stop.by != "clock"


def _phase(lorry_id: str, progress: LorryProgress | None, rounds: TodaysRounds) -> str:
    if lorry_id in rounds.out:
        return "Out of service"
    return "" if progress is None else PHASES[progress.phase]


def _load(r: LorryRound, rounds: TodaysRounds) -> str:
    """Return the heaviest load on the round, with the share of the payload."""
    if not r.stops:
        return "–"
    most_kg = max(s.load_kg for s in r.stops)
    lorry = (
        None if rounds.fleet is None else next((x for x in rounds.fleet.lorry if x.id == r.lorry_id), None)
    )
    share = f" ({100 * most_kg / lorry.max_kg:.0f}%)" if lorry is not None and lorry.max_kg > 0 else ""
    return f"{words.number(most_kg / 1000, 1)} t{share}"


def _late(progress: LorryProgress | None) -> str:
    if progress is None or abs(progress.behind_s) < LATE_S:
        return ""
    minutes = abs(progress.behind_s) // 60
    long = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
    return f"{long} {'late' if progress.behind_s > 0 else 'early'}"


def back_by(today: Today) -> str:
    """Return when the last lorry is back; empty where none drives."""
    rounds = today.rounds
    if rounds is None:
        return ""
    ends = [
        (r.ends_s if p is None or p.ends_s is None else p.ends_s)
        for r in rounds.plan.rounds
        if (r.stops) and ((p := rounds.progress.get(r.lorry_id)) is None or p.phase != "back")
    ]
    known = [e for e in ends if e is not None]
    return today.clock(max(known)) if known else ""


def driving(today: Today) -> int:
    """Return how many lorries have a round today."""
    return sum(not r.stays for r in lorry_rows(today))
