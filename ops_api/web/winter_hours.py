"""The map's forecast as tables, for who has no map: routes hour by hour, and one stretch hour by hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ops_api.web import words
from ops_api.web.brand import Brand
from ops_api.web.winter_ahead import Ahead, hour_labels
from ops_api.web.winter_view import STATES, state_of
from rules.core.road_now.table import HOURS

Row = Mapping[str, Any]

KNOWN_FROM = {
    "sensor": "its own sensor",
    "neighbour": "neighbouring sensors",
    "neighbours": "neighbouring sensors",
    "gritter": "a gritter that passed",
    "model": "the model alone",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """The coldest stretch of a route at an hour; ``tone`` is its class of temperature."""

    text: str
    street: str
    tone: str


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour of all routes."""

    label: str
    cells: tuple[Cell, ...]


def tone_of(surface_c: float | None) -> str:
    """Return the class of a temperature: the same limits as on the map."""
    if surface_c is None:
        return "unknown"
    limits = ((-4.0, "c5"), (-2.0, "c4"), (0.0, "c3"), (1.0, "c2"), (3.0, "c1"))
    return next((name for limit, name in limits if surface_c < limit), "c0")


def routes_by_hour(
    ahead: Ahead, members: Sequence[Sequence[str]], streets: Mapping[str, str], now: datetime, brand: Brand
) -> tuple[HourRow, ...]:
    """Return the coldest stretch of each route at each hour to come; ``members``: of the routes, in their order."""
    first = ahead.first_hour(now.timestamp())
    columns = [ahead.coldest_by_hour(ahead.rows(ids)) for ids in members]
    labels = hour_labels([ahead.at_s(k) for k in range(HOURS)], brand.time_zone)

    def cell(column: int, k: int) -> Cell:
        found = columns[column][k]
        if found is None:
            return Cell("–", "", "unknown")
        street = streets.get(ahead.forecast.ids[found.row], "")
        return Cell(words.degrees(found.surface_c), street, tone_of(found.surface_c))

    return tuple(
        HourRow(labels[k], tuple(cell(c, k) for c in range(len(columns)))) for k in range(first, HOURS)
    )


@dataclass(frozen=True, slots=True)
class StretchHour:
    """One hour of a stretch."""

    label: str
    middle: str
    between: str
    below: str
    ice: str
    water: str
    hoar: str
    falls: str
    tone: str


@dataclass(frozen=True, slots=True)
class StretchView:
    """A stretch: what is measured now and from where, and its hours to come; empty without a forecast."""

    segment_id: str
    name: str
    route: str
    observed: str
    estimated: str
    doubted: str
    hours: tuple[StretchHour, ...]


def stretch_view(row: Row, ahead: Ahead | None, now: datetime, brand: Brand) -> StretchView:
    """Return a stretch; ``row``: of ``segment_now``."""
    k = None if ahead is None else ahead.row_of.get(row["segment_id"])
    return StretchView(
        segment_id=str(row["segment_id"]), name=str(row["street"]) + (" (bridge)" if row["bridge"] else ""),
        route=str(row["route"] or "not on a route"), observed=_observed(row, brand, now),
        estimated="" if ahead is None or k is None else _estimated(ahead, k, brand, now),
        doubted="" if ahead is None else _doubted(ahead, str(row["segment_id"])),
        hours=() if ahead is None or k is None else _hours(ahead, k, now, brand),
    )  # fmt: skip


def _observed(row: Row, brand: Brand, now: datetime) -> str:
    state = row["state"] or {}
    if row["at"] is None or state.get("surface_temperature_c") is None:
        return "Nothing is measured here now."
    at = words.day_and_clock(row["at"], brand.time_zone, now).removeprefix("today ")
    source = KNOWN_FROM.get(str(state.get("source")), str(state.get("source")))
    return f"{at}: {words.degrees(state['surface_temperature_c'])}, {STATES[state_of(row)].lower()}, from {source}."


def _estimated(ahead: Ahead, k: int, brand: Brand, now: datetime) -> str:
    n = ahead.forecast.now
    at = words.day_and_clock(ahead.issued_at, brand.time_zone, now).removeprefix("today ")
    salt = f", {words.number(float(n.salt_g_m2[k]))} g/m² salt left" if n.salt_g_m2[k] >= 0.5 else ""
    return (
        f"The forecast of {at} began at {words.degrees(float(n.surface_c[k]))} ± {words.number(float(n.deviation_c[k]), 1)} °C, "
        f"{STATES.get(n.condition[k], n.condition[k]).lower()}, from {KNOWN_FROM.get(n.source[k], n.source[k])}{salt}."
    )


def _doubted(ahead: Ahead, segment_id: str) -> str:
    found = next((s for s in ahead.forecast.wrong if s.segment_id == segment_id), None)
    if found is None or found.error_c is None:
        return ""
    way = "too warm" if found.error_c > 0 else "too cold"
    return f"Its sensor {found.device} is left out: {words.number(abs(found.error_c), 1)} °C {way} by its neighbours."


def _hours(ahead: Ahead, k: int, now: datetime, brand: Brand) -> tuple[StretchHour, ...]:
    rows = np.array([k], dtype=np.int64)
    named = (
        "low_c",
        "middle_c",
        "high_c",
        "below_zero",
        "ice",
        "film_mm",
        "deposit_mm",
        "rain_mm_h",
        "snow_mm_h",
    )
    v = {name: [None if x != x else float(x) for x in ahead.values(name, rows)[0].tolist()] for name in named}
    labels = hour_labels([ahead.at_s(h) for h in range(HOURS)], brand.time_zone)

    def one(h: int) -> StretchHour:
        low, middle, high, below, ice, film, hoar, rain, snow = (v[name][h] for name in named)
        return StretchHour(
            label=labels[h], middle=words.degrees(middle), between=f"{words.number(low, 1)} to {words.number(high, 1)}",
            below=_share(below), ice=_share(ice), water=_amount(film), hoar=_amount(hoar), falls=_falls(rain, snow),
            tone=tone_of(middle),
        )  # fmt: skip

    return tuple(one(h) for h in range(ahead.first_hour(now.timestamp()), HOURS))


def _share(value: float | None) -> str:
    return "–" if value is None else words.percent(100.0 * value)


def _amount(mm: float | None) -> str:
    return "–" if mm is None or mm < 0.005 else f"{words.number(mm, 2)}"


def _falls(rain: float | None, snow: float | None) -> str:
    said = [
        f"{name} {words.number(v, 1)}"
        for name, v in (("rain", rain), ("snow", snow))
        if v is not None and v >= 0.05
    ]
    return ", ".join(said) or "–"
