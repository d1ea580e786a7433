"""Where the sun is, how much of its light is direct, and whether a road sees it.

Sources: solar position after NOAA (Spencer 1971, within 0.3° for this purpose); direct and diffuse after
Erbs, Klein & Duffie 1982.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

SOLAR_CONSTANT_W_M2 = 1361.0
DAY_S = 86_400.0
LOWEST_SINE = 0.05
"""Below 3° the sun's share of the light on a horizontal surface means nothing."""
SECTOR_DEG = 10.0
PENUMBRA_DEG = 4.0
"""Roofs are no straight line, and a road is wide: sun and shadow change over so many degrees."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sun:
    """The sun at some times: elevation and azimuth from north over east [°], irradiance above the air [W/m²]."""

    elevation_deg: Floats
    azimuth_deg: Floats
    horizontal_w_m2: Floats


def position(at_s: ArrayLike, latitude_deg: float, longitude_deg: float) -> Sun:
    """Return the sun at times [s since 1970, UTC]."""
    t = np.asarray(at_s, dtype=np.float64)
    g = 2.0 * np.pi * ((t / DAY_S - 10_957.0) % 365.25) / 365.25  # from 1 January 2000 on
    declination = (
        0.006918 - 0.399912 * np.cos(g) + 0.070257 * np.sin(g) - 0.006758 * np.cos(2 * g)
        + 0.000907 * np.sin(2 * g) - 0.002697 * np.cos(3 * g) + 0.00148 * np.sin(3 * g)
    )  # fmt: skip
    equation_min = 229.18 * (
        0.000075 + 0.001868 * np.cos(g) - 0.032077 * np.sin(g)
        - 0.014615 * np.cos(2 * g) - 0.040849 * np.sin(2 * g)
    )  # fmt: skip
    hour = np.radians(((t % DAY_S) / 60.0 + equation_min + 4.0 * longitude_deg) / 4.0 - 180.0)
    latitude = np.radians(latitude_deg)
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour)
    east = -np.cos(declination) * np.sin(hour)
    north = np.cos(latitude) * np.sin(declination) - np.sin(latitude) * np.cos(declination) * np.cos(hour)
    distance = 1.0 + 0.033 * np.cos(g)
    return Sun(
        np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))),
        np.degrees(np.arctan2(east, north)) % 360.0,
        SOLAR_CONSTANT_W_M2 * distance * np.maximum(sine, 0.0),
    )


def direct_share(global_w_m2: NDArray[Any], sun: Sun) -> Floats:
    """Return which share of global radiation comes straight from the sun [-].

    Args:
        global_w_m2: on a horizontal surface that sees the whole sky; times × anything.
        sun: at the same times.
    """
    shape = (-1,) + (1,) * (np.ndim(global_w_m2) - 1)
    above = sun.horizontal_w_m2.reshape(shape)
    up = np.sin(np.radians(sun.elevation_deg)).reshape(shape) > LOWEST_SINE
    kt = np.clip(np.where(up, global_w_m2 / np.maximum(above, 1.0), 0.0), 0.0, 1.0)
    between = 0.9511 - 0.1604 * kt + 4.388 * kt**2 - 16.638 * kt**3 + 12.336 * kt**4
    diffuse = np.select([kt <= 0.22, kt <= 0.80], [1.0 - 0.09 * kt, between], default=0.165)
    return np.asarray(1.0 - diffuse, dtype=np.float64) * up


def street_horizon_deg(axis_deg: float, width_m: float, left_m: float, right_m: float) -> Floats:
    """Return the horizon of the middle of a street by azimuth, in sectors from north over east [°].

    Args:
        axis_deg: direction of the street from north.
        width_m: between the houses.
        left_m: height of the houses on the left, looking along ``axis_deg``.
        right_m: of those on the right.
    """
    across = np.sin(np.radians(np.arange(0.0, 360.0, SECTOR_DEG) - axis_deg))
    height = np.where(across < 0.0, left_m, right_m)
    return np.degrees(np.arctan(height * np.abs(across) / (0.5 * width_m)))


def lit_share(horizon_deg: Floats, sun: Sun) -> Floats:
    """Return how much of the direct sun reaches roads, 0..1: times × segments.

    Args:
        horizon_deg: segments × sectors of ``SECTOR_DEG`` from north over east.
        sun: at the times.
    """
    sectors = horizon_deg.shape[1]
    place = (sun.azimuth_deg / (360.0 / sectors)) % sectors
    low = place.astype(np.int64) % sectors
    part = (place - np.floor(place))[:, None]
    at = horizon_deg.T
    horizon = at[low] * (1.0 - part) + at[(low + 1) % sectors] * part
    share = (sun.elevation_deg[:, None] - horizon) / PENUMBRA_DEG + 0.5
    return np.asarray(np.clip(share, 0.0, 1.0), dtype=np.float64)
