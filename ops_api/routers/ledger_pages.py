"""The page of the bins' savings ledger."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from ops_api.routers.context import Ctx
from ops_api.web import ledger_view
from rules.core.bin_ledger.statement import Statement

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/bins/ledger")
async def ledger(
    ctx: Ctx, month: Annotated[str | None, Query(pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")] = None
) -> HTMLResponse:
    """Answer "did the sensors save anything?": the newest month's statement, or another's."""
    rows = await ctx.db.rows("bin_statement", month=None if month is None else f"{month}-01")
    months = [r["month"] for r in await ctx.db.rows("bin_statements")]
    found = msgspec.convert(rows[0]["statement"], Statement, strict=False) if rows else None
    return HTMLResponse(ctx.templates.render("bins_ledger.html", view=ledger_view.page(found, months)))
