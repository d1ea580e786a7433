"""A statement as values: what was, what fixed days would have been, the difference and how sure it is."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

Verdict = Literal["less", "more", "not shown", "not known"]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line.

    Attributes:
        key, name, unit: which.
        better: whether less or more of it is better.
        actual, fixed: what was, and on fixed days; None = not known.
        difference: actual less fixed; low, high: its 90 % interval, None = not told.
        verdict: ``less`` or ``more`` where the interval says so, never where it has 0 in it.
        note: what the reader must know.
    """

    key: str
    name: str
    unit: str
    better: str
    actual: float | None = None
    fixed: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    verdict: Verdict = "not known"
    note: str = ""


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """A key figure on both sides; None = not known."""

    name: str
    unit: str
    actual: float | None
    fixed: float | None


class BinRow(msgspec.Struct, frozen=True, kw_only=True):
    """A bin: days known, collections, mean fill at them, litres lifted, overflow minutes, on both sides."""

    bin_id: str
    label: str
    days_known: int
    collections: float
    collections_fixed: float
    fill_pct: float | None
    fill_fixed_pct: float | None
    litres: float
    overflow_min: float
    overflow_fixed_min: float


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is in no figure: a bin as a whole, or its days that are not known."""

    bin_id: str
    why: str
    days: tuple[date, ...] = ()


class SelfCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The method tried on what was really done: overflow minutes measured and replayed, and whether they agree.

    Attributes:
        measured_min, replayed_min: overflow minutes of all known bin-days.
        tolerance_min: so far apart they may be.
        held: whether they are not farther.
    """

    measured_min: float
    replayed_min: float
    tolerance_min: float
    held: bool


class WhatIf(msgspec.Struct, frozen=True, kw_only=True):
    """What would change the answer: what is otherwise, and then collections, overflow minutes and cost in all, saved."""

    what: str
    collections: float | None = None
    overflow_min: float | None = None
    saved_gbp: float | None = None
    value: str = ""


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that the statement rests on."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    source: str
    year: int
    assumed: bool


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement.

    Attributes:
        town, first, last: whose, and the days, both included.
        provisional: whether the days are not a whole month that is over.
        answer: one sentence: did the sensors save anything?
        weeks: of the period; bins, judged: how many there are and are judged.
        bin_days, bin_days_known: of the judged bins.
        lines, kpis, rows, left_out, check, what_ifs, assumptions: see there.
        km_source: how km are known, in words.
        unseen_share: share of all demand that is estimated.
        method: paragraphs.
        notes: what the reader must know.
        schedule: the fixed days in words.
    """

    town: str
    first: date
    last: date
    provisional: bool
    answer: str
    weeks: float
    bins: int
    judged: int
    bin_days: int
    bin_days_known: int
    lines: tuple[Line, ...]
    kpis: tuple[Kpi, ...]
    rows: tuple[BinRow, ...]
    left_out: tuple[LeftOut, ...]
    check: SelfCheck
    what_ifs: tuple[WhatIf, ...]
    assumptions: tuple[Assumption, ...]
    km_source: str
    unseen_share: float
    method: tuple[str, ...]
    notes: tuple[str, ...]
    schedule: tuple[str, ...]

    def line(self, key: str) -> Line:
        """Return a line by its key."""
        return next(x for x in self.lines if x.key == key)
