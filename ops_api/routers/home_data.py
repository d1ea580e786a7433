"""My data: the zip, and deleting it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from ops_api.households.export import export
from ops_api.households.model import LivesIn, Member
from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.download import Download
from ops_api.routers.home_pages import page
from ops_api.routers.home_people import at_home
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who, sign_out
from ops_api.routers.time_limit import LONG
from ops_api.web import household_view

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

EXPORTS = 4
_EXPORTING = asyncio.Semaphore(EXPORTS)

WhatGoes = Literal["readings", "everything"]


def zip_response(ctx: Context, who: Member, home: LivesIn) -> Response:
    """Return the zip of a resident's data; 503 while too many are being made."""
    if _EXPORTING.locked():
        raise HTTPException(503, "Many people are downloading. Try again in a minute.", {"Retry-After": "60"})
    now = ctx.clock.now()

    async def pieces() -> AsyncIterator[bytes]:
        async with _EXPORTING:
            async for piece in export(who, home, ctx.kind("frog"), now):
                if piece:
                    yield piece

    name = f"my-home-{now:%Y-%m-%d}.zip"
    return Download(
        pieces(),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def delete(ctx: Context, who: Member, home: LivesIn, what: WhatGoes) -> Row:
    """Delete readings and diary, or all and with it the stay; return the receipt."""
    if what == "everything":
        await ctx.people.leave(who, home)
    receipt = await ctx.eraser.erase(home.home_id, who.resident_id, forget=what == "everything")
    ctx.hub.touch()
    return dict(receipt)


@pages.get("/home/{code}/data")
async def my_data(code: Code, ctx: Ctx, who: Who) -> HTMLResponse:
    """Say what is kept, offer it and offer to delete it."""
    _, home = at_home(who, code)
    return page(ctx, "home_data.html", home=home, code=home.code, sure=True)


@pages.get("/home/{code}/data.zip")
async def download(code: Code, ctx: Ctx, who: Who) -> Response:
    """Download everything."""
    return zip_response(ctx, *at_home(who, code))


@pages.post("/home/{code}/data/delete", dependencies=[LONG])
async def delete_data(
    code: Code,
    request: Request,
    ctx: Ctx,
    who: Who,
    what: Annotated[WhatGoes, Form()],
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """Delete, and show the receipt."""
    found, home = at_home(who, code)
    if not sure:
        return page(ctx, "home_data.html", 422, home=home, code=home.code, sure=False)
    receipt = household_view.receipt(await delete(ctx, found, home, what), ctx.brand)
    gone = what == "everything"
    response = page(ctx, "home_receipt.html", home=home, code=home.code, receipt=receipt, gone=gone)
    if gone and len(found.homes) == 1:
        sign_out(request, response)
    return response
