"""How far damp's figures are from published values, from libraries and from real data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ops_api.measure import damp_real
from ops_api.measure.damp_reference import (
    ASHRAE_PA,
    DAYS,
    HARDY_PA,
    INDEX_TABLE,
    SATURATION_RATIO,
    STATES,
    index_after,
    stepped,
)
from ops_api.measure.libraries import library
from rules.core import mould
from rules.core import psychrometrics as psy
from rules.core.mould import SURFACES, MouldSettings
from rules.core.psychrometrics import Floats

SMALL_STEPS_PER_H = 20
OCCUPANCY_PRESSURE_PA, OCCUPANCY_EPSILON = 101_330.0, 0.622
"""With these, and Hyland-Wexler, the occupancy set's humidity ratio was derived."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One comparison.

    Attributes:
        name: what with what.
        error: the largest difference; None where it could not be measured.
        limit: that is claimed.
        unit: of both.
        missing: what was not there to compare with.
    """

    name: str
    error: float | None
    limit: float
    unit: str
    missing: str | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the claim holds; None where it was not measured."""
        return None if self.error is None else self.error <= self.limit


def agreements(real_data: Path | None) -> Iterator[Agreement]:
    """Yield all comparisons; ``real_data`` is a folder with the real data sets."""
    yield from published()
    yield from published_states()
    yield psychrolib_dew_point()
    yield psychrolib_wet_bulb()
    yield coolprop_dew_point()
    yield closed_form()
    yield made_series()
    yield occupancy_ratio(real_data)
    yield finnish_house(real_data)


def published() -> Iterator[Agreement]:
    """Yield the saturation pressure against two published tables."""
    formula = psy.saturation_pressure_hyland_wexler_pa
    for name, table, limit in (("ASHRAE 2017", ASHRAE_PA, 3e-4), ("Hardy 1998", HARDY_PA, 2.6e-4)):
        t, es = (np.array(column) for column in zip(*table.items(), strict=True))
        yield Agreement(f"saturation pressure with {name}", _most(formula(t) / es - 1.0), limit, "relative")


def published_states() -> Iterator[Agreement]:
    """Yield wet bulb and humidity ratio against ASHRAE's examples, and a table of states of moist air."""
    bulb = psy.wet_bulb_c(7.0, 61.0, 100_000.0) - 3.92667
    yield Agreement("wet bulb with ASHRAE 2017's example", abs(float(bulb)), 3e-4 * 3.92667, "°C")
    ratios = (
        psy.humidity_ratio(3169.7, 95_461.0) / 0.0213603998047487,
        psy.humidity_ratio_of_wet_bulb(30.0, 25.0, 95_461.0) / 0.0192281274241096,
        psy.humidity_ratio_of_wet_bulb(-1.0, -5.0, 95_461.0) / 0.00120399819933844,
    )
    yield Agreement(
        "humidity ratio with ASHRAE 2017's examples", _most(np.array(ratios) - 1.0), 3e-4, "relative"
    )
    t, saturated = (np.array(column) for column in zip(*SATURATION_RATIO.items(), strict=True))
    ours = psy.humidity_ratio(psy.saturation_pressure_hyland_wexler_pa(t), psy.STANDARD_PRESSURE_PA)
    yield Agreement(
        "saturation ratio with ASHRAE 2017 (real gas)", _most(ours / saturated - 1.0), 1e-2, "relative"
    )
    t, rh, dew, e, ratio, absolute, magnus = (np.array(column) for column in zip(*STATES, strict=True))
    found = psy.vapour_pressure_hyland_wexler_pa(t, rh)
    rates = (
        found / e,
        psy.humidity_ratio(found) * 1000.0 / ratio,
        psy.absolute_humidity_g_m3(t, found) / absolute,
    )
    yield Agreement(
        "states of moist air: pressure, ratio, g/m³", max(_most(r - 1.0) for r in rates), 3e-5, "relative"
    )
    dews = (psy.dew_point_hyland_wexler_c(t, rh) - dew, psy.dew_point_c(t, rh) - magnus)
    yield Agreement("states of moist air: dew points", max(map(_most, dews)), 1e-4, "°C")


def psychrolib_dew_point() -> Agreement:
    """Return the dew point above 0 °C against psychrolib."""
    name = "dew point with psychrolib"
    found = library("psychrolib")
    if found is None:
        return _without(name, 2e-3, "°C", "psychrolib")
    t, rh = _states(12.0)
    theirs = [found.GetTDewPointFromRelHum(a, b / 100.0) for a, b in zip(t, rh, strict=True)]
    return Agreement(name, _most(psy.dew_point_hyland_wexler_c(t, rh) - np.array(theirs)), 2e-3, "°C")


