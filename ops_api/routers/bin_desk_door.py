"""What the routes of bin days share: the desk, the premises, limits of senders, who is of the waste team."""

from __future__ import annotations

import asyncio
import math
from datetime import date
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request

from ops_api.bin_desk import BinDesk
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import needs_bearer
from ops_api.routers.resident import address_of
from ops_api.routers.staff_pass import may
from ops_api.senders import SenderLimit
from rules.core.bin_days.model import Collection, Premises
from rules.core.bin_days.published import AHEAD, BACK, shown
from rules.core.bin_days.search import SHOWN_MOST, enough, mended, names_a_house, uprn_of, words_of

NO_SUCH = "We have no address with that number (UPRN). Look it up by its address."
ASK_NUMBER = "Write the number or name of the house too."
ASK_STREET = "Write the number and the street, for example 12 Mill Lane."
NOT_FOUND = "We did not find that address. Check the spelling, or leave the town and postcode out."
NOT_SET_UP = "No team's password opens this here. Sign in with a waste manager's account (/sign-in); `cityops bin-days missed` lists what is open too."


def desk_of(ctx: Context) -> BinDesk:
    """Return the desk; 503 where bin days are not served."""
    if ctx.bin_desk is None:
        raise HTTPException(503, "Bin days are not served here.")
    return ctx.bin_desk


def take(ctx: Context, request: Request, limit: SenderLimit) -> None:
    """Count a request of a network; 429 where it is one too many."""
    wait_s = limit.wait_s(address_of(request), ctx.clock.now().timestamp())
    if wait_s > 0.0:
        minutes = math.ceil(wait_s / 60)
        raise HTTPException(
            429,
            f"Too much came from your network. Try again in {minutes} min.",
            {"Retry-After": str(math.ceil(wait_s))},
        )


async def place_of(ctx: Context, request: Request, uprn: str) -> Premises:
    """Return premises; 404 where there are none, 429 where too many were looked up."""
    desk = desk_of(ctx)
    take(ctx, request, desk.lookups)
    number = uprn_of(uprn)
    found = None if number is None else await desk.days.premises(number)
    if found is None:
        raise HTTPException(404, NO_SUCH)
    return found


def site_of(ctx: Context, request: Request) -> str:
    """Return the address under which residents reach the pages: as it is set, else as it was asked."""
    return desk_of(ctx).site or str(request.base_url).rstrip("/")


async def today_of(ctx: Context) -> date:
    """Return the town's day."""
    return (await ctx.town_now()).astimezone(ctx.brand.time_zone).date()


async def collections_of(
    ctx: Context, place: Premises, first: date | None = None, last: date | None = None
) -> tuple[date, list[Collection]]:
    """Return the town's day, and the collections of premises; without days: all that are published."""
    today = await today_of(ctx)
    table = await desk_of(ctx).days.timetable(place.rounds)
    begin, end = today - BACK if first is None else first, today + AHEAD if last is None else last
    return today, shown(table, place.rounds, max(begin, today - BACK), min(end, today + AHEAD))


async def found_for(ctx: Context, typed: str) -> tuple[tuple[Premises, ...], str]:
    """Return the premises that a query means, and what to say where it means none.

    A query without a house's number is answered where it means one address alone: nobody gets the list of a street.
    """
    days = desk_of(ctx).days
    words = words_of(typed)
    if not enough(words):
        return (), ASK_STREET
    found = await days.find(words, SHOWN_MOST + 1)
    if not found:
        # A fifth of a second of a core in a big town: not while all others wait.
        near = await asyncio.to_thread(mended, words, await days.all_words())
        found = await days.find(near, SHOWN_MOST + 1)
    if not found:
        return (), NOT_FOUND
    if len(found) > (SHOWN_MOST if names_a_house(words) else 1):
        return (), ASK_NUMBER
    return found, ""


async def _of_the_team(
    ctx: Ctx, request: Request, authorization: Annotated[str, Header(include_in_schema=False)] = ""
) -> str:
    if (who := await may(request)) is not None:
        return who.name
    door = desk_of(ctx).door
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    needs_bearer(ctx, request, door, authorization, "Send the waste team's password: Authorization: Bearer …")
    return ""


WasteTeam = Annotated[str, Depends(_of_the_team)]
"""Lets programs of the waste team in; the name of the account or key, empty where the password was sent."""
