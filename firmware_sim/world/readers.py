"""Every device's reader, and the truth that the readers see, refreshed after each step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from devices.registry import Registry
from firmware_sim.world import sensing
from firmware_sim.world.bin_sensors import BinSensors
from firmware_sim.world.bins import BinModel
from firmware_sim.world.collection import LorryState
from firmware_sim.world.gritters import Position
from firmware_sim.world.homes import HomeModel
from firmware_sim.world.local_air import Places
from firmware_sim.world.noise import bits, gauss5, key_of
from firmware_sim.world.psychro import Floats
from firmware_sim.world.roads import RoadModel
from firmware_sim.world.script import Scenario
from firmware_sim.world.terrain import METRES_PER_DEGREE
from firmware_sim.world.weather import Sky

PROBE_EVERY = 3
"""Every third frog has a probe on the cold wall, the first one among them."""
BUILT_UP_OF_STATION = 0.1


class Published:
    """Look-ups for the readers: plain lists, so that a reading costs no array access.

    Args:
        position: where a gritter is at a time [s since 1970].
        lorry: where a bin lorry is and what it carries.
    """

    def __init__(
        self,
        registry: Registry,
        seed: int,
        scenario: Scenario,
        roads: RoadModel,
        bins: BinModel,
        position: Callable[[str, float], Position],
        lorry: Callable[[str, float], LorryState],
    ) -> None:
        self._roads, self._bins, self._position, self._seed = roads, bins, position, seed
        self._lorry = lorry
        self._frogs: list[tuple[float, float, float]] = []
        self._road_truth: list[tuple[float, ...]] = []
        self._weather_truth: list[tuple[float, ...]] = []
        self._bin_truth: list[tuple[Floats, float]] = [(bins.distance_mm(), 0.0)]
        self._pressure = [1013.0]
        self._surface: list[float] = []
        self._air: list[float] = []
        self._readers: dict[str, sensing.Reader] = {}
        self._road_rows = np.array(
            [i for i, s in enumerate(registry.segments) if s.device is not None], dtype=np.int64
        )
        self._stations = _stations(registry)
        self._make(registry, scenario)

    def read(self, device: str, tick: int) -> sensing.Values:
        """Return a good reading of a device at a time [ms since 1970]."""
        return self._readers[device](tick)

    def _make(self, registry: Registry, scenario: Scenario) -> None:
        seed, readers = self._seed, self._readers
        for row, home in enumerate(registry.homes):
            for name in home.devices:
                readers[name] = sensing.frog_reader(
                    seed, name, row, self._frogs, self._pressure, row % PROBE_EVERY == 0
                )
        for i, row in enumerate(self._road_rows.tolist()):
            name = registry.segments[row].device or ""
            readers[name] = sensing.road_reader(seed, name, i, self._road_truth)
        for i, device in enumerate(d for d in registry.devices if d.kind == "weather"):
            readers[device.name] = sensing.weather_reader(seed, device.name, i, self._weather_truth)
        sensors = BinSensors(registry.bins, seed, scenario.bins)
        for i, site in enumerate(registry.bins):
            readers[site.device] = sensing.bin_reader(i, sensors, self._bins, self._bin_truth)
        for device in registry.devices:
            if device.kind == "gritter":
                readers[device.name] = self._gritter_reader(device.name)
            if device.kind == "lorry":
                readers[device.name] = sensing.lorry_reader(seed, device.name, self._lorry)

    def refresh(self, sky: Sky, pool: float, homes: HomeModel, bin_air_c: float) -> None:
        """Take over the state of the models."""
        self._pressure[0] = sky.pressure_hpa
        self._frogs[:] = zip(
            homes.temperature_c.tolist(), homes.humidity_pct.tolist(), homes.surface_c.tolist(), strict=True
        )
        self._bin_truth[0] = (self._bins.distance_mm(), bin_air_c)
        self._refresh_roads()
        air = self._stations.air(sky, pool)
        self._weather_truth[:] = [
            (
                temperature,
                humidity,
                wind,
                sky.wind_direction_deg,
                sky.pressure_hpa,
                sky.precipitation_mm_h,
                float(sky.precipitation_type),
                sky.cloud_oktas,
                sky.shortwave_w_m2,
                sky.longwave_w_m2,
            )
            for temperature, humidity, wind in zip(
                air.temperature_c.tolist(), air.humidity_pct.tolist(), air.wind_m_s.tolist(), strict=True
            )
        ]

    def _refresh_roads(self) -> None:
        roads, rows = self._roads, self._road_rows
        water = roads.water
        self._surface = roads.surface_c.tolist()
        self._air = roads.air.temperature_c.tolist()
        columns = (
            roads.surface_c[rows],
            roads.air.temperature_c[rows],
            roads.air.humidity_pct[rows],
            roads.ground.temperature_c[2][rows],
            water.total()[rows],
            water.state()[rows].astype(float),
            water.freezing_point()[rows],
        )
        self._road_truth[:] = zip(*(c.tolist() for c in columns), strict=True)

    def _gritter_reader(self, name: str) -> sensing.Reader:
        key = key_of(self._seed, name)

        def read(tick: int) -> sensing.Values:
            where = self._position(name, tick / 1000.0)
            n0, n1, n2, n3, n4 = gauss5(bits(key, tick))
            moving = 1.0 if where.speed_m_s > 0.0 else 0.0
            return {
                "latitude_deg": round(where.latitude_deg + 2.0 * n0 / METRES_PER_DEGREE, 6),
                "longitude_deg": round(where.longitude_deg + 3.0 * n1 / METRES_PER_DEGREE, 6),
                "speed_m_s": round(max(0.0, where.speed_m_s + 0.4 * n2 * moving), 1),
                "surface_temperature_c": round(self._surface[where.row] + 0.4 * n3, 2),
                "air_temperature_c": round(self._air[where.row] + 0.2 * n4, 2),
                "spread_rate_g_m2": float(round(where.rate_g_m2)),
                "spread_width_m": round(where.width_m, 1),
                "salt_remaining_kg": float(round(where.salt_kg)),
            }

        return read


def _stations(registry: Registry) -> Places:
    """Return the weather stations' places: altitude of the nearest segment."""
    altitude = np.array([s.altitude_m for s in registry.segments])
    middle = np.array([s.geometry[len(s.geometry) // 2] for s in registry.segments])
    heights: list[float] = []
    for device in registry.devices:
        if device.kind == "weather":
            if device.longitude_deg is None or device.latitude_deg is None:
                heights.append(float(np.median(altitude)))
                continue
            gap = (middle[:, 0] - device.longitude_deg) ** 2 * 0.38 + (
                middle[:, 1] - device.latitude_deg
            ) ** 2
            heights.append(float(altitude[int(np.argmin(gap))]))
    return Places(
        np.array(heights),
        np.full(len(heights), BUILT_UP_OF_STATION),
        float(np.median(altitude)),
        float(altitude.min()),
    )