def psychrolib_wet_bulb() -> Agreement:
    """Return the wet bulb above 0 °C against psychrolib."""
    name, limit = "wet bulb with psychrolib", 2e-3
    found = library("psychrolib")
    if found is None:
        return _without(name, limit, "°C", "psychrolib")
    t, rh = _states(12.0)
    pressure = psy.STANDARD_PRESSURE_PA
    theirs = [found.GetTWetBulbFromRelHum(a, b / 100.0, pressure) for a, b in zip(t, rh, strict=True)]
    return Agreement(name, _most(psy.wet_bulb_c(t, rh) - np.array(theirs)), limit, "°C")


def coolprop_dew_point() -> Agreement:
    """Return the dew point above 0 °C against CoolProp's real gas."""
    name, limit = "dew point with CoolProp (real gas)", 6e-3
    found = library("CoolProp.HumidAirProp")
    if found is None:
        return _without(name, limit, "°C", "CoolProp")
    t, rh = _states(12.0)
    theirs = [
        found.HAPropsSI("D", "T", a + psy.KELVIN, "P", psy.STANDARD_PRESSURE_PA, "R", b / 100.0)
        for a, b in zip(t, rh, strict=True)
    ]
    ours = psy.dew_point_hyland_wexler_c(t, rh) + psy.KELVIN
    return Agreement(name, _most(ours - np.array(theirs)), limit, "°C")


def closed_form() -> Agreement:
    """Return the mould risk index, hour by hour, against its closed form in all 96 cells of the table."""
    columns = [(t, rh, name) for t, rh in INDEX_TABLE for name in SURFACES]
    surface = mould.surfaces_of([name for _, _, name in columns])
    t, rh = (np.array([c[i] for c in columns], dtype=np.float64) for i in (0, 1))
    state, done, errors = mould.fresh(len(columns)), 0, list[float]()
    for days in DAYS:
        shape = (24 * (days - done), len(columns))
        state = mould.after_hours(state, np.broadcast_to(t, shape), np.broadcast_to(rh, shape), surface)
        done = days
        errors += np.abs(state.index - [index_after(days, *c) for c in columns]).tolist()
    return Agreement("mould index with its closed form, everywhere in the table", max(errors), 1e-3, "index")


def made_series() -> Agreement:
    """Return the mould risk index against small steps on half a made year with frosts, a hot day and gaps."""
    rng, hours = np.random.default_rng(7), np.arange(4000)
    t = 9.0 + 8.0 * np.sin(hours / 700) + 2.0 * np.sin(hours / 3.8) + rng.normal(0, 0.5, hours.size)
    rh = 84.0 + 14.0 * np.sin(hours / 200) + rng.normal(0, 5, hours.size)
    t[1000:1003], t[500:540], rh[2000:2100] = 52.0, -3.0, np.nan
    return Agreement("mould index with small steps, made half year", small_steps(t, rh), 5e-3, "index")


def occupancy_ratio(real_data: Path | None) -> Agreement:
    """Return the humidity ratio against the occupancy set's own."""
    name, limit = "humidity ratio with the UCI occupancy data", 1e-7
    found = None if real_data is None else damp_real.occupancy(real_data)
    if found is None:
        return _without(name, limit, "kg/kg", f"{damp_real.OCCUPANCY} in --real-data")
    t, rh, ratio = found
    e = psy.vapour_pressure_hyland_wexler_pa(t, rh)
    return Agreement(
        name, _most(psy.humidity_ratio(e, OCCUPANCY_PRESSURE_PA, OCCUPANCY_EPSILON) - ratio), limit, "kg/kg"
    )


def finnish_house(real_data: Path | None) -> Agreement:
    """Return the mould risk index against small steps on all series of the house."""
    name, limit = "mould index with small steps, Finnish house", 5e-3
    series = [] if real_data is None else [damp_real.house(real_data, s) for s in damp_real.HOUSE_SERIES]
    found = [s for s in series if s is not None]
    if not found:
        return _without(name, limit, "index", f"{damp_real.HOUSE} in --real-data")
    return Agreement(name, max(small_steps(t, rh) for t, rh in found), limit, "index")


def small_steps(t: Floats, rh: Floats, decline: float = 0.25) -> float:
    """Return the largest difference of the model from small steps, over all hours and classes."""
    errors = []
    for name, surface in SURFACES.items():
        ours = mould.index_series(t[:, None], rh[:, None], surface, MouldSettings(decline=decline))[:, 0]
        hours = zip(t.tolist(), rh.tolist(), strict=True)
        errors.append(_most(ours - np.fromiter(stepped(hours, name, decline, SMALL_STEPS_PER_H), np.float64)))
    return max(errors)


def _states(least_c: float) -> tuple[Floats, Floats]:
    """Return temperatures and humidities of homes whose dew point is above 0 °C."""
    t, rh = np.meshgrid(np.arange(least_c, 31.0, 3.0), np.arange(50.0, 100.0, 10.0))
    return t.ravel(), rh.ravel()


def _without(name: str, limit: float, unit: str, missing: str) -> Agreement:
    return Agreement(name, None, limit, unit, f"{missing} is not there")


def _most(difference: Floats) -> float:
    return float(np.abs(difference).max())
