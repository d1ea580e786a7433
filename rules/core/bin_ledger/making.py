"""Makes a statement of its inputs: the same inputs give the same statement."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from rules.core.bin_ledger import words
from rules.core.bin_ledger.codec import digest
from rules.core.bin_ledger.confidence import Drawn, Draws, Point, draws, interval
from rules.core.bin_ledger.days import BinDays, bin_days
from rules.core.bin_ledger.kpis import kpis, rows
from rules.core.bin_ledger.lines import LINES, Facts
from rules.core.bin_ledger.lines import Line as Formula
from rules.core.bin_ledger.rounds import driven, fixed
from rules.core.bin_ledger.statement import Assumption, LeftOut, Line, SelfCheck, Statement, Verdict
from rules.core.bin_ledger.tariffs import Figure
from rules.core.bin_ledger.values import Inputs, Schedule
from rules.core.bin_ledger.what_if import what_ifs

TOLERANCE, TOLERANCE_MIN = 0.10, 2.0
"""The replay of what was done agrees with what was measured: to so much of it, or so many minutes a bin-day."""


@dataclass(frozen=True, slots=True)
class Made:
    """A statement, the facts that it is of, and the digest of its inputs."""

    statement: Statement
    facts: Facts
    digest: str


def facts_of(i: Inputs, schedule: Schedule | None = None) -> Facts:
    """Return a period's bin-days and ways; ``schedule``: another one than the inputs'."""
    asked = i.schedule if schedule is None else schedule
    days = bin_days(i, asked)
    emptied = np.zeros(len(days.cal.days))
    for e in i.emptyings:
        day = days.cal.day_of(e.t_s)
        if day is not None:
            emptied[day] += 1.0
    done = [
        w for w in i.work if w.done and w.closed_s is not None and days.cal.day_of(w.closed_s) is not None
    ]
    return Facts(
        i, days, driven(i, days.cal, emptied, days.seen), fixed(i, days.cal, asked, days.seen), sum(w.cost_gbp or 0.0 for w in done),
        sum(w.cost_gbp is None for w in done),
    )  # fmt: skip


def make(i: Inputs, *, over: bool = True) -> Made:
    """Return the statement of a period; ``over``: whether it has ended and its readings have come."""
    f, seal = facts_of(i), digest(i)
    d, weights = f.days, weights_of(f, seal)
    lines = lines_of(f, weights)
    known = int(d.known.sum())
    made = Statement(
        town=i.town, first=i.first, last=i.last, provisional=not (over and is_month(i)), answer=words.answer(lines, f),
        weeks=round(weights.weeks, 2), bins=len(i.bins), judged=len(d.bins), bin_days=d.known.size, bin_days_known=known,
        lines=lines, kpis=kpis(f), rows=rows(f), left_out=tuple(_left_out(d)), check=check(f), what_ifs=what_ifs(f, lines, facts_of),
        assumptions=tuple(_assumptions(i)), km_source=words.km_source(f), unseen_share=_unseen(d), method=words.method(f),
        notes=(*i.notes, *words.notes(f)), schedule=words.schedule(i.schedule, i.bins),
    )  # fmt: skip
    return Made(made, f, seal)


def weights_of(f: Facts, seal: str) -> Draws:
    """Return the weights of a statement's draws: the same for the same digest of inputs."""
    m = f.i.method
    return draws(len(f.days.bins), len(f.days.cal.days), m.block_days, m.draws, int(seal[:12], 16))


def is_month(i: Inputs) -> bool:
    """Whether the days are a whole month."""
    last = months.monthrange(i.first.year, i.first.month)[1]
    return i.first.day == 1 and i.last == i.first + timedelta(days=last - 1)


def lines_of(f: Facts, weights: Draws) -> tuple[Line, ...]:
    """Return the lines with their intervals."""
    known = Point(f.i.tariffs), Drawn(f.i.tariffs, weights)
    return tuple(
        _line(f, known, weights.wider, formula, Line(key=key, name=name, unit=unit, better=better))
        for key, name, unit, better, formula in LINES
    )


def _line(f: Facts, known: tuple[Point, Drawn], wider: float, formula: Formula, line: Line) -> Line:
    found, many = (formula(f, k) for k in known)
    note = words.line_note(line.key, f)
    if found is None or many is None or not f.days.bins:
        one = float(np.sum(_actual_alone(line.key, f)))
        return Line(
            key=line.key, name=line.name, unit=line.unit, better=line.better, note=note,
            actual=None if np.isnan(one) else one,
        )  # fmt: skip
    was, would = float(found[0]), float(found[1])
    if line.key == "sensors":
        spread = interval(was - would, many[0] - many[1], 1.0)  # weeks and bins have no part in it
    else:
        spread = interval(was - would, many[0] - many[1], wider)
    low, high = (None, None) if spread is None else spread
    return Line(
        key=line.key, name=line.name, unit=line.unit, better=line.better, actual=was, fixed=would,
        difference=was - would, low=low, high=high, verdict=_verdict(low, high), note=note,
    )  # fmt: skip


def _actual_alone(key: str, f: Facts) -> float:
    """Return what was, where only what would have been is not known; NaN where neither is."""
    if key == "complaints" and f.i.complaints is not None:
        return float(sum(f.days.cal.day_of(c.t_s) is not None for c in f.i.complaints))
    if key in ("km", "hours"):
        values = getattr(f.was, key)
        return float("nan") if values is None else float(values.sum())
    return float("nan")


def _verdict(low: float | None, high: float | None) -> Verdict:
    if low is None or high is None or low <= 0.0 <= high:
        return "not shown"
    return "less" if high < 0.0 else "more"


def check(f: Facts) -> SelfCheck:
    """Return how the method does on what was really done."""
    measured, replayed = (float(f.of(side, "over_s").sum()) / 60.0 for side in ("actual", "checked"))
    tolerance = max(TOLERANCE * measured, TOLERANCE_MIN * float(f.days.known.sum()))
    return SelfCheck(
        measured_min=measured, replayed_min=replayed, tolerance_min=tolerance,
        held=abs(replayed - measured) <= tolerance,
    )  # fmt: skip


def _left_out(d: BinDays) -> Iterator[LeftOut]:
    for bin_id, why in d.left_out.items():
        yield LeftOut(bin_id=bin_id, why=why)
    for bin_id, known in zip(d.bins, d.known, strict=True):
        gone = tuple(day for day, is_known in zip(d.cal.days, known, strict=True) if not is_known)
        if gone:
            yield LeftOut(bin_id=bin_id, why="days not known", days=gone)


def _assumptions(i: Inputs) -> Iterator[Assumption]:
    for name in i.tariffs.__struct_fields__:
        x: Figure = getattr(i.tariffs, name)
        yield Assumption(
            name=name, value=x.value, low=x.low, high=x.high, unit=x.unit, source=x.source, year=x.year, assumed=x.assumed
        )  # fmt: skip


def _unseen(d: BinDays) -> float:
    seen, unseen = (sum(float(getattr(x, n)[-1]) for x in d.demands) for n in ("seen", "estimated"))
    return unseen / (seen + unseen) if seen + unseen > 0.0 else 0.0
