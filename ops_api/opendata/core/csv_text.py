"""A dataset as CSV (RFC 4180), safe to open in a spreadsheet. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from ops_api.opendata.core.model import Cell, Dataset, Geometry, Item, Table

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), wide forms as well."""

_PLACES = {None: (), "Point": ("longitude_deg", "latitude_deg")}


def header(dataset: Dataset) -> tuple[str, ...]:
    """Return the names of the columns."""
    return ("id", *(c.name for c in dataset.columns), *_PLACES.get(dataset.shape, ("wkt",)))


def csv_of(table: Table) -> bytes:
    """Return the table, a row a line, places last: degrees of a point, else well-known text (OGC 06-103r4)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header(table.dataset))
    writer.writerows(_row(table.dataset, item) for item in table.items)
    return out.getvalue().encode()


def plain(value: Cell) -> object:
    """Return a cell: nothing for what is not known, no formula."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{value}" if value.lstrip(" ").startswith(STARTS) else value.replace("\x00", "")
    return "" if value is None else value


def _row(dataset: Dataset, item: Item) -> list[object]:
    return [
        plain(item.id),
        *(plain(item.properties[c.name]) for c in dataset.columns),
        *_place(dataset, item.geometry),
    ]


def _place(dataset: Dataset, geometry: Geometry | None) -> Sequence[object]:
    if dataset.shape is None:
        return ()
    if dataset.shape == "Point":
        return ("", "") if geometry is None else geometry["coordinates"][:2]
    return [wkt(geometry)]


def wkt(geometry: Geometry | None) -> str:
    """Return a geometry as well-known text; nothing where there is none."""
    return "" if geometry is None else f"{geometry['type'].upper()} {_brackets(geometry['coordinates'])}"


def _brackets(coordinates: Sequence[object]) -> str:
    """Return nested positions: a position's numbers stand bare within the brackets of what it belongs to."""
    if not isinstance(coordinates[0], Sequence):
        return f"({_position(coordinates)})"
    inner = coordinates[0]
    if not isinstance(inner[0], Sequence):
        return f"({', '.join(_position(c) for c in coordinates)})"  # type: ignore[arg-type]
    return f"({', '.join(_brackets(c) for c in coordinates)})"  # type: ignore[arg-type]


def _position(position: Sequence[object]) -> str:
    return " ".join(str(n) for n in position[:2])
