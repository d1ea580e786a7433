"""What became of a deletion, for who has its number: it says how many of what went, and not whose."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse

from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.home_pages import page
from ops_api.routers.household_schemas import Receipt
from ops_api.web import household_view

router = APIRouter(prefix="/api/v1", tags=["homes"])
pages = APIRouter(include_in_schema=False)


async def _found(ctx: Context, erasure_id: UUID) -> Row:
    row = await ctx.people.receipt(str(erasure_id))
    if row is None:
        raise HTTPException(404, "There is no deletion with this number.")
    return row


@router.get("/erasures/{erasure_id}")
async def get_receipt(erasure_id: UUID, ctx: Ctx) -> Receipt:
    """Return the receipt of a deletion; without ``done_at`` it is not done yet."""
    return Receipt(**await _found(ctx, erasure_id))


@pages.get("/home/receipts/{erasure_id}")
async def receipt_page(erasure_id: UUID, ctx: Ctx) -> HTMLResponse:
    """Show the receipt, or that it goes on."""
    receipt = household_view.receipt(await _found(ctx, erasure_id), ctx.brand)
    return page(ctx, "home_receipt.html", home=None, code="", receipt=receipt, gone=True)
