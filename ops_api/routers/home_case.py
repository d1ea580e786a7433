"""What a household can show to others: its case and the law's clock, contacts, photos, and packs. Every form works without JavaScript."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, HTTPException, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.case_work import case_document
from ops_api.queries.housing import my_reminders
from ops_api.routers import cases
from ops_api.routers.cases import CasePost, ContactPost, EntryPost, Number, ReplyPost, home_book
from ops_api.routers.context import Context, Ctx
from ops_api.routers.home_evidence import PackPost, pack_response
from ops_api.routers.home_pages import home_address, page, today
from ops_api.routers.home_people import at_home, day_of
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.web import home_case
from rules.core.legal_clock import CaseKind, EventKind
from rules.core.legal_clock.entry import TIME_MISSING, needs_time

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

Day = Annotated[str, Form(max_length=10)]
Clock = Annotated[str, Form(max_length=8)]
Text = Annotated[str, Form(min_length=1, max_length=2000, pattern=r"\S")]
Happened = Literal[
    "investigated", "summary", "made_safe", "steps_taken", "works_begun", "works_done", "no_hazard", "aware", "rehoused",
    "closed",
]  # fmt: skip
NOTICES = {
    "case": "The clock has started.",
    "event": "It is written down.",
    "contact": "It is written down.",
    "reply": "Their answer is written down.",
    "photo": "The photo is added.",
    "gone": "The photo is removed.",
}
LAW = (
    "In England, social landlords must act on damp within days that the law sets. Other landlords have other rules. This is"
    " not legal advice."
)


def _back(code: str, said: str, part: str = "") -> RedirectResponse:
    return RedirectResponse(
        f"{home_address(code)}/evidence?{urlencode({'saved': said})}{part and '#' + part}", 303
    )


def moment_of(ctx: Context, kind: CaseKind, entry: EventKind, day: str, clock: str) -> datetime:
    """Return when something happened, as typed: noon where no time was given and none is needed; 422 in words otherwise."""
    start = day_of(ctx, day)
    if start is None or not clock.strip():
        if start is not None and needs_time(kind, entry):
            raise HTTPException(422, TIME_MISSING)
        return noon_of(ctx, day)
    try:
        at = datetime.combine(start.date(), time.fromisoformat(clock.strip()), ctx.brand.time_zone)
    except ValueError as error:
        raise HTTPException(422, f"{clock!r} is no time of day: write 14:30.") from error
    if at > ctx.clock.now():
        raise HTTPException(422, "Write down what has been. That time is still to come.")
    return at


def noon_of(ctx: Context, typed: str) -> datetime:
    """Return the noon of a typed day, or now where that is still to come; 422 for no day or one ahead."""
    now, day = ctx.clock.now(), day_of(ctx, typed)
    if day is None:
        return now
    if day > now:
        raise HTTPException(422, "Write down what has been. That day is still to come.")
    noon = datetime.combine(day.date(), time(12), ctx.brand.time_zone)
    return min(noon, now)


@pages.get("/home/{code}/evidence")
async def evidence(code: Code, ctx: Ctx, who: Who, saved: str = "") -> HTMLResponse:
    """Say until when the landlord has time, and show all that was written down."""
    member, home = at_home(who, code)
    mine = await home_book(ctx, who, code)
    now = ctx.clock.now()
    filed = [f.case for f in await mine.book.cases(home.home_id)]
    reminders = {c.case_id: await my_reminders(member.db, c.case_id) for c in filed}
    view = home_case.view(
        [case_document(c, now, mine.cases.law, mine.cases.days) for c in filed],
        await mine.book.contacts(home.home_id),
        await mine.book.photos(home.home_id),
        await mine.book.packs(home.home_id),
        reminders,
        now=now,
        brand=ctx.brand,
    )
    return page(
        ctx,
        "home_evidence.html",
        home=home,
        code=home.code,
        view=view,
        notice=NOTICES.get(saved, ""),
        law=LAW,
        methods=home_case.METHODS,
        happened=home_case.HAPPENED,
        periods=home_case.PERIODS,
        label=home.label,
        today=today(ctx),
    )


@pages.post("/home/{code}/evidence/cases")
async def open_case(
    code: Code,
    ctx: Ctx,
    who: Who,
    day: Day = "",
    at: Clock = "",
    landlord: Annotated[str, Form(max_length=120)] = "",
    emergency: Annotated[bool, Form()] = False,
) -> Response:
    """Open a case: the clock starts on the day on which the landlord knew, an emergency's at the time."""
    kind: CaseKind = "emergency" if emergency else "significant"
    knew = moment_of(ctx, kind, "aware", day, at)
    post = CasePost(
        kind=kind, hazard="damp and mould", landlord=landlord.strip(), reported_at=knew, aware_at=knew
    )  # fmt: skip
    await cases.post_case(code, post, ctx, who)
    return _back(code, "case")


