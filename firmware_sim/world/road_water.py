"""What lies on the road: water, ice, hoar, snow [mm water equivalent] and salt [g/m²].

Freezing of brine: NaCl curve of the FHWA MDSS rules of practice,
c = -0.02916 T² - 1.7208 T (weight %), shifted to 0 % at 0 °C. Wear by traffic after RoadSurf,
scaled to a town; loss of salt in two pools fitted to TRL PPR392.
"""

from __future__ import annotations

import numpy as np

from firmware_sim.world.psychro import Floats
from firmware_sim.world.weather import FREEZING_RAIN, RAIN, SLEET, SNOW

FUSION_J_KG = 334_000.0
EUTECTIC_C = -21.1
EUTECTIC_FRACTION = 0.233
RUNOFF_ABOVE_MM = 0.4
RUNOFF_S = 900.0
WEAR_PER_HOUR = {"water": 0.10, "ice": 0.10, "hoar": 0.30, "snow": 0.35}
LOOSE_SHARE = 0.73
LOOSE_LOSS_PER_HOUR = 0.5
BOUND_LOSS_PER_HOUR = 0.012
SNOW_LIES_ABOVE_MM = 0.3
ICE_ABOVE_MM = 0.03
HOAR_ABOVE_MM = 0.01
DAMP_ABOVE_MM = 0.02
WET_ABOVE_MM = 0.2
DRY, DAMP, WET, HOAR, ICE, SNOW_COVER = range(6)


def freezing_point_c(salt_g_m2: Floats, water_mm: Floats) -> Floats:
    """Return the temperature at which the solution begins to freeze [°C], 0 without salt."""
    brine = 1000.0 * water_mm + salt_g_m2
    fraction = np.minimum(salt_g_m2 / np.maximum(brine, 1e-9), EUTECTIC_FRACTION)
    return np.asarray((-1.7208 + np.sqrt(1.7208**2 - 4.0 * 0.02916 * 100.0 * fraction)) / (2.0 * 0.02916))


def liquid_at_equilibrium_mm(salt_g_m2: Floats, temperature_c: Floats) -> Floats:
    """Return how much water salt keeps liquid at a temperature [mm]: without bound above 0 °C."""
    t = np.clip(temperature_c, EUTECTIC_C, -1e-3)
    fraction = (-0.02916 * t * t - 1.7208 * t) / 100.0
    liquid = salt_g_m2 * (1.0 - fraction) / fraction / 1000.0
    return np.where(temperature_c >= 0.0, np.inf, np.where(temperature_c <= EUTECTIC_C, 0.0, liquid))


