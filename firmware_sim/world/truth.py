"""What is really so in the world, without noise: for tests, for scores, for the demo's check."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoadTruth:
    """One segment: temperatures [°C], stores [mm], salt [g/m²], state code."""

    segment_id: str
    surface_temperature_c: float
    air_temperature_c: float
    humidity_pct: float
    water_mm: float
    ice_mm: float
    hoar_mm: float
    snow_mm: float
    salt_g_m2: float
    freezing_point_c: float
    state: int


@dataclass(frozen=True, slots=True)
class HomeTruth:
    """One home: air and coldest wall."""

    code: str
    temperature_c: float
    humidity_pct: float
    surface_temperature_c: float
    surface_humidity_pct: float
    temperature_factor: float
    damp: bool
    underheated: bool


@dataclass(frozen=True, slots=True)
class BinTruth:
    """One bin: share of its capacity [%] and the exact distance [mm]."""

    bin_id: str
    fill_pct: float
    distance_mm: float
    last_emptied_s: float


@dataclass(frozen=True, slots=True)
class HomeEvent:
    """Something a household did; ``activity`` as in ``devices.contract.messages.Activity``."""

    code: str
    device: str
    activity: str
    start_s: float
    end_s: float
