"""What goes into an issue of the road forecast: readings in columns, as they were measured."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class StationReadings:
    """Readings of all weather stations, in any order; NaN = not measured. Units as named; cloud 0..1."""

    at_s: Floats
    air_c: Floats
    humidity_pct: Floats
    wind_m_s: Floats
    shortwave_w_m2: Floats
    longwave_w_m2: Floats
    cloud: Floats
    rain_mm_h: Floats
    snow_mm_h: Floats
    pressure_hpa: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReadings:
    """Readings of road sensors; ``sensor``: place in ``Stretches.sensors``. NaN = not measured."""

    sensor: Ints
    at_s: Floats
    surface_c: Floats
    air_c: Floats
    humidity_pct: Floats
    film_mm: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """Surfaces that gritters measured in passing; ``segment``: place in ``Stretches.ids``."""

    segment: Ints
    at_s: Floats
    surface_c: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Spreads:
    """Salt that was spread [g/m² over the whole stretch]; ``segment``: place in ``Stretches.ids``."""

    segment: Ints
    at_s: Floats
    salt_g_m2: Floats


@dataclass(frozen=True, slots=True)
class Observed:
    """All that was measured in the last days."""

    stations: StationReadings
    sensors: SensorReadings
    passes: Passes
    spreads: Spreads
