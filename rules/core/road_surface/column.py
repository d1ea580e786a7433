"""Heat in the ground under a road: implicit conduction in one dimension, many columns at once.

Nodes lie at the surface and below; each has the heat capacity of what is nearer to it than to its neighbours,
and between two nodes lies the thermal resistance of what is between them, so that layers may end
anywhere. Backward Euler: stable for any step.

The matrix changes in its first row only (the surface exchanges heat with the air). So the rows below are
eliminated from the bottom upwards once per step length, and a step is one sweep up, one equation for the surface
(``rules.core.road_surface.balance``) and one sweep down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rules.core.road_surface.vapour import Array

Floats = NDArray[np.float64]


def grid(first_m: float = 0.01, growth: float = 1.25, nodes: int = 19) -> Floats:
    """Return the depths of the nodes [m]: 0, then at distances that grow by a factor."""
    return np.concatenate(([0.0], np.cumsum(first_m * growth ** np.arange(nodes - 1))))


@dataclass(frozen=True, slots=True)
class Column:
    """The ground under segments.

    Attributes:
        capacity: of the nodes [J/(m² K)], nodes × segments.
        conductance: between neighbours [W/(m² K)], (nodes - 1) × segments.
        bottom: to the air below a bridge [W/(m² K)], per segment; 0 = no heat passes.
    """

    capacity: Floats
    conductance: Floats
    bottom: Floats


def build(
    depth_m: Floats,
    thickness_m: ArrayLike,
    conductivity_w_mk: ArrayLike,
    capacity_j_m3k: ArrayLike,
    bottom_w_m2k: ArrayLike = 0.0,
) -> Column:
    """Return the column of layered ground; the last layer goes on to the last node.

    Args:
        depth_m: of the nodes, from 0 down.
        thickness_m: layers × segments.
        conductivity_w_mk: layers × segments.
        capacity_j_m3k: volumetric heat capacity, layers × segments.
        bottom_w_m2k: exchange of the underside with the air, per segment.
    """
    thickness, k, c = (
        np.atleast_2d(np.asarray(a, dtype=np.float64).T).T
        for a in (thickness_m, conductivity_w_mk, capacity_j_m3k)
    )
    thickness, k, c = np.broadcast_arrays(thickness, k, c)
    ends = np.concatenate((np.zeros((1, thickness.shape[1])), np.cumsum(thickness, axis=0)))
    ends[-1] = np.maximum(ends[-1], depth_m[-1])
    middles = np.concatenate(([0.0], 0.5 * (depth_m[1:] + depth_m[:-1]), depth_m[-1:]))
    bottom = np.broadcast_to(np.asarray(bottom_w_m2k, dtype=np.float64), thickness.shape[1:])
    return Column(_between(middles, ends, c), 1.0 / _between(depth_m, ends, 1.0 / k), bottom)


def _between(bounds: Floats, ends: Floats, density: Any) -> Floats:
    """Return the integral of a layered density between successive bounds: intervals × segments."""
    low = np.maximum(bounds[:-1, None, None], ends[None, :-1])
    high = np.minimum(bounds[1:, None, None], ends[None, 1:])
    return np.asarray((np.maximum(high - low, 0.0) * density).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Factors:
    """A column eliminated for one step length; nodes × 1 × segments, node 0 unused but in ``own``.

    Attributes:
        own, below: what a node's swept value takes of its temperature and of the one below.
        above: what a node's new temperature takes of the one above.
        under: what the last node takes of the air below.
        diagonal: of the surface equation, without the surface's exchange [W/(m² K)], 1 × segments.
        store, to_first: of the surface: capacity / step and conductance downwards [W/(m² K)].
    """

    own: Array
    below: Array
    above: Array
    under: Array
    diagonal: Array
    store: Array
    to_first: Array


def factors(column: Column, step_s: float, dtype: type[np.floating[Any]] = np.float64) -> Factors:
    """Return the column's rows below the surface, eliminated from the bottom upwards."""
    store, g = column.capacity / step_s, column.conductance
    last = len(store) - 1
    own, below, above = np.zeros_like(store), np.zeros_like(store), np.zeros_like(store)
    under = np.zeros_like(column.bottom)
    for i in range(last, 0, -1):
        down = column.bottom if i == last else g[i] * (1.0 - above[i + 1])
        inverse = 1.0 / (store[i] + g[i - 1] + down)
        own[i], above[i] = store[i] * inverse, g[i - 1] * inverse
        if i == last:
            under = column.bottom * inverse
        else:
            below[i] = g[i] * inverse
    diagonal = store[0] + g[0] * (1.0 - above[1])
    made = (own, below, above, under, diagonal, store[0], g[0])
    return Factors(*(np.ascontiguousarray(a[..., None, :], dtype=dtype) for a in made))


def sweep_up(f: Factors, temperature_c: Array, air_below_c: Array) -> tuple[Array, Array]:
    """Return the swept values of the nodes, and the surface's share of heat [W/m²].

    The surface equation then is ``diagonal × T0 = share + fluxes``.

    Args:
        f: of the column.
        temperature_c: before the step, nodes × members × segments.
        air_below_c: where a bridge ends in air.
    """
    swept = np.empty_like(temperature_c)
    last = len(temperature_c) - 1
    swept[last] = f.own[last] * temperature_c[last] + f.under * air_below_c
    for i in range(last - 1, 0, -1):
        np.multiply(f.own[i], temperature_c[i], out=swept[i])
        swept[i] += f.below[i] * swept[i + 1]
    return swept, f.store * temperature_c[0] + f.to_first * swept[1]


def sweep_down(f: Factors, swept: Array, surface_c: Array) -> Array:
    """Return the new temperatures of all nodes [°C], in the place of ``swept``."""
    swept[0] = surface_c
    for i in range(1, len(swept)):
        swept[i] += f.above[i] * swept[i - 1]
    return swept
