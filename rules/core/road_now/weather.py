"""The town's weather as it was measured, ready for a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import SensorReadings, StationReadings
from rules.core.road_now.observed import bridged, gridded, silence_h, usual
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.longwave import from_cloud_w_m2
from rules.core.road_surface.sun import position
from rules.core.road_surface.vapour import over_water_pa

HOUR_S = 3600.0
USUAL_CLOUD = 0.6
USUAL = {"air_c": 0.0, "humidity_pct": 85.0, "wind_m_s": 2.0, "pressure_pa": 1.0e5, "cloud": np.nan}
"""What is taken where it was never measured and nobody said it; cloud may stay unknown."""
COURSED = ("air_c", "humidity_pct", "wind_m_s")
ALIKE = 0.6
"""So much of the last days' course comes again: one night is not as the other."""
FORGOTTEN_H = 12.0
"""What was measured last is forgotten to 1/e in this time: then the daily course counts [h]."""
CLEAR_TRANSMISSION = 0.75
"""Share of the sun above the air that reaches the ground under a clear sky."""
SKY_H = 12.0
MOST_SKY_W_M2 = 50.0
"""The sky's measured radiation of so many hours corrects what is made of cloud, by no more than this."""
NAMES = (
    "air_c", "humidity_pct", "wind_m_s", "shortwave_w_m2", "rain_mm_h", "snow_mm_h", "pressure_pa",
    "longwave_w_m2", "cloud",
)  # fmt: skip


class NothingKnownError(ValueError):
    """Neither stations nor road sensors have told of the air: no forecast can be made."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the town is: latitude and longitude [°], and the usual altitude of its roads [m]."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float


def columns(
    ends_s: Floats, stations: StationReadings, sensors: SensorReadings, gap_s: float
) -> dict[str, Floats]:
    """Return what was measured, at the ends of steps, by the names of ``Weather``; NaN = unknown. The town's mean.

    The air is that of the road sensors where no station has it. What has a course in the day (``COURSED``) is unknown
    after the last reading of the stations, or of the sensors, not held: the course of an hour is a degree at dusk. So sensors
    that speak count at once where the stations are silent.

    Raises:
        NothingKnownError: nobody measured the air.
    """
    names = [name for name in StationReadings.__dataclass_fields__ if name != "at_s"]
    found = {name: _of_town(ends_s, stations, name, gap_s) for name in names}
    for name in ("air_c", "humidity_pct"):
        found[name] = _first(found[name], _of_town(ends_s, sensors, name, gap_s))
    if np.isnan(found["air_c"]).all():
        raise NothingKnownError("no weather station and no road sensor has measured the air in these hours")
    found["pressure_pa"] = 100.0 * found.pop("pressure_hpa")
    return found


def _of_town(ends_s: Floats, readings: StationReadings | SensorReadings, name: str, gap_s: float) -> Floats:
    """Return the mean of all who measure a quantity; what has a course in the day is unknown after their last reading."""
    values: Floats = getattr(readings, name)
    town = np.zeros(len(values), dtype=np.int64)
    found = gridded(ends_s, town, readings.at_s, values, 1, gap_s, means=True)[:, 0]
    if name not in COURSED:
        return found
    newest_s = readings.at_s[~np.isnan(values)].max(initial=-np.inf)
    step_s = ends_s[1] - ends_s[0]
    return np.where(ends_s >= newest_s + step_s, np.nan, found)


def measured(
    ends_s: Floats, found: Mapping[str, Floats], place: Place, told: Mapping[str, Floats], moved_h: float
) -> Weather:
    """Return the weather of the past: times × 1 × 1.

    What nobody measures is what a forecast said of these hours, else the daily course, else what is usual; moved
    to what was measured before and after. Sunshine is by the cloud.

    Args:
        ends_s: of the steps.
        found: of :func:`columns`.
        place: of the town.
        told: what a forecast said, by the same names; NaN = nothing. Empty: there is none.
        moved_h: time in which a forecast's error falls to 1/e.
    """
    unsaid = np.full(len(ends_s), np.nan)
    said = {name: told.get(name, unsaid) for name in NAMES}
    likely = {
        name: bridged(
            ends_s,
            bridged(ends_s, found[name], said[name], moved_h * HOUR_S),
            usual(ends_s, found[name], otherwise, ALIKE),
            FORGOTTEN_H * HOUR_S,
        )
        for name, otherwise in USUAL.items()
    }
    cloud = np.clip(likely["cloud"], 0.0, 1.0)
    blind = np.isnan(found["cloud"])
    by_cloud = clear_sky_w_m2(ends_s, place) * dimmed(cloud)
    sun = _first(found["shortwave_w_m2"], np.where(blind, said["shortwave_w_m2"], np.nan), by_cloud)
    sky = _first(found["longwave_w_m2"], np.where(blind, said["longwave_w_m2"], np.nan))
    return one_weather(
        ends_s,
        air_c=likely["air_c"],
        humidity_pct=np.clip(likely["humidity_pct"], 1.0, 100.0),
        wind_m_s=np.maximum(likely["wind_m_s"], 0.0),
        shortwave_w_m2=sun,
        rain_mm_h=np.nan_to_num(_first(found["rain_mm_h"], said["rain_mm_h"])),
        snow_mm_h=np.nan_to_num(_first(found["snow_mm_h"], said["snow_mm_h"])),
        pressure_pa=likely["pressure_pa"],
        longwave_w_m2=sky,
        cloud=cloud,
    )


def silences_h(ends_s: Floats, found: Mapping[str, Floats], gap_s: float) -> dict[str, float]:
    """Return for how long beyond a usual gap air, humidity, wind and sky have not been measured [h].

    Not every station looks at the sky: the usual widths are for towns where none does, and it is left out.
    """
    sky = _first(found["cloud"], found["longwave_w_m2"])
    silent = {name: max(0.0, silence_h(ends_s, found[name]) - gap_s / HOUR_S) for name in COURSED}
    # The sky's last value is held for a gap.
    return silent if np.isnan(sky).all() else {**silent, "cloud": silence_h(ends_s, sky)}


def _first(*columns: Floats) -> Floats:
    """Return of each step the first column's value that is known."""
    found = columns[0]
    for other in columns[1:]:
        found = np.where(np.isnan(found), other, found)
    return found


