"""The moisture load of a home: standardised excess, humidity class, monthly check, each with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np

from rules.core.analyst.model import Day, Month
from rules.core.analyst.weeks import RoomWeeks
from rules.core.iso13788.classes import humidity_class
from rules.core.iso13788.monthly import check, factor_min_of_pressure
from rules.core.iso13788.settings import MEASURED
from rules.core.iso13788.standardised import Standardised, StandardSettings, standardise_excess
from rules.core.psychrometrics import saturation_pressure_iso13788_pa
from rules.core.surface.band import FactorBand

WHOLE_HOURS = 18
"""Hours with room and outdoors known that a day must have to count."""
WHOLE_SHARE = 0.75
"""Of a month's days."""
SENSOR_LIMIT_PCT = 2.0
"""Limits of a humidity sensor's error [%]; taken as evenly spread, so its standard uncertainty is this / sqrt(3)."""


@dataclass(frozen=True, slots=True)
class MoistureLoad:
    """The three as plain values."""

    iso: dict[str, Any]
    standard: dict[str, Any]
    monthly: dict[str, Any]


def moisture_load(r: RoomWeeks, known: Sequence[Day], to_day: date) -> MoistureLoad:
    """Return the moisture load that a room's days show.

    Args:
        r: the room over the weeks that are looked at.
        known: its days that are kept or worked out, up to ``to_day``, for whole months.
        to_day: as of when.
    """
    monthly = _monthly(r.room.months, known, to_day)
    days = [d for d in r.days if d.excess_hours >= WHOLE_HOURS and d.outdoor_c is not None]
    excess, room, outdoor = (
        np.array([getattr(d, name) for d in days], dtype=np.float64)
        for name in ("excess_pa", "temperature_c", "outdoor_c")
    )
    found = standardise_excess(excess, room, outdoor)
    standard = asdict(found)
    at_c = StandardSettings().outdoor_c
    if isinstance(found, Standardised):
        sensors = sensors_error_pa(found.room_c, at_c)
        error = math.hypot(found.excess_error_pa, sensors)
        standard |= {"at_outdoor_c": at_c, "sensors_error_pa": sensors, "error_pa": error}
        return MoistureLoad(_iso(found.excess_pa, error, at_c), standard, monthly)
    if not days:
        return MoistureLoad({"reason": found.reason}, standard, monthly)
    out_c = float(outdoor.mean())
    spread = float(excess.std()) / math.sqrt(len(days))
    error = math.hypot(spread, sensors_error_pa(float(room.mean()), out_c))
    return MoistureLoad(_iso(float(excess.mean()), error, out_c), standard, monthly)


def sensors_error_pa(room_c: float, outdoor_c: float) -> float:
    """Return the standard uncertainty of an excess from both sensors' humidity [Pa]."""
    inside, outside = (saturation_pressure_iso13788_pa(t) for t in (room_c, outdoor_c))
    return SENSOR_LIMIT_PCT / 100.0 / math.sqrt(3.0) * math.hypot(inside, outside)


def _iso(excess_pa: float, error_pa: float, outdoor_c: float) -> dict[str, Any]:
    of = {"excess_pa": excess_pa, "error_pa": error_pa, "outdoor_c": outdoor_c}
    found = humidity_class(excess_pa, error_pa, outdoor_c)
    if found is None:
        return {**of, "reason": "It is too warm outdoors to tell a humidity class."}
    return {**of, **asdict(found)}


def _monthly(before: Sequence[Month], days: Sequence[Day], to_day: date) -> dict[str, Any]:
    months = [m for m in months_of(before, days) if _is_whole(m, to_day)]
    if not months:
        return {"reason": "No whole month is known yet."}
    last = days[-1]
    # Measured, so without a designer's margin; of pressures, for those outdoors were not had by the standard's pair.
    room_c, excess, outdoor_c, outdoor_pa = (
        np.array([getattr(m, name) for m in months], dtype=np.float64)
        for name in ("temperature_c", "excess_pa", "outdoor_c", "outdoor_pa")
    )
    factors = factor_min_of_pressure(room_c, excess, outdoor_c, outdoor_pa, MEASURED)
    checked = check(
        [m.month for m in months], factors, FactorBand(last.factor_low, last.factor, last.factor_high)
    )
    critical = None if checked.critical is None else months[checked.critical].month
    needed = dict(zip(checked.months, checked.factor_min.tolist(), strict=True))
    return {
        "factor_needed": needed,
        "critical_month": critical,
        "verdict": checked.verdict,
        "days": {m.month: m.days for m in months},
    }


def months_of(before: Sequence[Month], days: Sequence[Day]) -> list[Month]:
    """Return months from those that are kept and from days; a month that is in both is told by the kept one.

    The kept ones are all over before the first day that is worked out, so they can't be part of it.
    """
    names = {m.month for m in before}
    later: dict[str, list[Day]] = {}
    for day in days:
        name = day.day.strftime("%Y-%m")
        if name not in names and day.excess_hours >= WHOLE_HOURS and day.outdoor_c is not None:
            later.setdefault(name, []).append(day)
    return sorted([*before, *(_month(n, d) for n, d in later.items())], key=lambda m: m.month)


def _month(name: str, days: Sequence[Day]) -> Month:
    def mean(field: str) -> float:
        return round(float(np.mean([getattr(d, field) for d in days])), 3)

    return Month(
        month=name,
        days=len(days),
        temperature_c=mean("temperature_c"),
        excess_pa=mean("excess_pa"),
        outdoor_c=mean("outdoor_c"),
        outdoor_pa=mean("outdoor_pa"),
    )


def _is_whole(m: Month, to_day: date) -> bool:
    year, month = map(int, m.month.split("-"))
    ends = date(year + month // 12, month % 12 + 1, 1)
    length = (ends - date(year, month, 1)).days
    return ends <= to_day and m.days >= WHOLE_SHARE * length
