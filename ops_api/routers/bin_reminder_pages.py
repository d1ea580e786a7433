"""Reminders of bin days: asked for, confirmed by a link, stopped by a link. Looking alone does neither."""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, Response
from msgspec import Struct

from ops_api.bin_desk import BinDesk
from ops_api.routers.bin_days import Uprn
from ops_api.routers.bin_days_pages import page, place_page
from ops_api.routers.bin_desk_door import desk_of, place_of, take
from ops_api.routers.context import Ctx
from rules.bin_days.ports import Reminder
from rules.bin_days.reminding import question

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

GONE = "These reminders are not there any more."
_MAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,190}\.[A-Za-z]{2,63}")
_MOBILE = re.compile(r"(?:(?:\+|00)?44)?0?(7[0-9]{9})")
"""Mobile numbers of the UK alone: who may let us write to any number in the world lets us pay for it."""
_TOPIC = re.compile(r"[A-Za-z0-9_-]{6,64}")
WRONG = {
    "email": "Write an e-mail address, for example name@example.com",
    "sms": "Write a mobile number, for example 07700 900123",
    "push": "Write the name of your topic: letters, digits and hyphens, at least 6",
}
Code = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class Wanted(Struct, frozen=True, kw_only=True):
    """The form as it was sent."""

    channel: str
    address: str
    evening: bool
    morning: bool


def address_as_sent(kind: str, typed: str) -> str | None:
    """Return an address in one spelling; None where it is none of its kind."""
    plain = typed.strip()
    if kind == "email":
        return plain.lower() if plain.isascii() and len(plain) <= 254 and _MAIL.fullmatch(plain) else None
    if kind == "sms":
        found = _MOBILE.fullmatch(re.sub(r"[\s().-]", "", plain))
        return None if found is None else f"+44{found[1]}"
    return plain if _TOPIC.fullmatch(plain) else None


@router.post("/bin-day/{uprn}/reminder")
async def ask(
    uprn: Uprn,
    request: Request,
    ctx: Ctx,
    channel: Annotated[str, Form(max_length=64)],
    address: Annotated[str, Form(max_length=200)] = "",
    evening: Annotated[bool, Form()] = False,
    morning: Annotated[bool, Form()] = False,
) -> Response:
    """Send the question whether its receiver wants to be reminded. What is answered tells of nobody's address."""
    desk, place = desk_of(ctx), await place_of(ctx, request, uprn)
    if not desk.reminds or channel not in desk.channels:
        raise HTTPException(404, "Reminders are not sent that way here.")
    wants = Wanted(channel=channel, address=address, evening=evening, morning=morning)
    kind = desk.channels[channel]
    plain = address_as_sent(kind, address)
    if plain is None or not (evening or morning):
        error = WRONG[kind] if plain is None else "Choose the evening, the morning, or both"
        return await place_page(ctx, request, place, 422, error=error, wants=wants)
    take(ctx, request, desk.reports)
    now_s = ctx.clock.now().timestamp()
    code = secrets.token_urlsafe(18)
    asked = await desk.reminders.ask(
        place.uprn, channel, plain, evening=evening, morning=morning, code=code, now_s=now_s
    )
    if asked is not None and not asked.confirmed:
        await desk.outbox.put([question(asked, place.address, now_s, desk.site)])
    saved = "We have sent you a message. Open its link and say yes: then we remind you."
    return await place_page(ctx, request, place, saved=saved)


async def _known(desk: BinDesk, code: str) -> Reminder:
    found = await desk.reminders.by_code(code)
    if found is None:
        raise HTTPException(404, GONE)
    return found


@router.get("/bin-day/reminder/{code}")
async def look(code: Code, request: Request, ctx: Ctx) -> HTMLResponse:
    """Ask for a yes, or whether to stop: programs that preview links follow them too."""
    desk = desk_of(ctx)
    take(ctx, request, desk.lookups)
    known = await _known(desk, code)
    place = await desk.days.premises(known.uprn)
    return page(
        ctx, "bin_reminder.html", reminder=known, said="", then="", when=_when(known),
        place="your address" if place is None else place.address,
    )  # fmt: skip


@router.post("/bin-day/reminder/{code}")
async def say(code: Code, ctx: Ctx, answer: Annotated[Literal["yes", "stop"], Form()]) -> HTMLResponse:
    """Confirm, or forget."""
    desk = desk_of(ctx)
    known = await _known(desk, code)
    if answer == "yes":
        await desk.reminders.confirm(code, ctx.clock.now().timestamp())
        said, then = "We remind you from now on.", "Each reminder has a link to stop."
    else:
        await desk.reminders.end(code)
        said, then = "The reminders have stopped.", "We have deleted your address for messages."
    return page(ctx, "bin_reminder.html", reminder=known, said=said, then=then, when="", place="")


def _when(known: Reminder) -> str:
    times = ["at 7pm the evening before"] * known.evening + ["at 6:30am in the morning"] * known.morning
    return " and ".join(times)
