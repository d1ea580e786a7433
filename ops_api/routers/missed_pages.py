"""Missed collections that wait for a lorry, for the waste team: who gave its password sees addresses, and says what is done."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Cookie, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ops_api.housing.team_door import SHIFT, Pass, TeamDoor
from ops_api.routers.bin_days import MISSED_DAYS_S
from ops_api.routers.bin_days_pages import page
from ops_api.routers.bin_desk_door import NOT_SET_UP, desk_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.password import remember, try_password
from ops_api.routers.staff_pass import carried
from ops_api.web.words import day_and_clock
from rules.bin_days.missed_desk import verdict_of
from rules.core.bin_days.words import answer, day_words
from rules.core.collection_acts.open_reports import ANSWERS
from rules.core.collection_acts.record import NAME_MOST, NewAct

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

COOKIE, PATH, ROLE = "cityops_waste", "/bins/missed", "waste team"
PASSWORD_MOST = 200


def _door(ctx: Context) -> TeamDoor:
    door = desk_of(ctx).door
    if door is None:
        raise HTTPException(404, NOT_SET_UP)
    return door


async def _pass(
    ctx: Ctx, request: Request, cookie: Annotated[str, Cookie(alias=COOKIE, max_length=4000)] = ""
) -> Pass | None:
    found = await carried(ctx, request, desk_of(ctx).door, cookie, ROLE)
    if found is None:
        _door(ctx)
    return found


Carried = Annotated[Pass | None, Depends(_pass)]


@router.get("/bins/missed")
async def missed(ctx: Ctx, carried: Carried) -> HTMLResponse:
    """List what waits; to who has not given the password: ask for it."""
    if carried is None:
        return _ask(ctx)
    desk, now, zone = desk_of(ctx), await ctx.town_now(), ctx.brand.time_zone
    rows = []
    for report in await desk.acts.open_missed(now.timestamp() - MISSED_DAYS_S):
        act, verdict = report.act, verdict_of(report.act)
        place = await desk.days.premises(report.uprn)
        late = verdict.return_by is not None and verdict.return_by < now.astimezone(zone).date()
        rows.append(
            {
                "act_id": act.act_id, "reference": act.reference, "uprn": report.uprn, "late": late,
                "address": "no longer on the list" if place is None else place.address, "label": act.seen["label"],
                "at": day_and_clock(datetime.fromtimestamp(act.at_s, zone), zone, now),
                "by": "" if verdict.return_by is None else day_words(verdict.return_by),
                "found": answer(verdict, str(act.seen["label"]), zone)[0],
            }
        )  # fmt: skip
    return page(ctx, "bin_missed.html", who=carried, rows=rows, wrong="")


@router.post("/bins/missed/who")
async def say_who(
    request: Request,
    ctx: Ctx,
    by: Annotated[str, Form(max_length=NAME_MOST, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")],
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
) -> Response:
    """Let somebody of the team in for a shift."""
    door, now = _door(ctx), ctx.clock.now()
    if (no := try_password(ctx, request, door, password)) is not None:
        return no.on(_ask(ctx, no.words, no.status))
    response = RedirectResponse(PATH, 303)
    response.set_cookie(
        COOKIE, door.issue(by.strip(), ROLE, now + SHIFT), max_age=int(SHIFT.total_seconds()), path=PATH,
        secure=request.url.scheme == "https", httponly=True, samesite="lax",
    )  # fmt: skip
    remember(response, request, door, now, PATH)
    return response


@router.post("/bins/missed/{act_id}/done")
async def done(act_id: int, ctx: Ctx, carried: Carried) -> Response:
    """Write down that the lorry came back; pressed twice it is once."""
    if carried is None:
        return _ask(ctx, "Say who you are first.", 403)
    desk, now_s = desk_of(ctx), (await ctx.town_now()).timestamp()
    waiting = {r.act.act_id: r.act for r in await desk.acts.open_missed(now_s - MISSED_DAYS_S)}
    if (report := waiting.get(act_id)) is not None:
        await desk.acts.append(
            NewAct(
                ref=report.ref, what="collected", at_s=max(now_s, report.at_s + 1.0), by=carried.name, role=ROLE, via="page",
                reason=f"came back for {report.reference}", request_id=f"back:{act_id}", seen={ANSWERS: act_id},
            )
        )  # fmt: skip
    return RedirectResponse(PATH, 303)


def _ask(ctx: Context, wrong: str = "", status: int = 200) -> HTMLResponse:
    return page(ctx, "bin_missed.html", status, who=None, rows=(), wrong=wrong)