@pages.post("/home/{code}/evidence/cases/{case_id}")
async def add_event(
    code: Code,
    case_id: Number,
    ctx: Ctx,
    who: Who,
    kind: Annotated[Happened, Form()],
    day: Day = "",
    at: Clock = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Write down what happened."""
    case = await cases.get_case(code, case_id, ctx, who)
    said = note.strip() or ("Closed by the household." if kind == "closed" else "")
    await cases.post_event(
        code,
        case_id,
        EntryPost(kind=kind, at=moment_of(ctx, case.kind, kind, day, at), note=said, refers_to=None),
        ctx,
        who,
    )
    return _back(code, "event", f"case{case_id}")


@pages.post("/home/{code}/evidence/cases/{case_id}/agree")
async def agree(
    code: Code, case_id: Number, ctx: Ctx, who: Who, number: Annotated[int, Form(ge=1, le=2**63 - 1)]
) -> Response:
    """Write the same as the council did, as the household: from then on it counts."""
    case = await cases.get_case(code, case_id, ctx, who)
    claim = next((c for c in case.claims if c.number == number), None)
    if claim is None:
        raise HTTPException(409, "There is nothing to agree to any more.")
    post = EntryPost(
        kind=claim.kind, step=claim.step, until=claim.until, refers_to=None, note=f"Agreed with the council: {claim.note}"[:2000]
    )  # fmt: skip
    await cases.post_event(code, case_id, post, ctx, who)
    return _back(code, "event", f"case{case_id}")


@pages.post("/home/{code}/evidence/contacts")
async def add_contact(
    code: Code,
    ctx: Ctx,
    who: Who,
    method: Annotated[Literal["phone", "email", "letter", "visit", "online", "text", "other"], Form()],
    with_whom: Annotated[str, Form(alias="who", min_length=1, max_length=120, pattern=r"\S")],
    said: Text,
    day: Day = "",
) -> Response:
    """Write down a call, letter or visit."""
    post = ContactPost(method=method, who=with_whom.strip(), said=said.strip(), at=noon_of(ctx, day))
    await cases.post_contact(code, post, ctx, who)
    return _back(code, "contact", "contacts")


@pages.post("/home/{code}/evidence/contacts/{contact_id}")
async def add_reply(code: Code, contact_id: Number, ctx: Ctx, who: Who, reply: Text) -> Response:
    """Write down what came back."""
    await cases.post_reply(code, contact_id, ReplyPost(reply=reply.strip()), ctx, who)
    return _back(code, "reply", "contacts")


@pages.post("/home/{code}/evidence/photos")
async def add_photo(
    code: Code,
    ctx: Ctx,
    who: Who,
    file: UploadFile,
    caption: Annotated[str, Form(min_length=1, max_length=200, pattern=r"\S")],
    room: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Add a photo without what is hidden in it."""
    await cases.post_photo(code, ctx, who, file, caption.strip(), room.strip(), None)
    return _back(code, "photo", "photos")


@pages.get("/home/{code}/evidence/photos/{photo_id}", response_class=Response)
async def photo(code: Code, photo_id: Number, ctx: Ctx, who: Who) -> Response:
    """Show a photo."""
    return await cases.get_photo(code, photo_id, ctx, who)


@pages.post("/home/{code}/evidence/photos/{photo_id}/remove")
async def remove_photo(code: Code, photo_id: Number, ctx: Ctx, who: Who) -> Response:
    """Take a photo away."""
    await cases.delete_photo(code, photo_id, ctx, who)
    return _back(code, "gone", "photos")


@pages.post("/home/{code}/evidence/pack")
async def make_pack(
    code: Code, ctx: Ctx, who: Who, period: Annotated[Literal["month", "quarter", "year"], Form()]
) -> Response:
    """Make a pack of a time and send it."""
    member, home = at_home(who, code)
    first, last = home_case.period(period, await ctx.town_now())
    span = await member.db.one("home_pack_span", home_id=home.home_id)
    first = max([first, *(day for day in (span["stay"], span["measured"]) if day is not None)])
    if first > last:
        raise HTTPException(422, "There is no whole day yet. Try again tomorrow.")
    post = PackPost.model_validate({"from": first, "to": last})
    return await pack_response(ctx, who, code, post)
