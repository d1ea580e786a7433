"""The page of the bins' savings ledger: a statement as sentences and rows in plain English."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rules.core.bin_ledger import shown
from rules.core.bin_ledger.statement import Line, Statement

FIRST = ("collections", "km", "hours", "co2", "overflow_days", "complaints", "running", "sensors", "in_all")
"""What the page shows first; the rest is in the statement's PDF."""
NONE = "No statement is kept yet"
NONE_SUB = (
    "A month's statement is made when the month is over, where the fixed days that it compares with are set: "
    "cityops bins schedule set FILE."
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A line: what, what was, on fixed days, the difference in words, and whether it is ``good``, ``bad`` or ``open``."""

    name: str
    was: str
    fixed: str
    difference: str
    kind: str


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """The page: headline and sentences, rows, what would change the answer, and the months there are."""

    headline: str
    sub: str
    rows: tuple[Row, ...] = ()
    what_ifs: tuple[tuple[str, str], ...] = ()
    sure: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    compared: tuple[str, ...] = ()
    months: tuple[tuple[str, str, bool], ...] = ()


def page(s: Statement | None, months: Sequence[date]) -> LedgerPage:
    """Return the page of a statement.

    Args:
        s: the statement; None: none is kept.
        months: of which one is kept, newest first.
    """
    if s is None:
        return LedgerPage(NONE, NONE_SUB)
    return LedgerPage(
        headline=s.answer,
        sub=f"{shown.period(s)}: {s.judged} of {s.bins} bins judged, {s.bin_days_known:,} of {s.bin_days:,} bin-days known.",
        rows=tuple(_row(s.line(key)) for key in FIRST),
        what_ifs=tuple(shown.what_if(w) for w in s.what_ifs),
        sure=(shown.check(s), s.km_source, *s.notes),
        left_out=tuple(shown.left_out(s.left_out)),
        compared=s.schedule,
        months=tuple((f"{m:%Y-%m}", f"{m:%B %Y}", m == s.first) for m in months),
    )


def _row(line: Line) -> Row:
    kind = (
        "open"
        if line.verdict in ("not shown", "not known")
        else "good"
        if line.verdict == line.better
        else "bad"
    )
    return Row(
        line.name,
        shown.number(line.actual, line.unit),
        shown.number(line.fixed, line.unit),
        _difference(line),
        kind,
    )


def _difference(line: Line) -> str:
    """Return the difference in words: never a number alone where it is not shown."""
    if line.difference is None:
        return f"Not known{f': {line.note}' if line.note else ''}."
    if line.low is None:
        return "Not shown: too few weeks to say how sure it is."
    if line.verdict == "not shown":
        return f"Not shown: {shown.between(line)}."
    return f"{shown.signed(line.difference, line.unit)} ({shown.between(line)})."
