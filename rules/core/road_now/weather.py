"""The town's weather as it was measured, ready for a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import SensorReadings, StationReadings
from rules.core.road_now.observed import filled, gridded
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.longwave import from_cloud_w_m2
from rules.core.road_surface.sun import position
from rules.core.road_surface.vapour import over_water_pa

HOUR_S = 3600.0
USUAL_PA, USUAL_WIND_M_S, USUAL_HUMIDITY_PCT, USUAL_CLOUD = 1.0e5, 2.0, 85.0, 0.6
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


def measured(
    ends_s: Floats, stations: StationReadings, sensors: SensorReadings, place: Place, gap_s: float
) -> Weather:
    """Return the weather that was measured, at the ends of steps: times × 1 × 1; the town's mean.

    What nobody measures is guessed: the usual wind, sunshine by the cloud. The air is that of the road sensors
    where no station has it.

    Raises:
        NothingKnownError: nobody measured the air.
    """
    one = np.zeros(len(stations.at_s), dtype=np.int64)
    found = {
        name: gridded(ends_s, one, stations.at_s, getattr(stations, name), 1, gap_s, means=True)[:, 0]
        for name in StationReadings.__dataclass_fields__
        if name != "at_s"
    }
    zero = np.zeros(len(sensors.at_s), dtype=np.int64)
    for name in ("air_c", "humidity_pct"):
        of_roads = gridded(ends_s, zero, sensors.at_s, getattr(sensors, name), 1, gap_s, means=True)[:, 0]
        found[name] = np.where(np.isnan(found[name]), of_roads, found[name])
    if np.isnan(found["air_c"]).all():
        raise NothingKnownError("no weather station and no road sensor has measured the air in these hours")
    clear = clear_sky_w_m2(ends_s, place)
    cloud = found["cloud"]
    return one_weather(
        ends_s,
        air_c=filled(found["air_c"], 0.0),
        humidity_pct=np.clip(filled(found["humidity_pct"], USUAL_HUMIDITY_PCT), 1.0, 100.0),
        wind_m_s=np.maximum(filled(found["wind_m_s"], USUAL_WIND_M_S), 0.0),
        shortwave_w_m2=np.where(
            np.isnan(found["shortwave_w_m2"]), clear * dimmed(cloud), found["shortwave_w_m2"]
        ),
        rain_mm_h=np.nan_to_num(found["rain_mm_h"]),
        snow_mm_h=np.nan_to_num(found["snow_mm_h"]),
        pressure_pa=100.0 * filled(found["pressure_hpa"], USUAL_PA / 100.0),
        longwave_w_m2=found["longwave_w_m2"],
        cloud=cloud,
    )


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
