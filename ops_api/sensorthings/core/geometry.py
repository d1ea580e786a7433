"""Geometries as a filter writes them: well-known text, read here so that a wrong one is told with its place."""

from __future__ import annotations

import re

import shapely
from shapely.errors import ShapelyError

from ops_api.sensorthings.core.errors import FilterError

COORDINATES = 10_000
_SRID = re.compile(r"\s*SRID=(?:4326|0)\s*;", re.IGNORECASE)
_LETTERS = re.compile(r"[A-Za-z0-9(),.+\-\s]*")


def geometry(text: str, at: int) -> str:
    """Return a geometry's well-known text, longitude before latitude, as it is handed on.

    Raises:
        FilterError: no well-known text, another reference system, empty, not finite, or an area that crosses itself.
    """
    bare = _SRID.sub("", text, count=1)
    if not _LETTERS.fullmatch(bare):
        raise FilterError("no well-known text of a geometry: a character that none has", at)
    try:
        shape = shapely.from_wkt(bare)
    except (ShapelyError, ValueError) as error:
        raise FilterError(f"no well-known text of a geometry: {_short(error)}", at) from None
    if shape is None or shape.is_empty:
        raise FilterError("a geometry without a point", at)
    if shapely.get_num_coordinates(shape) > COORDINATES:
        raise FilterError(f"a geometry of more than {COORDINATES} points", at)
    reason = shapely.is_valid_reason(shape)
    if reason != "Valid Geometry":
        raise FilterError(f"no valid geometry: {reason}", at)
    return bare.strip()


def _short(error: Exception) -> str:
    return str(error).splitlines()[0].removeprefix("ParseException: ")[:120]
