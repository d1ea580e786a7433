"""The last month and year of a home: damp hours day by day and month by month, and the risk index. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import bar_chart, home_words, words
from ops_api.web.bar_chart import Bars, Value
from ops_api.web.brand import Brand
from ops_api.web.home_answer import RISKS

Row = Mapping[str, Any]

MONTH_DAYS = 30
MONTHS = 12
YEAR = timedelta(days=366)
RAISED_H, HIGH_H = 4.8, 12.0
"""Damp hours of a day from which on it is shown as raised or high: a fifth and a half of it, as the risk is judged."""
MOST_INDEX = 6.0
RAISED_INDEX, HIGH_INDEX = 1.0, 3.0


@dataclass(frozen=True, slots=True)
class DayLine:
    """A day in the table."""

    day: str
    damp: str
    temperature: str
    humidity: str
    readings: str


@dataclass(frozen=True, slots=True)
class MonthLine:
    """A month in the table: days with damp hours, of the days that are known; hours a day; index at its end."""

    month: str
    damp_days: str
    hours: str
    index: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysView:
    """The page's content; charts None where no day is known."""

    headline: str
    lead: str
    rooms: tuple[tuple[str, str, bool], ...]
    room: str
    month: Bars | None
    month_said: str
    month_table: tuple[DayLine, ...]
    year: Bars | None
    year_said: str
    index: Bars | None
    index_said: str
    year_table: tuple[MonthLine, ...]


def view(
    rooms: Sequence[Row],
    room: Row | None,
    days: Sequence[Row],
    weeks: Sequence[Row],
    *,
    now: datetime,
    brand: Brand,
) -> DaysView:
    """Return the page's content.

    Args:
        rooms: rows of ``queries.rooms``.
        room: the one that is shown.
        days: rows of ``home_days`` of that room, the newest first.
        weeks: rows of ``home_weeks``, the newest first.
        now: the time it is in the town.
        brand: its time zone.
    """
    today = now.astimezone(brand.time_zone).date()
    known = {d["day"]: d for d in days if d["surface_hours"] > 0}
    month = [d for d in days if today - timedelta(days=MONTH_DAYS) <= d["day"] < today]
    where = home_words.spoken(None if room is None else room["room"])
    by_month = _by_month(list(known.values()), today)
    index = {w["to_day"].replace(day=1): w for w in reversed(weeks) if w["mould_index"] is not None}
    headline, lead = _first(month, where)
    return DaysView(
        headline=headline,
        lead=lead,
        rooms=tuple((r["name"], home_words.room_name(r), r is room) for r in rooms),
        room="" if room is None else home_words.room_name(room),
        month=_month_bars(known, today) if known else None,
        month_said=_month_said(month),
        month_table=tuple(_line(d, now, brand) for d in month),
        year=_year_bars(by_month) if known else None,
        year_said=_year_said(by_month),
        index=_index_bars(index, today) if index else None,
        index_said=_index_said(weeks),
        year_table=tuple(_month_line(m, of, index.get(m)) for m, of in reversed(by_month) if of),
    )


def _first(month: Sequence[Row], where: str) -> tuple[str, str]:
    """Return the answer: on how many days it was damp, and what that means."""
    known = [d for d in month if d["surface_hours"] > 0]
    if not known:
        return (
            "There is no whole day yet",
            "Come back tomorrow. We need whole days, and how cold it was outside.",
        )
    damp = sum(d["damp_hours"] > 0 for d in known)
    of = f"{words.plural(len(known), 'day')} in the last month"
    if damp == 0:
        return f"No damp hours in {where} on {of}", "The walls were dry, as far as we can tell."
    return (
        f"{home_words.first_upper(where)} had damp hours on {damp} of {of}",
        "A damp hour is one in which the air at the coldest wall is more than 80% full of water. One is nothing. Many each day are a risk.",
    )


def tone(hours: float) -> str:
    """Return how a day of so many damp hours is shown."""
    return "high" if hours >= HIGH_H else "raised" if hours >= RAISED_H else "low"


def _month_bars(known: Mapping[date, Row], today: date) -> Bars:
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
                tone=tone(hours),
            )
        )
    return bar_chart.draw(values, most=24, step=6)


