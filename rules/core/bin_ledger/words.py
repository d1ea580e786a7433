"""A statement's sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from rules.core.bin_ledger.calendar import of_plans
from rules.core.bin_ledger.lines import Facts
from rules.core.bin_ledger.statement import Line
from rules.core.bin_ledger.values import Bin, Schedule

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
FEW_WEEKS = 8.0


def answer(lines: Sequence[Line], f: Facts) -> str:
    """Return the answer to: did the sensors save anything?"""
    found = {x.key: x for x in lines}
    cost, stops = found["in_all"], found["collections"]
    if not f.days.bins:
        return "Not known: no bin was measured on enough days."
    if cost.difference is None:
        why = "no rounds are kept" if f.was.km is None else "the fixed schedule's km can't be told"
        return f"Not known in money: {why}. {_stops(stops)}"
    if cost.verdict == "not shown" or cost.low is None or cost.high is None:
        return f"Not shown: {_between(cost)}, with the sensors' own cost counted in. {_stops(stops)}"
    yes = "Yes" if cost.verdict == "less" else "No"
    return f"{yes}: {_between(cost)}, with the sensors' own cost counted in. {_stops(stops)}"


def _between(cost: Line) -> str:
    assert cost.difference is not None
    middle = f"{money(abs(cost.difference))} {'saved' if cost.difference <= 0.0 else 'lost'}"
    if cost.low is None or cost.high is None:
        return f"{middle}, from too few weeks to say how sure that is"
    return f"{middle} in all, nine times in ten between {_side(-cost.high)} and {_side(-cost.low)}"


def _side(saved: float) -> str:
    return f"{money(abs(saved))} {'saved' if saved >= 0.0 else 'lost'}"


def money(gbp: float) -> str:
    """Return an amount for people."""
    return f"£{gbp:,.0f}"


def _stops(line: Line) -> str:
    if line.verdict == "less" and line.actual is not None and line.fixed:
        return f"Collections: {line.actual:,.0f} instead of {line.fixed:,.0f}."
    if line.verdict == "more" and line.actual is not None and line.fixed is not None:
        return f"More collections than on fixed days: {line.actual:,.0f} instead of {line.fixed:,.0f}."
    return "That there were fewer collections is not shown by itself."


def km_source(f: Facts) -> str:
    """Return how km are known."""
    if f.was.km is None:
        return "No rounds are kept: km, hours, fuel, CO2 and the cost of driving are not known."
    share = f.was.tracked
    how = "measured by the lorries" if share == 1.0 else "as planned, not as measured"
    if 0.0 < share < 1.0:
        how = f"{100.0 * share:.0f} % measured by the lorries, the rest as planned"
    fixed = "not known" if f.fixed.km is None else "as planned" if not f.fixed.estimated else "estimated"
    return f"Km driven: {how}. Km of the fixed schedule: {fixed}."


def line_note(key: str, f: Facts) -> str:
    """Return what a line's reader must know; empty where there is nothing."""
    if key in ("km", "hours", "fuel", "co2", "running", "in_all") and f.was.km is None:
        return "no rounds are kept"
    if key in ("km", "hours", "fuel", "co2", "running") and (f.was.estimated or f.fixed.estimated):
        return "partly estimated, see the method"
    if key == "complaints":
        if f.i.complaints is None:
            return "no complaints are kept"
        return (
            "what fixed days would have brought is not known: no earlier time is set"
            if f.i.baseline is None
            else f.i.baseline.source
        )
    if key == "sensors":
        return (
            f"{f.sensors} sensors, {f.visits} visits by the tariff, {money(f.work_gbp)} of visits as invoiced"
        )
    return ""


def notes(f: Facts) -> tuple[str, ...]:
    """Return what the reader of the whole must know."""
    return tuple(_notes(f))


