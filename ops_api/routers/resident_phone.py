"""A resident's new phone: a code that signs her in there as who she is."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ops_api.routers.context import Ctx
from ops_api.routers.home_people import at_home, show
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.routers.staff_browser import desk_of

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.post("/home/{code}/people/phone")
async def new_phone(code: Code, request: Request, ctx: Ctx, who: Who) -> HTMLResponse:
    """Make a code for another phone of who asks, and show it: this once."""
    found, home = at_home(who, code)
    made = await desk_of(ctx).phones.code(found.resident_id, ctx.clock.now())
    return await show(request, ctx, found, home, phone=made)
