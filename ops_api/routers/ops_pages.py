"""The wall of the operations centre: its page and its map."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Cookie, Request
from fastapi.responses import HTMLResponse, Response

from ops_api.routers import ops_content
from ops_api.routers.context import Ctx
from ops_api.web import ops_asked

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

COOKIE = "cityops_wall"
"""Keeps the colours that a screen was given."""
KEPT_S = 400 * 86400
"""As long as browsers keep anything [s]."""


@router.get("/ops")
async def ops(
    request: Request, ctx: Ctx, kept: Annotated[str, Cookie(alias=COOKIE, max_length=20)] = ""
) -> HTMLResponse:
    """Answer "what is wrong now", on a wall."""
    asked = ops_asked.read(request.query_params, kept)
    found = await ops_content.ops(ctx)
    page = HTMLResponse(ctx.templates.render("ops.html", asked=asked, build=ops_content.build(), **found))
    if asked.chosen:
        page.set_cookie(COOKIE, asked.theme, max_age=KEPT_S, path="/ops", httponly=True, samesite="lax")
    return page


@router.get("/ops/map.json")
async def still(request: Request, ctx: Ctx) -> Response:
    """What stands still on the map: roads, bins and wards, as GeoJSON."""
    return _tagged(request, *await ops_content.still_map(ctx))


@router.get("/ops/now.json")
async def now(request: Request, ctx: Ctx) -> Response:
    """What is true on the map now."""
    return _tagged(request, *await ops_content.map_now(ctx))


def _tagged(request: Request, tag: str, text: str) -> Response:
    headers = {"ETag": f'W/"{tag}"', "Cache-Control": "no-cache"}
    known = {t.strip() for t in request.headers.get("if-none-match", "").split(",")}
    if headers["ETag"] in known:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type="application/json", headers=headers)