def _by_month(days: Sequence[Row], today: date) -> list[tuple[date, list[Row]]]:
    """Return the last twelve months, the oldest first, each with its days."""
    months, first = [], today.replace(day=1)
    for _ in range(MONTHS):
        months.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return [(m, [d for d in days if d["day"].replace(day=1) == m]) for m in reversed(months)]


def _mean_hours(days: Sequence[Row], field: str = "damp_hours") -> float:
    known = sum(d["surface_hours"] for d in days)
    return 24.0 * sum(d[field] for d in days) / known if known > 0 else 0.0


def _year_bars(by_month: Sequence[tuple[date, list[Row]]]) -> Bars:
    values = [
        Value(
            name=f"{m:%B}: {home_words.hours_a_day(_mean_hours(days))}" if days else f"{m:%B}: not known",
            label=f"{m:%b}" if i % 2 == 1 else "",
            value=_mean_hours(days) if days else None,
            low=_mean_hours(days, "damp_hours_low"),
            high=_mean_hours(days, "damp_hours_high"),
            tone=tone(_mean_hours(days)),
        )
        for i, (m, days) in enumerate(by_month)
    ]
    return bar_chart.draw(values, most=24, step=6)


def _index_bars(index: Mapping[date, Row], today: date) -> Bars:
    values = []
    for i, (m, _) in enumerate(_by_month([], today)):
        week = index.get(m)
        value = None if week is None else float(week["mould_index"])
        risk = "low" if value is None or value < RAISED_INDEX else "high" if value >= HIGH_INDEX else "raised"
        said = "not known" if value is None else f"{value:.1f} of 6"
        values.append(
            Value(
                name=f"{m:%B}: {said}",
                label=f"{m:%b}" if i % 2 == 1 else "",
                value=value,
                low=value or 0.0,
                high=value or 0.0,
                tone=risk,
            )
        )
    return bar_chart.draw(values, most=MOST_INDEX, step=1)


def _month_said(month: Sequence[Row]) -> str:
    known = [d for d in month if d["surface_hours"] > 0]
    if not known:
        return "No day of the last month is known."
    worst = max(known, key=lambda d: d["damp_hours"])
    if worst["damp_hours"] == 0:
        return "No day of the last month had a damp hour."
    return (
        f"Most damp hours: {worst['damp_hours']} of 24, on {worst['day'].day} {worst['day']:%B}."
        f" On a usual day it was {home_words.hours_a_day(_mean_hours(known))}."
    )


def _year_said(by_month: Sequence[tuple[date, list[Row]]]) -> str:
    known = [(m, days) for m, days in by_month if days]
    if not known:
        return "No month is known yet."
    worst, days = max(known, key=lambda pair: _mean_hours(pair[1]))
    if _mean_hours(days) == 0:
        return "No month had a damp hour."
    return f"The dampest month was {worst:%B}: {home_words.hours_a_day(_mean_hours(days))}."


def _index_said(weeks: Sequence[Row]) -> str:
    newest = next((w for w in weeks if w["mould_index"] is not None), None)
    if newest is None:
        return "The risk index is not known yet."
    risk = newest["risk"] if newest["risk"] in RISKS else "not known"
    return (
        f"It is at {newest['mould_index']:.1f} of 6 now, and your risk is {risk}. It goes up slowly while walls are damp, and down"
        " slowly while they are dry. Under 1 is low. Over 3 is high."
    )


def _line(day: Row, now: datetime, brand: Brand) -> DayLine:
    damp = "not known"
    if day["surface_hours"] > 0:
        damp = f"{day['damp_hours']} ({day['damp_hours_low']} to {day['damp_hours_high']})"
    share = min(100.0 * day["n"] / day["expected"], 100.0) if day["expected"] > 0 else None
    return DayLine(
        f"{day['day']:%a} {day['day'].day} {day['day']:%b}",
        damp,
        words.degrees(day["temperature_c"]),
        words.percent(day["humidity_pct"]),
        words.percent(share),
    )


def _month_line(month: date, days: Sequence[Row], week: Row | None) -> MonthLine:
    damp = sum(d["damp_hours"] > 0 for d in days)
    return MonthLine(
        f"{month:%B %Y}",
        f"{damp} of {len(days)}",
        words.number(_mean_hours(days), 1),
        "–" if week is None else words.number(week["mould_index"], 1),
    )
