"""Places on the Earth as points in metres. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EARTH_M = 6_371_008.8
"""Mean radius of the Earth [m] (IUGG, 1980)."""


def xyz_m(latitude_deg: Floats, longitude_deg: Floats) -> Floats:
    """Return points of the sphere, n × 3 [m]: straight lines between them are, over a town, as long as the arcs.

    Args:
        latitude_deg: n latitudes [°].
        longitude_deg: n longitudes [°].
    """
    lat, lon = np.radians(latitude_deg), np.radians(longitude_deg)
    return EARTH_M * np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)
