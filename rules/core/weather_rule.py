"""Readings of weather stations to the weather of the town."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from rules.core.context import Context
from rules.core.gritting import Precipitation
from rules.core.memory import Outdoor, RoadMemory, WeatherMemory
from rules.core.parameters import SurfaceParameters
from rules.core.rain_gauge import Points, noted
from rules.core.readings import Readings, known
from rules.core.work import Work

TYPES: dict[int, Precipitation] = {1: "rain", 2: "snow", 3: "snow", 4: "freezing_rain"}
"""Meaning of ``precipitation_type`` of the kind ``weather``; sleet counts as snow."""

RAINS: tuple[Precipitation, ...] = ("rain", "freezing_rain")
SNOWS: tuple[Precipitation, ...] = ("snow",)
SNOW_KEPT_S = 6 * 3600.0
"""So long after the last snow what lies still is as it fell; so long after freezing rain there may be glaze."""
FIELDS = (
    "air_temperature_c",
    "humidity_pct",
    "precipitation_mm_h",
    "precipitation_type",
    "cloud_oktas",
    "shortwave_w_m2",
)


def precipitation_of(
    rate_mm_h: float | None, code: float | None, air_c: float, humidity_pct: float, least_mm_h: float
) -> Precipitation:
    """Return what falls.

    Where the station does not tell rain from snow, the share of rain is
    ``1 / (1 + exp(22 - 2.7 Ta - 0.2 RH))`` (RoadSurf, FMI); below one half it is snow.
    """
    if code is not None:
        return TYPES.get(int(code), "none")
    if rate_mm_h is None or rate_mm_h < least_mm_h:
        return "none"
    rain = 1.0 / (1.0 + math.exp(min(700.0, 22.0 - 2.7 * air_c - 0.2 * humidity_pct)))
    return "rain" if rain >= 0.5 else "snow"


def observe(work: Work, ctx: Context, rows: Readings) -> None:
    """Take readings of weather stations into their memory."""
    stations = work.write("weather")
    p = ctx.catalogue.surface.parameters
    columns = [rows.column(name).tolist() for name in FIELDS]
    for device, at_s, *values in zip(rows.device, rows.ts_s.tolist(), *columns, strict=True):
        before: WeatherMemory | None = stations.get(device)
        if device not in ctx.devices:
            continue
        if before is not None and at_s <= before.at_s:
            continue
        stations[device] = _next(before, at_s, [known(v) for v in values], p)


def _next(
    before: WeatherMemory | None, at_s: float, values: list[float | None], p: SurfaceParameters
) -> WeatherMemory:
    air, humidity, rate, code, cloud, sun = values
    if air is None or humidity is None:  # required fields; the ingester has checked them
        return before or WeatherMemory(at_s, 0.0, 0.0)
    falls = precipitation_of(rate, code, air, humidity, p.rain_mm_h)
    water_s = None if before is None else before.water_s
    snow_s = None if before is None else before.snow_s
    snow_mm = 0.0 if before is None else before.snow_mm
    if falls == "snow":
        hours = 0.0 if before is None else min(1.0, (at_s - before.at_s) / 3600.0)
        snow_mm, snow_s = snow_mm + (rate or 0.0) * hours, at_s
    elif snow_s is not None and at_s - snow_s > SNOW_KEPT_S:
        snow_mm = 0.0
    if falls != "none":
        water_s = at_s
    glaze_s = at_s if falls == "freezing_rain" else None if before is None else before.glaze_s
    return WeatherMemory(
        at_s, air, humidity, falls, rate or 0.0, water_s, snow_s, snow_mm, cloud, sun, glaze_s
    )


def is_heard(work: Work, ctx: Context, at_s: float) -> bool:
    """Whether any station has told of the air lately; else the roads' sensors say what it is."""
    age_s = ctx.catalogue.damp.parameters.outdoor_age_s
    return any(at_s - w.at_s <= age_s for w in work.read("weather").values())


def outdoor_c(work: Work) -> float | None:
    """Return the outdoor temperature at the last tick [°C]; None where it is not known."""
    town: Outdoor | None = work.read("outdoor").get("town")
    return None if town is None else town.air_c


