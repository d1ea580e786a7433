"""The last month and year of a home: damp hours day by day and month by month, and the risk index. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ops_api.web import home_words, words
from ops_api.web.bar_chart import Bars
from ops_api.web.brand import Brand
from ops_api.web.home_answer import whole
from ops_api.web.home_bars import (
    MONTH_DAYS,
    Shares,
    by_month,
    index_bars,
    key,
    mean_hours,
    month_bars,
    year_bars,
)
from rules.core.analyst.finding import RISKS

Row = Mapping[str, Any]

YEAR = timedelta(days=366)


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
    key: tuple[tuple[str, int], ...]
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
    known = {d["day"]: d for d in whole(days)}
    month = [d for d in days if today - timedelta(days=MONTH_DAYS) <= d["day"] < today]
    where = home_words.spoken(None if room is None else room["room"])
    months = by_month(list(known.values()), today)
    shares: Shares = next((w["risk_shares"] for w in weeks if w["risk_shares"] is not None), {})
    index = {w["to_day"].replace(day=1): w for w in reversed(weeks) if w["mould_index"] is not None}
    headline, lead = _first(month, where)
    return DaysView(
        headline=headline,
        lead=lead,
        rooms=tuple((r["name"], home_words.room_name(r), r is room) for r in rooms),
        room="" if room is None else home_words.room_name(room),
        key=key(shares),
        month=month_bars(known, today, shares) if known else None,
        month_said=_month_said(month),
        month_table=tuple(_line(d, now, brand) for d in month),
        year=year_bars(months, shares) if known else None,
        year_said=_year_said(months),
        index=index_bars(index, today) if index else None,
        index_said=_index_said(weeks),
        year_table=tuple(_month_line(m, of, index.get(m)) for m, of in reversed(months) if of),
    )


def _first(month: Sequence[Row], where: str) -> tuple[str, str]:
    """Return the answer: on how many days it was damp, and what that means."""
    known = whole(month)
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


def _month_said(month: Sequence[Row]) -> str:
    known = whole(month)
    if not known:
        return "No day of the last month is known."
    worst = max(known, key=lambda d: d["damp_hours"])
    if worst["damp_hours"] == 0:
        return "No day of the last month had a damp hour."
    return (
        f"Most damp hours: {worst['damp_hours']} of 24, on {worst['day'].day} {worst['day']:%B}."
        f" On a usual day it was {home_words.hours_a_day(mean_hours(known))}."
    )


def _year_said(months: Sequence[tuple[date, list[Row]]]) -> str:
    known = [(m, days) for m, days in months if days]
    if not known:
        return "No month is known yet."
    worst, days = max(known, key=lambda pair: mean_hours(pair[1]))
    if mean_hours(days) == 0:
        return "No month had a damp hour."
    return f"The dampest month was {worst:%B}: {home_words.hours_a_day(mean_hours(days))}."


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
    if whole([day]):
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
        words.number(mean_hours(days), 1),
        "–" if week is None else words.number(week["mould_index"], 1),
    )
