"""OGC SensorThings API 1.1 at ``/sta/v1.1``: reading. What everybody may see; a resident who is signed in, her own instead."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from ops_api.access.principal import member_of
from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.sensorthings import documents
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.options import query_pairs
from ops_api.sensorthings.core.paths import StaPath
from ops_api.sensorthings.root import root
from ops_api.sensorthings.service import Sta, Text
from ops_api.sensorthings.store import OPEN, Audience, BusyError, resident

PREFIX = "/sta/v1.1"
router = APIRouter(prefix=PREFIX, include_in_schema=False)
HEADERS = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_PREFLIGHT = HEADERS | {
    "Access-Control-Allow-Methods": "GET, OPTIONS",
    "Access-Control-Allow-Headers": "X-Api-Key, Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


@router.get("")
async def service_root(request: Request, ctx: Ctx) -> Response:
    """Return the sets there are and what of the standard is kept."""
    return answer(root(base_of(request, ctx), needs_sta(ctx).endpoint))


@router.get("/{path:path}")
async def read(request: Request, ctx: Ctx, path: str) -> Response:
    """Return entities, a page of them, a property, or how many there are."""
    sta, base = needs_sta(ctx), base_of(request, ctx)
    if not path.strip("/"):
        return await service_root(request, ctx)
    try:
        found = await sta.answer(
            sta.path(path), query_pairs(request.url.query), f"{base}/{path}", base, await _audience(request)
        )
    except (FilterError, PathError, BusyError) as error:
        return refused(error)
    if found is None:
        return Response(status_code=204, headers=HEADERS)
    if isinstance(found, Text):
        return Response(found.text, headers=HEADERS, media_type="text/plain; charset=utf-8")
    return answer(found, headers=_tagged(request, sta.path(path), found))


def _tagged(request: Request, path: StaPath, document: object) -> dict[str, str]:
    """Return the tag of an entity at its own address, whole: what a change of it may name."""
    is_own = len(path.steps) == 1 and path.steps[0].id is not None and not path.name and not path.tail
    return {"ETag": documents.tag(document)} if is_own and not request.url.query else {}


@router.options("")
@router.options("/{path:path}")
async def preflight(request: Request) -> Response:
    """Let other sites' pages read; they carry no cookies."""
    return Response(status_code=204, headers=_PREFLIGHT)


def needs_sta(ctx: Context) -> Sta:
    """Return the service; 503 where it was not set up."""
    if ctx.sta is None:
        raise HTTPException(503, "SensorThings is not set up here.")
    return ctx.sta.reading


def base_of(request: Request, ctx: Context) -> str:
    """Return the service's address as links name it."""
    return f"{ctx.front.public_url or str(request.base_url).rstrip('/')}{PREFIX}"


def answer(document: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a document; a number that is none is null there."""
    body = document if isinstance(document, bytes) else msgspec.json.encode(document)
    return Response(body, status, HEADERS | (headers or {}), media_type="application/json")


def refused(error: Exception) -> Response:
    """Return what is wrong with a request: RFC 9457, with the ``message`` that clients of SensorThings show."""
    status, title = (404, "Not Found") if isinstance(error, PathError) else (400, "Bad Request")
    if isinstance(error, BusyError):
        status, title = 429, "Too Many Requests"
    text = str(error)
    if isinstance(error, PathError):
        text = error.args[0]
    elif isinstance(error, FilterError) and not error.option.startswith("$"):
        text = f"{error.option}: {error.message}"  # of a body there are no characters to count
    body: Row = {"type": "about:blank", "title": title, "status": status, "detail": text, "message": text}
    if isinstance(error, FilterError):
        body |= {"option": error.option, "position": error.position}
    headers = HEADERS | ({"Retry-After": "2"} if status == 429 else {})
    return Response(msgspec.json.encode(body), status, headers, media_type="application/problem+json")


async def _audience(request: Request) -> Audience:
    member = await member_of(request)
    return OPEN if member is None else resident(member.token)
