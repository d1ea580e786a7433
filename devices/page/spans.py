"""The three charts of the page: two days, a month, a year. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from devices.air import dew_point_c, dew_point_of_vapour_c
from devices.page.chart import Point
from devices.page.samples import HOUR_S, Hour, Sample
from devices.page.words import local

DAY_S = 86_400
Length = Literal["days", "month", "year"]


@dataclass(frozen=True, slots=True)
class Span:
    """One length: its address, name, sentence start and what is measured in it [s]."""

    length: Length
    path: str
    name: str
    during: str
    seconds: int
    gap_s: int


SPANS = (
    Span("days", "/", "Two days", "In the last two days", 2 * DAY_S, 2700),
    Span("month", "/month", "Month", "In the last month", 31 * DAY_S, 3 * HOUR_S),
    Span("year", "/year", "Year", "In the last year", 365 * DAY_S, 3 * DAY_S),
)


@dataclass(frozen=True, slots=True)
class Series:
    """What a span shows; rows of the table are time (text), temperature, humidity and dew point."""

    temperature: tuple[Point, ...]
    humidity: tuple[Point, ...]
    ticks: tuple[tuple[int, str], ...]
    rows: tuple[tuple[str, float, float, float | None], ...]


def of_samples(samples: Sequence[Sample], start_s: int, end_s: int, zone: ZoneInfo) -> Series:
    """Return two days of samples, with a row of the table for every two hours, newest first."""
    rows, due_s = [], start_s
    for s in samples:
        if s.at_s >= due_s:
            due_s = s.at_s + 2 * HOUR_S
            at = local(s.at_s, zone)
            dew = dew_point_c(s.temperature_c, s.humidity_pct)
            rows.append((f"{at:%a} {at.hour}:{at.minute:02d}", s.temperature_c, s.humidity_pct, dew))
    return Series(
        tuple(Point(s.at_s, s.temperature_c) for s in samples),
        tuple(Point(s.at_s, s.humidity_pct) for s in samples),
        tuple(_half_days(start_s, end_s, zone)),
        tuple(reversed(rows)),
    )


def of_hours(hours: Sequence[Hour], start_s: int, end_s: int, zone: ZoneInfo) -> Series:
    """Return a month of hours, with a row of the table for each day, newest first."""
    mondays = [(at_s, day) for at_s, day in _midnights(start_s, end_s, zone) if day.weekday() == 0]
    return Series(
        tuple(_temperature(h) for h in hours),
        tuple(_humidity(h) for h in hours),
        tuple((at_s, f"{day.day} {day:%b}") for at_s, day in mondays),
        tuple(_row(f"{d:%a} {d.day} {d:%b}", means) for d, means in reversed(_by_day(hours, zone))),
    )


def of_days(hours: Sequence[Hour], start_s: int, end_s: int, zone: ZoneInfo) -> Series:
    """Return a year of days, with a row of the table for each month, newest first."""
    days = _by_day(hours, zone)
    means = [_mean(of_day) for _, of_day in days]
    firsts = [(at_s, f"{day:%b}") for at_s, day in _midnights(start_s, end_s, zone) if day.day == 1]
    return Series(
        tuple(_temperature(d) for d in means),
        tuple(_humidity(d) for d in means),
        tuple(firsts[::2]),
        tuple(_row(f"{m:%B} {m.year}", of_month) for m, of_month in reversed(_by_month(days))),
    )


def _temperature(h: Hour) -> Point:
    return Point(h.at_s + HOUR_S // 2, h.temperature_c, h.temperature_min_c, h.temperature_max_c)


def _humidity(h: Hour) -> Point:
    return Point(h.at_s + HOUR_S // 2, h.humidity_pct, h.humidity_min_pct, h.humidity_max_pct)


def _row(name: str, hours: Sequence[Hour]) -> tuple[str, float, float, float | None]:
    mean = _mean(hours)
    return name, mean.temperature_c, mean.humidity_pct, dew_point_of_vapour_c(mean.vapour_pa)


def _by_day(hours: Iterable[Hour], zone: ZoneInfo) -> list[tuple[date, list[Hour]]]:
    days: dict[date, list[Hour]] = {}
    for h in hours:
        days.setdefault(local(h.at_s, zone).date(), []).append(h)
    return list(days.items())


def _by_month(days: Iterable[tuple[date, list[Hour]]]) -> list[tuple[date, list[Hour]]]:
    months: dict[date, list[Hour]] = {}
    for day, of_day in days:
        months.setdefault(day.replace(day=1), []).extend(of_day)
    return list(months.items())


def _mean(hours: Sequence[Hour]) -> Hour:
    """Return hours as one, in the middle of them, each weighed by its samples."""
    count = sum(h.samples for h in hours)
    walls = [h for h in hours if h.wall_c is not None]
    lowest_walls = [h.wall_min_c for h in hours if h.wall_min_c is not None]
    return Hour(
        (hours[0].at_s + hours[-1].at_s) // 2,
        count,
        sum(h.temperature_c * h.samples for h in hours) / count,
        min(h.temperature_min_c for h in hours),
        max(h.temperature_max_c for h in hours),
        sum(h.humidity_pct * h.samples for h in hours) / count,
        min(h.humidity_min_pct for h in hours),
        max(h.humidity_max_pct for h in hours),
        sum(h.vapour_pa * h.samples for h in hours) / count,
        sum(h.wall_c for h in walls if h.wall_c is not None) / len(walls) if walls else None,
        min(lowest_walls, default=None),
    )


def _half_days(start_s: int, end_s: int, zone: ZoneInfo) -> list[tuple[int, str]]:
    """Return local noons and midnights; midnight says the day."""
    ticks = []
    for at_s, day in _midnights(start_s - DAY_S, end_s, zone):
        noon = datetime.combine(day, time(12), zone)
        ticks += [(at_s, f"{day:%a}"), (round(noon.timestamp()), "12:00")]
    return ticks


def _midnights(start_s: int, end_s: int, zone: ZoneInfo) -> list[tuple[int, date]]:
    day, found = local(start_s, zone).date(), []
    while (at_s := round(datetime.combine(day, time(0), zone).timestamp())) <= end_s:
        if at_s >= start_s:
            found.append((at_s, day))
        day += timedelta(days=1)
    return found
