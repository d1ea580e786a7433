"""Homes that are shared with the housing team, for its programs; homes at risk by ward, for everybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query
from pydantic import Field

from ops_api.housing.clocks import Clock
from ops_api.housing.listing import Risk, SharedHome, ranked
from ops_api.queries.housing import NAME_MOST, PURPOSE_MOST, Asks
from ops_api.routers.context import Ctx
from ops_api.routers.housing_look import look, wards
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1/housing", tags=["housing"])

WHO = "Who looks; also as the parameter `who`. Every household that is looked at reads it."
WHY = "Why; also as the parameter `purpose`. Every household that is looked at reads it."


class WardDocument(Document):
    """A ward. ``homes``: with a finding; null: too few to tell, or somebody could subtract."""

    ward_id: str
    label: str
    homes: int | None
    at_risk: int | None


class OtherWards(Document):
    """The wards whose homes at risk are not told, together."""

    wards: int
    homes: int
    at_risk: int


class WardsDocument(Document):
    """Homes at risk by ward; ``minimum``: no number, sum or difference is about fewer homes."""

    as_of: date | None
    minimum: int
    wards: list[WardDocument]
    others: OtherWards | None
    notice: str


class CaseClock(Document):
    """Where one of the council's own cases stands."""

    case_id: int
    kind: str
    hazard: str
    where: Literal["overdue", "running", "waiting", "over"]
    step: str
    due: str
    left: str
    answer: str


class SharedHomeDocument(Document):
    """A home that shares something. ``risk``: the worse of the wall now and the newest finding."""

    home_id: int
    label: str
    ward: str
    shares: list[str]
    risk: Risk
    risk_now: Risk | None
    risk_weeks: Risk | None
    since: datetime | None
    why: str
    cause: str | None
    confidence: float | None
    risk_index: float | None
    as_of: date | None
    completeness: float | None
    quality: list[str]
    cases: list[CaseClock]


class SharedHomesDocument(Document):
    """Homes that are shared, the worst first; ``not_shared``: how many are not, null below five."""

    homes: list[SharedHomeDocument]
    other_cases: list[CaseClock] = Field(description="The council's open cases of homes that share nothing")
    not_shared: int | None


def case_clock(clock: Clock) -> CaseClock:
    """Return a clock as the API gives it."""
    return CaseClock(**{name: getattr(clock, name) for name in CaseClock.model_fields})


def home_document(home: SharedHome) -> SharedHomeDocument:
    """Return a home as the API gives it."""
    same = (
        "home_id",
        "label",
        "ward",
        "risk",
        "since",
        "why",
        "cause",
        "confidence",
        "as_of",
        "completeness",
    )
    return SharedHomeDocument(
        **{name: getattr(home, name) for name in same},
        shares=list(home.shares),
        risk_now=home.now,
        risk_weeks=home.weeks_say,
        risk_index=home.index,
        quality=list(home.quality),
        cases=[case_clock(c) for c in home.clocks],
    )


@router.get("/wards")
async def get_wards(ctx: Ctx) -> WardsDocument:
    """Return homes at risk by ward. No personal data: anybody may have it."""
    document, _ = await wards(ctx)
    return WardsDocument(**document)


@router.get("/homes")
async def get_homes(
    ctx: Ctx,
    who: Annotated[str, Query(max_length=NAME_MOST)] = "",
    purpose: Annotated[str, Query(max_length=PURPOSE_MOST)] = "",
    x_cityops_who: Annotated[str, Header(max_length=NAME_MOST, description=WHO)] = "",
    x_cityops_purpose: Annotated[str, Header(max_length=PURPOSE_MOST, description=WHY)] = "",
) -> SharedHomesDocument:
    """Return the homes that are shared with the housing team; each look is written into the households' logs."""
    asks = Asks((x_cityops_who or who).strip(), (x_cityops_purpose or purpose).strip())
    if not asks.name or not asks.purpose:
        raise HTTPException(
            422, "Say who looks and why: X-Cityops-Who and X-Cityops-Purpose, or who and purpose."
        )
    found = await look(ctx, asks, "program")
    return SharedHomesDocument(
        homes=[home_document(h) for h in ranked(found.homes)],
        other_cases=[case_clock(c) for c in found.others],
        not_shared=found.not_shared,
    )
