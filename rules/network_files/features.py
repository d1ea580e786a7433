"""GeoJSON's features as lines in degrees with their properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cityops.errors import ConfigurationError
from rules.core.network.lines import Line, Point
from rules.core.network.national_grid import to_wgs84

SHORT = "a line of fewer than 2 points"
"""Why a feature is left out that :attr:`Feature.is_short`."""

GRID = "27700"
DEGREES = ("CRS84", "4326")


@dataclass(frozen=True, slots=True)
class Feature:
    """A line with its properties; ``place`` names it in messages."""

    place: str
    line: Line
    properties: Mapping[str, Any]

    @property
    def is_short(self) -> bool:
        """Whether it has fewer than two points: no line that could be driven."""
        return len(self.line) < 2


def features(document: Any, name: str) -> Iterator[Feature]:
    """Yield the lines of a GeoJSON collection, in its order; points and areas are left out.

    A feature of several lines that follow each other is one.

    Raises:
        ConfigurationError: no collection, coordinates that are none, lines that don't follow each other,
            or a reference system that is not known.
    """
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise ConfigurationError(f"{name} is no GeoJSON FeatureCollection")
    on_grid = _on_grid(document, name)
    for number, feature in enumerate(document["features"]):
        place = f"{name}, features[{number}]"
        parts = _parts(_geometry(feature, number, name))
        if parts is not None:
            line = points(parts, place, on_grid=on_grid)
            yield Feature(place, line, _properties(feature.get("properties"), place))


def barriers(document: Any, name: str) -> dict[Point, Mapping[str, Any]]:
    """Return the tags of a collection's points that are barriers, by place; errors as in :func:`features`."""
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        raise ConfigurationError(f"{name} is no GeoJSON FeatureCollection")
    on_grid, found = _on_grid(document, name), dict[Point, Mapping[str, Any]]()
    for number, feature in enumerate(document["features"]):
        place, geometry = f"{name}, features[{number}]", _geometry(feature, number, name)
        tags = _properties(feature.get("properties"), place) if geometry.get("type") == "Point" else {}
        if "barrier" in tags:
            found |= dict.fromkeys(points([[geometry.get("coordinates")]], place, on_grid=on_grid), tags)
    return found


def _geometry(feature: Any, number: int, name: str) -> Mapping[str, Any]:
    if not isinstance(feature, dict) or not isinstance(feature.get("geometry"), dict | None):
        raise ConfigurationError(f"{name}, features[{number}] is no feature with a geometry")
    return feature.get("geometry") or {}


def _properties(found: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(found, dict | None):
        raise ConfigurationError(f"{place}: properties is {found!r:.60}; allowed: an object, or null")
    return found or {}


def _on_grid(document: Mapping[str, Any], name: str) -> bool:
    crs = document.get("crs")
    if crs is None:
        return False
    try:
        said = str(crs["properties"]["name"])
    except (KeyError, TypeError):
        said = repr(crs)
    if said.endswith(GRID):
        return True
    if said.endswith(DEGREES):
        return False
    raise ConfigurationError(f"{name}: crs is {said}; allowed: CRS84, EPSG:4326 or EPSG:27700")


def _parts(geometry: Mapping[str, Any]) -> list[Any] | None:
    coordinates = geometry.get("coordinates")
    if geometry.get("type") == "LineString":
        return [coordinates]
    if geometry.get("type") == "MultiLineString" and isinstance(coordinates, list):
        return coordinates
    return None


def points(parts: Sequence[Any], place: str, *, on_grid: bool) -> Line:
    """Return one line in degrees of the coordinates of one or more that follow each other; it may be too short.

    Raises:
        ConfigurationError: they are no coordinates, or the parts don't follow each other.
    """
    flat: list[tuple[float, float]] = []
    for part in parts:
        line = _numbers(part, place)
        if flat and line and flat[-1] != line[0]:
            raise ConfigurationError(f"{place}: its {len(parts)} lines do not follow each other")
        flat += line[1:] if flat else line
    if not flat:
        return ()
    table = np.array(flat, dtype=np.float64)
    if on_grid:
        table = np.stack(to_wgs84(table[:, 0], table[:, 1]), axis=1)
    inside = (np.abs(table[:, 0]) <= 180.0) & (np.abs(table[:, 1]) <= 90.0)
    if not inside.all():
        x, y = table[~inside][0].tolist()
        raise ConfigurationError(
            f"{place}: a point is ({x}, {y}); allowed: longitude -180 to 180, latitude -90 to 90"
        )
    return tuple((round(x, 7), round(y, 7)) for x, y in table.tolist())


def _numbers(part: Any, place: str) -> list[tuple[float, float]]:
    try:
        line = [(float(point[0]), float(point[1])) for point in part]
    except (TypeError, ValueError, OverflowError, IndexError, KeyError):
        raise ConfigurationError(f"{place}: its coordinates are no list of [longitude, latitude]") from None
    if not np.isfinite(line).all():
        raise ConfigurationError(f"{place}: a coordinate is not a finite number")
    return line
