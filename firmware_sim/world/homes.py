"""Temperature and moisture in every home, and its coldest wall.

Heat: air and fabric, implicit, heating by a timer with a limited boiler. Moisture: vapour
balance V dc/dt = G - n V (c - c_out) + exchange with furnishings - condensation. Coldest
surface: Tsi = Te + fRsi (Ti - Te) with Te smoothed by the wall. Sources as in AIVC/BS 5250:
people 45 g/h, shower 1.5-2.4 kg/h, a load of washing about 2 kg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from devices.registry import Home
from firmware_sim.world.home_events import WINDOW, Day, Habits, events_of_day
from firmware_sim.world.noise import generator
from firmware_sim.world.placement import DAMP_FACTOR
from firmware_sim.world.psychro import Floats, absolute_humidity_g_m3, saturation_pa
from firmware_sim.world.weather import Sky

AIR_HEAT_WH_M3K = 0.33
PERSON_G_H, PERSON_W = 45.0, 70.0
BUFFER_PER_HOUR = 1.2
BUFFER_G_PER_PCT = 55.0
WALL_LAG_S = 3.0 * 3600.0
WALL_CONDENSATION_PER_HOUR = 0.8
OPEN_WINDOW_PER_HOUR = 2.5
USUAL_OCCUPANTS = 2
"""Of a home whose registry does not say."""


@dataclass(frozen=True, slots=True)
class Fabric:
    """Homes as arrays (n,)."""

    factor: Floats
    volume_m3: Floats
    leak_per_hour: Floats
    light_w_k: Floats
    fabric_w_k: Floats
    inner_w_k: Floats
    air_j_k: Floats
    mass_j_k: Floats
    boiler_w: Floats
    comfort_c: Floats
    setback_c: Floats
    damp: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    underheated: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def make_fabric(homes: Sequence[Home], seed: int) -> tuple[Fabric, Habits]:
    """Return buildings and habits; a low temperature factor marks a truly damp home."""
    n = len(homes)
    rng = generator(seed, 10)
    factor = np.array([h.temperature_factor for h in homes])
    occupants = np.array(
        [USUAL_OCCUPANTS if h.occupants is None else h.occupants for h in homes], dtype=np.int64
    )
    damp = factor < DAMP_FACTOR
    underheated = damp & (np.cumsum(damp) % 3 == 2)
    volume = rng.uniform(120.0, 220.0, n)
    boiler = np.where(underheated, 1500.0, rng.uniform(6000.0, 12000.0, n))
    comfort = np.where(
        underheated, rng.uniform(14.0, 15.5, n), np.where(damp, 18.0, rng.uniform(19.0, 21.5, n))
    )
    fabric = Fabric(
        factor=np.clip(factor + rng.normal(0.0, 0.015, n), 0.3, 0.95),
        volume_m3=volume,
        leak_per_hour=np.where(damp, rng.uniform(0.3, 0.4, n), rng.uniform(0.45, 0.9, n)),
        light_w_k=rng.uniform(30.0, 60.0, n),
        fabric_w_k=rng.uniform(70.0, 150.0, n) * np.where(damp, 1.3, 1.0),
        inner_w_k=rng.uniform(350.0, 600.0, n),
        air_j_k=volume * 12_000.0,
        mass_j_k=volume * 120_000.0,
        boiler_w=boiler,
        comfort_c=comfort,
        setback_c=np.where(underheated, 10.0, rng.uniform(15.0, 17.0, n)),
        damp=damp,
        underheated=underheated,
    )
    loads = np.minimum(np.where(damp, np.maximum(0.18 * occupants, 0.7), 0.08 * occupants), 1.0)
    extract = np.where(damp, 0.0, rng.uniform(0.1, 0.7, n))
    return fabric, Habits(occupants, ~damp & (rng.uniform(size=n) < 0.6), loads, extract)


class HomeModel:
    """All homes of a town, in the registry's order.

    ``source_g``, ``vented_g`` and ``condensed_g`` add up each home's vapour since the start.
    """

    def __init__(
        self, homes: Sequence[Home], seed: int, outdoor_c: float, outdoor_vapour_g_m3: float
    ) -> None:
        self.fabric, self.habits = make_fabric(homes, seed)
        self._seed = seed
        n = len(homes)
        self.temperature_c: Floats = np.where(self.fabric.underheated, 13.0, 17.5) * np.ones(n)
        self.mass_c: Floats = self.temperature_c - 1.0
        excess = np.where(self.fabric.damp, 5.0, 2.5)
        self.vapour_g_m3: Floats = outdoor_vapour_g_m3 + excess
        saturation = absolute_humidity_g_m3(saturation_pa(self.temperature_c), self.temperature_c)
        self.vapour_g_m3 = np.minimum(self.vapour_g_m3, 0.85 * saturation)
        self.buffer_pct: Floats = 100.0 * self.vapour_g_m3 / saturation
        self.outer_c: Floats = np.full(n, outdoor_c)
        self.source_g, self.vented_g, self.condensed_g = np.zeros(n), np.zeros(n), np.zeros(n)
        self._days: dict[int, Day] = {}

    @property
    def surface_c(self) -> Floats:
        """Temperature of the coldest wall [°C]."""
        return self.outer_c + self.fabric.factor * (self.temperature_c - self.outer_c)

    @property
    def humidity_pct(self) -> Floats:
        """Relative humidity of the air [%], 0..100."""
        return np.minimum(100.0 * self.vapour_g_m3 / self._saturation(self.temperature_c), 100.0)

    @property
    def surface_humidity_pct(self) -> Floats:
        """Relative humidity at the coldest wall [%], may pass 100 where it is wet."""
        e = self.vapour_g_m3 * (self.temperature_c + 273.15) * 461.5 / 1000.0
        return np.asarray(100.0 * e / saturation_pa(self.surface_c))

    def stored_g(self) -> Floats:
        """Return vapour in air and furnishings [g]."""
        return self.fabric.volume_m3 * self.vapour_g_m3 + BUFFER_G_PER_PCT * self.buffer_pct

    @staticmethod
    def _saturation(temperature_c: Floats) -> Floats:
        return absolute_humidity_g_m3(saturation_pa(temperature_c), temperature_c)

    def day(self, number: int, midnight_s: float, *, weekend: bool) -> Day:
        """Return (and keep) the events of a local day."""
        if number not in self._days:
            for old in [d for d in self._days if d < number - 2]:
                del self._days[old]
            self._days[number] = events_of_day(self._seed, number, midnight_s, self.habits, weekend=weekend)
        return self._days[number]

    def step(self, sky: Sky, days: Sequence[Day], dt_s: float, *, weekend: bool) -> None:
        """Advance every home by ``dt_s`` up to ``sky.time_s``; ``days`` may hold running events."""
        n = len(self.temperature_c)
        grams, airing = self._activities(days, sky.time_s - dt_s, dt_s)
        home_share: float = _at_home(sky.hour_local, weekend=weekend)
        people: Floats = self.habits.occupants.astype(np.float64) * home_share
        grams = grams + people * PERSON_G_H * dt_s / 3600.0
        ventilation = (
            self.fabric.leak_per_hour * (0.6 + 0.15 * sky.wind_speed_m_s) + OPEN_WINDOW_PER_HOUR * airing
        )
        self._heat(sky, ventilation, people * PERSON_W + 150.0, dt_s, weekend=weekend)
        outdoor = np.full(n, 1000.0 * sky.vapour_pa / (461.5 * (sky.air_temperature_c + 273.15)))
        self.outer_c += (sky.air_temperature_c - self.outer_c) * -np.expm1(-dt_s / WALL_LAG_S)
        self._moisture(grams, ventilation, outdoor, dt_s)

    def _activities(self, days: Sequence[Day], from_s: float, dt_s: float) -> tuple[Floats, Floats]:
        """Return vapour released [g] and the share of the step with a window open, per home."""
        n = len(self.temperature_c)
        grams, airing = np.zeros(n), np.zeros(n)
        for day in days:
            overlap = np.minimum(day.end_s, from_s + dt_s) - np.maximum(day.start_s, from_s)
            rows = np.flatnonzero(overlap > 0.0)
            if len(rows) == 0:
                continue
            home, part = day.home[rows], overlap[rows]
            length = day.end_s[rows] - day.start_s[rows]
            grams += np.bincount(home, day.vapour_g[rows] * part / length, minlength=n)
            airing += np.bincount(home, np.where(day.activity[rows] == WINDOW, part / dt_s, 0.0), minlength=n)
        return grams, np.minimum(airing, 1.0)

    def _heat(self, sky: Sky, ventilation: Floats, gains_w: Floats, dt_s: float, *, weekend: bool) -> None:
        f, outdoor = self.fabric, sky.air_temperature_c
        sun_w = 4.0 * sky.shortwave_w_m2
        target = np.where(_heating_on(sky.hour_local, weekend=weekend), f.comfort_c, f.setback_c)
        air, mass = f.air_j_k / dt_s, f.mass_j_k / dt_s
        loss = f.light_w_k + AIR_HEAT_WH_M3K * ventilation * f.volume_m3
        mass_total = mass + f.inner_w_k + f.fabric_w_k
        mass_rest = (mass * self.mass_c + f.fabric_w_k * outdoor) / mass_total
        total = air + f.inner_w_k + loss - f.inner_w_k**2 / mass_total
        unheated = (
            air * self.temperature_c + gains_w + sun_w + f.inner_w_k * mass_rest + loss * outdoor
        ) / total
        heating = np.clip((target - unheated) * total, 0.0, f.boiler_w)
        self.temperature_c = unheated + heating / total
        self.mass_c = mass_rest + f.inner_w_k * self.temperature_c / mass_total

    def _moisture(self, grams: Floats, ventilation: Floats, outdoor_g_m3: Floats, dt_s: float) -> None:
        volume = self.fabric.volume_m3
        hours = dt_s / 3600.0
        saturation = self._saturation(self.temperature_c)
        buffer = self.buffer_pct / 100.0 * saturation
        # The furnishings' own change within the step is part of the implicit balance.
        soft = BUFFER_PER_HOUR / (
            1.0 + BUFFER_PER_HOUR * hours * volume * saturation / (100.0 * BUFFER_G_PER_PCT)
        )
        above = 1.0 + hours * (ventilation + soft)
        new = (
            self.vapour_g_m3 + grams / volume + hours * (ventilation * outdoor_g_m3 + soft * buffer)
        ) / above
        self.buffer_pct = self.buffer_pct + hours * soft * (new - buffer) * volume / BUFFER_G_PER_PCT
        wall = self._saturation(self.surface_c)
        wet = np.maximum(new - wall, 0.0) * -np.expm1(-WALL_CONDENSATION_PER_HOUR * hours)
        wet = np.maximum(wet, new - saturation)
        self.source_g += grams
        self.vented_g += hours * ventilation * (new - outdoor_g_m3) * volume
        self.condensed_g += wet * volume
        self.vapour_g_m3 = new - wet


def _at_home(hour_local: float, *, weekend: bool) -> float:
    if hour_local < 7.5 or hour_local >= 22.0:
        return 1.0
    if 9.0 <= hour_local < 16.0:
        return 0.6 if weekend else 0.35
    return 0.85


def _heating_on(hour_local: float, *, weekend: bool) -> bool:
    if weekend:
        return 7.5 <= hour_local < 22.5
    return 6.0 <= hour_local < 8.5 or 15.5 <= hour_local < 22.5