def clear_sky_w_m2(at_s: Floats, place: Place) -> Floats:
    """Return global radiation under a clear sky."""
    above = position(at_s, place.latitude_deg, place.longitude_deg).horizontal_w_m2
    return np.asarray(CLEAR_TRANSMISSION * above, dtype=np.float64)


def dimmed(cloud: Floats) -> Floats:
    """Return the share of a clear sky's radiation that comes through cloud (Kasten & Czeplak 1980); unknown: the usual."""
    return 1.0 - 0.75 * np.where(np.isnan(cloud), USUAL_CLOUD, cloud) ** 3.4


def longwave_beyond_w_m2(past: Weather) -> float:
    """Return what the sky's measured longwave radiation was beyond what cloud and vapour make of it, in the last hours.

    It goes on where a forecast has cloud but no longwave radiation. 0 where it is not measured.
    """
    lately = past.at_s > past.at_s[-1] - SKY_H * HOUR_S
    air, sky, cloud, humidity = (
        a[lately, 0, 0] for a in (past.air_c, past.longwave_w_m2, past.cloud, past.humidity_pct)
    )
    found = sky - from_cloud_w_m2(air, humidity * 0.01 * over_water_pa(air), cloud)
    if np.isnan(found).all():
        return 0.0
    return float(np.clip(np.nanmean(found), -MOST_SKY_W_M2, MOST_SKY_W_M2))


def one_weather(at_s: Floats, **columns: Floats) -> Weather:
    """Return weather of the whole town from columns by time."""
    return Weather(at_s=at_s, **{name: columns[name][:, None, None] for name in NAMES})
