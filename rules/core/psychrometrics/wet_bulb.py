"""Wet-bulb temperature after ASHRAE: what a wetted thermometer reads, with ice on it below 0 °C.

Water and ice on the bulb give two equations that do not meet at 0 °C: a narrow range of humidity
would satisfy both. There the bulb is taken as frozen only where unfrozen water has no solution, which makes the
answer unique.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from rules.core.psychrometrics.constants import EPSILON, KELVIN, STANDARD_PRESSURE_PA
from rules.core.psychrometrics.moisture import humidity_ratio, vapour_pressure_hyland_wexler_pa
from rules.core.psychrometrics.saturation import ln_ice, ln_water
from rules.core.psychrometrics.shape import Floats, N, array, like

TOLERANCE_C = 1e-9
MOST_STEPS = 50


class Bulb(NamedTuple):
    """The heat balance of a wetted bulb (ASHRAE Handbook of Fundamentals 2017, ch. 1, eq. 33, 35) [kJ/kg].

    Attributes:
        latent: heat of evaporation or sublimation at 0 °C.
        latent_slope: by which it falls with the bulb's temperature [kJ/(kg K)].
        water_heat: heat capacity of the water or ice [kJ/(kg K)].
        ln_es: ln of the saturation pressure over it [Pa], with derivative, at a temperature [K].
    """

    latent: float
    latent_slope: float
    water_heat: float
    ln_es: Callable[[Floats], tuple[Floats, Floats]]


WATER = Bulb(2501.0, 2.326, 4.186, ln_water)
ICE = Bulb(2830.0, 0.24, 2.1, ln_ice)
VAPOUR_HEAT, AIR_HEAT = 1.86, 1.006
"""Heat capacities of water vapour and dry air [kJ/(kg K)]."""


def wet_bulb_c(temperature_c: N, humidity_pct: N, pressure_pa: float = STANDARD_PRESSURE_PA) -> N:
    """Return the wet-bulb temperature [°C].

    Args:
        temperature_c: air temperature [°C], from -60 to where water boils: NaN there.
        humidity_pct: relative humidity over water [%].
        pressure_pa: total air pressure [Pa].
    """
    e = vapour_pressure_hyland_wexler_pa(array(temperature_c), array(humidity_pct))
    return like(
        temperature_c, wet_bulb_of_ratio_c(array(temperature_c), humidity_ratio(e, pressure_pa), pressure_pa)
    )


def wet_bulb_of_ratio_c(temperature_c: N, ratio: N, pressure_pa: float = STANDARD_PRESSURE_PA) -> N:
    """Return the wet-bulb temperature of air with a known humidity ratio [°C].

    Air at or above saturation (over ice below 0 °C) has the bulb at its own temperature.

    Args:
        temperature_c: air temperature [°C].
        ratio: mass of water vapour per mass of dry air [kg/kg].
        pressure_pa: total air pressure [Pa].
    """
    t, w = np.broadcast_arrays(array(temperature_c), array(ratio))
    at_0 = array(humidity_ratio_of_wet_bulb(np.maximum(t, 0.0), np.zeros_like(t), pressure_pa))
    unfrozen = (t >= 0.0) & (w >= at_0)
    water = _solve(WATER, t, w, np.where(unfrozen, t, np.nan), pressure_pa)
    ice = _solve(ICE, t, w, np.where(unfrozen, np.nan, np.minimum(t, 0.0)), pressure_pa)
    return like(temperature_c, array(np.where(unfrozen, np.maximum(water, 0.0), ice)))


def humidity_ratio_of_wet_bulb(temperature_c: N, bulb_c: N, pressure_pa: float = STANDARD_PRESSURE_PA) -> N:
    """Return the humidity ratio that a psychrometer's two thermometers tell [kg/kg].

    Args:
        temperature_c: dry bulb [°C].
        bulb_c: wet bulb [°C], not above the dry one; from 0 °C water is on it, below ice.
        pressure_pa: total air pressure [Pa].
    """
    t, tw = array(temperature_c), array(bulb_c)
    water, ice = (_ratio(bulb, t, tw, pressure_pa) for bulb in (WATER, ICE))
    return like(temperature_c, array(np.where(tw >= 0.0, water, ice)))


def _ratio(bulb: Bulb, t: Floats, tw: Floats, pressure_pa: float) -> Floats:
    saturated, _ = _saturation_ratio(bulb, tw, pressure_pa)
    held = (bulb.latent - bulb.latent_slope * tw) * saturated - AIR_HEAT * (t - tw)
    return held / (bulb.latent + VAPOUR_HEAT * t - bulb.water_heat * tw)


def _saturation_ratio(bulb: Bulb, tw: Floats, pressure_pa: float) -> tuple[Floats, Floats]:
    """Return the humidity ratio at saturation [kg/kg] and its derivative [1/K]; NaN where water boils."""
    ln_es, slope = bulb.ln_es(tw + KELVIN)
    es = np.exp(ln_es)
    dry = np.where(es < pressure_pa, pressure_pa - es, np.nan)
    ratio = EPSILON * es / dry
    return ratio, ratio * slope * pressure_pa / dry


def _solve(bulb: Bulb, t: Floats, w: Floats, start_c: Floats, pressure_pa: float) -> Floats:
    """Return the bulb temperature of humidity ratio ``w``, not above ``start_c``; NaN where that is NaN.

    The balance is convex and rises with the bulb's temperature, so that Newton's method from the right neither
    overshoots nor fails.
    """
    tw = start_c
    for _ in range(MOST_STEPS):
        saturated, slope = _saturation_ratio(bulb, tw, pressure_pa)
        heat = bulb.latent - bulb.latent_slope * tw
        excess = (
            heat * saturated
            - AIR_HEAT * (t - tw)
            - w * (bulb.latent + VAPOUR_HEAT * t - bulb.water_heat * tw)
        )
        rise = heat * slope - bulb.latent_slope * saturated + AIR_HEAT + w * bulb.water_heat
        nearer = np.minimum(tw - excess / rise, start_c)
        done = not np.any(np.abs(nearer - tw) > TOLERANCE_C)
        tw = nearer
        if done:
            break
    return array(tw)