def _notes(f: Facts) -> Iterator[str]:
    weeks = len(f.days.cal.days) / 7.0
    if weeks < FEW_WEEKS:
        yield f"These are {weeks:.1f} weeks: how weeks differ is hardly seen in so few, so the intervals are wide. A quarter says more."
    if f.days.left_out:
        yield f"{len(f.days.left_out)} of {len(f.i.bins)} bins are in no figure by bin; they are listed."
    lost = int((~f.days.known).sum())
    if lost:
        yield f"{lost} bin-days are not known and in neither side's figures; they are listed."
    dark = int((~f.days.seen).sum())
    if dark:
        yield f"On {dark} days no bin is known: what was driven on them, and what would have been, is in neither side's figures."
    if f.was.unknown_days:
        yield (
            f"On {f.was.unknown_days} days bins were emptied and no round is kept: km and hours are made up for by the other days' "
            "km and hours for each emptying."
        )
    if not any(d.bins or d.stops for d in f.i.rounds or ()):
        yield (
            "Stops at bins with little in them leave no fall that could be seen, and no round says where it stopped: there may "
            "have been more stops than are counted."
        )
    assumed = sum(getattr(f.i.tariffs, n).assumed for n in f.i.tariffs.__struct_fields__)
    if assumed:
        yield f"{assumed} of {len(f.i.tariffs.__struct_fields__)} prices and factors are assumptions that nobody has replaced by this town's."
    gone = {b for p in f.i.schedule.plans for b in p.bins} - {b.bin_id for b in f.i.bins}
    if gone:
        yield f"{len(gone)} bins of the fixed schedule are not installed and not counted: {', '.join(sorted(gone)[:5])}."
    still = sum(w.closed_s is None for w in f.i.work)
    if still:
        yield f"{still} work orders of sensors are open: their cost comes with the month in which they are done."


def schedule(s: Schedule, bins: Sequence[Bin]) -> tuple[str, ...]:
    """Return a schedule in words, round by round."""
    whose = of_plans(s, bins)
    found = [f"From: {s.source}."]
    for p in s.plans:
        on = ", ".join(WEEKDAYS[d] for d in p.weekdays) if p.weekdays else f"every {p.every_days} days"
        way = "km not planned" if p.km is None else f"{p.km:g} km"
        time = "hours not planned" if p.hours is None else f"{p.hours:g} h"
        off = f", not on {len(p.not_on)} days" if p.not_on else ""
        found.append(f"{p.name}: {len(whose[p.name])} bins, {on}{off}, {way} and {time} a day.")
    return tuple(found)


def method(f: Facts) -> tuple[str, ...]:
    """Return how it was reckoned, in paragraphs."""
    m = f.i.method
    hidden = sum(float(np.diff(d.hidden, axis=1).sum()) for d in f.days.demands) / 3600.0
    return (
        (
            "What was thrown into each bin is reconstructed from its own sensor: between two emptyings the level's rise from its "
            "begin to its end, each told by several readings, so that noise is not counted as waste; when it came, by a rising curve "
            "through all readings. What settles is taken off."
        ),
        (
            f"While a bin was full or silent before an emptying ({hidden:,.0f} hours here) what came was not seen. It is estimated "
            "from the bin's own hours of the week; the intervals allow for more and for less."
        ),
        (
            "The same waste is then thrown into the same bins emptied on the fixed days instead, each day at the schedule's hours. "
            f"From {m.overflow_pct:g} % on a bin overflows. Days that are not known count on neither side."
        ),
        (
            "The method is tried on itself: the same waste replayed with the emptyings that really were must give the overflow that "
            "was measured."
        ),
        (
            "Intervals are 90 %: bins and blocks of seven days are drawn anew "
            f"{m.draws:,} times, widened for few weeks as Student's t is, with draws of how well emptyings are detected, how km are known "
            "and what things cost. Where an interval has 0 in it, a difference is not shown."
        ),
        (
            "Km that nobody planned are estimated: a tour grows with the root of its stops (Beardwood, Halton and Hammersley 1959), "
            "from the rounds that were driven; hours that nobody told from the speed of those that are told (else of the fixed days' plans) and "
            f"{m.service_s:g} s a stop."
        ),
        f"Method version {m.version}.",
    )
