"""Open data: the page, the catalogue and the feeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from ops_api.access.rules import RULES
from ops_api.opendata.core import csv_text, datex, dcat, geojson
from ops_api.opendata.core.datasets import ROAD_TEMPERATURES, WEATHER
from ops_api.opendata.core.model import Item, Table
from ops_api.opendata.core.page import blocks
from ops_api.routers.context import Context, Ctx
from ops_api.routers.open_answers import (
    all_tables,
    answer,
    base_of,
    body_of,
    dataset_of,
    headers_of,
    table_of,
)

router = APIRouter(prefix="/open", tags=["open data"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/catalogue.jsonld", response_class=Response, responses={200: {"content": {dcat.MEDIA_TYPE: {}}}})
async def get_catalogue(request: Request, ctx: Ctx) -> Response:
    """Return the catalogue as DCAT-AP 3 in JSON-LD: datasets, how fresh they are, their files and services."""
    tables = await all_tables(ctx)
    document = dcat.catalogue(_about(request, ctx), tables)
    return Response(geojson.encoded(document), media_type=dcat.MEDIA_TYPE, headers=headers_of(ctx, "one"))


@router.get(
    "/datex/road-weather.xml", response_class=Response, responses={200: {"content": {datex.MEDIA_TYPE: {}}}}
)
async def get_datex(request: Request, ctx: Ctx) -> Response:
    """Return what road sensors and weather stations measured last, as DATEX II 3 MeasuredDataPublication."""
    return await _datex(request, ctx, "measurements", datex.measurements)


@router.get("/datex/sites.xml", response_class=Response, responses={200: {"content": {datex.MEDIA_TYPE: {}}}})
async def get_datex_sites(request: Request, ctx: Ctx) -> Response:
    """Return where they stand, as DATEX II 3 MeasurementSiteTablePublication."""
    return await _datex(request, ctx, "sites", datex.sites)


async def _datex(
    request: Request, ctx: Context, form: str, write: Callable[[Sequence[Item], datetime, str], bytes]
) -> Response:
    async def sensors() -> Table:
        tables = [await table_of(ctx, d) for d in (ROAD_TEMPERATURES, WEATHER)]
        return Table(ROAD_TEMPERATURES, datex.placed(*(t.items for t in tables)))

    def written(table: Table) -> bytes:
        # A publication of nothing is none: its schema asks for one site.
        return write(table.items, ctx.clock.now(), ctx.brand.council) if table.items else b""

    body = await ctx.shelf.body("datex", form, sensors, written)
    if not body.data:
        raise HTTPException(404, "No sensor with a place has measured anything yet.")
    return answer(request, ctx, body, datex.MEDIA_TYPE)


@router.get("/{dataset}.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def get_csv(dataset: str, request: Request, ctx: Ctx) -> Response:
    """Return a dataset as CSV (RFC 4180), a row a line; a text that a spreadsheet would run begins with '."""
    body = await body_of(ctx, dataset_of(dataset), "csv", csv_text.csv_of)
    return answer(request, ctx, body, csv_text.MEDIA_TYPE)


@router.get(
    "/{dataset}.geojson", response_class=Response, responses={200: {"content": {geojson.MEDIA_TYPE: {}}}}
)
async def get_geojson(dataset: str, request: Request, ctx: Ctx) -> Response:
    """Return a dataset as GeoJSON (RFC 7946)."""
    make = partial(geojson.geojson_of, publisher=ctx.brand.council, licence=ctx.shelf.licence)
    return answer(request, ctx, await body_of(ctx, dataset_of(dataset), "geojson", make), geojson.MEDIA_TYPE)


@pages.get("/open")
async def open_page(request: Request, ctx: Ctx) -> HTMLResponse:
    """Show what is open, how fresh it is and how to get it."""
    tables = await all_tables(ctx)
    now = await ctx.town_now()
    html = ctx.templates.render(
        "open.html", blocks=blocks(tables, now, ctx.brand.time_zone), shelf=ctx.shelf, base=base_of(request, ctx), sta=has_sta()
    )  # fmt: skip
    return HTMLResponse(html)


def has_sta() -> bool:
    """Whether this site has SensorThings."""
    return any(" /sta/v1.1" in route for route in RULES)


def _about(request: Request, ctx: Context) -> dcat.About:
    return dcat.About(
        base=base_of(request, ctx), council=ctx.brand.council, licence=ctx.shelf.licence,
        contact=ctx.shelf.contact, sta=has_sta(),
    )  # fmt: skip
