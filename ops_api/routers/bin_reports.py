"""Reports of public bins, for programs: full, overflowing, damaged."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from ops_api.routers.bin_desk_door import desk_of, take
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from rules.bin_days.missed_desk import RESIDENT, new_reference
from rules.collection_acts.ports import RefusedActError, RequestUsedError, UnusableTextError
from rules.core.collection_acts.record import BIN, TEXT_MOST, Act, NewAct, What, reference_typed

router = APIRouter(prefix="/api/v1", tags=["bins"])
Reported = Literal["full", "overflowing", "damaged"]
BinId = Annotated[str, Path(max_length=100, pattern=r"^\S+$")]
ONCE = r"^[A-Za-z0-9_-]{8,64}$"
DAY_S = 86_400.0


class BinReportPost(BaseModel):
    """What is wrong with a public bin. For a fire call 999."""

    model_config = ConfigDict(extra="forbid")
    what: Reported
    note: str = Field("", max_length=TEXT_MOST)
    request_id: str | None = Field(
        None, pattern=ONCE, description="Sent again with the same one, it is one report"
    )


class BinReportDocument(Document):
    """A report of a public bin."""

    reference: str
    bin_id: str
    label: str
    what: str
    at: datetime
    emptied_at: datetime | None = Field(
        description="When a crew said since that it was emptied; null: not yet"
    )


@router.post("/bins/{bin_id}/reports", status_code=201)
async def post_report(bin_id: BinId, post: BinReportPost, request: Request, ctx: Ctx) -> BinReportDocument:
    """Report a public bin."""
    take(ctx, request, desk_of(ctx).reports)
    act = await report_bin(ctx, bin_id, post.what, post.note, "api", post.request_id)
    return await bin_report(ctx, act)


@router.get("/bin-reports/{reference}")
async def get_report(
    reference: Annotated[str, Path(max_length=20)], request: Request, ctx: Ctx
) -> BinReportDocument:
    """Return a report of a public bin by its reference."""
    take(ctx, request, desk_of(ctx).lookups)
    act = await desk_of(ctx).acts.by_reference(reference_typed(reference))
    if act is None or not act.ref.startswith(BIN):
        raise HTTPException(404, "We have no report with that reference.")
    return await bin_report(ctx, act)


async def report_bin(ctx: Context, bin_id: str, what: What, note: str, via: str, once: str | None) -> Act:
    """Write a report of a public bin down; 404 where there is no such bin, 409 where ``once`` was used for another, 422 where a text can't be kept."""
    new = NewAct(
        ref=f"{BIN}{bin_id}", what=what, at_s=(await ctx.town_now()).timestamp(), by=RESIDENT, role="resident", via=via,
        reason=note.strip(), request_id=None if once is None else f"bin:{once}", reference=new_reference(),
    )  # fmt: skip
    try:
        act = await desk_of(ctx).acts.append(new)
    except RequestUsedError as error:
        raise HTTPException(409, str(error)) from error
    except UnusableTextError as error:
        raise HTTPException(422, str(error)) from error
    except RefusedActError as error:
        raise HTTPException(404, str(error)) from error
    ctx.hub.touch()
    return act


async def bin_report(ctx: Context, act: Act) -> BinReportDocument:
    """Return a report with what became of it."""
    now_s, zone = (await ctx.town_now()).timestamp(), ctx.brand.time_zone
    since = await desk_of(ctx).acts.of_ref(act.ref, act.at_s, max(now_s, act.at_s) + DAY_S)
    emptied = min((a.at_s for a in since if a.what == "collected"), default=None)
    return BinReportDocument(
        reference=act.reference or "", bin_id=act.ref.removeprefix(BIN), label=str(act.seen["bin"]["label"]),
        what=act.what, at=datetime.fromtimestamp(act.at_s, zone),
        emptied_at=None if emptied is None else datetime.fromtimestamp(emptied, zone),
    )  # fmt: skip
