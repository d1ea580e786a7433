"""Thermal mapping that never ends: what each stretch differs by in each weather type, from what is measured on it.

Gritters and sensors measure how far a stretch is from what model and neighbours say. A mean over nights, held back
towards 0 while there are few: ``sum / (n + (night / prior)²)``, the posterior mean of a normal prior; its
variance says how well it is known. Old nights fade beyond ``most_nights``.

What stretches have in common goes on to those that nobody has measured: a ridge regression on height, sky view
and bridge, each against the sensors that speak for the stretch (hills stay warm over a pool of cold air).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.core.psychrometrics import Floats
from rules.core.road_now.model import Ints
from rules.core.road_now.parameters import MapParameters
from rules.core.road_now.stretches import Stretches, shares
from rules.core.road_now.weather_type import TYPES

SLOPE_SD = (0.3, 2.0, 1.0)
"""Standard deviations of what 10 m of height, a whole sky and a bridge make [°C], before anything is known."""


@dataclass(frozen=True, slots=True)
class StillAir:
    """What was learnt of still air (``local_air``): by segment.

    Attributes:
        weight: sum over steps of stillness squared.
        sum_c: sum of stillness times what the air differed by beyond what is usual [°C].
    """

    weight: Floats
    sum_c: Floats


@dataclass(frozen=True, slots=True)
class ThermalMap:
    """What was learnt: weather types × segments.

    Attributes:
        nights: how many nights' worth of measurements there are.
        sum_c: sum over them of the differences [°C].
        air: of the air; None: nothing yet.
    """

    nights: Floats
    sum_c: Floats
    air: StillAir | None = None

    def offset_c(self, features: Floats, p: MapParameters) -> Floats:
        """Return what the stretches differ by: types × segments [°C]; ``features``: as of :func:`features_of`."""
        common = np.stack([features @ self._slopes(k, features, p) for k in range(len(TYPES))])
        own = (self.sum_c - self.nights * common) / (self.nights + _held_back(p))
        return np.asarray(common + own, dtype=np.float64)

    def _slopes(self, kind: int, features: Floats, p: MapParameters) -> Floats:
        nights = self.nights[kind]
        there = nights > 0.0
        x, n = features[there], nights[there]
        weight = 1.0 / (p.night_c**2 / n + p.prior_c**2)
        square = x.T @ (weight[:, None] * x) + np.diag(1.0 / np.array(SLOPE_SD) ** 2)
        return np.linalg.solve(square, x.T @ (weight * self.sum_c[kind][there] / n))

    def deviation_c(self, p: MapParameters) -> Floats:
        """Return how well that is known: standard deviations [°C]."""
        return np.asarray(p.night_c / np.sqrt(self.nights + _held_back(p)), dtype=np.float64)


def features_of(town: Stretches) -> Floats:
    """Return what stretches are beyond the sensors that speak for them, their own left out: n × height [10 m], sky view, bridge."""
    bridge = ~np.isnan(town.own["deck_m"])
    own = np.stack([0.1 * town.altitude_m, town.own["sky_view"], bridge.astype(np.float64)], axis=1)
    others = town.weight.copy()
    others[town.sensor_at, np.arange(len(town.sensors))] = 0.0
    lent = shares(others, np.ones(len(town.sensors), dtype=np.bool_))
    spoken = lent.sum(axis=1, keepdims=True) > 0.0
    return np.where(spoken, own - lent @ own[town.sensor_at], 0.0)


def unknown(segments: int) -> ThermalMap:
    """Return a map that knows nothing."""
    return ThermalMap(np.zeros((len(TYPES), segments)), np.zeros((len(TYPES), segments)))


def learnt(
    before: ThermalMap,
    kind: Ints,
    segment: Ints,
    difference_c: Floats,
    nights: Floats | float,
    p: MapParameters,
) -> ThermalMap:
    """Return the map with measurements taken in.

    Args:
        before: the map.
        kind: weather type of each measurement; negative ones are left out.
        segment: where each was made.
        difference_c: measured minus what model and neighbours say [°C]; NaN ones are left out.
        nights: what each counts.
        p: how many nights are kept.
    """
    use = (kind >= 0) & ~np.isnan(difference_c)
    weight = np.broadcast_to(np.asarray(nights, dtype=np.float64), kind.shape)[use]
    more, total = np.zeros_like(before.nights), np.zeros_like(before.sum_c)
    np.add.at(more, (kind[use], segment[use]), weight)
    np.add.at(total, (kind[use], segment[use]), weight * difference_c[use])
    nights_n, sum_c = before.nights + more, before.sum_c + total
    fade = np.minimum(1.0, p.most_nights / np.maximum(nights_n, 1e-9))
    return ThermalMap(nights_n * fade, sum_c * fade, before.air)


def _held_back(p: MapParameters) -> float:
    return (p.night_c / p.prior_c) ** 2
