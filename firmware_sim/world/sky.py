"""Sun, clear-sky sunlight and heat radiation of the sky, as scalars."""

from __future__ import annotations

import math

from firmware_sim.world.psychro import KELVIN

STEFAN_BOLTZMANN = 5.670374e-8
SECONDS_PER_DAY = 86_400.0


def sun_height_sine(day_of_year: int, hour_local: float, latitude_deg: float) -> float:
    """Return the sine of the sun's height, negative below the horizon.

    Declination after Cooper (1969); local clock time is taken as solar time.
    """
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (284 + day_of_year) / 365.0)
    latitude = math.radians(latitude_deg)
    hour_angle = math.pi * (hour_local - 12.0) / 12.0
    return math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        hour_angle
    )


def sun_azimuth_deg(day_of_year: int, hour_local: float, latitude_deg: float) -> float:
    """Return where the sun stands, from north over east [°]; clock and declination as :func:`sun_height_sine`."""
    declination = math.radians(23.45) * math.sin(2.0 * math.pi * (284 + day_of_year) / 365.0)
    latitude, hour_angle = math.radians(latitude_deg), math.pi * (hour_local - 12.0) / 12.0
    east = -math.cos(declination) * math.sin(hour_angle)
    north = math.cos(latitude) * math.sin(declination) - math.sin(latitude) * math.cos(
        declination
    ) * math.cos(hour_angle)
    return math.degrees(math.atan2(east, north)) % 360.0


def diffuse_share(cloud_oktas: float) -> float:
    """Return which share of global sunlight does not come straight from the sun (Kasten & Czeplak 1980)."""
    return 0.3 + 0.7 * (cloud_oktas / 8.0) ** 2


def shortwave_w_m2(sine: float, cloud_oktas: float) -> float:
    """Return global sunlight [W/m²]: clear sky of Haurwitz (1945), cloud of Kasten & Czeplak (1980)."""
    if sine <= 0.005:
        return 0.0
    clear = 1098.0 * sine * math.exp(-0.057 / sine)
    return clear * (1.0 - 0.75 * math.pow(cloud_oktas / 8.0, 3.4))


def longwave_w_m2(air_temperature_c: float, vapour_pa: float, cloud_oktas: float) -> float:
    """Return heat radiation from the whole sky [W/m²]: Prata (1996), cloud as n² towards 0.97."""
    kelvin = air_temperature_c + KELVIN
    w = 46.5 * (vapour_pa / 100.0) / kelvin
    clear = 1.0 - (1.0 + w) * math.exp(-math.sqrt(1.2 + 3.0 * w))
    n2 = (cloud_oktas / 8.0) ** 2
    emissivity: float = clear * (1.0 - n2) + 0.97 * n2
    return emissivity * STEFAN_BOLTZMANN * kelvin**2 * kelvin**2


def rain_probability(air_temperature_c: float, humidity_pct: float) -> float:
    """Return the probability that precipitation falls as rain (RoadSurf; Koistinen & Saltikoff 1998)."""
    return 1.0 / (1.0 + math.exp(min(22.0 - 2.7 * air_temperature_c - 0.2 * humidity_pct, 60.0)))
