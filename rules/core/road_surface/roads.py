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
        own: by name in ``Site`` (or ``conductivity_factor``, ``bottom_w_m2k``), one value per segment.
        dtype: precision of the run.
    """
    given = dict(own or {})
    factor = np.broadcast_to(given.pop(CONDUCTIVITY, p.conductivity_factor), (segments,))
    bottom = np.broadcast_to(given.pop("bottom_w_m2k", p.ground.bottom_w_m2k), (segments,))
    site = msgspec.structs.asdict(p.site)
    unknown = sorted(set(given) - set(site))
    if unknown:
        raise ValueError(f"{', '.join(unknown)}: not a property of a road; known: {', '.join(sorted(site))}")
    values = {
        name: columns(np.broadcast_to(given.get(name, v), (segments,)), dtype) for name, v in site.items()
    }
    layers = p.ground.layers
    ground = build(
        depths_m(p.ground),
        [[layer.thickness_m] for layer in layers],
        np.array([[layer.conductivity_w_mk] for layer in layers]) * factor,
        [[layer.capacity_j_m3k] for layer in layers],
        bottom,
    )
    return Roads(**values, ground=factors(ground, step_s, dtype))


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
