"""The housing officer's pages. Nobody looks without the team's password, a name and a purpose; forms work without JavaScript."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from cityops.errors import ConfigurationError
from ops_api.access.principal import principal_of
from ops_api.case_work import an_event
from ops_api.housing import view
from ops_api.housing.csv_file import to_csv
from ops_api.housing.listing import RISKS, Wanted, ranked
from ops_api.housing.team_door import SHIFT
from ops_api.queries import housing as queries
from ops_api.queries.housing import NAME_MOST, PURPOSE_MOST, Asks
from ops_api.routers import housing_look
from ops_api.routers.context import Context, Ctx
from ops_api.routers.housing_team import COOKIE, WHY_COOKIE, Account, Carried, Who, door_of, keep_purpose
from ops_api.routers.password import Refused, try_password
from ops_api.routers.staff_pass import own_pass
from ops_api.web.ward_map import CLASSES, ward_map
from rules.core.legal_clock.model import EVENT_WORDS
from rules.evidence.ports import NoSuchError, RefusedError

SHOWN, PASSWORD_MOST = 200, 200
CHOICES = {kind: said for kind, said in EVENT_WORDS.items() if kind != "reported"}

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
CaseNumber = Annotated[int, Path(ge=1, le=2**63 - 1)]
Said = Annotated[str, Form(max_length=2000)]
Short = Annotated[str, Form(max_length=40)]


router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def _page(ctx: Context, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    return HTMLResponse(ctx.templates.render(template, **values), status)


def _ask(
    ctx: Context, back: str, asks: Asks | None = None, no: Refused | None = None, account: str = ""
) -> HTMLResponse:
    page = _page(
        ctx,
        "housing_who.html",
        200 if no is None else no.status,
        back=back,
        asks=asks,
        known=asks is not None and no is None,
        account=account,
        wrong="" if no is None else no.words,
    )
    return page if no is None else no.on(page)


def _inside(back: str) -> str:
    """Return an address of these pages, whatever was sent."""
    parts = urlsplit(back)
    inside = not parts.scheme and not parts.netloc and (parts.path + "/").startswith("/housing/")
    return back if inside and not parts.path.startswith("/housing/who") else "/housing"


@router.post("/housing/who")
async def say_who(
    request: Request,
    ctx: Ctx,
    carried: Carried,
    purpose: Annotated[str, Form(max_length=PURPOSE_MOST, pattern=r"\S")],
    by: Annotated[str, Form(max_length=NAME_MOST)] = "",
    password: Annotated[str, Form(max_length=PASSWORD_MOST)] = "",
    back: Annotated[str, Form(max_length=500)] = "/housing",
) -> Response:
    """Keep who looks and why for a shift, of whom the password is asked once; who is signed in says why alone."""
    response = RedirectResponse(_inside(back), 303)
    if (own := await own_pass(ctx, request, "")) is not None:
        kept = keep_purpose(ctx, await principal_of(request), purpose.strip())
        _keep(response, request, WHY_COOKIE, kept, own.until_s - ctx.clock.now().timestamp())
        return response
    if not by.strip():
        raise HTTPException(422, "by: say who looks")
    door, now, asks = door_of(ctx), ctx.clock.now(), Asks(by.strip(), purpose.strip())
    if carried is None and (no := try_password(ctx, request, door, password)) is not None:
        return _ask(ctx, _inside(back), asks, no)
    until = now + SHIFT if carried is None else datetime.fromtimestamp(carried.until_s, UTC)
    pass_text = door.issue(asks.name, asks.purpose, until)
    _keep(response, request, COOKIE, pass_text, (until - now).total_seconds())
    return response


def _keep(response: Response, request: Request, cookie: str, text: str, for_s: float) -> None:
    response.set_cookie(
        cookie, text, max_age=int(for_s), path="/housing", secure=request.url.scheme == "https", httponly=True,
        samesite="lax",
    )  # fmt: skip


@router.get("/housing/who")
async def ask_who(ctx: Ctx, asks: Who, account: Account, back: str = "/housing") -> HTMLResponse:
    """Ask for a name and a purpose again."""
    return _ask(ctx, _inside(back), asks, account=account)


@router.get("/housing")
async def homes(
    ctx: Ctx, asks: Who, account: Account, risk: str = "", cause: str = "", case: str = "", ward: str = "", q: str = "", order: str = "risk"
) -> HTMLResponse:  # fmt: skip
    """List the homes that are shared, ranked by risk, and the clocks of the council's cases."""
    if asks is None:
        return _ask(ctx, "/housing", account=account)
    found = await housing_look.look(ctx, asks, "page")
    wanted = Wanted(risk=risk, cause=cause, case=case, ward=ward, text=q, order=order)
    shown, clocks = wanted.of(found.homes), view.clock_rows(found.homes, found.others)
    return _page(
        ctx,
        "housing.html",
        asks=asks,
        headline=view.headline(found.homes, clocks),
        clocks=clocks,
        homes=shown[:SHOWN],
        hidden=max(len(shown) - SHOWN, 0),
        found=len(shown),
        total=len(found.homes),
        not_shared=found.not_shared,
        wanted=wanted,
        wards=sorted({(h.ward_id, h.ward) for h in found.homes if h.ward_id}, key=lambda w: w[1]),
        risks=RISKS,
        causes=view.CAUSE_CHOICES,
        states=view.CASE_WORDS,
        badges=view.RISK_BADGES,
        case_badges=view.CASE_BADGES,
    )


