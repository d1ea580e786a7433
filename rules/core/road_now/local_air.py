"""The air at each stretch: what it differs by from the town's, learnt from the thermometers of road sensors.

On a clear calm night cold air lies in hollows and slopes stay warm, so that air gets warmer with height; with wind or
cloud it is mixed and gets colder by the usual lapse rate. So the air at a stretch is

    the town's + usual lapse × height + stillness × its own difference + what is left over now, dying out

Stillness (0..1) is how long and how much sky and wind have let the ground cool: of measurements in the past, of the
weather forecast to come. Its own difference is learnt as the slope of what was measured over stillness; where little is
known it is an inversion as valleys usually have. Between sensors a Gaussian process interpolates: a slope in height and
sky view, and a rest that stretches alike in place, height and sky view share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rules.core.psychrometrics import Floats
from rules.core.road_now.parameters import AirParameters
from rules.core.road_now.stretches import Stretches
from rules.core.road_now.thermal_map import StillAir
from rules.core.road_surface.forcing import Weather
from rules.core.road_surface.state import Forcing
from rules.core.road_surface.vapour import Array, over_water_pa

HOUR_S = 3600.0
SUN_W_M2 = 20.0
LEAST = 3
"""So many thermometers tell differences; with fewer the stations' air is the town's."""
MOST_WRONG = 3
"""So many thermometers are left out at a step."""


@dataclass(frozen=True, slots=True)
class LocalAir:
    """The air of the past at every stretch.

    Attributes:
        town_c: at the town's usual height, open country: steps [°C].
        beyond_c: at the stretches beyond that: steps × n [°C].
        stillness: steps, 0..1.
        pattern_c: what stretches differ by at stillness 1, beyond the usual lapse: n [°C].
        lapse_c: what the usual lapse rate makes: n [°C].
        slope_c_m: of the pattern with height [°C/m].
        learnt: what is known of still air after it.
    """

    town_c: Floats
    beyond_c: Floats
    stillness: Floats
    pattern_c: Floats
    lapse_c: Floats
    slope_c_m: float
    learnt: StillAir


def found(
    town: Stretches,
    usual_m: float,
    sensors_c: Floats,
    measured: Weather,
    before: StillAir | None,
    learnt_s: float,
    p: AirParameters,
) -> LocalAir:
    """Return the air of the past.

    Args:
        town: its stretches.
        usual_m: height for which the town's air is.
        sensors_c: air that road sensors measured: steps × m, NaN = not measured.
        measured: the stations' weather at the same steps.
        before: what is known of still air.
        learnt_s: up to when measurements are in it [s since 1970].
        p: settings.
    """
    still = stillness(measured, p)
    lapse = p.lapse_c_per_m * (town.altitude_m - usual_m)
    usual = p.inversion_c_per_m * (town.altitude_m - usual_m)
    air = measured.air_c[:, 0, 0].astype(np.float64)
    field = _Field(town, usual_m, p)
    rests = np.zeros((len(air), len(town)))
    for i in range(len(air)):
        there = ~np.isnan(sensors_c[i])
        if there.sum() >= LEAST:
            likely = (lapse + still[i] * usual)[town.sensor_at]
            air[i], rests[i] = field.read(sensors_c[i] - likely, there)
    new = np.ones(len(air), dtype=np.bool_) if before is None else measured.at_s > learnt_s
    learnt = _learnt(before, still[new], rests[new], p)
    pattern = _pattern_c(town, usual_m, learnt, p)
    beyond = lapse + still[:, None] * usual + rests
    return LocalAir(air, beyond, still, pattern, lapse, slope_c_m(town, usual_m, learnt, p), learnt)


def slope_c_m(town: Stretches, usual_m: float, known: StillAir | None, p: AirParameters) -> float:
    """Return what still air changes with height beyond the usual lapse [°C/m]; 0 in a flat town."""
    if np.ptp(town.altitude_m) <= 1.0:
        return 0.0
    return float(np.polyfit(town.altitude_m, _pattern_c(town, usual_m, known, p), 1)[0])


def _pattern_c(town: Stretches, usual_m: float, known: StillAir | None, p: AirParameters) -> Floats:
    usual = p.inversion_c_per_m * (town.altitude_m - usual_m)
    return usual if known is None else usual + known.sum_c / (known.weight + p.known_steps)


def _learnt(before: StillAir | None, still: Floats, rests: Floats, p: AirParameters) -> StillAir:
    weight, total = np.full(rests.shape[1], (still**2).sum()), still @ rests
    if before is not None:
        weight, total = before.weight + weight, before.sum_c + total
    fade = np.minimum(1.0, p.most_steps / np.maximum(weight, 1e-9))
    return StillAir(weight * fade, total * fade)


def ahead(local: LocalAir, later: Weather, p: AirParameters) -> Floats:
    """Return what the stretches' air will be beyond the town's: times × n [°C]; the first time is now."""
    still = stillness(later, p, float(local.stillness[-1]))
    left = local.beyond_c[-1] - local.lapse_c - local.stillness[-1] * local.pattern_c
    fades = np.exp(-(later.at_s - later.at_s[0]) / (HOUR_S * p.rest_h))
    return np.asarray(
        local.lapse_c + still[:, None] * local.pattern_c + fades[:, None] * left, dtype=np.float64
    )


def moved(w: Weather, air_c: Floats) -> Weather:
    """Return weather with other air that holds the same vapour, no more than it can."""
    air = air_c[:, None, None]
    vapour = w.humidity_pct * 0.01 * over_water_pa(w.air_c)
    return replace(w, air_c=air, humidity_pct=np.clip(100.0 * vapour / over_water_pa(air), 1.0, 100.0))


def at_stretches(made: Forcing, beyond_c: Array) -> Forcing:
    """Return the weather of steps with each stretch's own air, and what that can hold of vapour."""
    local = beyond_c[:, None, :].astype(made.air_c.dtype)
    most = over_water_pa(made.air_c[:, :1] + local)
    return replace(made, local_c=local, most_vapour_pa=most)


