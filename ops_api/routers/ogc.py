"""OGC API – Features 1.0 over the open datasets: QGIS, ArcGIS and owslib read it. Parameters that can't be used answer 400."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from ops_api.opendata.core import ogc, ogc_openapi, ogc_query
from ops_api.opendata.core.datasets import DATASETS
from ops_api.opendata.core.geojson import MEDIA_TYPE, encoded
from ops_api.opendata.core.model import Table
from ops_api.routers.context import Context, Ctx
from ops_api.routers.open_answers import all_tables, base_of, dataset_of, headers_of, table_of
from ops_api.routers.schemas import Problem

router = APIRouter(
    prefix="/ogc",
    tags=["OGC API Features"],
    default_response_class=Response,
    responses={n: {"model": Problem} for n in (400, 404, 503)},
)


def _answer(ctx: Context, document: Mapping[str, Any], media_type: str = ogc.JSON) -> Response:
    return Response(encoded(document), media_type=media_type, headers=headers_of(ctx, "one"))


def _check(request: Request, *names: str) -> None:
    """Refuse parameters that there are not (requirement query-param-unknown)."""
    for name in request.query_params:
        if name not in (*names, "f"):
            raise HTTPException(400, f"{name} is no parameter here.")
    if request.query_params.get("f", "json") not in ("json", "geojson"):
        raise HTTPException(400, "f must be json.")


@router.get("")
@router.get("/", include_in_schema=False)
async def landing(request: Request, ctx: Ctx) -> Response:
    """Return the landing page."""
    _check(request)
    return _answer(ctx, ogc.landing(base_of(request, ctx), ctx.brand.council, ctx.shelf.licence))


@router.get("/api")
async def description(request: Request, ctx: Ctx) -> Response:
    """Return what can be asked, as OpenAPI 3.0."""
    _check(request)
    document = ogc_openapi.document(base_of(request, ctx), ctx.brand.council, tuple(DATASETS.values()))
    return _answer(ctx, document, ogc.OPENAPI)


@router.get("/conformance")
async def conformance(request: Request, ctx: Ctx) -> Response:
    """Return the requirement classes that are held to."""
    _check(request)
    return _answer(ctx, ogc.conformance())


@router.get("/collections")
async def collections(request: Request, ctx: Ctx) -> Response:
    """Return the collections: each is a dataset of /open."""
    _check(request)
    tables = await all_tables(ctx)
    return _answer(ctx, ogc.collections(base_of(request, ctx), ctx.shelf.licence, tables))


@router.get("/collections/{dataset}")
async def collection(dataset: str, request: Request, ctx: Ctx) -> Response:
    """Return one collection."""
    _check(request)
    table = await table_of(ctx, dataset_of(dataset))
    return _answer(ctx, ogc.collection(base_of(request, ctx), ctx.shelf.licence, table))


@router.get("/collections/{dataset}/items")
async def items(dataset: str, request: Request, ctx: Ctx) -> Response:
    """Return features: `limit`, `bbox`, `datetime`, and any column of the dataset as a parameter; `next` leads on."""
    table = await table_of(ctx, dataset_of(dataset))
    pairs = request.query_params.multi_items()
    try:
        query = ogc_query.parse(pairs, table.dataset)
    except ogc_query.QueryError as e:
        raise HTTPException(400, f"{e}.") from e
    data = await asyncio.to_thread(_items, table, query, pairs, base_of(request, ctx), ctx.clock.now())
    return Response(data, media_type=MEDIA_TYPE, headers=headers_of(ctx, "one"))


def _items(
    table: Table, query: ogc_query.Query, pairs: list[tuple[str, str]], base: str, now: datetime
) -> bytes:
    page = ogc_query.page(table.items, query)
    here = f"{base}/ogc/collections/{table.dataset.id}/items"
    others = [(n, v) for n, v in pairs if n != "cursor"]
    following = None if page.cursor is None else _with(here, [*others, ("cursor", page.cursor)])
    return encoded(ogc.items(base, table, page, now, _with(here, pairs), following))


def _with(address: str, pairs: list[tuple[str, str]]) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address


@router.get("/collections/{dataset}/items/{item_id}")
async def item(dataset: str, item_id: str, request: Request, ctx: Ctx) -> Response:
    """Return one feature."""
    _check(request)
    table = await table_of(ctx, dataset_of(dataset))
    if item_id not in table.by_id:
        raise HTTPException(404, f"{dataset} has no {item_id[:80]!r}.")
    base = base_of(request, ctx)
    here = f"{base}/ogc/collections/{dataset}/items/{quote(item_id, safe='')}"
    return _answer(ctx, ogc.one(base, table, table.by_id[item_id], here), MEDIA_TYPE)
