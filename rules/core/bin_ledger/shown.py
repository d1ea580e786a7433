"""Figures of a statement as people read them: the same on paper, in the terminal and on the page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rules.core.bin_ledger.statement import Kpi, LeftOut, Line, Statement, WhatIf

NOT_KNOWN = "not known"
FEW = 10.0
LISTED = 12
"""So many days of a bin are named one by one."""


def number(value: float | None, unit: str = "") -> str:
    """Return a figure: whole from ten on, and where it is whole; pence are told below ten pounds."""
    if value is None:
        return NOT_KNOWN
    is_whole = abs(value) >= FEW or value == 0.0 or (unit != "£" and float(value).is_integer())
    text = f"{abs(value):,.0f}" if is_whole else f"{abs(value):,.2f}"
    sign = "−" if value < 0.0 and text.strip("0.,") else ""
    return f"{sign}£{text}" if unit == "£" else f"{sign}{text} {unit}".rstrip()


def signed(value: float | None, unit: str = "") -> str:
    """Return a difference, with its sign."""
    text = number(value, unit)
    return f"+{text}" if value is not None and value > 0.0 else text


def between(line: Line) -> str:
    """Return a line's interval; empty where there is none."""
    if line.low is None or line.high is None:
        return ""
    return f"{signed(line.low, line.unit)} to {signed(line.high, line.unit)}"


def verdict(line: Line) -> str:
    """Return what a line shows: a gain, a loss, or nothing."""
    if line.verdict in ("not shown", "not known"):
        return line.verdict
    return f"{line.verdict}: {'better' if line.verdict == line.better else 'worse'}"


def period(s: Statement) -> str:
    """Return the days in words."""
    if s.first.day == 1 and not s.provisional:
        return f"{s.first:%B %Y}"
    return f"{day(s.first)} to {day(s.last)}"


def day(value: date) -> str:
    """Return a day in words."""
    return f"{value.day} {value:%B %Y}"


def kpi(k: Kpi) -> tuple[str, str, str]:
    """Return a key figure's row."""
    return (
        k.name,
        number(k.actual, k.unit),
        "" if k.fixed is None and k.actual is not None else number(k.fixed, k.unit),
    )


def what_if(w: WhatIf) -> tuple[str, str]:
    """Return a what-if's row: what is otherwise, and what is saved then."""
    if w.value:
        return w.what, w.value
    stops = "" if w.collections is None else f"{signed(w.collections)} collections"
    over = "" if w.overflow_min is None else f"{signed(w.overflow_min)} overflow minutes"
    cost = "cost not known" if w.saved_gbp is None else f"{signed(w.saved_gbp, '£')}"
    return w.what, "; ".join(x for x in (cost, stops, over) if x)


def left_out(rows: tuple[LeftOut, ...]) -> Iterator[str]:
    """Yield what is in no figure, a sentence each."""
    for r in rows:
        if not r.days:
            yield f"{r.bin_id}: {r.why}"
        elif len(r.days) > LISTED:
            yield f"{r.bin_id}: {len(r.days)} days not known, from {r.days[0]} to {r.days[-1]}"
        else:
            yield f"{r.bin_id}: not known on {', '.join(map(str, r.days))}"


def check(s: Statement) -> str:
    """Return how the method does on itself, in words."""
    c = s.check
    off = abs(c.replayed_min - c.measured_min)
    share = f" ({100.0 * off / c.measured_min:.1f} %)" if c.measured_min > 0.0 else ""
    end = (
        "so it holds." if c.held else "so it does NOT hold: the figures of overflow are not to be relied on."
    )
    return (
        f"Replayed with the emptyings that really were, the method gives {number(c.replayed_min)} overflow minutes where "
        f"{number(c.measured_min)} were measured: {number(off)} apart{share}. Up to {number(c.tolerance_min)} is allowed, {end}"
    )
