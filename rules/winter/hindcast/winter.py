"""A past winter of a file, run and compared night by night."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timezone
from pathlib import Path

import msgspec
import numpy as np

from cityops.errors import ConfigurationError
from rules.catalogue.loader import load
from rules.core.hindcast.compare import Agreement, Night, agreement, compared, verified
from rules.core.hindcast.facts import Hours as Seen
from rules.core.hindcast.facts import Spread
from rules.core.hindcast.nights import ForecastScore, cut, days, forecast_score
from rules.core.winter_nights import night_of, span_s
from rules.core.winter_scores.contingency import Counts
from rules.road_data import hornsgatan
from rules.winter.hindcast import activity
from rules.winter.hindcast.run import BEFORE_S, Ran, Settings, run
from rules.winter.hindcast.street_town import DAMP_MV, WET_MV, clock_of


class Winter(msgspec.Struct, frozen=True, kw_only=True):
    """Nights with what is counted of them.

    Attributes:
        file, weather, salt, by_wetness, parameters, every_h: of what, and how it was run.
        utc_offset_h: of the street's clock.
        nights: compared.
        agreement: what the rules asked for against what was spread.
        verified: hits and misses of the evening's decisions, the night's, the log's.
        forecast: how the evenings' road forecasts did.
        logged_g_m2, driven_g_m2: salt of the log in these nights, and salt that lay on the road in the run.
    """

    file: str
    weather: str
    salt: str
    by_wetness: bool
    parameters: str
    every_h: int
    utc_offset_h: float
    nights: tuple[Night, ...]
    agreement: tuple[Agreement, ...]
    verified: dict[str, Counts]
    forecast: ForecastScore
    logged_g_m2: float
    driven_g_m2: float


def winter(file: Path, log: Path, first: date | None, last: date | None, s: Settings) -> Winter:
    """Return a winter of a file.

    Args:
        file: observations.
        log: what was spread.
        first: night; None = the first that the file has.
        last: night; None = the last that the file has.
        s: how it is run.

    Raises:
        ConfigurationError: a file is not readable, or has not the nights that are asked for.
    """
    hours = hornsgatan.read(file)
    spread = activity.read_log(log, hours.utc_offset_h)
    nights = chosen(hours, first, last)
    zone = clock_of(hours)
    span = span_s(nights[0], zone)[0], span_s(nights[-1], zone)[1]
    return told(hours, spread, nights, run(hours, spread, span, s), s, file.name)


def chosen(hours: hornsgatan.Hours, first: date | None, last: date | None) -> tuple[date, ...]:
    """Return the nights that are asked for.

    Raises:
        ConfigurationError: the file has not all of them, with the days before the first.
    """
    zone = clock_of(hours)
    least, most = (
        night_of(float(hours.at_s[0]) + BEFORE_S + 86_399.0, zone),
        night_of(float(hours.at_s[-1]) - 20.0 * 3600.0, zone),
    )
    begin, end = first or least, last or most
    if not least <= begin <= end <= most:
        raise ConfigurationError(f"nights from {begin} to {end}: the file has those from {least} to {most}")
    return days(begin, end)


def told(
    hours: hornsgatan.Hours,
    log: Sequence[Spread],
    nights: Sequence[date],
    ran: Ran,
    s: Settings,
    name: str,
) -> Winter:
    """Return a winter that was run."""
    zone = clock_of(hours)
    facts = cut(nights, zone, ran.decided, log, seen(hours), ran.issued, ran.driven)
    action_c = load().gritting.parameters.action_c
    found = tuple(compared(n, action_c) for n in facts)
    return Winter(
        file=name, weather=s.weather, salt=s.salt, by_wetness=s.by_wetness, parameters=f"{s.road.id} {s.road.version}",
        every_h=s.every_h, utc_offset_h=hours.utc_offset_h, nights=found, agreement=agreement(found),
        verified=verified(found), forecast=forecast_score(facts), logged_g_m2=_salt(log, nights, zone),
        driven_g_m2=_salt(ran.driven, nights, zone),
    )  # fmt: skip


def seen(hours: hornsgatan.Hours) -> Seen:
    """Return the hours as nights are judged by."""
    v = hours.values
    with np.errstate(invalid="ignore"):
        wet = np.asarray(v["wetness_mv"] > DAMP_MV, dtype=np.bool_)
        damp = np.asarray(wet & (v["wetness_mv"] < WET_MV), dtype=np.bool_)
    return Seen(hours.at_s, v["surface_c"], wet, v["rain_mm_h"], v["snow_mm_h"], damp)


def _salt(spread: Sequence[Spread], nights: Sequence[date], zone: timezone) -> float:
    from_s, to_s = span_s(nights[0], zone)[0], span_s(nights[-1], zone)[1]
    return sum(s.salt_g_m2 for s in spread if from_s <= s.at_s < to_s)
