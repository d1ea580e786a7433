"""The day's rounds as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from ops_api.terminal_text import escaped
from rules.core.crew.model import LorryProgress
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.plan import LorryRound
from rules.rounds.following import DayNow
from rules.rounds.ports import Rounds

LEFT_SHOWN = 10
"""Bins that are left, beside must-go ones, so many are named."""


def plan_lines(rounds: Rounds, zone: tzinfo) -> Iterator[str]:
    """Yield what a plan says."""
    plan = rounds.plan
    asked = len(plan.made_from.candidates)
    yield (
        f"rounds {rounds.version} of {rounds.day}: {len(plan.lorry_of)} of {asked} bins, {plan.metres / 1000:.1f} km, "
        f"£{plan.costs.lorries_gbp:.2f} for lorries, £{plan.costs.left_gbp:.2f} of overflows risked"
    )
    for round_ in plan.rounds:
        yield from _round_lines(round_, plan.day_s, zone)
    for n in plan.missed:
        yield f"NOT MET {n.bin_id}: {n.why}"
    may = [n for n in plan.not_collected if not n.must]
    for n in may[:LEFT_SHOWN]:
        yield f"left {n.bin_id}: {n.why}"
    if len(may) > LEFT_SHOWN:
        yield f"left: {len(may) - LEFT_SHOWN} more that may wait"
    yield from plan.notes


def _round_lines(round_: LorryRound, day_s: int, zone: tzinfo) -> Iterator[str]:
    if not round_.stops:
        yield f"{round_.lorry_id}: stays"
        return

    def clock(s: int) -> str:
        return f"{datetime.fromtimestamp(day_s + s, zone):%H:%M}"

    first, last = round_.stops[0], round_.stops[-1]
    yield (
        f"{round_.lorry_id}: {clock(first.begins_s)} to {clock(last.ends_s)}, {len(round_.bins)} bins, "
        f"{round_.lifted_kg:.0f} kg, {round_.metres / 1000:.1f} km, £{round_.cost_gbp:.2f}"
    )
    for trip in round_.trips:
        bins = [s.ref for s in trip if s.kind == "bin"]
        others = [
            f"{s.kind} {s.ref}".strip() + f" {clock(s.begins_s)}"
            for s in trip
            if s.kind in ("tip", "break", "end")
        ]
        yield f"  {' '.join(bins)}{' | ' if bins else ''}{', '.join(others)}"


PHASES = {
    "waits": "waits in its yard", "drives": "drives", "at_stop": "is at a stop", "break": "has a break",
    "off_plan": "is off its way", "silent": "is not heard of", "back": "is back", "idle": "has no round",
}  # fmt: skip


def day_lines(now: DayNow, zone: tzinfo) -> Iterator[str]:
    """Yield where lorries are."""
    rounds = now.rounds
    done = sum(p.done_n for p in now.progress.values())
    bins = sum(p.bins_n for p in now.progress.values())
    yield (
        f"rounds {rounds.version} of {rounds.day} at {datetime.fromtimestamp(now.now_s, zone):%H:%M}: {done} of {bins} bins emptied"
    )
    for p in now.progress.values():
        yield from _lorry_lines(now, p, zone)


def _lorry_lines(now: DayNow, p: LorryProgress, zone: tzinfo) -> Iterator[str]:
    def clock(s: int | None) -> str:
        return "?" if s is None else f"{datetime.fromtimestamp(rounds.plan.day_s + s, zone):%H:%M}"

    rounds = now.rounds
    if p.lorry_id in now.out:
        said = now.out[p.lorry_id]
        yield f"{p.lorry_id}: out of service since {datetime.fromtimestamp(said.at_s, zone):%H:%M} ({escaped(said.reason)})"
        return
    line = f"{p.lorry_id}: {PHASES[p.phase]}, {p.done_n} of {p.bins_n} emptied"
    if p.skipped_n:
        line += f", {p.skipped_n} left"
    line += f", {p.load_kg:.0f} kg on board"
    if p.next is not None:
        stop = p.stops[p.next]
        line += f"; next {stop.kind} {stop.ref} {clock(stop.expected_s)}, back {clock(p.ends_s)}"
    if abs(p.behind_s) >= 60:
        line += f", {abs(p.behind_s) // 60} min {'behind' if p.behind_s > 0 else 'ahead'}"
    yield line
    for stop in (*p.earlier, *p.stops):
        if stop.state == "skipped" and stop.kind == "bin":
            yield f"  left {stop.ref}: {stop.what or ''}{': ' if stop.reason else ''}{escaped(stop.reason)}"


def fleet_lines(fleet: RoundFleet) -> Iterator[str]:
    """Yield the lorries, and where they unload."""
    for v in fleet.lorry:
        home = "" if v.home == v.depot else f", ends at {v.home}"
        yield (
            f"{v.id}: {v.depot}{home}, {', '.join(v.streams)}, {v.max_kg:g} kg, {v.max_l:g} l, "
            f"from {v.start} for {v.hours:g} h and {v.overtime_hours:g} h of overtime"
        )
    for t in fleet.tip:
        takes = "all" if t.streams is None else ", ".join(t.streams)
        yield f"tip {t.id}: {takes}, {t.opens} to {t.closes}, {t.unload_min:g} min"
