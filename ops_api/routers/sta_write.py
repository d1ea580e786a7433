"""OGC SensorThings API 1.1: making, changing and taking away, for who may (``access/rules/sta.py``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
from fastapi import HTTPException, Request
from fastapi.responses import Response

from ops_api.routers.context import Context, Ctx
from ops_api.routers.sta import PREFIX, answer, base_of, needs_sta, refused, router
from ops_api.sensorthings import documents
from ops_api.sensorthings.core.errors import FilterError, PathError
from ops_api.sensorthings.core.schema import OBSERVATION, Entity
from ops_api.sensorthings.making import ChangedError, ConflictError
from ops_api.sensorthings.writing import Writing

__all__ = ["router"]
JSON_PATCH = "application/json-patch+json"


@router.post("/CreateObservations")
async def create_observations(request: Request, ctx: Ctx) -> Response:
    """Store observations that come as arrays; answer each one's address, or "error"."""

    async def act(writing: Writing, body: object) -> Response:
        numbers, base = await writing.create_observations(body), base_of(request, ctx)
        links = ["error" if n is None else documents.self_link(base, OBSERVATION, n) for n in numbers]
        return answer(links, 201)

    return await _answered(request, ctx, act)


@router.post("/Observations")
@router.post("/Datastreams({number})/Observations")
@router.post("/{path:path}")
async def create(request: Request, ctx: Ctx) -> Response:
    """Make an entity, and those sent with it."""

    async def act(writing: Writing, body: object) -> Response:
        of, number = await writing.create(needs_sta(ctx).path(_path(request)), body)
        return await _shown(request, ctx, of, number, 201)

    return await _answered(request, ctx, act)


@router.patch("/{path:path}")
@router.put("/{path:path}")
async def change(request: Request, ctx: Ctx) -> Response:
    """Change an entity: what is sent, all of it (PUT), or by JSON Patch."""
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = "whole" if request.method == "PUT" else "patch" if content == JSON_PATCH else "merge"

    async def act(writing: Writing, body: object) -> Response:
        path = needs_sta(ctx).path(_path(request))
        of, number = await writing.change(
            path, body, kind=kind, base=base_of(request, ctx), seen=request.headers.get("if-match")
        )
        return await _shown(request, ctx, of, number, 200)

    return await _answered(request, ctx, act)


@router.delete("/{path:path}")
async def delete(request: Request, ctx: Ctx) -> Response:
    """Take an entity away, with what cannot be without it."""
    try:
        path = needs_sta(ctx).path(_path(request))
        await _writing(ctx).delete(path, base=base_of(request, ctx), seen=request.headers.get("if-match"))
    except (FilterError, PathError) as error:
        return refused(error)
    except ChangedError as error:
        raise HTTPException(412, str(error)) from None
    except ConflictError as error:
        raise HTTPException(409, str(error)) from None
    return Response(status_code=200)


async def _answered(
    request: Request, ctx: Context, act: Callable[[Writing, object], Awaitable[Response]]
) -> Response:
    try:
        return await act(_writing(ctx), _decoded(await request.body()))
    except (FilterError, PathError) as error:
        return refused(error)
    except ChangedError as error:
        raise HTTPException(412, str(error)) from None
    except ConflictError as error:
        raise HTTPException(409, str(error)) from None


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise FilterError(f"it is no JSON: {str(error)[:100]}", 0, "body") from None


def _path(request: Request) -> str:
    return str(request.scope["path"]).removeprefix(PREFIX)  # as the rule saw it


def _writing(ctx: Context) -> Writing:
    if ctx.sta is None:
        raise HTTPException(503, "SensorThings is not set up here.")
    return ctx.sta.writing


async def _shown(request: Request, ctx: Context, of: Entity, number: int, status: int) -> Response:
    sta, base = needs_sta(ctx), base_of(request, ctx)
    link = documents.self_link(base, of, number)
    document = await sta.answer(sta.path(f"/{of.set}({number})"), [], link, base)
    return answer(document, status, {"Location": link, "ETag": documents.tag(document)})
