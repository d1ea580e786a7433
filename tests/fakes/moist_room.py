"""A room of known volume and ventilation, for tests of moisture events: exact, no simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats, absolute_humidity_g_m3, saturation_pressure_water_pa

STEP_S = 300.0


@dataclass(frozen=True)
class Release:
    """Water let into the room: from, for how long [s], grams."""

    start_s: float
    length_s: float
    grams: float


def room_vapour_g_m3(
    at_s: Floats, releases: list[Release], *, volume_m3: float, per_hour: float, level_g_m3: float
) -> Floats:
    """Return absolute humidity of a well mixed room [g/m³]: each release decays exponentially to the level."""
    n = per_hour / 3600.0
    vapour = np.full(len(at_s), level_g_m3)
    for r in releases:
        rate = r.grams / r.length_s / volume_m3
        during = np.clip(at_s - r.start_s, 0.0, r.length_s)
        after = np.clip(at_s - r.start_s - r.length_s, 0.0, None)
        vapour = vapour + rate / n * -np.expm1(-n * during) * np.exp(-n * after)
    return vapour


def humidity_pct(vapour_g_m3: Floats, temperature_c: Floats) -> Floats:
    """Return the relative humidity of an absolute one."""
    full = absolute_humidity_g_m3(temperature_c, saturation_pressure_water_pa(temperature_c))
    return np.asarray(100.0 * vapour_g_m3 / full)


def series(hours: float, step_s: float = STEP_S) -> Floats:
    """Return times in the middle of the bins [s]."""
    return np.asarray(np.arange(0.5 * step_s, hours * 3600.0, step_s))
