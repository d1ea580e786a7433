"""Households over REST: join, who lives there, consents, access log, my data."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, HTTPException, Query, Request, Response

from ops_api.access.failed import failed
from ops_api.households import sharing
from ops_api.households.model import TooManyTriesError, WrongCodeError
from ops_api.routers.context import Ctx
from ops_api.routers.home_data import WhatGoes, delete, zip_response
from ops_api.routers.home_people import at_home
from ops_api.routers.home_sharing import Asked, add_consent
from ops_api.routers.homes import Code
from ops_api.routers.household_schemas import (
    AccessDocument,
    ConsentDocument,
    ConsentPost,
    HomeOfMine,
    InvitationDocument,
    JoinedDocument,
    JoinPost,
    MemberDocument,
    Receipt,
)
from ops_api.routers.resident import Who, address_of, by_phone_code, needs_member
from ops_api.routers.time_limit import LONG

router = APIRouter(prefix="/api/v1", tags=["households"])


@router.post("/join", status_code=201)
async def join(post: JoinPost, request: Request, ctx: Ctx, who: Who) -> JoinedDocument:
    """Join a home by the code on its frog or an invitation's, or come back by a code for a new phone.

    The token goes with later requests as a bearer's.
    """
    if (again := await by_phone_code(request, ctx, who, post.code)) is not None:
        token, found = again
        return JoinedDocument(token=token, home=found.homes[0].code, label=found.homes[0].label)
    try:
        now = min(ctx.clock.now(), await ctx.town_now())
        joined = await ctx.joining.join(post.code, address_of(request), now, name=post.name, who=who)
    except TooManyTriesError as e:
        failed(request, "wait", 429, about="join")
        raise HTTPException(
            429, "Too many wrong codes. Try again in an hour.", {"Retry-After": "3600"}
        ) from e
    except WrongCodeError as e:
        failed(request, "code", 404, about="join")
        raise HTTPException(404, "This code opens no home.") from e
    return JoinedDocument(token=joined.token, home=joined.code, label=joined.label)


@router.delete("/session", status_code=204)
async def end_session(ctx: Ctx, who: Who) -> Response:
    """End the session that asks."""
    await ctx.sessions.end(needs_member(who))
    return Response(status_code=204)


@router.delete("/sessions", status_code=204)
async def end_sessions(ctx: Ctx, who: Who) -> Response:
    """End all sessions of the resident: sign out everywhere."""
    found = needs_member(who)
    await ctx.sessions.end_all(found)
    if ctx.front.desk is not None:
        await ctx.front.desk.phones.void(found.resident_id, ctx.clock.now())
    return Response(status_code=204)


@router.get("/homes")
async def list_homes(who: Who) -> list[HomeOfMine]:
    """Return the homes in which the resident lives now, the newest first."""
    return [HomeOfMine(home=h.code, label=h.label) for h in needs_member(who).homes]


@router.get("/homes/{code}/household")
async def list_people(code: Code, ctx: Ctx, who: Who) -> list[MemberDocument]:
    """Return who lives in the home, and who did since the resident came."""
    return [MemberDocument(**row) for row in await ctx.people.listed(*at_home(who, code))]


@router.post("/homes/{code}/invitations", status_code=201)
async def invite(code: Code, ctx: Ctx, who: Who, all_of_it: bool = False) -> InvitationDocument:
    """Make a code that lets one person in within seven days; with ``all_of_it`` they see what the resident sees."""
    made = await ctx.people.invite(*at_home(who, code), all_of_it=all_of_it)
    return InvitationDocument(code=made.code, expires_at=made.expires_at)


@router.post("/homes/{code}/leave", status_code=204)
async def leave(code: Code, ctx: Ctx, who: Who) -> Response:
    """Move out, now: access ends at once."""
    await ctx.people.leave(*at_home(who, code))
    ctx.hub.touch()
    return Response(status_code=204)


@router.get("/homes/{code}/consents")
async def list_consents(code: Code, who: Who) -> list[ConsentDocument]:
    """Return what the home shows to others, in force first, and what it did since the resident came."""
    return [ConsentDocument(**row) for row in await sharing.consents(*at_home(who, code))]


@router.post("/homes/{code}/consents", status_code=201)
async def post_consent(code: Code, post: ConsentPost, ctx: Ctx, who: Who) -> ConsentDocument:
    """Show one statistic of one room or all to one recipient."""
    found, home = at_home(who, code)
    asked = Asked(**post.model_dump())
    consent_id = await add_consent(ctx, found, home, asked)
    rows = await sharing.consents(found, home)
    return next(ConsentDocument(**row) for row in rows if str(row["consent_id"]) == consent_id)


@router.delete("/homes/{code}/consents/{consent_id}", status_code=204)
async def revoke_consent(code: Code, consent_id: UUID, who: Who) -> Response:
    """Take a consent back, whoever of the home gave it."""
    if not await sharing.stop(*at_home(who, code), str(consent_id)):
        raise HTTPException(404, "This home has no such consent in force.")
    return Response(status_code=204)


@router.get("/homes/{code}/access-log")
async def list_access(
    code: Code,
    who: Who,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[AccessDocument]:
    """Return who looked at the home's data, the newest first."""
    found, home = at_home(who, code)
    rows = await found.db.rows("my_access_log", home_id=home.home_id, before=before, limit=limit)
    return [AccessDocument(**row) for row in rows]


@router.get("/homes/{code}/export", response_class=Response)
async def export_home(code: Code, ctx: Ctx, who: Who) -> Response:
    """Return everything that is kept of the resident's stay as one zip of CSV and JSON files."""
    return zip_response(ctx, *at_home(who, code))


@router.delete("/homes/{code}/data", dependencies=[LONG])
async def delete_data(code: Code, ctx: Ctx, who: Who, what: WhatGoes = "readings") -> Receipt:
    """Delete the resident's readings and diary, or everything and with it her stay; the receipt says what went."""
    return Receipt(**await delete(ctx, *at_home(who, code), what))
