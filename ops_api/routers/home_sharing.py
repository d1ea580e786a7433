"""What a household shows to others, the switch for the council, and who looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.households import sharing
from ops_api.households.model import LivesIn, Member
from ops_api.households.sharing import RecipientKind, Statistic
from ops_api.routers import content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.home_pages import home_address, page
from ops_api.routers.home_people import at_home, day_of
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.web import household_view

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

LOOKS = 100


def _back(code: str) -> RedirectResponse:
    return RedirectResponse(f"{home_address(code)}/sharing", 303)


@dataclass(frozen=True, slots=True)
class Asked:
    """A consent as asked for; empty words mean nothing was said."""

    statistic: Statistic
    recipient_kind: RecipientKind
    recipient: str = ""
    device: str = ""
    from_at: datetime | None = None
    to_at: datetime | None = None


async def add_consent(ctx: Context, who: Member, home: LivesIn, asked: Asked) -> str:
    """Store a consent and return its id; 422 where it makes no sense, 404 for a room of another home."""
    recipient = sharing.COUNCIL if asked.recipient_kind == "council" else asked.recipient.strip()
    if not recipient:
        raise HTTPException(422, "Say who: a landlord or a program has a name.")
    now = min(ctx.clock.now(), await ctx.town_now())
    if asked.to_at is not None and asked.to_at <= max(now, asked.from_at or now):
        raise HTTPException(422, "The last day must lie ahead, and after the first.")
    done = await sharing.share(
        who,
        home,
        now,
        statistic=asked.statistic,
        recipient_kind=asked.recipient_kind,
        recipient=recipient,
        device=asked.device or None,
        from_at=asked.from_at,
        to_at=asked.to_at,
    )
    if done is None:
        raise HTTPException(404, "There is no such room in this home.")
    return done


@pages.get("/home/{code}/sharing")
async def shared(code: Code, ctx: Ctx, who: Who) -> HTMLResponse:
    """Say what others see of the home, and let it be changed."""
    found, home = at_home(who, code)
    rows = await sharing.consents(found, home)
    rooms = await content.home_rooms(ctx, found, home.home_id)
    own = await sharing.council_is_landlord(found, home)
    view = household_view.shared(rows, ctx.brand, ctx.clock.now(), council_owned=own)
    seen = await found.db.row("council_sees", home_id=home.home_id)
    return page(
        ctx,
        "home_sharing.html",
        home=home,
        code=home.code,
        view=view,
        seen=seen,
        rooms=household_view.rooms(rooms),
        statistics=sharing.STATISTICS,
        recipients=sharing.RECIPIENTS,
    )


@pages.post("/home/{code}/sharing/council")
async def switch(code: Code, ctx: Ctx, who: Who, on: Annotated[bool, Form()]) -> Response:
    """Turn what the housing team sees on or off."""
    found, home = at_home(who, code)
    await sharing.switch(found, home, min(ctx.clock.now(), await ctx.town_now()), on=on)
    return _back(home.code)


@pages.post("/home/{code}/sharing/add")
async def add(
    code: Code,
    ctx: Ctx,
    who: Who,
    statistic: Annotated[Statistic, Form()],
    recipient_kind: Annotated[RecipientKind, Form()],
    recipient: Annotated[str, Form(max_length=80)] = "",
    device: Annotated[str, Form(max_length=63)] = "",
    from_day: Annotated[str, Form(max_length=10)] = "",
    to_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Show one thing to one recipient."""
    found, home = at_home(who, code)
    asked = Asked(
        statistic, recipient_kind, recipient, device, day_of(ctx, from_day), day_of(ctx, to_day, end=True)
    )
    await add_consent(ctx, found, home, asked)
    return _back(home.code)


@pages.post("/home/{code}/sharing/{consent_id}/stop")
async def stop(code: Code, consent_id: UUID, ctx: Ctx, who: Who) -> Response:
    """Take back what anybody of the home has shared; what is gone already is no error for a person."""
    found, home = at_home(who, code)
    await sharing.stop(found, home, str(consent_id))
    return _back(home.code)


@pages.get("/home/{code}/looks")
async def looks(code: Code, ctx: Ctx, who: Who, before: int | None = None) -> HTMLResponse:
    """List who looked at the home's data, and why."""
    found, home = at_home(who, code)
    rows = await found.db.rows("my_access_log", home_id=home.home_id, before=before, limit=LOOKS + 1)
    view = household_view.looks(rows[:LOOKS], ctx.brand, ctx.clock.now())
    following = rows[LOOKS - 1]["access_id"] if len(rows) > LOOKS else None
    return page(ctx, "home_looks.html", home=home, code=home.code, view=view, following=following)
