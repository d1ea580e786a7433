"""Levels of public bins as open data: GeoJSON, CSV, and the shape of FIWARE's WasteContainer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ops_api.opendata.core import csv_text
from ops_api.opendata.core.bin_levels import level_of
from ops_api.routers.caching import cached
from ops_api.routers.context import Context, Ctx
from ops_api.routers.open_answers import headers_of
from rules.bin_days.ical import etag_of

router = APIRouter(prefix="/api/v1/bins/open", tags=["open data"])

COLUMNS = (
    "bin_id", "label", "street", "stream", "latitude_deg", "longitude_deg", "capacity_l", "filling_level",
    "temperature_c", "emptied_at", "status", "measured_at", "fresh",
)  # fmt: skip
KINDS: Mapping[str, str] = {
    "litter": "other",
    "recycling": "other",
    "organic": "organic",
    "glass": "glass",
    "paper": "paper",
}


@router.get("", response_class=Response)
@router.get(".geojson", response_class=Response, include_in_schema=False)
async def geojson(request: Request, ctx: Ctx) -> Response:
    """Return the levels of public bins as GeoJSON (RFC 7946). No device is named."""
    levels, newest = await _levels(ctx)
    document = {
        "type": "FeatureCollection", "licence": ctx.shelf.licence_name, "licence_url": ctx.shelf.licence, "publisher": ctx.brand.council,
        "newest_measured_at": newest, "features": [_feature(level) for level in levels],
    }  # fmt: skip
    return _answer(request, ctx, _json(document), "application/geo+json")


@router.get(".csv", response_class=Response)
async def as_csv(request: Request, ctx: Ctx) -> Response:
    """Return the same as CSV (RFC 4180), a bin a line."""
    levels, _ = await _levels(ctx)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({k: csv_text.plain(v) for k, v in level.items()} for level in levels)
    return _answer(request, ctx, out.getvalue().encode(), csv_text.MEDIA_TYPE)


@router.get(".fiware.json", response_class=Response)
async def fiware(request: Request, ctx: Ctx) -> Response:
    """Return the same as entities of FIWARE's data model WasteContainer, as key-values."""
    levels, _ = await _levels(ctx)
    return _answer(
        request, ctx, _json([_entity(level, ctx.shelf.licence) for level in levels]), "application/json"
    )


async def _levels(ctx: Context) -> tuple[list[dict[str, Any]], str | None]:
    now = await ctx.town_now()
    levels = [level_of(row, now) for row in await ctx.db.rows("bins", bin_id=None)]
    return levels, max((x["measured_at"] for x in levels if x["measured_at"]), default=None)


def _feature(level: Mapping[str, Any]) -> dict[str, Any]:
    where = [level["longitude_deg"], level["latitude_deg"]]
    told = {k: v for k, v in level.items() if k not in ("longitude_deg", "latitude_deg", "bin_id")}
    return {
        "type": "Feature",
        "id": level["bin_id"],
        "geometry": {"type": "Point", "coordinates": where},
        "properties": told,
    }


def _entity(level: Mapping[str, Any], licence: str) -> dict[str, Any]:
    entity = {
        "id": f"urn:ngsi-ld:WasteContainer:{level['bin_id']}", "type": "WasteContainer",
        "location": {"type": "Point", "coordinates": [level["longitude_deg"], level["latitude_deg"]]},
        "address": {"streetAddress": level["street"], "addressCountry": "GB"}, "description": level["label"],
        "storedWasteKind": [KINDS.get(level["stream"], "other")], "fillingLevel": level["filling_level"],
        "temperature": level["temperature_c"], "dateLastEmptying": level["emptied_at"], "status": level["status"],
        "dateModified": level["measured_at"], "dataProvider": "cityops", "license": licence,
    }  # fmt: skip
    return {k: v for k, v in entity.items() if v is not None}


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(request: Request, ctx: Context, body: bytes, media_type: str) -> Response:
    """Return it, or 304 by its tag alone: a level that grows old changes what is told, and no reading's time says when."""
    return cached(request, body, media_type, etag_of(body), None, headers_of(ctx))
