"""Proposals and orders of the winter service, for its programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from ops_api.routers import order_documents as documents
from ops_api.routers.context import Context, Ctx
from ops_api.routers.officers import Program, officers_of
from ops_api.routers.times import Moment
from ops_api.winter_text import document
from rules.core.winter_orders.model import Cancel, Case, Command, Confirm

router = APIRouter(prefix="/api/v1/winter/orders", tags=["winter"])
MOST = timedelta(days=40)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between these any order was given; a day more or less is still a date."""


async def do(ctx: Context, command: Command, now: datetime | None = None) -> Case:
    """Do what is asked; the desk's refusals are 409, in its words. ``now``: the town's time, where it was looked at already."""
    case = await officers_of(ctx).desk.act(command, (now or await ctx.town_now()).timestamp())
    ctx.hub.touch()
    return case


def case_document(case: Case) -> documents.CaseDocument:
    """Return a case as the API gives it."""
    return documents.CaseDocument(**document(case, seen=True))


@router.get("")
async def list_orders(
    ctx: Ctx,
    _: Program,
    since: Annotated[Moment | None, Query(alias="from", description="Without: 24 hours before `to`")] = None,
    until: Annotated[Moment | None, Query(alias="to", description="Without: now")] = None,
    route_id: str | None = None,
) -> list[documents.CaseDocument]:
    """Return what was proposed or ordered in a time, at most 40 days, by time."""
    for name, value in (("from", since), ("to", until)):
        if value is not None and not FIRST < value < LAST:
            raise HTTPException(
                422, f"{name} is {value.isoformat()}: allowed is from {FIRST:%F} to {LAST:%F}."
            )
    end = until or await ctx.town_now() + timedelta(minutes=1)
    begin = since or end - timedelta(days=1)
    if not timedelta(0) < end - begin <= MOST:
        raise HTTPException(
            422,
            f"from is {begin.isoformat()} and to is {end.isoformat()}: from must be before to, by at most 40 days.",
        )
    found = await officers_of(ctx).desk.cases(begin.timestamp(), end.timestamp(), route_id)
    return [documents.CaseDocument(**document(c)) for c in found]


@router.get("/{ref}")
async def get_order(ref: str, ctx: Ctx, _: Program) -> documents.CaseDocument:
    """Return one, with what was on the desk at each act."""
    return case_document(await officers_of(ctx).desk.case(ref))


@router.post("", status_code=201)
async def post_order(body: documents.NewOrder, ctx: Ctx, who: Program) -> documents.CaseDocument:
    """Order a treatment that nobody proposed."""
    return case_document(await do(ctx, documents.order_of(body, who.name, who.purpose)))


@router.post("/{ref}/confirm")
async def post_confirm(
    ref: str, body: documents.ConfirmOrder, ctx: Ctx, who: Program
) -> documents.CaseDocument:
    """Have a proposal done as it is; the first answer counts."""
    return case_document(
        await do(
            ctx,
            Confirm(ref=ref, by=who.name, role=who.purpose, note=body.note, request_id=body.request_id),
        )
    )


@router.post("/{ref}/change")
async def post_change(
    ref: str, body: documents.ChangeOrder, ctx: Ctx, who: Program
) -> documents.CaseDocument:
    """Have it done otherwise, with a reason."""
    return case_document(await do(ctx, documents.change_of(ref, body, who.name, who.purpose)))


@router.post("/{ref}/cancel")
async def post_cancel(
    ref: str, body: documents.CancelOrder, ctx: Ctx, who: Program
) -> documents.CaseDocument:
    """Have it not done, with a reason."""
    return case_document(
        await do(
            ctx,
            Cancel(ref=ref, by=who.name, role=who.purpose, reason=body.reason, request_id=body.request_id),
        )
    )
