"""Damp in a home, by its code: state, days, moisture events, finding, advice. The pages are built on it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import Field

from ops_api.queries.damp import damp_document, home_of, span_of
from ops_api.routers import content
from ops_api.routers.catalogue import From, To
from ops_api.routers.context import Ctx
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1/homes", tags=["homes"])


class Quality(Document):
    """Something to be said of a home's figures, and of how many days."""

    flag: str
    days: int
    words: str


class WallFactor(Document):
    """Temperature factor fRsi of the coldest wall; learned where there are nights, else assumed."""

    value: float
    low: float
    high: float
    learned_from_nights: int | None


class DampState(Document):
    """Where a home stands. ``waits_from``: days from then on are not worked out yet."""

    risk: str = Field(description="low, raised, high or unknown: a risk, never a finding of mould")
    mould_index: float | None = Field(description="Risk index of the shown class of surfaces, 0 to 6")
    as_of: date | None
    seen_at: datetime | None
    worked_out_to: datetime | None
    waits_from: date | None
    completeness: float | None
    quality: list[Quality]
    factor: WallFactor | None


class DampDay(Document):
    """A local day of a room. Hours at 80 % or more: with the warmest, likely and coldest wall."""

    device: str
    room: str | None
    day: date
    n: int
    expected: int
    hours: int
    temperature_c: float | None
    humidity_pct: float | None
    vapour_pa: float | None
    outdoor_c: float | None
    outdoor_pa: float | None
    excess_pa: float | None
    surface_hours: int
    surface_min_c: float | None
    damp_hours_low: int
    damp_hours: int
    damp_hours_high: int
    mould: dict[str, Any]
    factor: float
    factor_low: float
    factor_high: float
    factor_error: float | None
    factor_nights: int | None
    flags: list[str]
    calibrations: list[int]
    rules: str


class MoistureEvent(Document):
    """Water let into the air. ``from_diary``: the household said what it was; else it is a guess."""

    event_id: int
    device: str
    started_at: datetime
    peak_at: datetime
    ended_at: datetime
    activity: str
    confidence: float
    from_diary: bool
    rise_g_m3: float
    grams_low: float
    grams: float
    grams_high: float
    full_air: bool
    half_min: float | None
    clear_min: float | None
    aired: bool
    of_household: bool
    outdoor_known: bool
    diary_entry_id: int | None


class DampFinding(Document):
    """Why a home is damp, as of ``to_day``; ``cause`` is null where it can't be told, evidence says why."""

    week: date
    to_day: date
    device: str
    room: str | None
    cause: str | None
    confidence: float | None
    risk: str
    mould_index: float | None
    evidence: dict[str, Any]
    advice: dict[str, Any]
    iso: dict[str, Any]
    standard: dict[str, Any]
    monthly: dict[str, Any]
    rules: str


class DampWeek(Document):
    """A week's finding in short."""

    week: date
    to_day: date
    risk: str
    mould_index: float | None
    cause: str | None
    confidence: float | None


class AppliedCalibration(Document):
    """An offset of a sensor, applied when readings are read; raw readings stay as they came."""

    calibration_id: int
    device: str
    field: str
    value_offset: float
    keeps_vapour: bool
    from_at: datetime
    to_at: datetime | None
    how: str
    by: str
    evidence: str
    withdrawn_at: datetime | None


class AdviceNow(Document):
    """Advice for this moment; ``reason``: why there is none."""

    at: datetime | None
    items: list[dict[str, Any]]
    reason: str | None


class DampDocument(Document):
    """Everything that is known of damp in a home, the newest first."""

    state: DampState
    finding: DampFinding | None
    advice: AdviceNow
    weeks: list[DampWeek]
    days: list[DampDay]
    events: list[MoistureEvent]
    calibrations: list[AppliedCalibration]
    limits: list[str]


@router.get("/{code}/damp")
async def get_damp(code: Code, ctx: Ctx, who: Who, start: From = None, end: To = None) -> DampDocument:
    """Return what is known of damp in a home; days and events of the last 30 days unless asked otherwise."""
    member = content.check_lives_in(who, code)
    row = await content.home_row(member, code)
    home = await home_of(member.db, row["code"])
    now = await ctx.town_now()
    if home is None or home["home_id"] != row["home_id"]:  # taken away meanwhile
        raise HTTPException(404, content.UNKNOWN_HOME)
    since, until = span_of(home, start, end, now)
    if since >= until:
        raise HTTPException(422, f"from ({since.isoformat()}) must lie before to ({until.isoformat()}).")
    found = await damp_document(member.db, home, since=since, until=until, now=now, town=ctx.db)
    return DampDocument(**found)
