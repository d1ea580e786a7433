"""Heat in the road: five layers, implicit in time, for many segments at once.

Ordinary road: 0.6 m of asphalt and stone over soil of constant temperature. Bridge: a thin
deck with air underneath, so that it follows the air and freezes first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from firmware_sim.world.psychro import Floats

ROAD_THICKNESS_M = (0.02, 0.04, 0.08, 0.16, 0.30)
DECK_THICKNESS_M = (0.02, 0.03, 0.04, 0.05, 0.06)
HEAT_CAPACITY_J_M3K = (2.0e6, 2.0e6, 2.0e6, 1.7e6, 1.6e6)
CONDUCTIVITY_W_MK = (1.5, 1.5, 1.4, 1.2, 1.1)
SOIL_DISTANCE_M = 0.6
UNDERSIDE_W_M2K = 9.0
"""Exchange of a deck's underside with the air: convection 5, radiation 4."""


class Ground:
    """Layer temperatures (5, n) [°C] of n segments; row 0 is the surface layer."""

    def __init__(
        self, bridge: np.ndarray[Any, np.dtype[np.bool_]], temperature_c: float, soil_c: float
    ) -> None:
        thickness = np.where(bridge, np.array(DECK_THICKNESS_M)[:, None], np.array(ROAD_THICKNESS_M)[:, None])
        conductivity = np.array(CONDUCTIVITY_W_MK)[:, None]
        self.capacity = thickness * np.array(HEAT_CAPACITY_J_M3K)[:, None]
        resistance = 0.5 * thickness / conductivity
        self._between: Floats = 1.0 / (resistance[:-1] + resistance[1:])
        soil = 1.0 / (resistance[-1] + SOIL_DISTANCE_M / CONDUCTIVITY_W_MK[-1])
        deck = 1.0 / (resistance[-1] + 1.0 / UNDERSIDE_W_M2K)
        self._bottom: Floats = np.where(bridge, deck, soil)
        self._bridge = bridge
        self._soil_c = soil_c
        self.temperature_c: Floats = np.full(thickness.shape, temperature_c)
        self._dt_s = 0.0

    def _prepare(self, dt_s: float) -> None:
        """Eliminate upwards from the bottom once per step length: only the surface row changes later."""
        layers = len(self.capacity)
        self._storage = self.capacity / dt_s
        self._pivot: list[Floats] = [np.empty(0)] * layers
        pivot = self._storage[-1] + self._bottom + self._between[-1]
        self._pivot[-1] = pivot
        for i in range(layers - 2, 0, -1):
            pivot = self._storage[i] + self._between[i - 1] + self._between[i] - self._between[i] ** 2 / pivot
            self._pivot[i] = pivot
        self._dt_s = dt_s

    def step(self, dt_s: float, flux_w_m2: Floats, slope_w_m2k: Floats, air_c: Floats) -> Floats:
        """Advance by ``dt_s`` and return the heat that left through the bottom [J/m²].

        Args:
            dt_s: step [s].
            flux_w_m2: heat into the surface at a surface temperature of 0 °C.
            slope_w_m2k: how much less for each degree that the surface is warmer.
            air_c: air temperature, which bridges feel from below.
        """
        if dt_s != self._dt_s:
            self._prepare(dt_s)
        t, g = self.temperature_c, self._between
        below = np.where(self._bridge, air_c, self._soil_c)
        rhs = self._storage * t
        rhs[-1] += self._bottom * below
        for i in range(len(t) - 2, 0, -1):
            rhs[i] += g[i] * rhs[i + 1] / self._pivot[i + 1]
        surface = rhs[0] + flux_w_m2 + g[0] * rhs[1] / self._pivot[1]
        t[0] = surface / (self._storage[0] + slope_w_m2k + g[0] - g[0] ** 2 / self._pivot[1])
        for i in range(1, len(t)):
            t[i] = (rhs[i] + g[i - 1] * t[i - 1]) / self._pivot[i]
        return np.asarray(dt_s * self._bottom * (t[-1] - below))
