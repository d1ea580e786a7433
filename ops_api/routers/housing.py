"""Homes that are shared with the housing team, for its programs; homes at risk by ward, for everybody."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import Field

from ops_api.housing.documents import document
from ops_api.housing.listing import Risk, ranked
from ops_api.routers.context import Ctx
from ops_api.routers.housing_look import look, wards
from ops_api.routers.housing_team import Program
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1/housing", tags=["housing"])


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
    """Homes at risk by ward, counted once a week.

    ``as_of``: newest day whose findings are counted, null where nothing is. ``minimum``: no number is about fewer
    homes at risk or fewer that are not, nor is a sum or difference of what is told at one time.
    """

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


@router.get("/wards")
async def get_wards(ctx: Ctx) -> WardsDocument:
    """Return homes at risk by ward. No personal data: anybody may have it."""
    told, _ = await wards(ctx)
    return WardsDocument(**told)


@router.get("/homes")
async def get_homes(ctx: Ctx, asks: Program) -> SharedHomesDocument:
    """Return the homes that are shared with the housing team; each look is written into the households' logs.

    Needs a key with `housing:read`, or the team's password as a bearer token; and in `X-Cityops-Purpose` why.
    """
    found = await look(ctx, asks, "program")
    return SharedHomesDocument(**document(ranked(found.homes), found))
