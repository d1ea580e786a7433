"""Issues of the road forecast through a town's nights, each beside what was true then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bench.nights.town import Town
from firmware_sim.world.forecast import HOUR_S
from rules.core.psychrometrics import Floats
from rules.core.road_now.issue import Issue, issue, seed_of
from rules.core.road_now.looked import Given
from rules.core.road_now.parameters import SHIPPED, NowParameters
from rules.core.road_now.table import HOURS, QUANTITIES, RoadForecast
from rules.core.road_now.thermal_map import ThermalMap, unknown
from rules.core.weather_forecast import WeatherForecast

WEATHERS = ("perfect", "town", "stations")
"""By which weather: a forecast that is right, the town's own with its errors, none."""
AT_HOURS = (16.0, 19.0, 22.0)
"""Local hours of the issues."""
SEEN_DAYS = 2
"""Days before the first issue: the ground's memory."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One issue and what was true: hours × segments, hour k ending k hours after it; temperatures in °C.

    Attributes:
        kind: of the night.
        weather: by which weather it was made, of ``WEATHERS``.
        truth, low, middle, high, below: surfaces, the forecast's quantiles, and P(surface < 0 °C).
        persistence: the surface of now for ever.
        offset: the forecast's air and what the surface is beyond it now; NaN without a forecast.
        now_error: of the surfaces now: segments.
    """

    kind: str
    weather: str
    truth: Floats
    low: Floats
    middle: Floats
    high: Floats
    below: Floats
    persistence: Floats
    offset: Floats
    now_error: Floats


def judged(
    town: Town, p: NowParameters = SHIPPED, weathers: Sequence[str] = WEATHERS, skip_nights: int = 0
) -> Iterator[Judged]:
    """Yield issues through a town's nights, those of the first nights only learnt from.

    The thermal map is empty at first and learns from issue to issue, as the forecaster's does.
    """
    mapped, learnt_s = unknown(len(town.stretches)), town.start_s
    for k in range(SEEN_DAYS, len(town.of)):
        for hour in AT_HOURS:
            at_s = town.start_s + HOUR_S * (24.0 * k + hour)
            made = list[tuple[Issue, WeatherForecast | None]]()
            for weather in weathers if k >= skip_nights else weathers[-1:]:
                said = None if weather == "stations" else town.forecast(weather, at_s)
                made.append((_made(town, p, mapped, learnt_s, at_s, said), said))
                if k >= skip_nights:
                    yield _beside(town, k, weather, made[-1][0].forecast, said)
            mapped, learnt_s = made[0][0].mapped, at_s


def _made(
    town: Town,
    p: NowParameters,
    mapped: ThermalMap,
    learnt_s: float,
    at_s: float,
    said: WeatherForecast | None,
) -> Issue:
    return issue(
        Given(
            at_s=at_s, town=town.stretches, observed=town.observed(at_s - p.past_h * HOUR_S, at_s),
            mapped=mapped, learnt_s=learnt_s, forecast=None if said is None else (1, said), p=p,
            seed=seed_of(at_s),
        )
    )  # fmt: skip


def _beside(town: Town, k: int, weather: str, f: RoadForecast, said: WeatherForecast | None) -> Judged:
    values = f.values()
    of = {name: values[:, QUANTITIES.index(name)].T for name in QUANTITIES}
    hours = f.issued_s + HOUR_S * np.arange(1.0, HOURS + 1.0)
    now = np.broadcast_to(f.now.surface_c, (HOURS, len(f.ids)))
    air = np.full(HOURS, np.nan)
    if said is not None:
        air = np.interp(hours, said.at_s, said.air_c) - np.interp(f.issued_s, said.at_s, said.air_c)
    return Judged(
        kind=town.of[k],
        weather=weather,
        truth=np.array([town.truth_c(t) for t in hours.tolist()]),
        low=of["low_c"],
        middle=of["middle_c"],
        high=of["high_c"],
        below=of["below_zero"],
        persistence=now,
        offset=now + air[:, None],
        now_error=f.now.surface_c - town.truth_c(f.issued_s),
    )