def stillness(w: Weather, p: AirParameters, begun: float = 0.0) -> Floats:
    """Return how far the air has settled at each time, 0 (mixed) to 1: slowly in, faster out."""
    cloud, wind, sun = (a[:, 0, 0].astype(np.float64) for a in (w.cloud, w.wind_m_s, w.shortwave_w_m2))
    wanted = np.where(sun > SUN_W_M2, 0.0, clear_and_calm(cloud, wind, p))
    still, now = np.empty(len(wanted)), begun
    for i, hours in enumerate(np.diff(w.at_s, prepend=w.at_s[0]) / HOUR_S):
        settles = p.settles_h if wanted[i] > now else p.mixes_h
        now += (wanted[i] - now) * -float(np.expm1(-hours / settles))
        still[i] = now
    return still


def clear_and_calm(cloud: Floats, wind_m_s: Floats, p: AirParameters) -> Floats:
    """Return how clear and calm it is, 0..1."""
    covered = np.where(np.isnan(cloud), p.usual_cloud, cloud)
    return np.asarray((1.0 - covered) * np.exp(-((wind_m_s / p.mixing_m_s) ** 2)), dtype=np.float64)


class _Field:
    """Differences between the stretches' air from what some of them measure."""

    def __init__(self, town: Stretches, usual_m: float, p: AirParameters) -> None:
        self._p = p
        self._at = at = town.sensor_at
        sky = town.own["sky_view"] - 1.0
        with np.errstate(divide="ignore"):  # a sensor that says nothing of a road is infinitely far from it
            apart = 1.0 / np.sqrt(town.weight) - 0.05
        higher = (town.altitude_m[:, None] - town.altitude_m[None, at]) / p.height_m
        rest = p.rest_c**2 * np.exp(-0.5 * np.maximum(apart, 0.0))
        by_height = p.height_c**2 * np.exp(-0.5 * higher**2)
        self._between = rest + by_height + p.sky_c**2 * np.outer(sky, sky[at])
        near = np.argsort(np.abs(town.altitude_m - usual_m), kind="stable")
        self._usual = near[: max(1, len(near) // 5)]
        self._known: dict[bytes, tuple[Floats, Floats, Floats]] = {}

    def read(self, values_c: Floats, there: NDArray[np.bool_]) -> tuple[float, Floats]:
        """Return the town's air and the differences of all stretches, from what sensors measure beyond what is likely.

        One that lies far from what all others say of it is left out, the worst first.
        """
        for _ in range(MOST_WRONG):
            worst = self._worst(values_c, there)
            if worst is None or there.sum() <= LEAST:
                break
            there = there & (np.arange(len(there)) != worst)
        inverse, one, lent = self._factors(there)
        mean = float(one @ values_c[there])
        rest = lent @ (inverse @ (values_c[there] - mean))
        usual = float(rest[self._usual].mean())
        return mean + usual, rest - usual

    def _worst(self, values_c: Floats, there: NDArray[np.bool_]) -> int | None:
        """Return the thermometer that is furthest from what the others say, None where none is too far."""
        inverse, one, _ = self._factors(there)
        y = values_c[there] - float(one @ values_c[there])
        precision = np.diagonal(inverse)
        missed_c = np.abs(inverse @ y) / precision
        odd = np.where(missed_c > self._p.wrong_c, missed_c * np.sqrt(precision), 0.0)
        worst = int(np.argmax(odd))
        return int(np.flatnonzero(there)[worst]) if odd[worst] > self._p.wrong_sd else None

    def _factors(self, there: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
        key = there.tobytes()
        if key not in self._known:
            square = self._between[self._at][:, there][there]
            noise = self._p.thermometer_c**2 * np.eye(int(there.sum()))
            inverse = np.asarray(np.linalg.inv(square + noise), dtype=np.float64)
            one = inverse.sum(axis=0)
            self._known[key] = inverse, one / one.sum(), self._between[:, there]
        return self._known[key]
