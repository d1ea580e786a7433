"""Collection days of premises, their calendar, and missed collections, for programs."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from ops_api.routers.bin_desk_door import (
    WasteTeam,
    collections_of,
    desk_of,
    found_for,
    place_of,
    site_of,
    take,
    today_of,
)
from ops_api.routers.caching import cached, is_known
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.routers.times import Day
from rules.bin_days import ical
from rules.bin_days.missed_desk import NoSuchPremisesError, verdict_of
from rules.core.bin_days import words
from rules.core.bin_days.model import Collection, Premises
from rules.core.bin_days.search import TYPED_MOST
from rules.core.collection_acts.record import Act

router = APIRouter(prefix="/api/v1", tags=["bin days"])

Uprn = Annotated[str, Path(max_length=20, description="UPRN: 1 to 12 digits")]
MISSED_DAYS_S = 31 * 86_400.0


class PremisesDocument(Document):
    """An address; never who lives there."""

    uprn: int
    address: str


class FoundDocument(Document):
    """What a query means; ``hint`` says what to write where it means nothing, or too much."""

    premises: list[PremisesDocument]
    hint: str


class CollectionDocument(Document):
    """One collection."""

    stream: str
    label: str
    container: str
    colour: str
    day: date | None = Field(description="When it is; null: cancelled")
    usual_day: date
    reason: str = Field(description="Why it is not on its usual day; empty where it is")
    sequence: int = Field(description="How often its day has changed since it was first published")


class DaysDocument(Document):
    """Collections of premises, by day."""

    uprn: int
    address: str
    next: str = Field(description="What to put out next and when, in words")
    collections: list[CollectionDocument]


class MissedPost(BaseModel):
    """A missed collection: of which stream. The day is the newest on which it was due."""

    model_config = ConfigDict(extra="forbid")
    stream: str = Field(max_length=40)


class ReportDocument(Document):
    """A report, by its reference."""

    reference: str
    at: datetime
    outcome: Literal["accepted", "to_check", "crew_reported", "not_due", "cancelled", "too_early", "too_late"]
    stream: str
    day: date | None
    return_by: date | None
    answer: str
    then: str


class OpenReportDocument(ReportDocument):
    """A missed collection that waits, for the waste team."""

    uprn: int
    address: str | None
    lorry: str | None
    lorry_at: datetime | None


@router.get("/premises")
async def find_premises(
    request: Request, ctx: Ctx, search: Annotated[str, Query(max_length=TYPED_MOST)]
) -> FoundDocument:
    """Find premises by address: case, abbreviations and small misspellings do not matter. A street alone is not listed."""
    take(ctx, request, desk_of(ctx).lookups)
    found, hint = await found_for(ctx, search)
    return FoundDocument(
        premises=[PremisesDocument(uprn=p.uprn, address=p.address) for p in found], hint=hint
    )


@router.get("/premises/{uprn}")
async def get_premises(
    uprn: Uprn,
    request: Request,
    ctx: Ctx,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> DaysDocument:
    """Return the collections of premises from 31 days ago to 400 days ahead, or a part of these."""
    place = await place_of(ctx, request, uprn)
    today, found = await collections_of(ctx, place, first, last)
    _, ahead = await collections_of(ctx, place)
    return DaysDocument(
        uprn=place.uprn,
        address=place.address,
        next=words.headline(ahead, today),
        collections=[_document(c) for c in found],
    )


@router.get("/premises/{uprn}/calendar.ics", response_class=Response)
async def get_calendar(uprn: Uprn, request: Request, ctx: Ctx) -> Response:
    """Return the collections as a calendar to subscribe to (iCalendar), with alarms at 19:00 before and 06:30."""
    return await calendar(ctx, request, await place_of(ctx, request, uprn))


async def calendar(ctx: Context, request: Request, place: Premises) -> Response:
    """Return premises' calendar, or 304: programs ask every few hours, and making it takes a third of a second of a core."""
    first, last = ical.window(await today_of(ctx))
    _, found = await collections_of(ctx, place, first, last)
    page = f"{site_of(ctx, request)}/bin-day/{place.uprn}"
    tag, at_s = ical.tag_of(place, found, page), ical.modified_s(found, first)
    known = is_known(request, tag, at_s)
    body = b"" if known else await asyncio.to_thread(ical.calendar_of, place, found, page=page)
    headers = {
        "Content-Disposition": f'inline; filename="bin-days-{place.uprn}.ics"', "Cache-Control": "public, max-age=3600",
    }  # fmt: skip
    return cached(request, body, "text/calendar; charset=utf-8", tag, at_s, headers)


@router.post("/premises/{uprn}/missed", status_code=201)
async def post_missed(uprn: Uprn, post: MissedPost, request: Request, ctx: Ctx) -> ReportDocument:
    """Report that a bin was missed; the answer says what the lorry's track and the crew say. Twice is once."""
    place = await place_of(ctx, request, uprn)
    return report_document(await report_missed(ctx, request, place, post.stream, "api"), ctx.brand.time_zone)


async def report_missed(ctx: Context, request: Request, place: Premises, stream: str, via: str) -> Act:
    """Write a report of a missed collection down; 404 where the stream is not collected there, 429 after too many."""
    desk = desk_of(ctx)
    take(ctx, request, desk.reports)
    try:
        return await desk.missed.report(place.uprn, stream, (await ctx.town_now()).timestamp(), via)
    except NoSuchPremisesError as error:
        raise HTTPException(404, str(error)) from error


@router.get("/missed-collections")
async def list_missed(ctx: Ctx, _: WasteTeam) -> list[OpenReportDocument]:
    """Return the missed collections of a month that wait for somebody, the oldest first. Needs the waste team's password."""
    desk, zone = desk_of(ctx), ctx.brand.time_zone
    since_s = (await ctx.town_now()).timestamp() - MISSED_DAYS_S
    found = []
    for report in await desk.acts.open_missed(since_s):
        place, passed = await desk.days.premises(report.uprn), verdict_of(report.act).passed
        found.append(
            OpenReportDocument(
                **report_document(report.act, zone).model_dump(), uprn=report.uprn,
                address=None if place is None else place.address, lorry=None if passed is None else passed.lorry,
                lorry_at=None if passed is None else datetime.fromtimestamp(passed.first_s, zone),
            )
        )  # fmt: skip
    return found


def report_document(act: Act, zone: ZoneInfo) -> ReportDocument:
    """Return a report of a missed collection."""
    verdict = verdict_of(act)
    answer, then = words.answer(verdict, str(act.seen["label"]), zone)
    return ReportDocument(
        reference=act.reference or "", at=datetime.fromtimestamp(act.at_s, zone), outcome=verdict.outcome,
        stream=verdict.stream, day=verdict.day, return_by=verdict.return_by, answer=answer, then=then,
    )  # fmt: skip


def _document(c: Collection) -> CollectionDocument:
    s = c.service
    return CollectionDocument(
        stream=s.stream, label=s.label, container=s.container, colour=s.colour, day=c.day, usual_day=c.original,
        reason=c.reason, sequence=c.sequence,
    )  # fmt: skip
