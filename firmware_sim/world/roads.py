"""Road surface of every segment: an energy balance over a conducting road.

rho c dz dTs/dt = (direct lit + diffuse svf) (1 - albedo) + eps (LW - sigma Ts^4) + H + LE + traffic - conduction;
turbulence by bulk transfer with Richardson-number corrections (Louis 1979), vapour over ice
below 0 °C. METRo (Crevier & Delage 2001) and RoadSurf (Kangas et al. 2015) are the models.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from devices.registry import RoadSegment
from firmware_sim.world.ground import Ground
from firmware_sim.world.houses import Houses
from firmware_sim.world.local_air import Air, Places
from firmware_sim.world.psychro import KELVIN, Floats, saturation_surface_pa
from firmware_sim.world.road_water import RoadWater
from firmware_sim.world.sky import STEFAN_BOLTZMANN
from firmware_sim.world.weather import Sky

EMISSIVITY = 0.95
ALBEDO_ROAD, ALBEDO_SNOW = 0.12, 0.55
AIR_HEAT_J_M3K = 1260.0
AIR_HEAT_J_KGK = 1005.0
TRANSFER = 0.16 / (math.log(10.0 / 0.1) * math.log(2.0 / 0.005))
LATENT_WATER_J_KG, LATENT_ICE_J_KG = 2.50e6, 2.83e6
CALM_W_M2K = 1.5
"""What is left of the exchange in still air: drainage flow and gusts."""
TRAFFIC_OF_CLASS = {"A": 1.0, "B": 0.7, "C": 0.4, "U": 0.1}
TRAFFIC_HEAT_W_M2 = 8.0
TRAFFIC_STIRRING_W_M2K = 2.0
HOURLY_TRAFFIC = (
    0.06, 0.04, 0.03, 0.03, 0.05, 0.12, 0.35, 0.8, 1.0, 0.75, 0.65, 0.65,
    0.7, 0.7, 0.75, 0.85, 0.95, 1.0, 0.8, 0.55, 0.4, 0.3, 0.2, 0.12,
)  # fmt: skip


def traffic_at(hour_local: float) -> float:
    """Return traffic relative to the busiest hour, interpolated between full hours."""
    i = int(hour_local) % 24
    part = hour_local - int(hour_local)
    return HOURLY_TRAFFIC[i] * (1.0 - part) + HOURLY_TRAFFIC[(i + 1) % 24] * part


class RoadModel:
    """All segments of a town, in the registry's order."""

    def __init__(self, segments: Sequence[RoadSegment], start_c: float, ground_c: float) -> None:
        altitude = np.array([s.altitude_m for s in segments])
        self.sky_view: Floats = np.array([s.sky_view_factor for s in segments])
        bridge = np.array([s.bridge for s in segments], dtype=np.bool_)
        self._busy = np.array([TRAFFIC_OF_CLASS.get(s.road_class, 0.1) for s in segments])
        self.houses = Houses(segments)
        built_up = np.clip((0.9 - self.sky_view) / 0.35, 0.0, 1.0)
        self.places = Places(altitude, built_up, float(np.median(altitude)), float(altitude.min()))
        self.ground = Ground(bridge, start_c, ground_c)
        self.ground.temperature_c[2:] += (np.array([0.3, 0.6, 1.0]) * (ground_c - start_c))[:, None]
        self.water = RoadWater(len(segments))
        self.air = Air(*(np.zeros(len(segments)) for _ in range(4)))

    @property
    def surface_c(self) -> Floats:
        """Surface temperatures [°C]."""
        return np.asarray(self.ground.temperature_c[0])

    def step(self, sky: Sky, pool: float, dt_s: float) -> None:
        """Advance every segment by ``dt_s`` under constant weather."""
        air = self.places.air(sky, pool)
        self.air = air
        traffic = self._busy * traffic_at(sky.hour_local)
        surface = self.surface_c
        transfer = turbulent_transfer(air, surface) + TRAFFIC_STIRRING_W_M2K * traffic
        if sky.precipitation_mm_h > 0.0:
            self.water.precipitate(sky.precipitation_mm_h * dt_s / 3600.0, sky.precipitation_type)
        latent_w = self._vapour(air, surface, transfer, sky.pressure_hpa, dt_s)
        radiation, radiation_slope = self._radiation(sky, air, surface)
        flux = radiation + transfer * air.temperature_c + latent_w + TRAFFIC_HEAT_W_M2 * traffic
        self.ground.step(dt_s, flux, transfer + radiation_slope, air.temperature_c)
        self.water.wear(dt_s, traffic)
        capacity = self.ground.capacity[0]
        self.ground.temperature_c[0] += self.water.change_phase(self.surface_c, capacity)

    def _vapour(
        self, air: Air, surface: Floats, transfer: Floats, pressure_hpa: float, dt_s: float
    ) -> Floats:
        """Exchange vapour with the air and return the latent heat gained [W/m²]."""
        excess_pa = air.vapour_pa - saturation_surface_pa(surface)
        flux = transfer / AIR_HEAT_J_KGK * 0.622 * excess_pa / (100.0 * pressure_hpa)
        passed = self.water.exchange(flux * dt_s, surface)
        latent = np.where(surface < 0.0, LATENT_ICE_J_KG, LATENT_WATER_J_KG)
        return np.asarray(latent * passed / dt_s)

    def _radiation(self, sky: Sky, air: Air, surface: Floats) -> tuple[Floats, Floats]:
        """Return net radiation at a surface of 0 °C and its slope [W/m², W/m²K]."""
        white = np.minimum(self.water.snow / 2.0, 1.0)
        albedo = ALBEDO_ROAD + (ALBEDO_SNOW - ALBEDO_ROAD) * white
        walls = STEFAN_BOLTZMANN * (air.temperature_c + KELVIN) ** 4
        shift = sky.longwave_w_m2 * ((air.temperature_c + KELVIN) / (sky.air_temperature_c + KELVIN)) ** 4
        incoming = self.sky_view * shift + (1.0 - self.sky_view) * walls
        kelvin = surface + KELVIN
        slope = 4.0 * EMISSIVITY * STEFAN_BOLTZMANN * kelvin**3
        outgoing_at_zero = EMISSIVITY * STEFAN_BOLTZMANN * kelvin**4 - slope * surface
        direct = sky.direct_w_m2 * self.houses.lit(sky.sun_elevation_deg, sky.sun_azimuth_deg)
        sun = (1.0 - albedo) * (direct + (sky.shortwave_w_m2 - sky.direct_w_m2) * self.sky_view)
        return EMISSIVITY * incoming + sun - outgoing_at_zero, slope


def turbulent_transfer(air: Air, surface_c: Floats) -> Floats:
    """Return the heat transfer coefficient of the surface [W/m²K], stability included."""
    wind = np.maximum(air.wind_m_s, 0.6)
    richardson = 9.81 * 2.0 * (air.temperature_c - surface_c) / (KELVIN * wind**2)
    stable = 1.0 / (1.0 + 4.7 * np.clip(richardson, 0.0, 0.2)) ** 2
    unstable = np.sqrt(1.0 + 16.0 * np.clip(-richardson, 0.0, 4.0))
    bulk = AIR_HEAT_J_M3K * TRANSFER * wind * np.where(richardson > 0.0, stable, unstable)
    return np.asarray(CALM_W_M2K + bulk)
