"""Weeks in simulated homes, with what truly happened: the town's own home model, played alone.

Four kinds of home that differ from an ordinary one in one thing (fabric, heat, ventilation,
load), ordinary homes, and the town's own damp homes, where several things are wrong at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from devices.registry import Home
from firmware_sim.world.home_events import Day, Habits
from firmware_sim.world.homes import Fabric, HomeModel
from firmware_sim.world.noise import generator
from firmware_sim.world.psychro import Floats
from firmware_sim.world.winter import Winter

STEP_S = 300
SPIN_UP_DAYS = 7
STARTING = 4.5
"""Absolute humidity outdoors before the first step [g/m³]."""
KINDS = ("ordinary", "cold_wall", "underheated", "unaired", "loaded", "town_damp")
TOWN = ("ordinary",) * 6 + ("town_damp",) + ("ordinary",) * 5
"""A town as ``generate_town`` makes it, where one home in twelve is damp."""


@dataclass(frozen=True, slots=True)
class Weeks:
    """Homes as columns, 5-minute steps as rows; times [s] from local midnight of the first day.

    Attributes:
        kind: what is special about each home, of :data:`KINDS`.
        temperature_c, humidity_pct: what the box reports, with its bias, noise and rounding.
        surface_humidity_pct: the truth at the coldest wall.
        outdoor_vapour_pa: vapour pressure outdoors.
        vapour_g_m3: the truth in the home's air, for a model of one room in it.
        events: all true events.
    """

    kind: tuple[str, ...]
    fabric: Fabric
    habits: Habits
    at_s: Floats
    temperature_c: Floats
    humidity_pct: Floats
    surface_humidity_pct: Floats
    vapour_g_m3: Floats
    outdoor_c: Floats
    outdoor_vapour_pa: Floats
    wind_m_s: Floats
    events: Day


def kinds_of(n: int, among: Sequence[str] = KINDS) -> tuple[str, ...]:
    """Return the kind of each of ``n`` homes, in turn."""
    return tuple(among[i % len(among)] for i in range(n))


def model_of(kind: tuple[str, ...], seed: int, winter: Winter) -> HomeModel:
    """Return the homes, each of its kind."""
    rng = generator(seed, 901)
    homes = [
        Home(
            code=f"h{i}",
            label="",
            devices=(f"frog-{i}",),
            temperature_factor=0.52 if k == "town_damp" else float(rng.uniform(0.66, 0.78)),
            occupants=4 if k == "town_damp" else int(rng.integers(1, 5)),
        )
        for i, k in enumerate(kind)
    ]
    start = winter.at(-SPIN_UP_DAYS * 86_400.0)
    model = HomeModel(homes, seed, start.air_temperature_c, STARTING)
    model.fabric, model.habits = _special(kind, model.fabric, model.habits, seed)
    return model


def _special(kind: tuple[str, ...], f: Fabric, h: Habits, seed: int) -> tuple[Fabric, Habits]:
    """Return fabric and habits with the one thing that is special about each kind."""
    rng, n = generator(seed, 902), len(kind)
    is_ = {k: np.array([one == k for one in kind]) for k in KINDS}
    cold, wall, shut, load = (is_[k] for k in ("underheated", "cold_wall", "unaired", "loaded"))
    fabric = replace(
        f,
        factor=np.where(wall, rng.uniform(0.42, 0.56, n), f.factor),
        boiler_w=np.where(cold, 1500.0, f.boiler_w),
        comfort_c=np.where(cold, rng.uniform(13.5, 15.5, n), f.comfort_c),
        setback_c=np.where(cold, 10.0, f.setback_c),
        leak_per_hour=np.where(shut, rng.uniform(0.14, 0.22, n), f.leak_per_hour),
    )
    people = np.where(load, rng.integers(4, 6, n), h.occupants)
    habits = replace(
        h,
        occupants=people,
        airs=h.airs & ~shut,
        loads_per_day=np.where(load, 1.0, h.loads_per_day),
        extract_share=np.where(shut, 0.0, h.extract_share),
    )
    fabric = replace(fabric, volume_m3=np.where(load, rng.uniform(110.0, 140.0, n), fabric.volume_m3))
    return fabric, habits


def play(model: HomeModel, kind: tuple[str, ...], winter: Winter, days: int, seed: int) -> Weeks:
    """Play the homes for a week before and for ``days`` days; return the latter."""
    steps = np.arange(-SPIN_UP_DAYS * 288 + 1, days * 288 + 1)
    rows: dict[str, list[Any]] = {name: [] for name in ("t", "rh", "rhsi", "ah", "te", "e", "wind")}
    for step in steps.tolist():
        sky, number = winter.at(step * STEP_S), int((step - 1) * STEP_S // 86_400)
        weekend = number % 7 >= 5
        about = [model.day(d, d * 86_400.0, weekend=d % 7 >= 5) for d in (number - 1, number)]
        model.step(sky, about, STEP_S, weekend=weekend)
        if step > 0:
            rows["t"].append(model.temperature_c)
            rows["rh"].append(model.humidity_pct)
            rows["rhsi"].append(model.surface_humidity_pct)
            rows["ah"].append(model.vapour_g_m3)
            rows["te"].append(sky.air_temperature_c)
            rows["e"].append(sky.vapour_pa)
            rows["wind"].append(sky.wind_speed_m_s)
    found = {name: np.array(values) for name, values in rows.items()}
    truth_t, truth_rh = found["t"], found["rh"]
    temperature, humidity = reported(truth_t, truth_rh, seed)
    return Weeks(
        kind=kind,
        fabric=model.fabric,
        habits=model.habits,
        at_s=np.asarray(np.arange(1, days * 288 + 1) * float(STEP_S), dtype=np.float64),
        temperature_c=temperature,
        humidity_pct=humidity,
        surface_humidity_pct=found["rhsi"],
        vapour_g_m3=found["ah"],
        outdoor_c=found["te"],
        outdoor_vapour_pa=found["e"],
        wind_m_s=found["wind"],
        events=_all_events(model, days),
    )


def reported(temperature_c: Floats, humidity_pct: Floats, seed: int) -> tuple[Floats, Floats]:
    """Return what boxes report: bias, noise and rounding as ``firmware_sim.world.sensing.frog_reader``."""
    rng = generator(seed, 903)
    homes = temperature_c.shape[1]
    bias_c, bias_pct = 0.12 * rng.normal(size=homes), 0.9 * rng.normal(size=homes)
    temperature = temperature_c + bias_c + 0.05 * rng.normal(size=temperature_c.shape)
    humidity = humidity_pct + bias_pct + 0.35 * rng.normal(size=humidity_pct.shape)
    humidity = np.asarray(np.round(np.clip(humidity, 0.0, 100.0), 1), dtype=np.float64)
    return np.asarray(np.round(temperature, 2), dtype=np.float64), humidity


def _all_events(model: HomeModel, days: int) -> Day:
    every = [model.day(d, d * 86_400.0, weekend=d % 7 >= 5) for d in range(days)]
    names = ("home", "activity", "start_s", "end_s", "vapour_g")
    return Day(*(np.concatenate([getattr(day, name) for day in every]) for name in names))


def weeks(seed: int, homes: int, days: int, among: Sequence[str] = KINDS) -> Weeks:
    """Return ``days`` days of ``homes`` homes, whose kinds are of ``among`` in turn."""
    winter, kind = Winter(seed), kinds_of(homes, among)
    return play(model_of(kind, seed, winter), kind, winter, days, seed)
