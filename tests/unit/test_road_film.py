"""Water that road sensors see: on their own roads while it is new, and lent to roads alike that have none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from rules.catalogue.loader import load
from rules.core.psychrometrics import Floats
from rules.core.road_now.issue import issue
from rules.core.road_now.looked import Given
from rules.core.road_now.speed import county
from rules.core.road_now.table import QUANTITIES

GIVEN = county(20, load().transfer.parameters)
HOUR_S = 3600.0
OWN = GIVEN.town.sensor_at
FREE = ~np.isin(np.arange(len(GIVEN.town)), GIVEN.town.sensor_at)


@cache
def film_mm(seen: float | tuple[float, ...]) -> Floats:
    """The film an hour later, by stretch, when sensors see so much; made once, as an issue takes half a second."""
    sensors = GIVEN.observed.sensors
    told = replace(sensors, film_mm=np.zeros_like(sensors.film_mm) + seen)
    given: Given = replace(GIVEN, observed=replace(GIVEN.observed, sensors=told))
    values = issue(given).forecast.values()
    return np.asarray(values[:, QUANTITIES.index("film_mm"), 0], dtype=np.float64)


def test_what_all_sensors_see_lies_on_roads_without_one_too() -> None:
    nothing, wet = film_mm(np.nan), film_mm(0.4)
    assert (wet - nothing)[FREE].min() > 0.1


def test_a_sensor_that_sees_none_dries_no_other_road() -> None:
    """It may be stuck at 0.0, or its own road be swept dry: after measured rain salt would not be asked for anywhere."""
    assert film_mm(0.0)[FREE].tolist() == film_mm(np.nan)[FREE].tolist()


def test_what_one_sensor_sees_counts_among_the_others() -> None:
    one = np.where(GIVEN.observed.sensors.sensor == 0, 0.4, 0.0)
    rise = (film_mm(tuple(one.tolist())) - film_mm(0.0))[FREE]
    every = (film_mm(0.4) - film_mm(0.0))[FREE]
    assert (rise < 0.9 * every).all(), "the others see none"
    assert rise.max() > 0.02


def water_mm(*films: dict[float, float], rained: tuple[float, float] = (0.0, 0.0)) -> Floats:
    """The water now, by stretch.

    Args:
        films: what sensors saw, by hours ago; none between. Of several each is what every so manieth sensor saw.
        rained: 2 mm/h, from and until so many hours ago.
    """
    return _water_mm(tuple(tuple(f.items()) for f in films), rained)


@cache
def _water_mm(films: tuple[tuple[tuple[float, float], ...], ...], rained: tuple[float, float]) -> Floats:
    sensors, stations, m = GIVEN.observed.sensors, GIVEN.observed.stations, len(GIVEN.town.sensors)
    rows = [(n, age_h, film) for n in range(m) for age_h, film in films[n % len(films)]] if films else []
    unknown = np.full(len(rows), np.nan)
    more = {
        "at_s": np.array([GIVEN.at_s - HOUR_S * age_h for _, age_h, _ in rows]),
        "film_mm": np.array([film for _, _, film in rows]),
        "sensor": np.array([n for n, _, _ in rows], dtype=np.int64),
    }
    seen = replace(sensors, film_mm=np.full(len(sensors.at_s), np.nan))
    told = replace(
        seen, **{n: np.append(getattr(seen, n), more.get(n, unknown)) for n in type(seen).__dataclass_fields__}
    )  # fmt: skip
    ago_h = (GIVEN.at_s - stations.at_s) / HOUR_S
    rain = np.where((ago_h < rained[0]) & (ago_h >= rained[1]), 2.0, 0.0)
    observed = replace(GIVEN.observed, sensors=told, stations=replace(stations, rain_mm_h=rain))
    return issue(replace(GIVEN, observed=observed)).forecast.now.water_mm


@pytest.mark.parametrize("rained", [(0.0, 0.0), (1.4, 0.0)])
@pytest.mark.parametrize("film", [0.0, 3.0])
def test_a_film_of_more_than_an_hour_ago_tells_nothing(film: float, rained: tuple[float, float]) -> None:
    old = [{age_h: film} for age_h in (1.05, 1.5, 1.65)]
    assert len(GIVEN.town.sensors) >= len(old), "each is seen by one at least"
    assert water_mm(*old, rained=rained).tolist() == water_mm(rained=rained).tolist()


def test_a_dry_film_takes_no_rain_away_that_fell_with_it_or_after_it() -> None:
    """Rain had fallen for 1.4 h; what a sensor last saw of a dry road left its own road dry, others at 1.7 mm."""
    dry = [{age_h: 0.0} for age_h in (0.05, 0.5, 0.9)]
    found = water_mm(*dry, rained=(1.4, 0.0))
    assert found.tolist() == water_mm(rained=(1.4, 0.0)).tolist()
    assert found[OWN].min() > 1.0


def test_a_dry_film_from_after_the_rain_is_believed_on_its_own_road() -> None:
    rained = (4.0, 1.5)
    assert water_mm(rained=rained)[OWN].min() > 0.3
    found = water_mm({2.0: 1.0, 0.5: 0.0}, rained=rained)
    assert found[OWN].tolist() == [0.0] * len(OWN)
    assert found[FREE].tolist() == water_mm(rained=rained)[FREE].tolist()


def test_more_water_than_the_model_s_is_believed_in_the_rain_too() -> None:
    found = water_mm({0.5: 0.0, 0.05: 3.0}, rained=(1.4, 0.0))
    np.testing.assert_allclose(found[OWN], 3.0)
    assert found[FREE].min() > 1.1 * water_mm(rained=(1.4, 0.0))[FREE].max()
