"""British National Grid (EPSG:27700) and WGS 84, by one Helmert transformation.

Source: Ordnance Survey, A guide to coordinate systems in Great Britain, annexes B and C. The
transformation with seven parameters is wrong by up to 5 m; OSTN15 would be right to 0.1 m but is a
grid of 15 MB. Heights are taken as 0.
"""

from __future__ import annotations

import numpy as np

from rules.core.psychrometrics import Floats

AIRY = (6_377_563.396, 6_356_256.909)
"""Semi-axes of OSGB36's ellipsoid [m]."""
GRS80 = (6_378_137.0, 6_356_752.314140)
"""Semi-axes of WGS 84's [m], to 0.1 mm."""

_SCALE, _NORTH0_M, _EAST0_M = 0.9996012717, -100_000.0, 400_000.0
_LAT0, _LON0 = np.radians(49.0), np.radians(-2.0)
_SHIFT_M = np.array([446.448, -125.157, 542.060])
_TURN = np.radians(np.array([0.1502, 0.2470, 0.8421]) / 3600.0)
_STRETCH = -20.4894e-6
_ROUNDS = 10


def to_wgs84(east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    """Return longitude and latitude [°, WGS 84] of grid coordinates [m]."""
    latitude, longitude = _unproject(east_m, north_m)
    x = _SHIFT_M[:, None] + _rotation() @ _cartesian(latitude, longitude, AIRY)
    latitude, longitude = _geographic(x, GRS80)
    return np.degrees(longitude), np.degrees(latitude)


def from_wgs84(longitude_deg: Floats, latitude_deg: Floats) -> tuple[Floats, Floats]:
    """Return grid coordinates, east and north [m], of longitude and latitude [°, WGS 84]."""
    x = _cartesian(np.radians(latitude_deg), np.radians(longitude_deg), GRS80)
    return _project(*_geographic(np.linalg.solve(_rotation(), x - _SHIFT_M[:, None]), AIRY))


def _rotation() -> Floats:
    rx, ry, rz = _TURN
    turn = np.array([[1.0, -rz, ry], [rz, 1.0, -rx], [-ry, rx, 1.0]])
    return np.asarray(turn + _STRETCH * np.eye(3))


def _eccentricity(axes: tuple[float, float]) -> float:
    return 1.0 - (axes[1] / axes[0]) ** 2


def _cartesian(latitude: Floats, longitude: Floats, axes: tuple[float, float]) -> Floats:
    e2 = _eccentricity(axes)
    nu = axes[0] / np.sqrt(1.0 - e2 * np.sin(latitude) ** 2)
    flat = nu * np.cos(latitude)
    return np.stack([flat * np.cos(longitude), flat * np.sin(longitude), (1.0 - e2) * nu * np.sin(latitude)])


def _geographic(x: Floats, axes: tuple[float, float]) -> tuple[Floats, Floats]:
    e2, flat = _eccentricity(axes), np.hypot(x[0], x[1])
    latitude = np.arctan2(x[2], flat * (1.0 - e2))
    for _ in range(_ROUNDS):
        nu = axes[0] / np.sqrt(1.0 - e2 * np.sin(latitude) ** 2)
        latitude = np.arctan2(x[2] + e2 * nu * np.sin(latitude), flat)
    return latitude, np.arctan2(x[1], x[0])


def _meridian(latitude: Floats) -> Floats:
    """Return the arc along the meridian from the grid's origin [m]."""
    n = (AIRY[0] - AIRY[1]) / (AIRY[0] + AIRY[1])
    less, more = latitude - _LAT0, latitude + _LAT0
    arc = (
        (1 + n + 1.25 * n**2 + 1.25 * n**3) * less
        - (3 * n + 3 * n**2 + 2.625 * n**3) * np.sin(less) * np.cos(more)
        + (1.875 * n**2 + 1.875 * n**3) * np.sin(2 * less) * np.cos(2 * more)
        - 35 / 24 * n**3 * np.sin(3 * less) * np.cos(3 * more)
    )
    return np.asarray(AIRY[1] * _SCALE * arc)


def _radii(latitude: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the radii across and along the meridian [m], and their ratio less 1."""
    e2 = _eccentricity(AIRY)
    root = 1.0 - e2 * np.sin(latitude) ** 2
    nu = AIRY[0] * _SCALE / np.sqrt(root)
    rho = AIRY[0] * _SCALE * (1.0 - e2) / root**1.5
    return nu, rho, nu / rho - 1.0


def _unproject(east_m: Floats, north_m: Floats) -> tuple[Floats, Floats]:
    latitude = _LAT0 + (north_m - _NORTH0_M) / (AIRY[0] * _SCALE)
    for _ in range(_ROUNDS):
        latitude = latitude + (north_m - _NORTH0_M - _meridian(latitude)) / (AIRY[0] * _SCALE)
    nu, rho, eta2 = _radii(latitude)
    t2, sec, x = np.tan(latitude) ** 2, 1.0 / np.cos(latitude), (east_m - _EAST0_M)
    north = np.tan(latitude) / rho * (
        x**2 / (2 * nu)
        - (5 + 3 * t2 + eta2 - 9 * t2 * eta2) * x**4 / (24 * nu**3)
        + (61 + 90 * t2 + 45 * t2**2) * x**6 / (720 * nu**5)
    )  # fmt: skip
    east = sec * (
        x / nu
        - (nu / rho + 2 * t2) * x**3 / (6 * nu**3)
        + (5 + 28 * t2 + 24 * t2**2) * x**5 / (120 * nu**5)
        - (61 + 662 * t2 + 1320 * t2**2 + 720 * t2**3) * x**7 / (5040 * nu**7)
    )
    return latitude - north, _LON0 + east


def _project(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    nu, rho, eta2 = _radii(latitude)
    s, c, t2, x = np.sin(latitude), np.cos(latitude), np.tan(latitude) ** 2, longitude - _LON0
    north = (
        nu / 2 * s * c * x**2
        + nu / 24 * s * c**3 * (5 - t2 + 9 * eta2) * x**4
        + nu / 720 * s * c**5 * (61 - 58 * t2 + t2**2) * x**6
    )
    east = (
        nu * c * x
        + nu / 6 * c**3 * (nu / rho - t2) * x**3
        + nu / 120 * c**5 * (5 - 18 * t2 + t2**2 + 14 * eta2 - 58 * t2 * eta2) * x**5
    )
    return _EAST0_M + east, _NORTH0_M + _meridian(latitude) + north
