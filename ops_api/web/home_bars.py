"""The bars of a home's month and year: damp hours of each day and month, and the risk index. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ops_api.web import bar_chart, home_words, words
from ops_api.web.bar_chart import Bars, Value
from rules.core.mould.words import HIGHEST_INDEX, risk_band

Row = Mapping[str, Any]
Shares = Mapping[str, float]
"""Shares of a day's hours with a damp wall from which it is ``raised`` or ``high``, as the findings were made with; empty: none yet."""

MONTH_DAYS = 30
MONTHS = 12


def tone(hours: float, shares: Shares) -> str:
    """Return how a day of so many damp hours is shown."""
    return next((t for t in ("high", "raised") if t in shares and hours >= 24.0 * shares[t]), "low")


def key(shares: Shares) -> tuple[tuple[str, int], ...]:
    """Return the tones that a day may have above low, each with its least damp hours."""
    return tuple((t, math.ceil(24.0 * shares[t])) for t in ("raised", "high") if t in shares)


def month_bars(known: Mapping[date, Row], today: date, shares: Shares) -> Bars:
    """Return the bars of the last month's days; ``known``: those of which anything is."""
    first = today - timedelta(days=MONTH_DAYS)
    values = []
    for n in range(MONTH_DAYS):
        day = first + timedelta(days=n)
        label = f"{day.day} {day:%b}" if n % 7 == 2 else ""
        row = known.get(day)
        if row is None:
            values.append(Value(name=f"{day.day} {day:%B}: not known", label=label, value=None))
            continue
        hours = row["damp_hours"]
        values.append(
            Value(
                name=f"{day.day} {day:%B}: {words.plural(hours, 'damp hour')}",
                label=label,
                value=float(hours),
                low=row["damp_hours_low"],
                high=row["damp_hours_high"],
                tone=tone(hours, shares),
            )
        )
    return bar_chart.draw(values, most=24, step=6)


def by_month(days: Sequence[Row], today: date) -> list[tuple[date, list[Row]]]:
    """Return the last twelve months, the oldest first, each with its days."""
    months, first = [], today.replace(day=1)
    for _ in range(MONTHS):
        months.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return [(m, [d for d in days if d["day"].replace(day=1) == m]) for m in reversed(months)]


def mean_hours(days: Sequence[Row], field: str = "damp_hours") -> float:
    """Return damp hours of a usual day of these; 0 where no hour is known."""
    known = sum(d["surface_hours"] for d in days)
    return 24.0 * sum(d[field] for d in days) / known if known > 0 else 0.0


def year_bars(months: Sequence[tuple[date, list[Row]]], shares: Shares) -> Bars:
    """Return the bars of the last twelve months."""
    values = [
        Value(
            name=f"{m:%B}: {home_words.hours_a_day(mean_hours(days))}" if days else f"{m:%B}: not known",
            label=f"{m:%b}" if i % 2 == 1 else "",
            value=mean_hours(days) if days else None,
            low=mean_hours(days, "damp_hours_low"),
            high=mean_hours(days, "damp_hours_high"),
            tone=tone(mean_hours(days), shares),
        )
        for i, (m, days) in enumerate(months)
    ]
    return bar_chart.draw(values, most=24, step=6)


def index_bars(index: Mapping[date, Row], today: date) -> Bars:
    """Return the bars of the risk index at the end of each month."""
    values = []
    for i, (m, _) in enumerate(by_month([], today)):
        week = index.get(m)
        value = None if week is None else float(week["mould_index"])
        said = "not known" if value is None else f"{value:.1f} of 6"
        values.append(
            Value(
                name=f"{m:%B}: {said}",
                label=f"{m:%b}" if i % 2 == 1 else "",
                value=value,
                low=value or 0.0,
                high=value or 0.0,
                tone="low" if value is None else risk_band(value),
            )
        )
    return bar_chart.draw(values, most=HIGHEST_INDEX, step=1)
