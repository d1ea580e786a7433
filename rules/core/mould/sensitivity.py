"""How readily a surface grows mould in the VTT model: four classes, and how slowly the index falls when dry.

References: Hukka & Viitanen 1999; Ojanen et al. 2010 (classes, decline). The constants are of wood and
of products tested in a laboratory: of painted plaster in a home they make a risk index, not a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rules.core.psychrometrics import Floats

Sensitivity = Literal["very_sensitive", "sensitive", "medium_resistant", "resistant"]


@dataclass(frozen=True, slots=True)
class Surface:
    """A class of surfaces: each value one for all homes, or an array of shape (n,).

    Attributes:
        growth_below_1: k1 while the index is below 1 [-].
        growth_from_1: k1 from 1 on [-].
        highest_a: A of the highest index that a climate allows, A + B x - C x² [-].
        highest_b: B.
        highest_c: C.
        humidity_min_pct: humidity below which nothing grows at any temperature [%].
    """

    growth_below_1: float | Floats
    growth_from_1: float | Floats
    highest_a: float | Floats
    highest_b: float | Floats
    highest_c: float | Floats
    humidity_min_pct: float | Floats


SURFACES: dict[Sensitivity, Surface] = {
    "very_sensitive": Surface(1.0, 2.0, 1.0, 7.0, 2.0, 80.0),
    "sensitive": Surface(0.578, 0.386, 0.3, 6.0, 1.0, 80.0),
    "medium_resistant": Surface(0.072, 0.097, 0.0, 5.0, 1.5, 85.0),
    "resistant": Surface(0.033, 0.014, 0.0, 3.0, 1.0, 85.0),
}
"""Ojanen et al. 2010: untreated pine; planed spruce, paper, board; concrete, glass wool; glass, metal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MouldSettings:
    """What the sources leave open, or a user may set; every one is tested.

    Attributes:
        wood: W of the growth time, 0 pine, 1 spruce. Ojanen's table is said to have 1 for all classes but the
            first (unconfirmed at the source), 15 % slower; 0 is taken for all, the careful side, and what the
            reference values are of. :data:`WOOD_OJANEN` has the other reading.
        surface_quality: SQ of the growth time, 0 sawn, 1 kiln-dried.
        decline: Cmat, share of the pine's decline: 1, 0.5, 0.25 or 0.1 in Ojanen 2010. How painted plaster
            declines is not published; 0.25 is on the careful side (proposed).
        damp_pct: surface humidity whose hours are counted [%] (BS 5250:2002, ISO 13788).
    """

    wood: float | Floats = 0.0
    surface_quality: float | Floats = 0.0
    decline: float | Floats = 0.25
    damp_pct: float = 80.0


WOOD_OJANEN: dict[Sensitivity, float] = {
    "very_sensitive": 0.0,
    "sensitive": 1.0,
    "medium_resistant": 1.0,
    "resistant": 1.0,
}
"""W by class as Ojanen's table is said to have it (unconfirmed)."""


def surfaces_of(classes: Sequence[Sensitivity]) -> Surface:
    """Return the constants of ``classes``, one a home, as arrays of shape (n,).

    Raises:
        KeyError: a class that is not in :data:`SURFACES`.
    """
    columns = (SURFACES[c] for c in classes)
    rows = [
        (s.growth_below_1, s.growth_from_1, s.highest_a, s.highest_b, s.highest_c, s.humidity_min_pct)
        for s in columns
    ]
    return Surface(*np.array(rows, dtype=np.float64).reshape(-1, 6).T)
