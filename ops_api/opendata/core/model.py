"""A dataset, one thing in it, and all of its things at one time. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

Geometry = Mapping[str, Any]
"""GeoJSON (RFC 7946): WGS 84, longitude first [deg]."""
Box = tuple[float, float, float, float]
Shape = Literal["Point", "LineString", "MultiLineString", "Polygon"]
CellType = Literal["string", "number", "boolean", "date-time"]
Cell = str | float | bool | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column; ``unit``: UCUM code, empty where it has none."""

    name: str
    title: str
    type: CellType = "string"
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """What is told of one dataset.

    Attributes:
        id: its part of addresses.
        title, says: for a person; ``says`` is what its rows are and what they are not.
        theme: code of the EU's vocabulary of data themes, as ``TRAN``.
        frequency: code of the EU's vocabulary of frequencies, as ``CONT``; ``every``: the same in words.
        shape: what its geometries are; None: its rows have no place.
        columns: beside ``id`` and the place, in order.
        time: the column that says when a row was measured or decided; ``measures``: what its newest time is called.
        keywords: for searches.
    """

    id: str
    title: str
    says: str
    theme: str
    frequency: str
    every: str
    shape: Shape | None
    columns: tuple[Column, ...]
    time: str
    measures: str = "measured"
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """One row: a feature. ``at``: its time, None where nothing was measured yet."""

    id: str
    geometry: Geometry | None
    properties: Mapping[str, Cell]
    at: datetime | None

    @cached_property
    def box(self) -> Box | None:
        """West, south, east, north of its place [deg]; None where it has none."""
        return None if self.geometry is None else _around(list(_positions(self.geometry["coordinates"])))


@dataclass(frozen=True)
class Table:
    """All rows of a dataset at one time, by id; ``note``: what is said of these rows."""

    dataset: Dataset
    items: Sequence[Item]
    note: str = ""

    @cached_property
    def newest(self) -> datetime | None:
        """Time of the newest row."""
        return max((i.at for i in self.items if i.at is not None), default=None)

    @cached_property
    def oldest(self) -> datetime | None:
        """Time of the oldest row."""
        return min((i.at for i in self.items if i.at is not None), default=None)

    @cached_property
    def box(self) -> Box | None:
        """West, south, east, north of all places [deg]; None where there are none."""
        boxes = [i.box for i in self.items if i.box is not None]
        return _around([p for b in boxes for p in ((b[0], b[1]), (b[2], b[3]))]) if boxes else None

    @cached_property
    def by_id(self) -> Mapping[str, Item]:
        """Rows by id."""
        return {i.id: i for i in self.items}


def _positions(coordinates: Sequence[Any]) -> Iterator[tuple[float, float]]:
    if not isinstance(coordinates[0], Sequence):
        yield float(coordinates[0]), float(coordinates[1])
        return
    for part in coordinates:
        yield from _positions(part)


def _around(points: Sequence[tuple[float, float]]) -> Box:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


def cell(value: object) -> Cell:
    """Return a value as feeds have it: no NaN, no infinity, times as RFC 3339 texts."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)


def item(
    id_: str, geometry: Geometry | None, at: datetime | None, dataset: Dataset, row: Mapping[str, object]
) -> Item:
    """Return a row of a dataset: exactly its columns, whatever else ``row`` has.

    Raises:
        KeyError: ``row`` lacks a column.
    """
    return Item(id_, geometry, {c.name: cell(row[c.name]) for c in dataset.columns}, at)


def point(longitude_deg: float | None, latitude_deg: float | None) -> Geometry | None:
    """Return a place; None where it is not known."""
    if longitude_deg is None or latitude_deg is None:
        return None
    return {"type": "Point", "coordinates": [longitude_deg, latitude_deg]}
