"""What is kept of people, how long, and what the daily look has dropped: for staff who run the platform."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from ops_api.privacy import report
from ops_api.privacy.core.reach import REACH
from ops_api.routers.context import Ctx
from ops_api.web import words

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/privacy/retention")
async def retention(ctx: Ctx) -> HTMLResponse:
    """Answer "is what should be gone gone?": the last looks, the ages with their reasons, the record of processing."""
    looks, now = await report.runs(ctx.db), ctx.clock.now()
    told = [
        (
            words.day_and_clock(look.at, ctx.brand.time_zone, now),
            sorted(look.dropped.items(), key=lambda item: -item[1]),
        )
        for look in looks
    ]
    page = ctx.templates.render(
        "privacy_retention.html", looks=told, ages=report.ages(ctx.front.retention), reach=REACH
    )
    return HTMLResponse(page)
