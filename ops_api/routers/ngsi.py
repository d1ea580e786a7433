"""NGSI-LD, read only: public bins as WasteContainer, weather stations as WeatherObserved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from ops_api.opendata.core import ngsi
from ops_api.opendata.core.datasets import DATASETS
from ops_api.opendata.core.geojson import encoded
from ops_api.opendata.core.model import Item
from ops_api.routers.context import Context, Ctx
from ops_api.routers.open_answers import base_of, headers_of, table_of
from ops_api.routers.schemas import Problem

router = APIRouter(
    prefix="/ngsi-ld",
    tags=["NGSI-LD"],
    default_response_class=Response,
    responses={n: {"model": Problem} for n in (400, 404, 503)},
)
USUAL, MOST = 20, 1000
"""Entities of a page unless told otherwise, and at most."""


_SCHEMAS: Mapping[str, Mapping[str, Any]] = {
    "type": {"type": "string", "enum": list(ngsi.TYPES)},
    "id": {"type": "string"},
    "attrs": {"type": "string"},
    "options": {"type": "string", "enum": ["keyValues", "normalized"]},
    "limit": {"type": "integer", "minimum": 0, "maximum": MOST, "default": USUAL},
    "offset": {"type": "integer", "minimum": 0, "maximum": 10**9 - 1, "default": 0},
    "count": {"type": "string", "enum": ["true", "false"]},
}
_PARAMETERS = [{"name": n, "in": "query", "required": n == "type", "schema": s} for n, s in _SCHEMAS.items()]
"""Read by hand, since what can't be used is told as NGSI-LD wants it told."""


class _Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status: int, kind: str, says: str) -> None:
        self.status, self.kind, self.says = status, kind, says


def _bad(says: str) -> _Refused:
    return _Refused(400, "BadRequestData", says)


@router.get("/context.jsonld")
async def get_context(ctx: Ctx) -> Response:
    """Return the context of the entities: what their names mean."""
    return Response(encoded(ngsi.CONTEXT), media_type=ngsi.LD, headers=headers_of(ctx))


@router.get("/v1/entities", openapi_extra={"parameters": _PARAMETERS})
async def list_entities(request: Request, ctx: Ctx) -> Response:
    """Return entities: `type` (WasteContainer or WeatherObserved), `id`, `attrs`, `options=keyValues`, `limit`, `offset`, `count=true`."""
    try:
        return await _list(request, ctx)
    except _Refused as refused:
        return _refusal(refused)


@router.get("/v1/entities/{urn}")
async def get_entity(urn: str, request: Request, ctx: Ctx) -> Response:
    """Return one entity by its name."""
    try:
        return await _one(urn, request, ctx)
    except _Refused as refused:
        return _refusal(refused)


async def _list(request: Request, ctx: Context) -> Response:
    asked = _asked(request, frozenset(_SCHEMAS))
    types = asked.get("type", "").split(",")
    unknown = [t for t in types if t not in ngsi.TYPES]
    if unknown:
        raise _bad(f"type must be of {', '.join(ngsi.TYPES)}; given was {asked.get('type', 'none')!r}")
    limit, offset = _whole(asked, "limit", USUAL), _whole(asked, "offset", 0)
    if limit > MOST:
        raise _bad(f"limit must be at most {MOST}")
    ids = frozenset(asked["id"].split(",")) if "id" in asked else None
    found = [
        (t, i)
        for t in dict.fromkeys(types)
        for i in await _items(ctx, t)
        if ids is None or ngsi.urn(t, i.id) in ids
    ]
    more = {"NGSILD-Results-Count": str(len(found))} if asked.get("count") == "true" else {}
    shown = [_entity(ctx, t, i, asked) for t, i in found[offset : offset + limit]]
    return _answer(request, ctx, shown, more)


async def _one(urn: str, request: Request, ctx: Context) -> Response:
    asked = _asked(request, frozenset({"attrs", "options"}))
    parts = urn.split(":", 3)
    if len(parts) == 4 and parts[:2] == ["urn", "ngsi-ld"] and parts[2] in ngsi.TYPES:
        for item in await _items(ctx, parts[2]):
            if item.id == parts[3]:
                return _answer(request, ctx, _entity(ctx, parts[2], item, asked), {})
    raise _Refused(404, "ResourceNotFound", f"there is no entity {urn[:100]!r}")


def _asked(request: Request, names: frozenset[str]) -> dict[str, str]:
    asked = dict(request.query_params)
    if len(asked) != len(request.query_params.multi_items()):
        raise _bad("a parameter is given twice")
    if not asked.keys() <= names:
        raise _bad(f"parameters are {', '.join(sorted(names))}; given were {', '.join(sorted(asked))}")
    if asked.get("count", "true") not in ("true", "false"):
        raise _bad("count must be true or false")
    if asked.get("options", "keyValues") not in ("keyValues", "normalized"):
        raise _bad("options must be keyValues or normalized")
    return asked


def _whole(asked: dict[str, str], name: str, usual: int) -> int:
    text = asked.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise _bad(f"{name} must be a whole number")
    return int(text)


async def _items(ctx: Context, type_: str) -> Sequence[Item]:
    return (await table_of(ctx, DATASETS[ngsi.TYPES[type_][0]])).items


def _entity(ctx: Context, type_: str, item: Item, asked: dict[str, str]) -> dict[str, Any]:
    attrs = frozenset(asked["attrs"].split(",")) if asked.get("attrs") else frozenset[str]()
    return ngsi.entity(
        type_, item, ctx.shelf.licence, simple=asked.get("options") == "keyValues", attrs=attrs
    )


def _answer(request: Request, ctx: Context, document: Any, more: dict[str, str]) -> Response:
    """Return entities: with their context for who asks for linked data, else with a link to it."""
    context = f"{base_of(request, ctx)}/ngsi-ld/context.jsonld"
    headers = headers_of(ctx, "one", Vary="Accept", **more)
    if ngsi.LD in request.headers.get("accept", ""):
        with_context = (
            [{"@context": context, **e} for e in document]
            if isinstance(document, list)
            else {"@context": context, **document}
        )
        return Response(encoded(with_context), media_type=ngsi.LD, headers=headers)
    headers["Link"] += f', <{context}>; rel="http://www.w3.org/ns/json-ld#context"; type="{ngsi.LD}"'
    return Response(encoded(document), media_type=ngsi.JSON, headers=headers)


def _refusal(refused: _Refused) -> Response:
    body = {
        "type": f"https://uri.etsi.org/ngsi-ld/errors/{refused.kind}",
        "title": HTTPStatus(refused.status).phrase,
        "detail": refused.says,
        "status": refused.status,
    }
    return Response(encoded(body), refused.status, media_type="application/problem+json")
