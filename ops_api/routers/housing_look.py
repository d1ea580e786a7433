"""What the housing team is shown, for pages and REST alike."""

from __future__ import annotations

from typing import Any

from fastapi import HTTPException

from ops_api.housing.listing import SharedHome, shared_home
from ops_api.housing.reading import Looked, read
from ops_api.housing.wards import ward_document
from ops_api.queries import housing as queries
from ops_api.queries.housing import Asks, How
from ops_api.routers.context import Cases, Context

UNKNOWN = "No home with this number shares anything with the housing team."


def law_of(ctx: Context) -> Cases:
    """Return the law and the book of cases; 503 where they are not served."""
    if ctx.cases is None:
        raise HTTPException(503, "Cases are not served here.")
    return ctx.cases


async def look(ctx: Context, asks: Asks, how: How) -> Looked:
    """Return everything that the list shows; see :func:`ops_api.housing.reading.read`."""
    law = law_of(ctx)
    return await read(ctx.db, asks, how, ctx.clock.now(), await ctx.town_now(), law.law, law.days)


async def look_at(ctx: Context, asks: Asks, home_id: int) -> SharedHome:
    """Return one home; 404 where it shows nothing, as where there is none."""
    law = law_of(ctx)
    rows = await queries.shared_homes(ctx.db, asks, "home", home_id)
    if not rows:
        raise HTTPException(404, UNKNOWN)
    return shared_home(rows[0], ctx.clock.now(), await ctx.town_now(), law.law, law.days)


async def wards(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what everybody may know of wards, and their outlines."""
    rows = await queries.ward_counts(ctx.db)
    return ward_document(rows, ctx.map_min_count), {r["ward_id"]: r["boundary"] for r in rows}
