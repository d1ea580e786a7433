"""Today's rounds of the bin lorries, for programs: the plan, where lorries are on it, and another plan."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from ops_api.request_ids import RequestId
from ops_api.round_documents import day_document, lorry_document
from ops_api.routers.bin_desk_door import WasteTeam
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.routers.time_limit import LONG
from ops_api.routers.times import Integer
from rules.rounds.following import DayNow
from rules.rounds.ports import NoRoundsError, NoSuchRoundsError, Rounds, RoundsMovedError
from rules.rounds.service import DEFAULT_ITERATIONS, Asked, RoundDesk

router = APIRouter(prefix="/api/v1/bins/rounds", tags=["bins"])
TEAM = "waste team"


class StopDocument(Document):
    """A stop of a lorry as it is now."""

    index: int = Field(description="Of the plan's stop")
    kind: Literal["start", "bin", "tip", "break", "end"]
    ref: str = Field(description="Id of the bin, tip or depot")
    latitude_deg: float
    longitude_deg: float
    state: Literal["done", "skipped", "next", "to_come"]
    planned_at: datetime
    expected_at: datetime | None = Field(description="As it looks now; null once it is done or skipped")
    at: datetime | None = Field(description="When it was done or skipped")
    what: str | None = Field(description="The crew's word: collected, blocked, contaminated, not_out")
    by: Literal["", "crew", "sensor", "track", "clock"] = Field(
        description="Who says so: the crew, the bin's sensor, the lorry that stood there, the plan's clock"
    )
    must: bool | None = Field(description="Of a bin: whether it had to be emptied")
    why: str = Field(description="Of a bin: why it is in the round")


class LorryDocument(Document):
    """Where a lorry is on its round."""

    lorry: str
    version: int = Field(description="Of the plan that it drives")
    phase: Literal["waits", "drives", "at_stop", "break", "off_plan", "silent", "back", "idle"]
    latitude_deg: float | None
    longitude_deg: float | None
    seen_at: datetime | None
    load_kg: float
    load_l: float
    driven_s: int = Field(description="Since the shift or the crew's last break began")
    worked_s: int
    began_at: datetime | None
    next: int | None = Field(description="Index of the stop where it goes next")
    behind_s: int = Field(description="Later back than planned by so much; negative: earlier")
    back_at: datetime | None
    bins: int = Field(description="Of its whole day, under earlier plans too; so are done and skipped")
    done: int
    skipped: int
    out_of_service: bool
    stops: list[StopDocument]
    earlier: list[StopDocument] = Field(description="What it did or skipped under earlier plans of today")


class LeftDocument(Document):
    """A bin that no lorry empties today, and why."""

    bin_id: str
    must: bool
    code: str
    why: str
    p_overflow: float


class OutDocument(Document):
    """A lorry that is out of service."""

    lorry: str
    since: datetime


class RoundsDocument(Document):
    """Today's rounds as they are."""

    version: int
    day: str
    after: int | None = Field(description="Number of the plan whose place it takes")
    made_at: datetime
    via: str
    role: str
    bins: int
    km: float
    lorries_gbp: float
    left_gbp: float
    notes: list[str]
    not_collected: list[LeftDocument]
    at: datetime = Field(description="The town's time")
    out_of_service: list[OutDocument]
    lorries: list[LorryDocument]


class Replan(BaseModel):
    """Plan the rest of today."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=1000, pattern=r"\S")
    by: str = Field("waste team", min_length=1, max_length=100, pattern=r"\S")
    request_id: RequestId = None
    seed: Integer = Field(
        1, ge=0, le=2**31 - 1, description="Of everything random: the same gives the same plan"
    )
    iterations: Integer = Field(
        DEFAULT_ITERATIONS, ge=0, le=200_000, description="Of the search; 0: only insertion"
    )


@router.get("")
async def get_rounds(ctx: Ctx) -> RoundsDocument:
    """Return today's newest plan and where all lorries are on it; 404 where there is no plan of today."""
    return await _document(ctx)


@router.get("/{lorry}")
async def get_lorry(lorry: str, ctx: Ctx) -> LorryDocument:
    """Return where a lorry is on its round; 404 where there is no such lorry, or no plan of today."""
    now = await _now(ctx)
    if lorry not in now.progress:
        raise HTTPException(404, f"There is no lorry {lorry!r}. Lorries: {', '.join(now.progress)}.")
    return LorryDocument.model_validate(lorry_document(now, now.progress[lorry], ctx.brand.time_zone))


@router.post("/replan", status_code=201, dependencies=[LONG])
async def post_replan(body: Replan, ctx: Ctx, team: WasteTeam) -> RoundsDocument:
    """Plan the rest of today from where lorries are; bins that are emptied or were left by crews are left out.

    Takes some seconds to half a minute of a core. Needs the waste team's password. 409 where nothing can be planned.
    """
    now_s = (await ctx.town_now()).timestamp()
    await _planned(
        rounds_of(ctx),
        Asked(
            team or body.by.strip(),
            TEAM,
            "api",
            now_s,
            body.reason.strip(),
            body.request_id,
            body.seed,
            body.iterations,
        ),
    )
    ctx.hub.touch()
    return await _document(ctx)


def rounds_of(ctx: Context) -> RoundDesk:
    """Return the desk of rounds; 503 where it is not served."""
    if ctx.rounds is None:
        raise HTTPException(503, "Rounds of bin lorries are not served here.")
    return ctx.rounds


async def _planned(desk: RoundDesk, asked: Asked) -> Rounds:
    try:
        return await desk.replan(asked)
    except NoSuchRoundsError as error:
        raise HTTPException(404, str(error)) from error
    except (NoRoundsError, RoundsMovedError) as error:
        raise HTTPException(409, str(error)) from error


async def _now(ctx: Context) -> DayNow:
    found = await rounds_of(ctx).day_now((await ctx.town_now()).timestamp())
    if found is None:
        raise HTTPException(404, "There are no rounds of today yet.")
    return found


async def _document(ctx: Context) -> RoundsDocument:
    return RoundsDocument.model_validate(day_document(await _now(ctx), ctx.brand.time_zone))
