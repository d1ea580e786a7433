"""Weather for a row of nights: clear and calm, cloudy and windy, wet then clear, a warm front; drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from firmware_sim.world.script import Climate, Point, Scenario, Weather

KINDS = ("clear_calm", "cloudy_windy", "wet_then_clear", "warm_front")
HOURS = (12, 15, 18, 21, 24, 28, 32, 35)
"""Hours at which a night's weather is said, from midnight before it."""
NIGHTS: dict[str, tuple[tuple[float, float, float, float], ...]] = {
    "clear_calm": (
        (0.3, 3.0, 2.5, 0), (0.0, 1.5, 2.0, 0), (-2.2, 0.6, 1.6, 0), (-3.6, 0.3, 1.4, 0),
        (-4.6, 0.3, 1.3, 0), (-5.4, 0.3, 1.3, 0), (-5.6, 0.6, 1.4, 0), (-3.0, 2.0, 2.0, 0),
    ),
    "cloudy_windy": (
        (0.2, 7.5, 6.0, 0), (0.0, 7.5, 6.0, 0), (-0.6, 7.6, 6.5, 0), (-1.0, 7.7, 6.0, 0),
        (-1.4, 7.6, 5.5, 0), (-1.8, 7.5, 5.5, 0), (-1.9, 7.5, 6.0, 0), (-1.4, 7.0, 5.5, 0),
    ),
    "wet_then_clear": (
        (0.2, 8.0, 4.5, 0.3), (0.0, 8.0, 4.5, 1.0), (-0.5, 8.0, 4.0, 1.2), (-1.4, 7.0, 4.0, 0),
        (-3.2, 2.0, 2.8, 0), (-4.6, 0.6, 1.8, 0), (-5.2, 0.6, 1.6, 0), (-3.6, 2.0, 2.2, 0),
    ),
    "warm_front": (
        (0.3, 2.0, 2.0, 0), (0.0, 1.5, 1.8, 0), (-2.0, 1.0, 1.5, 0), (-3.0, 2.5, 1.8, 0),
        (-2.6, 6.5, 3.0, 0), (0.6, 8.0, 5.0, 0.6), (2.4, 8.0, 6.0, 0.8), (3.2, 7.8, 6.0, 0),
    ),
}  # fmt: skip
"""By kind, at each of ``HOURS``: air beyond that of 15 h [°C], cloud [oktas], wind [m/s], rain [mm/h]."""
DRY_C = {"clear_calm": 4.0, "cloudy_windy": 3.0, "wet_then_clear": 1.0, "warm_front": 3.5}
"""Air minus dew point at 15 h; the air may cool to it, then the dew point falls with it."""


def kinds(nights: int, seed: int) -> list[str]:
    """Return the kinds of a row of nights: each as often as the others, in an order by lot."""
    rng = np.random.default_rng([seed, 1])
    found: list[str] = []
    while len(found) < nights:
        found += [KINDS[i] for i in rng.permutation(len(KINDS)).tolist()]
    return found[:nights]


def season(of: Sequence[str], seed: int, day_of_year: int) -> Scenario:
    """Return a scenario from midnight on, whose night k begins on its day k and is of kind ``of[k]``."""
    rng = np.random.default_rng([seed, 2])
    points = [p for k, kind in enumerate(of) for p in _night(k, kind, rng)]
    return Scenario(
        name="nights",
        title="Nights of several kinds",
        description="A row of nights to judge the road forecast on.",
        start_local="00:00",
        duration_h=24.0 * (len(of) + 1) + 15.0,
        day_of_year=day_of_year,
        weather=Weather(climate=Climate(cloud_oktas=5.0, ground_c=5.0), points=tuple(points)),
    )


def _night(k: int, kind: str, rng: np.random.Generator) -> Iterator[Point]:
    base, drier = float(rng.normal(4.2, 1.0)), DRY_C[kind] * float(rng.uniform(0.7, 1.3))
    cools, blows = float(rng.uniform(0.8, 1.2)), float(rng.uniform(0.8, 1.25))
    cloudier, late_h = float(rng.normal(0.0, 0.4)), float(rng.uniform(-1.0, 1.0))
    for hour, (air, cloud, wind, rain) in zip(HOURS, NIGHTS[kind], strict=True):
        air_c = base + cools * air
        yield Point(
            hour=24.0 * k + hour + (late_h if 18 <= hour <= 28 else 0.0),
            air_temperature_c=round(air_c, 2),
            dew_point_c=round(min(base - drier + 0.6 * cools * min(air, 0.0), air_c - 0.3), 2),
            wind_speed_m_s=round(wind * blows, 2),
            cloud_oktas=min(max(cloud + cloudier, 0.0), 8.0),
            precipitation_mm_h=rain,
        )
