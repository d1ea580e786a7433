"""A dataset as GeoJSON (RFC 7946). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ops_api.opendata.core.model import Item, Table

MEDIA_TYPE = "application/geo+json"


def feature(item: Item) -> dict[str, Any]:
    """Return a row as a feature."""
    return {"type": "Feature", "id": item.id, "geometry": item.geometry, "properties": dict(item.properties)}


def features(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Return rows as features."""
    return [feature(i) for i in items]


def geojson_of(table: Table, *, publisher: str, licence: str) -> bytes:
    """Return the whole table; what is said of it stands beside the features (RFC 7946, section 6.1)."""
    newest = table.newest
    document = {
        "type": "FeatureCollection", "title": table.dataset.title, "publisher": publisher, "licence": licence,
        f"newest_{table.dataset.time}": None if newest is None else newest.isoformat(), "note": table.note,
        "features": features(table.items),
    }  # fmt: skip
    return encoded(document)


def encoded(document: object) -> bytes:
    """Return a document as compact JSON.

    Raises:
        ValueError: NaN or infinity is in it.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
