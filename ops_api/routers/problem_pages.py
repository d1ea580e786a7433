"""What kinds of errors programs are told, each with a page of its own: the address in ``type``."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from ops_api.rest.core.problem_types import TYPES
from ops_api.routers.context import Ctx

pages = APIRouter(include_in_schema=False)


@pages.get("/problems", response_class=HTMLResponse)
async def problem_types(ctx: Ctx) -> HTMLResponse:
    """Show all kinds of errors."""
    return HTMLResponse(ctx.templates.render("problems.html", types=TYPES.values()))


@pages.get("/problems/{slug}", response_class=HTMLResponse)
async def problem_type(slug: str, ctx: Ctx) -> HTMLResponse:
    """Show one kind of errors; 404 where there is none."""
    if slug not in TYPES:
        raise HTTPException(404, "There is no such kind of error. All of them are at /problems.")
    return HTMLResponse(ctx.templates.render("problem.html", kind=TYPES[slug]))
