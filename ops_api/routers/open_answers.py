"""What the routes of open data share: their datasets, their headers, their address."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import HTTPException, Request
from fastapi.responses import Response

from ops_api.opendata.core.datasets import DATASETS
from ops_api.opendata.core.model import Dataset, Table
from ops_api.opendata.loading import Source, load
from ops_api.opendata.shelf import Body
from ops_api.routers.caching import cached
from ops_api.routers.context import Context

MAX_AGE_S = 60


def dataset_of(name: str) -> Dataset:
    """Return a dataset; 404 where there is none."""
    if name not in DATASETS:
        raise HTTPException(404, f"There is no dataset {name!r}. Datasets: {', '.join(DATASETS)}.")
    return DATASETS[name]


async def _load(ctx: Context, dataset: Dataset) -> Table:
    book = None if ctx.incidents is None else ctx.incidents.book
    now = await ctx.town_now()
    return await load(
        dataset, Source(db=ctx.db, kinds=ctx.kinds, now=now, least=ctx.map_min_count, incidents=book)
    )


async def table_of(ctx: Context, dataset: Dataset) -> Table:
    """Return a dataset as it is now, some seconds old at most."""
    return await ctx.shelf.table(dataset.id, partial(_load, ctx, dataset))


async def body_of(ctx: Context, dataset: Dataset, form: str, make: Callable[[Table], bytes]) -> Body:
    """Return a dataset written in one form."""
    return await ctx.shelf.body(dataset.id, form, partial(_load, ctx, dataset), make)


def base_of(request: Request, ctx: Context) -> str:
    """Return the site's address without a slash at its end: the one that is set, else as it was asked for."""
    return (ctx.front.public_url or str(request.base_url)).rstrip("/")


def headers_of(ctx: Context, **more: str) -> dict[str, str]:
    """Return the headers of what everybody may take, from any page, and keep for a minute."""
    return {
        "Cache-Control": f"public, max-age={MAX_AGE_S}", "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Last-Modified, Link", "Cross-Origin-Resource-Policy": "cross-origin",
        "Link": f'<{ctx.shelf.licence}>; rel="license"', "X-Robots-Tag": "all", **more,
    }  # fmt: skip


def answer(request: Request, ctx: Context, body: Body, media_type: str) -> Response:
    """Return a feed, or 304 where the client has it."""
    return cached(request, body.data, media_type, body.etag, body.changed_at.timestamp(), headers_of(ctx))