@router.get("/housing/homes.csv")
async def as_file(ctx: Ctx, asks: Who, account: Account) -> Response:
    """Return all homes that are shared as CSV; the log says that it was taken as a file."""
    if asks is None:
        return _ask(ctx, "/housing", account=account)
    found = await housing_look.look(ctx, asks, "file")
    name = f"homes-{ctx.clock.now().astimezone(ctx.brand.time_zone):%Y-%m-%d}.csv"
    return Response(
        "\ufeff" + to_csv(ranked(found.homes)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@router.get("/housing/wards")
async def wards(ctx: Ctx) -> HTMLResponse:
    """Show homes at risk by ward: open to everybody, since nobody can be found in it."""
    document, boundaries = await housing_look.wards(ctx)
    drawn = ward_map(document["wards"], boundaries)
    return _page(ctx, "housing_wards.html", wards=document, map=drawn, classes=CLASSES)


@router.get("/housing/{home_id}")
async def home(home_id: Number, ctx: Ctx, asks: Who, account: Account) -> HTMLResponse:
    """Show what one home shares, and the council's cases of it."""
    if asks is None:
        return _ask(ctx, f"/housing/{home_id}", account=account)
    return await _home(ctx, asks, home_id)


async def _home(ctx: Context, asks: Asks, home_id: int, refused: str = "", status: int = 200) -> HTMLResponse:
    found, law = await housing_look.look_at(ctx, asks, home_id), housing_look.law_of(ctx)
    now, town = ctx.clock.now(), await ctx.town_now()
    shares_days = any(s.startswith("daily") for s in found.shares)
    days = await queries.shared_days(ctx.db, asks, home_id, town) if shares_days else []
    cases = [
        view.case_view(
            c,
            k,
            await queries.council_reminders(ctx.db, c.case_id),
            now=now,
            law=law.law,
            days=law.days,
        )
        for c, k in zip(found.cases, found.clocks, strict=True)
    ]
    return _page(
        ctx,
        "housing_home.html",
        status,
        asks=asks,
        home=found,
        badge=view.RISK_BADGES[found.risk],
        measured=view.measured(found, ctx.brand, town),
        weeks=view.weeks(found),
        days=view.days_of(days),
        shares_days=shares_days,
        cases=cases,
        kinds=CHOICES,
        refused=refused,
        notice=law.law.notice,
    )


@router.post("/housing/{home_id}/cases/{case_id}")
async def record(
    home_id: Number,
    case_id: CaseNumber,
    ctx: Ctx,
    asks: Who,
    account: Account,
    kind: Short,
    day: Short = "",
    at: Short = "",
    step: Short = "",
    until: Short = "",
    withdraws: Short = "",
    note: Said = "",
) -> Response:
    """Write down as an officer what happened in one of the council's own cases."""
    if asks is None:
        return _ask(ctx, f"/housing/{home_id}", account=account)
    law = housing_look.law_of(ctx)
    if not await queries.is_shown(ctx.db, home_id, case_id):
        return await _home(ctx, asks, home_id, "This home has no such case of the council’s.", 404)
    now, book = ctx.clock.now(), law.book_on(queries.officer_pool(ctx.db))
    try:
        filed = await book.case(case_id, home_id)
        event = an_event(
            kind, f"{day}T{at}" if day and at else day or None, now=now, zone=law.days.zone, note=note.strip(),
            step=step or None, until=until or None, withdraws=_entry_number(withdraws), by=asks.name, role="officer",
            name="day", case=filed.case.kind,
        )  # fmt: skip
        await book.add_event(case_id, event, now, home_id)
    except (NoSuchError, RefusedError) as error:
        return await _home(ctx, asks, home_id, str(error), 409)
    except ConfigurationError as error:
        return await _home(ctx, asks, home_id, str(error), 422)
    return RedirectResponse(f"/housing/{home_id}#case-{case_id}", 303)


def _entry_number(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdecimal():
        raise ConfigurationError(f"entry {text!r}: give its number from the list")
    return min(int(text), 2**63 - 1)
