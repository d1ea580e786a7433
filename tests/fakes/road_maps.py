"""Small maps for the tests of road networks."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rules.core.network.draft import Draft, Road, Traits

WEST, SOUTH = 0.1, 52.2
STEP = 0.001
"""About 68 m east and 111 m north."""

Places = Mapping[str, tuple[float, float]]


def at(x: float, y: float) -> tuple[float, float]:
    """A point ``x`` steps east and ``y`` steps north of a corner."""
    return round(WEST + x * STEP, 7), round(SOUTH + y * STEP, 7)


def draft(*roads: Road) -> Draft:
    nodes = {r.tail: r.line[0] for r in roads} | {r.head: r.line[-1] for r in roads}
    return Draft(nodes, roads)


def road(key: str, places: Sequence[tuple[float, float]], *, one_way: bool = False, **traits: Any) -> Road:
    """A road through places in steps; its ends are named after where they are."""
    line = tuple(at(*p) for p in places)
    ends = [f"{x:g},{y:g}" for x, y in (places[0], places[-1])]
    return Road(key, ends[0], ends[1], line, Traits(**traits), one_way)


def collection(features: Iterable[Mapping[str, Any]], **more: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more})


def feature(places: Sequence[tuple[float, float]], **properties: Any) -> dict[str, Any]:
    line = [list(at(*p)) for p in places]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": properties,
    }


def edges(
    pairs: Iterable[tuple[int, int]], places: Mapping[int, tuple[float, float]], **tags: Any
) -> list[dict[str, Any]]:
    """Two-way streets as osmnx gives them out: one feature a direction."""
    found = []
    for u, v in pairs:
        for a, b in ((u, v), (v, u)):
            found.append(
                feature([places[a], places[b]], u=a, v=b, key=0, highway="residential", oneway=False, **tags)
            )
    return found


def geopackage(
    path: Path, links: Iterable[tuple[Mapping[str, Any], Sequence[Sequence[float]]]], srs: int
) -> None:
    """Write links as OS Open Roads does: a table ``road_link`` with geometry and a spatial index."""
    with sqlite3.connect(path) as conn:
        conn.execute(
            "create table gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id, z, m)"
        )
        conn.execute(
            "insert into gpkg_geometry_columns values ('road_link', 'geometry', 'LINESTRING', ?, 0, 0)", [srs]
        )
        conn.execute(
            "create table road_link (fid integer primary key, geometry blob, id, start_node, end_node, name_1,"
            " road_classification, road_classification_number, form_of_way, road_function, road_structure, fictitious)"
        )
        conn.execute("create virtual table rtree_road_link_geometry using rtree(id, minx, maxx, miny, maxy)")
        for number, (link, line) in enumerate(links):
            names = ", ".join(link)
            conn.execute(
                f"insert into road_link (fid, geometry, {names}) values (?, ?, {', '.join('?' * len(link))})",
                [number, blob(line), *link.values()],
            )
            xs, ys = [p[0] for p in line], [p[1] for p in line]
            conn.execute(
                "insert into rtree_road_link_geometry values (?, ?, ?, ?, ?)",
                [number, min(xs), max(xs), min(ys), max(ys)],
            )


def blob(line: Sequence[Sequence[float]]) -> bytes:
    """A line in GeoPackage's form, with an envelope, as a LineString Z where its points have three numbers."""
    xs, ys = [p[0] for p in line], [p[1] for p in line]
    kind = 1002 if len(line[0]) == 3 else 2
    head = b"GP" + bytes([0, 0b011]) + struct.pack("<i", 27700)
    envelope = struct.pack("<4d", min(xs), max(xs), min(ys), max(ys))
    flat = [v for p in line for v in p]
    return head + envelope + b"\x01" + struct.pack(f"<II{len(flat)}d", kind, len(line), *flat)
