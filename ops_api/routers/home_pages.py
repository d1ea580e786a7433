"""A resident's page, and the way to it: a code, then a session. Every form works without JavaScript."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from devices.page.words import ACTIVITIES, BUTTONS
from ops_api.access.failed import failed
from ops_api.households.model import Member, TooManyTriesError, WrongCodeError
from ops_api.routers import content, home_content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.homes import Code, add_entry, remove_entry, store_entry
from ops_api.routers.resident import Who, address_of, by_phone_code, phone_opens, refresh, sign_in, sign_out
from ops_api.routers.schemas import Activity, DiaryPost
from ops_api.web import home_view, words

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

NAME_LENGTH = 40
Name = Annotated[str, Form(max_length=NAME_LENGTH)]


def home_address(code: str) -> str:
    """Return where a home's page is."""
    return f"/home/{quote(code, safe='')}"


def today(ctx: Context) -> str:
    """Return the day as it stands on paper."""
    return words.long_date(ctx.clock.now(), ctx.brand.time_zone)


def page(ctx: Context, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Return a page."""
    return HTMLResponse(ctx.templates.render(template, **values), status)


def _start(**said: str) -> RedirectResponse:
    return RedirectResponse("/?" + urlencode(said) + "#frog", 303)


async def _opens(ctx: Context, request: Request, typed: str) -> bool:
    """Return whether a code opens a home; what can't be asked any more from this network opens none."""
    try:
        if not typed.strip():
            return False
        return await phone_opens(ctx, typed) or await ctx.joining.opens(typed, address_of(request))
    except TooManyTriesError:
        return False


@router.get("/home")
async def find_home(request: Request, ctx: Ctx, who: Who, code: str = "") -> Response:
    """Go to the resident's home, or on from a code in an address."""
    typed = code.strip()
    for candidate in (typed, typed.upper(), typed.lower()):
        if who is not None and who.lives_in(candidate) is not None:
            return RedirectResponse(home_address(candidate), 303)
    if typed:
        known = await _opens(ctx, request, typed)
        return (
            RedirectResponse(f"/join/{quote(typed, safe='')}", 303) if known else _start(unknown=typed[:40])
        )
    if who is None or not who.homes:
        return RedirectResponse("/#frog", 303)
    return RedirectResponse(home_address(who.homes[0].code), 303)


@router.get("/join/{code}")
async def ask_to_join(code: Code, request: Request, ctx: Ctx) -> HTMLResponse:
    """Ask whoever followed a label's or an invitation's link for a name and a tap.

    Looking alone joins nobody: programs that preview links follow them too.
    """
    if not await _opens(ctx, request, code):
        raise HTTPException(404, content.UNKNOWN_HOME)
    return page(ctx, "join.html", code=code, phone=await phone_opens(ctx, code))


@router.post("/join")
async def join(
    request: Request, ctx: Ctx, who: Who, code: Annotated[str, Form(max_length=64)] = "", name: Name = ""
) -> Response:
    """Let the browser into the code's home."""
    if not code.strip():
        return _start(unknown="")
    if (again := await by_phone_code(request, ctx, who, code)) is not None:
        response = RedirectResponse(home_address(again[1].homes[0].code), 303)
        sign_in(request, response, again[0])
        return response
    try:
        now = min(ctx.clock.now(), await ctx.town_now())
        joined = await ctx.joining.join(code, address_of(request), now, name=name.strip() or None, who=who)
    except TooManyTriesError:
        failed(request, "wait", 429, about="join")
        return page(ctx, "start.html", 429, unknown=None, wait=True, left=False, homes=())
    except WrongCodeError:
        failed(request, "code", 303, about="join")
        return _start(unknown=code.strip()[:40])
    ctx.hub.touch()
    response = RedirectResponse(home_address(joined.code), 303)
    sign_in(request, response, joined.token)
    return response


@router.post("/sign-out")
async def leave_browser(
    request: Request, ctx: Ctx, who: Who, everywhere: Annotated[bool, Form()] = False
) -> Response:
    """End this browser's session, or all of the resident's."""
    if who is not None:
        await (ctx.sessions.end_all(who) if everywhere else ctx.sessions.end(who))
        if everywhere and ctx.front.desk is not None:
            await ctx.front.desk.phones.void(who.resident_id, ctx.clock.now())
    response = RedirectResponse("/?left=1#frog", 303)
    sign_out(request, response)
    return response


@router.get("/home/{code}")
async def home(
    code: Code,
    request: Request,
    ctx: Ctx,
    who: Who,
    room: str | None = None,
    saved: str | None = None,
    removed: str | None = None,
) -> Response:
    """Answer "is my home damp and what do I do"; to who is not signed in at all: ask to join."""
    if who is None and await _opens(ctx, request, code):
        return RedirectResponse(f"/join/{quote(code, safe='')}", 303)
    found = await home_content.home(ctx, who, code, room)
    notice = home_view.notice(saved, removed)
    live = f"/live/home?{urlencode({'code': code} | ({'room': found['room']} if found['room'] else {}))}"
    buttons = [(key, ACTIVITIES[key]) for key in BUTTONS]
    response = page(
        ctx,
        "home.html",
        **found,
        live=live,
        notice=notice,
        buttons=buttons,
        label=found["view"].label,
        today=today(ctx),
    )
    if isinstance(who, Member):
        await refresh(request, ctx, who, response)
    return response


def _back(code: str, room: str | None, said: str, value: str, to: str = "diary") -> RedirectResponse:
    query = urlencode(({"room": room} if room else {}) | {said: value})
    return RedirectResponse(f"{home_address(code)}?{query}#{to}", 303)


@router.post("/home/{code}/diary")
async def press(
    code: Code,
    ctx: Ctx,
    who: Who,
    activity: Annotated[Activity, Form()],
    room: Annotated[str | None, Form()] = None,
) -> Response:
    """Store a press of a diary button."""
    await add_entry(ctx, who, code, DiaryPost(activity=activity, at=None, note=""))
    return _back(code, room, "saved", activity)


@router.post("/home/{code}/diary/{entry_id}/remove")
async def unpress(
    code: Code, entry_id: int, ctx: Ctx, who: Who, room: Annotated[str | None, Form()] = None
) -> Response:
    """Take a diary entry back; one that is gone already is no error for a person."""
    try:
        await remove_entry(ctx, who, code, entry_id)
    except HTTPException as e:
        if e.status_code != 404 or e.detail == content.UNKNOWN_HOME:
            raise
    return _back(code, room, "removed", "1")


@router.post("/home/{code}/events/{event_id}")
async def name_event(
    code: Code,
    event_id: Annotated[int, Path(ge=1, le=2**63 - 1)],
    ctx: Ctx,
    who: Who,
    activity: Annotated[Literal["shower", "cooking", "washing", "other"], Form()],
    room: Annotated[str | None, Form()] = None,
) -> Response:
    """Write into the diary what something was that the frog noticed; the next pass of the analyst takes it from there."""
    member = content.check_lives_in(who, code)
    home = await content.home_row(member, code)
    event = await member.db.row("home_event", home_id=home["home_id"], event_id=event_id)
    if event is None:
        raise HTTPException(404, "This is not there any more. Go back and load the page again.")
    post = DiaryPost(activity=activity, at=None, note="")
    await store_entry(ctx, member, home, event["started_at"], post)
    return _back(code, room, "saved", activity, "noticed")
