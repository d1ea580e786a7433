"""Answers to questions about geometries, which the database has no notion of: shapely in this process.

Shapes of what is open are kept for half a minute, or until something here changed one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np
import shapely
from psycopg.types.json import Jsonb
from shapely.errors import ShapelyError

from ops_api.sensorthings.core.errors import FilterError
from ops_api.sensorthings.core.schema import ENTITIES
from ops_api.sensorthings.core.spatial import GeoTest
from ops_api.sensorthings.documents import plain
from ops_api.sensorthings.store import OPEN, Audience, Reader

SHAPES_MOST = 50_000
KEPT_S = 30.0


@dataclass(frozen=True, slots=True)
class _Known:
    ids: Any
    shapes: Any
    read_s: float


class Shapes:
    """Geometries of locations and features."""

    def __init__(self) -> None:
        self._kept: dict[str, _Known] = {}

    def forget(self) -> None:
        """Read them again: one has changed."""
        self._kept.clear()

    async def answers(
        self, reader: Reader, audience: Audience, tests: Sequence[GeoTest]
    ) -> dict[str, object]:
        """Return what each question's parameter is.

        Raises:
            FilterError: shapes that cannot be asked this, or too many.
        """
        found: dict[str, object] = {}
        for test in tests:
            known = await self._known(reader, audience, test.entity)
            found[test.name] = await asyncio.to_thread(_answer, known, test)
        return found

    async def _known(self, reader: Reader, audience: Audience, entity: str) -> _Known:
        kept = self._kept.get(entity) if audience == OPEN else None
        if kept is not None and monotonic() - kept.read_s < KEPT_S:
            return kept
        of = ENTITIES[entity]
        column = "location" if entity == "Location" else "feature"
        text = f"select q.{of.key} as id, q.{column} as shape from {of.relation} q limit {SHAPES_MOST + 1}"  # noqa: S608
        rows = await reader.rows(text, {})
        if len(rows) > SHAPES_MOST:
            raise FilterError(f"more than {SHAPES_MOST} geometries: functions of them are switched off")
        known = await asyncio.to_thread(_read, rows)
        if audience == OPEN:
            self._kept[entity] = known
        return known


def _read(rows: Sequence[Mapping[str, Any]]) -> _Known:
    ids = [row["id"] for row in rows]
    texts = [json.dumps(_geometry(plain(row["shape"]))) for row in rows]
    shapes = (
        shapely.from_geojson(np.array(texts, dtype=object), on_invalid="ignore")
        if texts
        else np.array([], dtype=object)
    )
    kept = [i for i, shape in enumerate(shapes) if shape is not None and not shape.is_empty]
    return _Known(np.array(ids, dtype=np.int64)[kept], shapes[kept], monotonic())


def _geometry(value: object) -> object:
    """Return the geometry of GeoJSON that may be a feature's."""
    if isinstance(value, dict) and value.get("type") == "Feature":
        return value.get("geometry")
    return value


def _answer(known: _Known, test: GeoTest) -> object:
    try:
        if test.op == "length":
            return _numbers(known, shapely.length(known.shapes))
        other = shapely.from_wkt(test.wkt)
        if test.op == "distance":
            return _numbers(known, shapely.distance(known.shapes, other))
        if test.op == "relate":
            holds = shapely.relate_pattern(known.shapes, other, test.pattern)
        else:
            shapely.prepare(other)
            holds = getattr(shapely, test.op)(known.shapes, other)
    except ShapelyError as error:
        raise FilterError(f"the geometries refuse it: {str(error)[:120]}", test.position) from None
    return [int(i) for i in known.ids[np.asarray(holds, dtype=bool)]]


def _numbers(known: _Known, values: Any) -> Jsonb:
    pairs = zip(known.ids, values, strict=True)
    return Jsonb({str(i): float(v) for i, v in pairs if np.isfinite(v)})
