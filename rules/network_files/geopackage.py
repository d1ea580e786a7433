"""OS Open Roads as a GeoPackage: SQLite with geometry in WKB (OGC GeoPackage 1.3, section 2.1)."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cityops.errors import ConfigurationError
from rules.network_files.area import Area
from rules.network_files.features import Feature, points

ENVELOPE_BYTES = (0, 32, 48, 48, 64)
"""Size of the envelope before the geometry, by its kind."""
GRID, DEGREES = 27700, 4326
LINE, LINES = 2, 5
EMPTY = 0b10000


def links(path: Path, area: Area | None) -> Iterator[Feature]:
    """Yield the road links of a GeoPackage.

    Args:
        path: the file.
        area: only links whose rectangle touches it; a spatial index is used where there is one.

    Raises:
        ConfigurationError: no GeoPackage, no table of road links, another reference system or geometry.
    """
    try:
        with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True) as conn:
            yield from _links(conn, path.name, area)
    except sqlite3.Error as error:
        raise ConfigurationError(f"{path} is no GeoPackage that can be read: {error}") from error


def _links(conn: sqlite3.Connection, name: str, area: Area | None) -> Iterator[Feature]:
    table, column, reference = _layer(conn, name)
    wanted, arguments = _within(conn, table, column, reference, area)
    cursor = conn.execute(f"select t.* from {_quoted(table)} as t{wanted} order by t.rowid", arguments)  # noqa: S608 - names come from the file's own catalogue, quoted
    names = [str(d[0]) for d in cursor.description]
    at = names.index(column)
    for number, row in enumerate(cursor):
        place = f"{name}, {table}[{number}]"
        line = points(lines_of(row[at], place), place, on_grid=reference == GRID)
        yield Feature(place, line, {n: v for n, v in zip(names, row, strict=True) if n != column})


def _layer(conn: sqlite3.Connection, name: str) -> tuple[str, str, int]:
    rows = conn.execute("select table_name, column_name, srs_id from gpkg_geometry_columns").fetchall()
    found = [row for row in rows if str(row[0]).lower().replace("_", "").endswith("roadlink")]
    if len(found) != 1:
        tables = ", ".join(sorted(str(row[0]) for row in rows)) or "none"
        raise ConfigurationError(f"{name} has {len(found)} tables of road links (road_link) among: {tables}")
    table, column, reference = found[0]
    if reference not in {GRID, DEGREES}:
        raise ConfigurationError(f"{name}, {table}: srs_id is {reference}; allowed: {GRID} or {DEGREES}")
    return str(table), str(column), int(reference)


def _within(
    conn: sqlite3.Connection, table: str, column: str, reference: int, area: Area | None
) -> tuple[str, tuple[float, ...]]:
    index = f"rtree_{table}_{column}"
    known = conn.execute("select 1 from sqlite_master where name = ?", (index,)).fetchone()
    if area is None or known is None:
        return "", ()
    box = area.on_the_grid() if reference == GRID else (area.west, area.south, area.east, area.north)
    west, south, east, north = box
    chosen = f" join {_quoted(index)} as i on i.id = t.rowid where i.maxx >= ? and i.maxy >= ? and i.minx <= ? and i.miny <= ?"
    return chosen, (west, south, east, north)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def lines_of(blob: Any, place: str) -> list[list[tuple[float, float]]]:
    """Return the lines of a GeoPackage's geometry.

    Raises:
        ConfigurationError: it is none, or no line.
    """
    try:
        if not isinstance(blob, bytes) or blob[:2] != b"GP":
            raise ConfigurationError(f"{place}: its geometry is none of a GeoPackage")
        if blob[3] & EMPTY:
            raise ConfigurationError(f"{place}: its geometry is empty")
        start = 8 + ENVELOPE_BYTES[(blob[3] >> 1) & 0b111]
        return _wkb(blob, start, place)[0]
    except (struct.error, IndexError):
        raise ConfigurationError(f"{place}: its geometry ends too early") from None


def _wkb(blob: bytes, at: int, place: str) -> tuple[list[list[tuple[float, float]]], int]:
    order = "<" if blob[at] == 1 else ">"
    kind, number = struct.unpack_from(f"{order}II", blob, at + 1)
    base, dimensions = kind % 1000, 2 + (0, 1, 1, 2)[kind // 1000] if kind < 4000 else 2
    at += 9
    if base == LINE:
        values = struct.unpack_from(f"{order}{number * dimensions}d", blob, at)
        flat = [(values[i], values[i + 1]) for i in range(0, len(values), dimensions)]
        return [flat], at + 8 * len(values)
    if base != LINES:
        raise ConfigurationError(f"{place}: geometry of kind {kind}; allowed: lines")
    lines: list[list[tuple[float, float]]] = []
    for _ in range(number):
        part, at = _wkb(blob, at, place)
        lines += part
    return lines, at