class RoadWater:
    """Stores of n segments."""

    def __init__(self, n: int) -> None:
        self.water: Floats = np.zeros(n)
        self.ice: Floats = np.zeros(n)
        self.hoar: Floats = np.zeros(n)
        self.snow: Floats = np.zeros(n)
        self.salt_loose: Floats = np.zeros(n)
        self.salt_bound: Floats = np.zeros(n)
        self.drained: Floats = np.zeros(n)

    @property
    def salt(self) -> Floats:
        """Salt on the road [g/m²]."""
        return self.salt_loose + self.salt_bound

    @property
    def frozen(self) -> Floats:
        """Ice, hoar and snow together [mm]."""
        return self.ice + self.hoar + self.snow

    def total(self) -> Floats:
        """Water in every form [mm]."""
        return self.water + self.frozen

    def spread(self, row: int, grams_m2: float) -> None:
        """Put salt on a segment."""
        self.salt_loose[row] += LOOSE_SHARE * grams_m2
        self.salt_bound[row] += (1.0 - LOOSE_SHARE) * grams_m2

    def precipitate(self, millimetres: float, code: int) -> None:
        """Let precipitation fall: ``code`` as in ``devices.contract.kinds.weather``."""
        if code in (RAIN, FREEZING_RAIN):
            self.water += millimetres
        elif code == SLEET:
            self.water += 0.5 * millimetres
            self.snow += 0.5 * millimetres
        elif code == SNOW:
            self.snow += millimetres

    def exchange(self, vapour_mm: Floats, surface_c: Floats) -> Floats:
        """Take vapour from (+) or give it to (-) the air; return what really passed [mm].

        Deposition becomes hoar below 0 °C where no liquid is, else water. Evaporation
        takes water first, then frost and snow, never more than is there.
        """
        gain = np.maximum(vapour_mm, 0.0)
        as_hoar = (surface_c < 0.0) & (self.water < DAMP_ABOVE_MM)
        self.hoar += np.where(as_hoar, gain, 0.0)
        self.water += np.where(as_hoar, 0.0, gain)
        wanted = np.maximum(-vapour_mm, 0.0)
        left = wanted
        for store in (self.water, self.hoar, self.snow, self.ice):
            taken = np.minimum(store, left)
            store -= taken
            left = left - taken
        return np.asarray(gain - (wanted - left))

    def wear(self, dt_s: float, traffic: Floats) -> None:
        """Let water drain and traffic carry things off; ``traffic`` is 0 (none) to 1 (busy)."""
        hours = dt_s / 3600.0
        before = self.total()
        surplus = np.maximum(self.water - RUNOFF_ABOVE_MM, 0.0) * -np.expm1(-dt_s / RUNOFF_S)
        washed = surplus / np.maximum(self.water, 1e-9)
        self.water -= surplus
        self.water *= np.exp(-WEAR_PER_HOUR["water"] * hours * traffic)
        self.ice *= np.exp(-WEAR_PER_HOUR["ice"] * hours * traffic)
        self.hoar *= np.exp(-WEAR_PER_HOUR["hoar"] * hours * traffic)
        self.snow *= np.exp(-WEAR_PER_HOUR["snow"] * hours * traffic)
        self.drained += before - self.total()
        self.salt_loose *= (1.0 - washed) * np.exp(-LOOSE_LOSS_PER_HOUR * hours * traffic)
        self.salt_bound *= (1.0 - washed) * np.exp(-BOUND_LOSS_PER_HOUR * hours)

    def change_phase(self, surface_c: Floats, capacity_j_m2k: Floats) -> Floats:
        """Freeze or melt towards equilibrium; return the warming of the surface layer [K].

        The latent heat is paid by the surface layer: it can't pass the melting point
        before everything has frozen or melted.
        """
        salt, frozen = self.salt, self.frozen
        melting_point = freezing_point_c(salt, self.water)
        too_much = self.water - liquid_at_equilibrium_mm(salt, surface_c)
        room = capacity_j_m2k * np.abs(surface_c - melting_point) / FUSION_J_KG
        freeze = np.where(
            surface_c < melting_point, np.clip(too_much, 0.0, np.minimum(self.water, room)), 0.0
        )
        melt = np.where(surface_c > melting_point, np.clip(-too_much, 0.0, np.minimum(frozen, room)), 0.0)
        share = melt / np.maximum(frozen, 1e-12)
        self.hoar -= share * self.hoar
        self.ice += freeze - share * self.ice
        self.snow -= share * self.snow
        self.water += melt - freeze
        return np.asarray(FUSION_J_KG * (freeze - melt) / capacity_j_m2k)

    def state(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return the surface state's code of each segment (``kinds.road.SURFACE_STATES``)."""
        return np.select(
            [
                self.snow > SNOW_LIES_ABOVE_MM,
                self.ice > ICE_ABOVE_MM,
                self.hoar > HOAR_ABOVE_MM,
                self.water > WET_ABOVE_MM,
                self.water > DAMP_ABOVE_MM,
            ],
            [SNOW_COVER, ICE, HOAR, WET, DAMP],
            DRY,
        )

    def freezing_point(self) -> Floats:
        """Return the freezing point of what is on the road [°C], 0 where there is no salt to speak of."""
        point = freezing_point_c(self.salt, np.maximum(self.total(), 0.002))
        return np.where(self.salt > 0.05, point, 0.0)
