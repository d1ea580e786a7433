"""Bin days for residents: find an address, see its days, subscribe, report a missed bin. Works without JavaScript."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.routers.bin_days import Uprn, calendar, report_document, report_missed
from ops_api.routers.bin_desk_door import NO_SUCH, collections_of, desk_of, found_for, place_of, site_of, take
from ops_api.routers.bin_reports import bin_report
from ops_api.routers.context import Context, Ctx
from ops_api.web import bin_days_view
from ops_api.web.words import day_and_clock
from rules.core.bin_days.model import Premises
from rules.core.bin_days.search import TYPED_MOST, uprn_of
from rules.core.collection_acts.record import BIN, Act, reference_typed

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

CHANNELS = {"email": "By e-mail", "sms": "By text message", "push": "By a notification"}
ASKED = {"email": "e-mail address", "sms": "mobile number", "push": "topic of notifications"}


def page(ctx: Context, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(ctx.templates.render(template, **values), status)


@router.get("/bin-day")
async def find(
    request: Request, ctx: Ctx, q: Annotated[str | None, Query(max_length=TYPED_MOST)] = None
) -> Response:
    """Ask for an address, and go to it or list those that are meant."""
    typed = "" if q is None else q.strip()
    if q is None:
        return page(ctx, "bin_day.html", typed="", hint="", found=())
    desk = desk_of(ctx)
    take(ctx, request, desk.lookups)
    number = uprn_of(typed)
    if number is not None:
        place = await desk.days.premises(number)
        if place is not None:
            return RedirectResponse(f"/bin-day/{number}", 303)
        return page(ctx, "bin_day.html", typed=typed, hint=NO_SUCH, found=())
    found, hint = await found_for(ctx, typed)
    if len(found) == 1:
        return RedirectResponse(f"/bin-day/{found[0].uprn}", 303)
    return page(ctx, "bin_day.html", typed=typed, hint=hint, found=found)


@router.get("/bin-day/report")
async def look_up(
    request: Request, ctx: Ctx, reference: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Ask for a reference, and show what was answered."""
    if not reference.strip():
        return page(ctx, "bin_day_report.html", report=None, unknown="")
    desk = desk_of(ctx)
    take(ctx, request, desk.lookups)
    act = await desk.acts.by_reference(reference_typed(reference))
    if act is None:
        return page(ctx, "bin_day_report.html", 404, report=None, unknown=reference.strip())
    return page(ctx, "bin_day_report.html", report=await _report(ctx, act), unknown="")


async def _report(ctx: Context, act: Act) -> dict[str, str]:
    now = await ctx.town_now()
    said = {"reference": act.reference or "", "at": _moment(ctx, act.at_s, now), "back": ""}
    if act.ref.startswith(BIN):
        found = await bin_report(ctx, act)
        first = f"You reported that the bin {found.label} is {found.what}. Thank you."
        if found.emptied_at is None:
            return said | {"first": first, "then": "We have told the people who plan the rounds."}
        return said | {
            "first": f"The bin {found.label} was emptied {_moment(ctx, found.emptied_at.timestamp(), now)}.",
            "then": "",
        }
    found_missed = report_document(act, ctx.brand.time_zone)
    # The reference alone does not lead to an address: whoever finds it on a slip learns no more than its day.
    return said | {"first": found_missed.answer, "then": found_missed.then}


def _moment(ctx: Context, at_s: float, now: datetime) -> str:
    return day_and_clock(datetime.fromtimestamp(at_s, ctx.brand.time_zone), ctx.brand.time_zone, now)


@router.get("/bin-day/{uprn}.ics")
async def feed(uprn: Uprn, request: Request, ctx: Ctx) -> Response:
    """The calendar to subscribe to."""
    return await calendar(ctx, request, await place_of(ctx, request, uprn))


@router.get("/bin-day/{uprn}")
async def place(uprn: Uprn, request: Request, ctx: Ctx) -> HTMLResponse:
    """Answer "when is my next collection and what do I put out"."""
    return await place_page(ctx, request, await place_of(ctx, request, uprn))


async def place_page(
    ctx: Context,
    request: Request,
    at: Premises,
    status: int = 200,
    *,
    error: str = "",
    saved: str = "",
    wants: object = None,
) -> HTMLResponse:
    """Return the page of premises; ``error``: what is wrong with ``wants``, the form of reminders as it was sent."""
    desk = desk_of(ctx)
    today, found = await collections_of(ctx, at)
    ics = f"{site_of(ctx, request)}/bin-day/{at.uprn}.ics"
    channels = (
        [{"name": n, "label": CHANNELS[kind]} for n, kind in desk.channels.items()] if desk.reminds else []
    )
    return page(
        ctx, "bin_day_place.html", status, place=at, view=bin_days_view.view(found, today), ics=ics,
        webcal=f"webcal{ics[ics.index('://') :]}", channels=channels, remind_error=error, saved=saved, wants=wants,
        address_asked=" or ".join(dict.fromkeys(ASKED[kind] for kind in desk.channels.values())),
    )  # fmt: skip


@router.post("/bin-day/{uprn}/missed")
async def missed(
    uprn: Uprn, request: Request, ctx: Ctx, stream: Annotated[str, Form(max_length=40)]
) -> Response:
    """Take a report of a missed bin and show what is answered."""
    act = await report_missed(ctx, request, await place_of(ctx, request, uprn), stream, "page")
    return RedirectResponse("/bin-day/report?" + urlencode({"reference": act.reference or ""}), 303)
