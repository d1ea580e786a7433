"""References for damp: published values, the mould index in closed form and step by step. Pure.

Written from the publications with ``math`` alone, a home and an hour at a time, and sharing nothing with
``rules.core.mould`` but the table of classes: what the vectorised model is compared with.

References: Hukka & Viitanen 1999; Ojanen et al. 2010; ASHRAE Handbook of Fundamentals 2017 ch. 1; Hardy 1998.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp, isnan, log

from rules.core.mould import SURFACES, Sensitivity

DAYS = (7, 28, 84, 365)
INDEX_TABLE: dict[tuple[float, float], tuple[tuple[float, ...], ...]] = {
    (20.0, 97.0): (
        (0.6741, 4.3601, 5.5039, 5.5039),
        (0.3896, 1.3728, 3.4291, 4.6762),
        (0.0485, 0.1939, 0.5813, 2.7491),
        (0.0218, 0.0873, 0.2605, 1.0293),
    ),
    (20.0, 90.0): (
        (0.2380, 0.9516, 3.9184, 3.9950),
        (0.1374, 0.5492, 1.4255, 3.0414),
        (0.0166, 0.0662, 0.1974, 0.8084),
        (0.0068, 0.0272, 0.0808, 0.3293),
    ),
    (10.0, 95.0): (
        (0.3149, 1.5194, 4.9983, 5.0104),
        (0.1820, 0.7280, 1.7891, 4.1084),
        (0.0226, 0.0905, 0.2713, 1.2275),
        (0.0101, 0.0404, 0.1207, 0.5128),
    ),
    (22.0, 85.0): (
        (0.1144, 0.4569, 1.6910, 2.6250),
        (0.0650, 0.2586, 0.7558, 1.6900),
        (0.0, 0.0, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0),
    ),
    (5.0, 97.0): (
        (0.2626, 1.1008, 4.9026, 5.1236),
        (0.1518, 0.6071, 1.5478, 4.2182),
        (0.0189, 0.0755, 0.2265, 0.9812),
        (0.0085, 0.0339, 0.1016, 0.4358),
    ),
    (15.0, 88.0): (
        (0.1431, 0.5724, 2.3973, 3.4737),
        (0.0825, 0.3296, 0.9821, 2.4523),
        (0.0091, 0.0363, 0.1076, 0.4298),
        (0.0034, 0.0136, 0.0403, 0.1634),
    ),
}
"""Index after :data:`DAYS` at constant temperature [°C] and humidity [%], by class in the order of SURFACES."""

HARDY_PA = {
    0.0: 611.213,
    0.01: 611.657,
    5.0: 872.542,
    10.0: 1228.139,
    15.0: 1705.723,
    20.0: 2339.262,
    25.0: 3169.920,
    30.0: 4247.046,
    40.0: 7385.299,
}
"""Saturation over water by temperature [°C], Hardy 1998 (ITS-90) [Pa]."""

ASHRAE_PA = {-20.0: 103.24, -5.0: 401.74, 5.0: 872.6, 25.0: 3169.7, 50.0: 12351.3, 100.0: 101418.0}
"""Saturation over ice and water by temperature [°C], ASHRAE 2017 [Pa], known to 3e-4."""

SATURATION_RATIO = {5.0: 0.005425, 25.0: 0.020173, 50.0: 0.086863}
"""Humidity ratio of saturated air at 101,325 Pa by temperature [°C], ASHRAE 2017 [kg/kg]: of the real gas, 0.4 to 0.6 % above ours."""

STATES = (
    (20.0, 50.0, 9.2724, 1169.402, 7.2617, 8.6437, 9.2552),
    (21.0, 60.0, 12.9467, 1492.600, 9.2987, 10.9952, 12.9354),
    (18.0, 70.0, 12.4526, 1445.004, 8.9979, 10.7543, 12.4437),
    (16.0, 85.0, 13.4817, 1545.674, 9.6345, 11.5830, 13.4775),
    (22.0, 45.0, 9.5335, 1190.139, 7.3920, 8.7374, 9.5150),
    (10.0, 90.0, 8.4372, 1105.196, 6.8586, 8.4577, 8.4339),
    (5.0, 95.0, 4.2667, 828.862, 5.1296, 6.4570, 4.2650),
)
"""Temperature [°C], humidity [%]: dew point [°C], vapour pressure [Pa], humidity ratio [g/kg], absolute humidity [g/m³] after
Hyland & Wexler at 101,325 Pa; dew point after Magnus with Sonntag's constants [°C]. Worked out independently, to the digits given."""


def climate_of(t_c: float, rh_pct: float, name: Sensitivity) -> tuple[float, float] | None:
    """Return 1 / (7 tm) [1/day] and the highest index at constant conditions; None where nothing grows."""
    s = SURFACES[name]
    least = float(s.humidity_min_pct)
    critical = least
    if t_c <= 20.0:
        critical = max(least, -0.00267 * t_c**3 + 0.160 * t_c**2 - 3.13 * t_c + 100.0)
    rh = min(rh_pct, 100.0)
    if not 0.0 < t_c < 50.0 or rh < critical:
        return None
    x = (critical - rh) / (critical - 100.0)
    highest = float(s.highest_a) + float(s.highest_b) * x - float(s.highest_c) * x * x
    return 1.0 / (7.0 * exp(-0.68 * log(t_c) - 13.9 * log(rh) + 66.02)), highest


def index_after(days: float, t_c: float, rh_pct: float, name: Sensitivity) -> float:
    """Return the index of a clean surface after ``days`` at constant conditions, in closed form."""
    found = climate_of(t_c, rh_pct, name)
    if found is None or found[1] <= 0.0:
        return 0.0
    rate, highest = found
    s = SURFACES[name]
    to_1 = (
        (log(exp(2.3 * highest) - 1.0) - log(exp(2.3 * (highest - 1.0)) - 1.0))
        / (2.3 * float(s.growth_below_1) * rate)
        if highest > 1.0
        else float("inf")
    )
    if days <= to_1:
        return _towards(highest, 0.0, float(s.growth_below_1) * rate * days)
    return _towards(highest, 1.0, float(s.growth_from_1) * rate * (days - to_1))


def _towards(highest: float, start: float, turns: float) -> float:
    return highest - log(1.0 + (exp(2.3 * (highest - start)) - 1.0) * exp(-2.3 * turns)) / 2.3


def stepped(
    hours: Iterable[tuple[float, float]], name: Sensitivity, decline: float, steps_per_h: int
) -> Iterator[float]:
    """Yield the index after each hour by Euler's steps; a gap (NaN) changes nothing.

    Args:
        hours: temperature [°C] and humidity [%] at the surface, hourly.
        name: class of the surface.
        decline: Cmat.
        steps_per_h: in each hour in which mould can grow.
    """
    s = SURFACES[name]
    k1, k1_old = float(s.growth_below_1), float(s.growth_from_1)
    index, dry_h = 0.0, 0
    for t_c, rh_pct in hours:
        if not (isnan(t_c) or isnan(rh_pct)):
            found = climate_of(t_c, rh_pct, name)
            if found is None:
                loss = 0.032 / 24.0 if dry_h < 6 else 0.0 if dry_h < 24 else 0.016 / 24.0
                index, dry_h = max(0.0, index - decline * loss), dry_h + 1
            else:
                rate, highest = found
                dry_h = 0
                for _ in range(steps_per_h):
                    k2 = max(1.0 - exp(2.3 * (index - highest)), 0.0)
                    index += (k1 if index < 1.0 else k1_old) * k2 * rate / (24.0 * steps_per_h)
        yield index
