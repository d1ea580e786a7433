"""Water that road sensors see is lent to roads alike that have none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rules.catalogue.loader import load
from rules.core.psychrometrics import Floats
from rules.core.road_now.issue import issue
from rules.core.road_now.looked import Given
from rules.core.road_now.speed import county
from rules.core.road_now.table import QUANTITIES

GIVEN = county(60, load().transfer.parameters)
FREE = ~np.isin(np.arange(len(GIVEN.town)), GIVEN.town.sensor_at)


def film_mm(seen: float | Floats) -> Floats:
    """The film an hour later, by stretch, when sensors see so much."""
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
    rise = (film_mm(one) - film_mm(0.0))[FREE]
    every = (film_mm(0.4) - film_mm(0.0))[FREE]
    assert (rise < 0.9 * every).all(), "the others see none"
    assert rise.max() > 0.02
