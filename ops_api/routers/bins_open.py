"""Levels of public bins as open data: GeoJSON, CSV, and the shape of FIWARE's WasteContainer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ops_api.opendata.core.bin_levels import level_of
from ops_api.routers.caching import cached
from ops_api.routers.context import Context, Ctx
from ops_api.web.words import moment
from rules.bin_days.ical import etag_of

router = APIRouter(prefix="/api/v1/bins/open", tags=["open data"])

LICENCE = "Open Government Licence v3.0"
LICENCE_URL = "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/"
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
HEADERS = {
    "Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin",
    "Link": f'<{LICENCE_URL}>; rel="license"',
}  # fmt: skip


@router.get("", response_class=Response)
@router.get(".geojson", response_class=Response, include_in_schema=False)
async def geojson(request: Request, ctx: Ctx) -> Response:
    """Return the levels of public bins as GeoJSON (RFC 7946). No device is named."""
    levels, newest = await _levels(ctx)
    document = {
        "type": "FeatureCollection", "licence": LICENCE, "licence_url": LICENCE_URL, "publisher": ctx.brand.council,
        "newest_measured_at": newest, "features": [_feature(level) for level in levels],
    }  # fmt: skip
    return _answer(request, _json(document), "application/geo+json", newest)


@router.get(".csv", response_class=Response)
async def as_csv(request: Request, ctx: Ctx) -> Response:
    """Return the same as CSV (RFC 4180), a bin a line."""
    levels, newest = await _levels(ctx)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({k: _plain(v) for k, v in level.items()} for level in levels)
    return _answer(request, out.getvalue().encode(), "text/csv; charset=utf-8; header=present", newest)


@router.get(".fiware.json", response_class=Response)
async def fiware(request: Request, ctx: Ctx) -> Response:
    """Return the same as entities of FIWARE's data model WasteContainer, as key-values."""
    levels, newest = await _levels(ctx)
    return _answer(request, _json([_entity(level) for level in levels]), "application/json", newest)


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


def _entity(level: Mapping[str, Any]) -> dict[str, Any]:
    entity = {
        "id": f"urn:ngsi-ld:WasteContainer:{level['bin_id']}", "type": "WasteContainer",
        "location": {"type": "Point", "coordinates": [level["longitude_deg"], level["latitude_deg"]]},
        "address": {"streetAddress": level["street"], "addressCountry": "GB"}, "description": level["label"],
        "storedWasteKind": [KINDS.get(level["stream"], "other")], "fillingLevel": level["filling_level"],
        "temperature": level["temperature_c"], "dateLastEmptying": level["emptied_at"], "status": level["status"],
        "dateModified": level["measured_at"], "dataProvider": "cityops", "license": LICENCE_URL,
    }  # fmt: skip
    return {k: v for k, v in entity.items() if v is not None}


def _plain(value: object) -> object:
    """Return a cell: nothing for what is not known; a text that a spreadsheet would run is made none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n"):
        return "'" + value
    return "" if value is None else value


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _answer(request: Request, body: bytes, media_type: str, newest: str | None) -> Response:
    at = moment(newest)
    return cached(request, body, media_type, etag_of(body), 0.0 if at is None else at.timestamp(), HEADERS)
