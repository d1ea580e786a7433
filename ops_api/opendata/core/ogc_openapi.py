"""What can be asked of OGC API – Features, as OpenAPI 3.0: its clients read no 3.1. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ops_api.opendata.core.geojson import MEDIA_TYPE
from ops_api.opendata.core.model import Column, Dataset
from ops_api.opendata.core.ogc_query import MOST, USUAL

_ERRORS = {
    "400": {"description": "A parameter that can't be used, as RFC 9457 problem"},
    "404": {"description": "There is none such"},
}
_TYPES: Mapping[str, Mapping[str, str]] = {"date-time": {"type": "string", "format": "date-time"}}


def document(base: str, council: str, datasets: Sequence[Dataset]) -> dict[str, Any]:
    """Return the description; ``base``: the site's address."""
    paths: dict[str, Any] = {
        "/": _get("landing", "Landing page"),
        "/conformance": _get("conformance", "Requirement classes"),
        "/collections": _get("collections", "Collections"),
    }
    for dataset in datasets:
        paths |= _paths(dataset)
    return {
        "openapi": "3.0.3",
        "info": {"title": f"Open data of {council}", "version": "1.0.0"},
        "servers": [{"url": f"{base}/ogc"}],
        "paths": paths,
        "components": {"parameters": _PARAMETERS},
    }


def _paths(dataset: Dataset) -> dict[str, Any]:
    here, name = f"/collections/{dataset.id}", dataset.id.replace("-", "_")
    parameters = [{"$ref": f"#/components/parameters/{p}"} for p in _PARAMETERS if p != "id"]
    one = {"$ref": "#/components/parameters/id"}
    return {
        here: _get(f"describe_{name}", dataset.title),
        f"{here}/items": _get(f"items_of_{name}", dataset.says, [*parameters, *(_column(c) for c in dataset.columns)], MEDIA_TYPE),
        f"{here}/items/{{id}}": _get(f"item_of_{name}", f"One of {dataset.title}", [one], MEDIA_TYPE),
    }  # fmt: skip


def _get(
    name: str, says: str, parameters: Sequence[Mapping[str, Any]] = (), media: str = "application/json"
) -> dict[str, Any]:
    answer = {"description": says, "content": {media: {"schema": {"type": "object"}}}}
    return {
        "get": {
            "operationId": name,
            "summary": says,
            "parameters": list(parameters),
            "responses": {"200": answer, **_ERRORS},
        }
    }


def _column(column: Column) -> dict[str, Any]:
    schema = _TYPES.get(column.type, {"type": column.type})
    return {
        "name": column.name,
        "in": "query",
        "description": f"{column.title}: exactly this",
        "schema": schema,
    }


_PARAMETERS: Mapping[str, Any] = {
    "id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
    "limit": {
        "name": "limit", "in": "query", "style": "form", "explode": False,
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
    },
    "bbox": {
        "name": "bbox", "in": "query", "description": "West, south, east, north in degrees of WGS 84", "style": "form", "explode": False,
        "schema": {"type": "array", "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}], "items": {"type": "number"}},
    },
    "datetime": {
        "name": "datetime", "in": "query", "description": "A time, or two with / between, one of which may be ..",
        "style": "form", "explode": False, "schema": {"type": "string"},
    },
    "cursor": {"name": "cursor", "in": "query", "description": "Of a next link", "schema": {"type": "string"}},
}  # fmt: skip
