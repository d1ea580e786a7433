"""What the routes of open data share: their datasets, their headers, their address."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Literal

from fastapi import HTTPException, Request
from fastapi.responses import Response

from ops_api.opendata.core.datasets import DATASETS
from ops_api.opendata.core.model import Dataset, Table
from ops_api.opendata.loading import Source, load
from ops_api.opendata.shelf import Body
from ops_api.routers.caching import http_date, is_known
from ops_api.routers.context import Context

MAX_AGE_S = 60
KeptBy = Literal["all", "one"]
_HOST = re.compile(r"([A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")


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


async def all_tables(ctx: Context) -> list[Table]:
    """Return all datasets, a minute old at most: for what only says how fresh and how many they are."""
    return [await ctx.shelf.table(d.id, partial(_load, ctx, d), old_s=MAX_AGE_S) for d in DATASETS.values()]


async def body_of(ctx: Context, dataset: Dataset, form: str, make: Callable[[Table], bytes]) -> Body:
    """Return a dataset written in one form."""
    return await ctx.shelf.body(dataset.id, form, partial(_load, ctx, dataset), make)


def base_of(request: Request, ctx: Context) -> str:
    """Return the site's address without a slash at its end: the one that is set, else as it was asked for.

    Empty, so that addresses are relative, where what was asked for is no host: it would stand in links and headers.
    """
    if ctx.front.public_url:
        return ctx.front.public_url.rstrip("/")
    host = request.headers.get("host", "")
    return f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else ""


def headers_of(ctx: Context, kept_by: KeptBy = "all", /, **more: str) -> dict[str, str]:
    """Return the headers of what everybody may take, from any page, and keep for a minute.

    ``kept_by``: ``one`` where the site's address is in the answer. If that is the one that was asked for, nobody keeps it for
    others: whoever asks for another's host would have their links be its.
    """
    shared = "private" if kept_by == "one" and not ctx.front.public_url else "public"
    return {
        "Cache-Control": f"{shared}, max-age={MAX_AGE_S}", "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "ETag, Last-Modified, Link", "Cross-Origin-Resource-Policy": "cross-origin",
        "Link": f'<{ctx.shelf.licence}>; rel="license"', "X-Robots-Tag": "all", **more,
    }  # fmt: skip


def answer(request: Request, ctx: Context, body: Body, media_type: str) -> Response:
    """Return a feed, packed for who takes that, or 304 where the client has it.

    The tag is weak: it stands for the feed, packed or not.
    """
    modified_s = body.changed_at.timestamp()
    headers = headers_of(
        ctx, ETag=f"W/{body.etag}", Vary="Accept-Encoding", **{"Last-Modified": http_date(modified_s)}
    )
    if is_known(request, body.etag, modified_s):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body.packed, media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return Response(body.data, media_type=media_type, headers=headers)
