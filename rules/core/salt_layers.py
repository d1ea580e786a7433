"""What salt lies on a part of a road: the passes over it, each with its own time and its own rain since. Pure.

Each pass wears by the road's traffic, in the two pools of :mod:`rules.core.road_surface.salt`, and loses what the rain since
it has taken. Rain takes no fixed share of what lies there: the first 0.6 mm take nothing. So passes between which it has
rained are kept apart, and rain to come takes from each what the same rain takes once it has fallen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rules.core.road_surface.salt import KEPT_SHARE, kept_in_rain, left_of_one, worn_of_one
from rules.core.treatment import Pass

UNTOLD_S = 300.0
"""A pass is told at the lorry's next fix, and is final a minute later: what is newer an issue may not have [s]. Our own default."""


class Layer(NamedTuple):
    """Passes between which it has not rained: their pools as without rain [g/m²], and the rain since [mm]."""

    fast_g_m2: float
    slow_g_m2: float
    rained_mm: float


class Layers(NamedTuple):
    """What lies on a part of a road at ``at_s`` [s since 1970], under ``traffic`` relative to a busy motorway."""

    at_s: float
    traffic: float
    layers: tuple[Layer, ...]

    def left_g_m2(self, at_s: float, coming_mm: float = 0.0, washed_mm: float = math.inf) -> float:
        """Return what is left [g/m²].

        Args:
            at_s: when [s since 1970]; before the last pass what lay there at it.
            coming_mm: rain that is to fall until then [mm].
            washed_mm: after more rain than this nothing is left of a pass [mm].
        """
        fast, slow = worn_of_one(at_s - self.at_s, self.traffic)
        left = 0.0
        for fast_g_m2, slow_g_m2, rained_mm in self.layers:
            fallen_mm = rained_mm + coming_mm
            if fallen_mm <= washed_mm:
                left += (fast * fast_g_m2 + slow * slow_g_m2) * kept_in_rain(fallen_mm)
        return left


@dataclass(frozen=True, slots=True)
class Known:
    """What a road forecast has on a stretch when it is issued: of all passes until then there is no more.

    Its road knows what the rules' book does not: snow that has melted, drizzle, rain that no gauge told of.

    Attributes:
        at_s: when it was issued [s since 1970].
        g_m2: the salt on the road then [g/m²].
        rain_mm: the town's rain gauge then, rather too little [mm since it began].
    """

    at_s: float
    g_m2: float
    rain_mm: float


def laid(
    passes: Sequence[Pass], there_g_m2: Sequence[float], rain_mm: float, washed_mm: float, traffic: float
) -> tuple[Layers, list[float]]:
    """Return what lies there after passes, and what lay there of those before when each of them came [g/m²].

    What lay in the voids before stays there. Of all of them the rain until now is taken.

    Args:
        passes: over a part of a road, in order of time.
        there_g_m2: what of each counts as lying there, as it was spread: of :func:`amounts`.
        rain_mm: the town's rain gauge now [mm since it began].
        washed_mm: after more rain than this nothing is left of a pass [mm].
        traffic: of the road, relative to a busy motorway.
    """
    layers: list[
        tuple[float, float, float, float]
    ] = []  # as of Layer, and the share that the rain since has left
    before_g_m2, at_s = [], 0.0
    for one, g_m2 in zip(passes, there_g_m2, strict=True):
        if layers:
            fast, slow = worn_of_one(one.at_s - at_s, traffic)
            layers = [(fast * f, slow * s, mm, kept) for f, s, mm, kept in layers]
        before_g_m2.append(sum([(f + s) * kept for f, s, _, kept in layers]))
        at_s, rained_mm = one.at_s, rain_mm - one.rain_mm
        if rained_mm <= washed_mm:
            f, s = (1.0 - KEPT_SHARE) * g_m2, KEPT_SHARE * g_m2
            if layers and layers[-1][2] == rained_mm:
                f, s = f + layers[-1][0], s + layers[-1][1]
                layers.pop()
            layers.append((f, s, rained_mm, kept_in_rain(rained_mm)))
    return Layers(at_s, traffic, tuple([Layer(f, s, mm) for f, s, mm, _ in layers])), before_g_m2


def amounts(known: Known | None, passes: Sequence[Pass], washed_mm: float, traffic: float) -> list[float]:
    """Return what of each pass counts as lying there [g/m² as it was spread]: of those until an issue no more than it has.

    What it has less than the passes come to at its issue, with the rain until then, is missing of the oldest: of what
    nobody told us, most has gone on over them. Rain since takes from the rest as from any pass. What was spread just before
    the issue counts whether it has it or not; the older ones have only what is left beside it.

    Args:
        known: what the forecast has, None = there is none.
        passes: over a part of a road, in order of time.
        washed_mm: after more rain than this nothing is left of a pass [mm].
        traffic: of the road, relative to a busy motorway.
    """
    found = [one.g_m2 for one in passes]
    if known is None:
        return found
    rest_g_m2 = known.g_m2
    for i in range(len(passes) - 1, -1, -1):
        one = passes[i]
        if one.at_s <= known.at_s and (rained_mm := known.rain_mm - one.rain_mm) <= washed_mm:
            left = left_of_one((known.at_s - one.at_s) / 3600.0, traffic) * kept_in_rain(rained_mm)
            if one.at_s <= known.at_s - UNTOLD_S:
                found[i] = min(one.g_m2, rest_g_m2 / left)
            rest_g_m2 = max(0.0, rest_g_m2 - one.g_m2 * left)
    return found
