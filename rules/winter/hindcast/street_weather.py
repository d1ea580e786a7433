"""The weather that was observed, given out as forecasts beforehand: what a perfect weather forecast would have been."""

from __future__ import annotations

import numpy as np

from rules.core import psychrometrics as psy
from rules.core.psychrometrics import Floats
from rules.core.road_surface.nights import gap_filled
from rules.core.weather_forecast import Place, WeatherForecast
from rules.road_data.hornsgatan import HOUR_S, Hours

EVERY_H, LONG_H = 6, 36
LONGEST_GAP_H = 6
SOURCE = "observed"


def every_six_hours(hours: Hours) -> tuple[WeatherForecast, ...]:
    """Return a forecast every six hours; those for whose hours the air was not observed are left out."""
    columns = {name: gap_filled(hours.at_s, v, LONGEST_GAP_H) for name, v in hours.values.items()}
    starts = np.flatnonzero((hours.at_s / HOUR_S) % EVERY_H == 0.0)
    found = [
        _of(hours, columns, slice(int(i), int(i) + LONG_H))
        for i in starts[starts + LONG_H <= len(hours.at_s)]
    ]
    return tuple(f for f in found if f is not None)


def _of(hours: Hours, columns: dict[str, Floats], part: slice) -> WeatherForecast | None:
    v = {name: values[part] for name, values in columns.items()}
    if np.isnan(v["air_c"]).any():
        return None
    dew = psy.dew_point_c(v["air_c"], np.clip(v["humidity_pct"], 1.0, 100.0))
    return WeatherForecast(
        place=Place("street", hours.latitude_deg, hours.longitude_deg), issued_s=float(hours.at_s[part][0]),
        source=SOURCE, at_s=hours.at_s[part], air_c=v["air_c"], dew_point_c=np.minimum(dew, v["air_c"]),
        wind_m_s=v["wind_m_s"], cloud=v["cloud"], precipitation_mm_h=v["rain_mm_h"] + v["snow_mm_h"],
        snow_mm_h=v["snow_mm_h"], pressure_hpa=v["pressure_hpa"], shortwave_w_m2=v["shortwave_w_m2"],
    )  # fmt: skip