def evaluate(work: Work, ctx: Context, at_s: float) -> None:
    """Put together the weather of the town: air as the median, rain and snow where any station has them."""
    p = ctx.catalogue.surface.parameters
    age = ctx.catalogue.damp.parameters.outdoor_age_s
    fresh = [w for w in work.read("weather").values() if at_s - w.at_s <= age]
    airs = [w.air_c for w in fresh] or _air_of_roads(work, at_s, age)
    recent = [w for w in fresh if at_s - w.at_s <= p.sensor_age_s]
    before: Outdoor | None = work.read("outdoor").get("town")
    rain_mm = _fallen_mm(before, 0.0 if before is None else before.rain_mm, recent, RAINS, at_s)
    snowed_mm = _fallen_mm(before, 0.0 if before is None else before.snowed_mm, recent, SNOWS, at_s)
    keep_s = ctx.catalogue.gritting.parameters.treatment.track_s
    was = (0.0, 0.0) if before is None else (before.at_s, before.rain_mm)
    had = (0.0, 0.0) if before is None else (before.at_s, before.snowed_mm)
    falls = _falls(recent)
    glazed = any(w.glaze_s is not None and at_s - w.glaze_s <= SNOW_KEPT_S for w in recent)
    town = Outdoor(
        at_s=at_s,
        air_c=median(airs) if airs else None,
        precipitation=falls,
        wet_until_s=max((u for w in fresh if (u := _wet_until(w, p)) is not None), default=None),
        snow_mm=max((w.snow_mm for w in recent), default=0.0),
        snowing=any(w.precipitation == "snow" for w in recent),
        cloud_oktas=_median([w.cloud_oktas for w in recent]),
        shortwave_w_m2=_median([w.shortwave_w_m2 for w in recent]),
        stations=len(recent),
        rain_mm=rain_mm,
        glazed=glazed and falls != "freezing_rain",
        gauge=_gauge(() if before is None else before.gauge, was, (at_s, rain_mm), keep_s),
        snowed_mm=snowed_mm,
        snow_gauge=_gauge(() if before is None else before.snow_gauge, had, (at_s, snowed_mm), keep_s),
    )
    work.write("outdoor")["town"] = town


def _air_of_roads(work: Work, at_s: float, age_s: float) -> list[float]:
    roads: Mapping[str, RoadMemory] = work.read("road")
    return [r.air_c for r in roads.values() if at_s - r.at_s <= age_s]


def _falls(stations: list[WeatherMemory]) -> Precipitation:
    falling = {w.precipitation for w in stations}
    worst_first: tuple[Precipitation, ...] = ("freezing_rain", "snow", "rain")
    return next((kind for kind in worst_first if kind in falling), "none")


def _fallen_mm(
    before: Outdoor | None,
    so_far_mm: float,
    stations: list[WeatherMemory],
    kinds: tuple[Precipitation, ...],
    at_s: float,
) -> float:
    """Return the rain, or the snow, so far [mm of water]: since the last tick as much as where most of it falls now."""
    if before is None:
        return 0.0
    rates = [w.precipitation_mm_h for w in stations if w.precipitation in kinds]
    hours = min(1.0, max(0.0, at_s - before.at_s) / 3600.0)
    return so_far_mm + max(rates, default=0.0) * hours


def _gauge(points: Points, before: tuple[float, float], now: tuple[float, float], keep_s: float) -> Points:
    """Return what the gauge showed in the hours of which a gritter may still tell."""
    return () if not points and now[1] == before[1] else noted(points, before, now, keep_s)


def _wet_until(w: WeatherMemory, p: SurfaceParameters) -> float | None:
    if w.water_s is None:
        return None
    humid = w.humidity_pct >= p.humid_pct
    return w.water_s + (p.wet_after_rain_humid_s if humid else p.wet_after_rain_s)


def _median(values: list[float | None]) -> float | None:
    real = [v for v in values if v is not None]
    return median(real) if real else None


def sky_effect_c(town: Outdoor, open_sky_c: float) -> float:
    """Return how much colder an open road is than a covered one now [°C].

    Full on a clear night; less under cloud (1 - 0.8 n², n = cover); none by day. Unknown
    cloud counts as clear, unknown sunlight as night: the careful side.
    """
    if town.shortwave_w_m2 is not None and town.shortwave_w_m2 > 20.0:
        return 0.0
    cover = 0.0 if town.cloud_oktas is None else town.cloud_oktas / 8.0
    return open_sky_c * (1.0 - 0.8 * cover * cover)
