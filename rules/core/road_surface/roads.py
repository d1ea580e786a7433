"""Segments as the model has them, made of a parameter set and what is known of each segment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from rules.core.road_surface.balance import Roads
from rules.core.road_surface.column import Factors, Floats, build, factors, grid
from rules.core.road_surface.parameters import Ground, ParameterSet, Site
from rules.core.road_surface.state import State, bare, columns
from rules.core.road_surface.turbulence import Profile

CONDUCTIVITY = "conductivity_factor"
AIR_W_MK, AIR_J_M3K = 1e3, 1.2e3
"""Under a deck the column is air that is mixed well: it holds no heat, and its end is the deck's underside."""


def depths_m(ground: Ground) -> Floats:
    """Return the depths of the nodes [m]."""
    return grid(ground.first_m, ground.growth, ground.nodes)


def roads(
    p: ParameterSet,
    segments: int,
    step_s: float,
    own: Mapping[str, ArrayLike] | None = None,
    dtype: type[np.floating[Any]] = np.float64,
) -> Roads:
    """Return segments with the set's values, or their own.

    Args:
        p: the set.
        segments: how many.
        step_s: for which the ground is made ready.
        own: by name in ``Site`` (or ``conductivity_factor``, ``bottom_w_m2k``, ``deck_m``), one value per segment;
            ``deck_m``: thickness of a bridge's deck, below which there is air [m]; NaN = the road lies on the ground.
        dtype: precision of the run.
    """
    given = dict(own or {})
    factor = np.broadcast_to(given.pop(CONDUCTIVITY, p.conductivity_factor), (segments,))
    bottom = np.broadcast_to(given.pop("bottom_w_m2k", p.ground.bottom_w_m2k), (segments,))
    deck = np.broadcast_to(np.asarray(given.pop("deck_m", np.nan), dtype=np.float64), (segments,))
    site = msgspec.structs.asdict(p.site)
    unknown = sorted(set(given) - set(site))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: not a property of a road; known: {', '.join(sorted(site))}")
    values = {
        name: columns(np.broadcast_to(given.get(name, v), (segments,)), dtype) for name, v in site.items()
    }
    ground = build(depths_m(p.ground), *_layers(p.ground, factor, deck), bottom)
    return Roads(**values, ground=factors(ground, step_s, dtype))


def _layers(ground: Ground, factor: Floats, deck_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Return thickness, conductivity and heat capacity: layers × segments; a deck is of the uppermost, with air below."""
    thickness, conductivity, capacity = (
        np.repeat(np.array([[getattr(layer, name)] for layer in ground.layers]), len(deck_m), axis=1)
        for name in ("thickness_m", "conductivity_w_mk", "capacity_j_m3k")
    )
    conductivity = conductivity * factor
    bridge = ~np.isnan(deck_m)
    if bridge.any():
        top = np.arange(len(thickness))[:, None] == 0
        thickness = np.where(top & bridge, deck_m, thickness)
        conductivity = np.where(~top & bridge, AIR_W_MK, conductivity)
        capacity = np.where(~top & bridge, AIR_J_M3K, capacity)
    return thickness, conductivity, capacity


def some(r: Roads, segments: slice) -> Roads:
    """Return some of the segments."""
    values = {name: getattr(r, name)[..., segments] for name in Site.__struct_fields__}
    ground = Factors(*(getattr(r.ground, name)[..., segments] for name in Factors.__dataclass_fields__))
    return Roads(**values, ground=ground)


def profile(p: ParameterSet) -> Profile:
    """Return the set's wind and temperature profile."""
    return Profile(**msgspec.structs.asdict(p.turbulence))


def start(
    p: ParameterSet, surface_c: ArrayLike, deep_c: ArrayLike, dtype: type[np.floating[Any]] = np.float64
) -> State:
    """Return dry roads whose ground goes in a line from ``surface_c`` to ``deep_c`` at the last node, per segment."""
    depth = depths_m(p.ground)
    share = (depth / depth[-1])[:, None, None]
    top, deep = (np.asarray(a, dtype=np.float64).reshape(1, 1, -1) for a in (surface_c, deep_c))
    return bare(np.ascontiguousarray(top + (deep - top) * share, dtype=dtype))
