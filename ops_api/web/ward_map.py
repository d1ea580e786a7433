"""The map of wards as geometry for an SVG: outlines where all are known, else tiles. Pure; no style attributes.

No home has a place here: a ward is all that is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Point = tuple[float, float]

WIDTH = 640.0
EDGE = 10.0
TILE, GAP = 150.0, 8.0
SHARES = ((0.5, "4"), (0.25, "3"), (0.1, "2"), (0.0, "1"))
"""Lower limits of the classes of shade, the darkest first."""
CLASSES = (
    ("4", "half of the homes or more"), ("3", "a quarter to a half"), ("2", "a tenth to a quarter"),
    ("1", "less than a tenth"), ("0", "too few to tell"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shape:
    """A ward: outline as points, where its words stand, its class of shade."""

    label: str
    says: str
    points: str
    x: float
    y: float
    shade: str


@dataclass(frozen=True, slots=True)
class WardMap:
    """Everything the template draws; lengths in px of the view box. ``tiles``: the geometry is not known."""

    width: int
    height: int
    shapes: tuple[Shape, ...]
    tiles: bool


def shade_of(homes: int | None, at_risk: int | None) -> str:
    """Return the class of shade of a ward, ``0`` where it may not be told."""
    if homes is None or at_risk is None or homes == 0:
        return "0"
    return next(shade for least, shade in SHARES if at_risk / homes >= least)


def says(ward: Row) -> str:
    """Return a ward's figure in words: ``12 of 40``."""
    if ward["at_risk"] is None:
        return "not told"
    return f"{ward['at_risk']} of {ward['homes']}"


def ward_map(wards: Sequence[Row], boundaries: Mapping[str, Sequence[Sequence[float]]]) -> WardMap:
    """Return the map.

    Args:
        wards: as :func:`ops_api.housing.wards.ward_document` has them.
        boundaries: outlines by ward_id as [longitude, latitude] pairs.
    """
    known = wards and all(len(boundaries.get(w["ward_id"], ())) >= 3 for w in wards)
    if not known:
        return _tiles(wards)
    outlines = [[_flat(p) for p in boundaries[w["ward_id"]]] for w in wards]
    points = [p for outline in outlines for p in outline]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    scale = (WIDTH - 2 * EDGE) / max(east - west, north - south, 1e-9)
    placed = [
        [(EDGE + scale * (x - west), EDGE + scale * (north - y)) for x, y in outline] for outline in outlines
    ]
    shapes = tuple(_shape(w, o) for w, o in zip(wards, placed, strict=True))
    return WardMap(
        width=math.ceil(scale * (east - west) + 2 * EDGE),
        height=math.ceil(scale * (north - south) + 2 * EDGE),
        shapes=shapes,
        tiles=False,
    )


def _flat(p: Sequence[float]) -> Point:
    """Return longitude and latitude as lengths of one kind, near enough for a town."""
    return p[0] * math.cos(math.radians(p[1])), p[1]


def _shape(ward: Row, outline: Sequence[Point]) -> Shape:
    x, y = _centre(outline)
    return Shape(
        label=ward["label"],
        says=says(ward),
        points=" ".join(f"{px:.1f},{py:.1f}" for px, py in outline),
        x=round(x, 1),
        y=round(y, 1),
        shade=shade_of(ward["homes"], ward["at_risk"]),
    )


def _centre(outline: Sequence[Point]) -> Point:
    """Return the centre of gravity of an outline (shoelace formula); the mean of its points where it has no area."""
    area = x = y = 0.0
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        cross = x1 * y2 - x2 * y1
        area, x, y = area + cross, x + (x1 + x2) * cross, y + (y1 + y2) * cross
    if abs(area) < 1e-9:
        n = len(outline)
        return sum(p[0] for p in outline) / n, sum(p[1] for p in outline) / n
    return x / (3.0 * area), y / (3.0 * area)


def _tiles(wards: Sequence[Row]) -> WardMap:
    columns = max(1, min(4, len(wards)))
    step = TILE + GAP
    shapes = []
    for n, ward in enumerate(wards):
        x, y = EDGE + step * (n % columns), EDGE + step * (n // columns)
        square = ((x, y), (x + TILE, y), (x + TILE, y + TILE), (x, y + TILE))
        shapes.append(_shape(ward, square))
    rows = math.ceil(len(wards) / columns)
    width, height = 2 * EDGE + columns * step - GAP, 2 * EDGE + max(rows, 1) * step - GAP
    return WardMap(math.ceil(width), math.ceil(height), tuple(shapes), tiles=True)
