"""The figures of a home over a period, each with how much it rests on. Risk, never a finding of mould."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rules.core.iso13788.classes import HumidityClass, humidity_class
from rules.core.iso13788.standardised import (
    NotStandardised,
    Standardised,
    StandardSettings,
    standardise_excess,
)
from rules.core.means import HOUR_S, daily
from rules.core.mould import SURFACES, after_hours, fresh
from rules.core.psychrometrics import Floats, relative_humidity_pct
from rules.core.psychrometrics.shape import array
from rules.core.surface.band import FactorBand, hours_at_or_above
from rules.core.surface.learn import LearnedFactor, NotLearned, learn_factor

COLD_C, COOL_C = 16.0, 18.0
MOULD_PCT, CONDENSATION_PCT = 80.0, 100.0
METHOD_VERSION = "figures 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomHours:
    """Hourly means of a room and of outdoors; NaN unknown. Vapour pressures are means of readings, not of means."""

    time_s: Floats
    room_c: Floats
    room_pct: Floats
    room_pa: Floats
    wall_c: Floats
    outdoor_c: Floats
    outdoor_pa: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Three:
    """A figure with its band: the lowest, likeliest and highest that the wall's factor allows."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """What a chart shows of a day: means; NaN unknown."""

    day_s: float
    room_c: float
    room_pct: float
    wall_low_pct: float
    wall_mid_pct: float
    wall_high_pct: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomFigures:
    """A room.

    Attributes:
        readings, expected: how many there are, and should be.
        doubtful: of them with a time that is not certain; left out below.
        hours, hours_known: of the period; with a temperature and humidity.
        wall_hours: with outdoor conditions too, so that the wall is known.
        factor: temperature factor of the coldest surface.
        damp_hours: with 80 % or more at the coldest surface.
        wet_hours: with 100 %: water condenses.
        index: highest mould risk index (class sensitive), 0 to 6.
        excess_pa: mean vapour-pressure excess over outdoors [Pa]; None unknown.
        standard: the same at 5 °C outdoors, or why not.
        humidity_class: after ISO 13788; None where not known.
        cold_hours, cool_hours: below 16 and 18 °C.
        silences: spans without a reading [s since 1970].
    """

    label: str
    device: str
    readings: int
    expected: int
    doubtful: int
    hours: int
    hours_known: int
    wall_hours: int
    mean_c: float | None
    mean_pct: float | None
    cold_hours: int
    cool_hours: int
    factor: FactorBand
    factor_words: str
    damp_hours: Three
    wet_hours: Three
    index: Three
    excess_pa: float | None
    standard: Standardised | NotStandardised
    humidity_class: HumidityClass | None
    silences: tuple[tuple[float, float], ...]
    days: tuple[DayLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeFigures:
    """A home.

    Attributes:
        outdoor: where outdoor conditions are from; empty: there are none.
        finding: why it is damp, in words with how sure that is; empty where nobody has judged it.
    """

    rooms: tuple[RoomFigures, ...]
    outdoor: str
    outdoor_mean_c: float | None
    outdoor_hours: int
    finding: str = ""


def factor_of(hours: RoomHours, assumed: FactorBand) -> tuple[FactorBand, str]:
    """Return the temperature factor: learned from the wall probe where that is possible, with words."""
    found = learn_factor(hours.time_s, hours.room_c, hours.outdoor_c, hours.wall_c)
    if isinstance(found, LearnedFactor):
        return found.band(), f"learned from the wall probe in {found.nights} nights"
    assert isinstance(found, NotLearned)
    return assumed, "assumed, with a band: there is no wall probe, or too few cold nights with one"


def room_figures(
    label: str,
    device: str,
    hours: RoomHours,
    assumed: FactorBand,
    *,
    readings: int,
    expected: int,
    doubtful: int,
    silences: Sequence[tuple[float, float]],
) -> RoomFigures:
    """Return a room's figures; the counts come from whoever read the readings."""
    factor, words = factor_of(hours, assumed)
    walls = [_wall(hours, f) for f in (factor.low, factor.mid, factor.high)]
    known = ~(np.isnan(hours.room_c) | np.isnan(hours.room_pct))
    excess = hours.room_pa - hours.outdoor_pa
    standard = _standard(hours, excess)
    return RoomFigures(
        label=label, device=device, readings=readings, expected=expected, doubtful=doubtful,
        hours=hours.time_s.size, hours_known=int(known.sum()), wall_hours=int((~np.isnan(walls[1][1])).sum()),
        mean_c=_mean(hours.room_c), mean_pct=_mean(hours.room_pct),
        cold_hours=int((hours.room_c < COLD_C).sum()), cool_hours=int((hours.room_c < COOL_C).sum()),
        factor=factor, factor_words=words,
        damp_hours=_count(walls, MOULD_PCT), wet_hours=_count(walls, CONDENSATION_PCT), index=_index(walls),
        excess_pa=_mean(excess), standard=standard, humidity_class=_class(standard),
        silences=tuple(silences), days=_days(hours, walls),
    )  # fmt: skip


def _wall(hours: RoomHours, factor: float) -> tuple[Floats, Floats]:
    """Return temperature [°C] and relative humidity [%] at the coldest surface, hour by hour."""
    wall_c = hours.outdoor_c + factor * (hours.room_c - hours.outdoor_c)
    return wall_c, array(relative_humidity_pct(wall_c, hours.room_pa))


def _ordered(values: Sequence[float]) -> Three:
    low, mid, high = sorted(values)
    return Three(low=low, mid=mid, high=high)


def _count(walls: Sequence[tuple[Floats, Floats]], limit_pct: float) -> Three:
    return _ordered([float(hours_at_or_above(pct, limit_pct)[0]) for _, pct in walls])


def _index(walls: Sequence[tuple[Floats, Floats]]) -> Three:
    columns_c = np.stack([c for c, _ in walls], axis=1)
    columns_pct = np.stack([pct for _, pct in walls], axis=1)
    state = after_hours(fresh(len(walls)), columns_c, columns_pct, SURFACES["sensitive"])
    return _ordered([float(v) for v in state.highest])


def _standard(hours: RoomHours, excess: Floats) -> Standardised | NotStandardised:
    days = [daily(hours.time_s, series)[1] for series in (excess, hours.room_c, hours.outdoor_c)]
    return standardise_excess(days[0], days[1], days[2])


def _class(standard: Standardised | NotStandardised) -> HumidityClass | None:
    if isinstance(standard, NotStandardised):
        return None
    return humidity_class(standard.excess_pa, standard.excess_error_pa, StandardSettings().outdoor_c)


def _days(hours: RoomHours, walls: Sequence[tuple[Floats, Floats]]) -> tuple[DayLine, ...]:
    columns = [hours.room_c, hours.room_pct, *(np.minimum(pct, CONDENSATION_PCT) for _, pct in walls)]
    starts = daily(hours.time_s, hours.room_c)[0]
    means = [daily(hours.time_s, array(c))[1].tolist() for c in columns]
    return tuple(
        DayLine(
            day_s=start, room_c=room_c, room_pct=room_pct,
            wall_low_pct=min(a, b, c), wall_mid_pct=sorted((a, b, c))[1], wall_high_pct=max(a, b, c),
        )
        for start, room_c, room_pct, a, b, c in zip(starts.tolist(), *means, strict=True)
    )  # fmt: skip


def _mean(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return None if known.size == 0 else float(known.mean())


def hours_in(from_s: float, to_s: float) -> int:
    """Return how many whole hours a period of whole days has."""
    return round((to_s - from_s) / HOUR_S)


def expected_readings(from_s: float, to_s: float, cadence_s: float) -> int:
    """Return how many readings a period should have; 0 where it has no length."""
    return max(0, int((to_s - from_s) // cadence_s))
