"""What crews tap on their page: said of a bin, taken back, planned again from here, broken down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ops_api.housing.team_door import Pass
from ops_api.routers import crew_content
from ops_api.routers.context import Context, Ctx
from ops_api.routers.crew_door import ADDRESS, OnShift, crew_of, door_of
from ops_api.routers.crew_pages import lorry_page
from ops_api.routers.time_limit import LONG
from rules.collection_acts.ports import RefusedActError
from rules.core.collection_acts.record import TEXT_MOST
from rules.crew_taps.service import TAPPED, VIA, Asks, Tap
from rules.evidence.pictures import MOST_BYTES
from rules.evidence.ports import RefusedError
from rules.rounds.ports import NoRoundsError, NoSuchRoundsError, RoundsMovedError
from rules.rounds.service import Asked

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
WHO_FIRST = "Say who you are first."
CHANGED = "The plan changed at {at}: look again."
LATEST_S = 14 * 86_400.0
"""What was tapped without reception may come so late [s]."""
AGAIN_ITERATIONS = 400
"""Of the search for what is left of the day: a crew waits for it at the kerb."""

Once = Annotated[str, Form(max_length=40, pattern=r"^[A-Za-z0-9_-]*$")]
Text = Annotated[str, Form(max_length=TEXT_MOST)]


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who asks, for which lorry, and whether it is a script, which reads JSON."""

    ctx: Context
    lorry: str
    script: bool

    async def answer(
        self, status: int, state: str, words: str, *, who: Pass | None = None, told: int = 0
    ) -> Response:
        """Return the answer: for the script as values, else the lorry's page with the words, as ``who`` sees it."""
        if self.script:
            return JSONResponse({"state": state, "words": words}, status)
        if state == "kept":
            address = f"{ADDRESS}/{quote(self.lorry, safe='')}"
            return RedirectResponse(f"{address}?told={told}" if told else address, 303)
        return await lorry_page(self.ctx, self.lorry, who, refused=words, status=status)


async def _asking(ctx: Context, request: Request, lorry: str) -> _Asking:
    kept = await crew_of(ctx).rounds.book.fleet()
    if kept is None or lorry not in [v.id for v in kept.fleet.lorry]:
        raise HTTPException(404, f"There is no lorry {lorry!r}.")
    return _Asking(ctx, lorry, "application/json" in request.headers.get("accept", ""))


@router.post("/crew/{lorry}/acts", dependencies=[LONG])
async def say(
    lorry: str,
    request: Request,
    ctx: Ctx,
    who: OnShift,
    bin_id: Annotated[str, Form(alias="bin", min_length=1, max_length=100)],
    what: Annotated[str, Form(max_length=20)],
    version: Annotated[int, Form(ge=0, le=2**31)] = 0,
    ago_s: Annotated[float, Form(ge=0, le=LATEST_S)] = 0.0,
    once: Once = "",
    sure: bool = Form(False),
    reason: Text = "",
    act: Annotated[int, Form(ge=0, le=2**53)] = 0,
    photo: UploadFile | None = None,
) -> Response:
    """Write down what was tapped, once; a script sends how long ago that was."""
    asking = await _asking(ctx, request, lorry)
    if who is None:
        door_of(ctx)
        return await asking.answer(403, "who", WHO_FIRST)
    now_s = (await ctx.town_now()).timestamp()
    if what == "withdrawn":
        await crew_of(ctx).taps.undo(lorry, act, bin_id, who.name, now_s)
        ctx.hub.touch()
        return await asking.answer(200, "kept", "")
    if what not in TAPPED:
        return await asking.answer(422, "refused", f"{what!r} is nothing that is said of a bin.", who=who)
    data = None if photo is None or not photo.size else await photo.read(MOST_BYTES + 1)
    tap = Tap(
        lorry=lorry, bin_id=bin_id, what=what, version=version, at_s=now_s - ago_s, by=who.name, reason=reason, once=once,
        sure=sure, photo=data,
    )  # fmt: skip
    return await _tapped(asking, tap, who)


async def _tapped(asking: _Asking, tap: Tap, who: Pass) -> Response:
    ctx = asking.ctx
    try:
        found = await crew_of(ctx).taps.tap(tap)
    except (RefusedActError, RefusedError) as error:
        return await asking.answer(422, "refused", str(error), who=who)
    changed = "" if found.changed_s is None else CHANGED.format(at=crew_content.made_at(ctx, found.changed_s))
    if isinstance(found, Asks):
        return await _ask(asking, tap, " ".join(t for t in (changed, found.why) if t))
    ctx.hub.touch()
    return await asking.answer(200, "kept", changed, told=tap.version if changed else 0)


async def _ask(asking: _Asking, tap: Tap, words: str) -> Response:
    if asking.script:
        return await asking.answer(409, "asks", words)
    rows = await asking.ctx.db.rows("bins", bin_id=tap.bin_id)
    title = rows[0]["label"] if rows else tap.bin_id
    page = asking.ctx.templates.render(
        "crew_ask.html", lorry=asking.lorry, tap=tap, words=words, title=title, photo=tap.photo is not None
    )
    return HTMLResponse(page, 409)


@router.post("/crew/{lorry}/again")
async def again(
    lorry: str, request: Request, ctx: Ctx, who: OnShift, reason: Text = "", once: Once = ""
) -> Response:
    """Plan the rest of the day from where the lorries are."""
    return await _planned(ctx, request, lorry, who, "again", reason, once)


@router.post("/crew/{lorry}/broken")
async def broken(
    lorry: str, request: Request, ctx: Ctx, who: OnShift, reason: Text = "", once: Once = ""
) -> Response:
    """Take the lorry out of service: what it has not emptied goes to the others."""
    return await _planned(ctx, request, lorry, who, "broken", reason, once)


@router.post("/crew/{lorry}/returned")
async def returned(
    lorry: str, request: Request, ctx: Ctx, who: OnShift, reason: Text = "", once: Once = ""
) -> Response:
    """Take the lorry back into service."""
    return await _planned(ctx, request, lorry, who, "returned", reason, once)


async def _planned(
    ctx: Context, request: Request, lorry: str, who: Pass | None, what: str, reason: str, once: str
) -> Response:
    asking = await _asking(ctx, request, lorry)
    if who is None:
        door_of(ctx)
        return await asking.answer(403, "who", WHO_FIRST)
    desk = crew_of(ctx).rounds
    asked = Asked(
        who.name, "crew", VIA, (await ctx.town_now()).timestamp(), reason.strip(),
        f"crew:{lorry}:{what}:{once}" if once else None, iterations=AGAIN_ITERATIONS,
    )  # fmt: skip
    try:
        if what == "again":
            await desk.replan(asked)
        else:
            await (desk.breakdown if what == "broken" else desk.returned)(lorry, asked)
    except (NoRoundsError, RoundsMovedError, NoSuchRoundsError) as error:
        return await asking.answer(409, "refused", str(error), who=who)
    ctx.hub.touch()
    return await asking.answer(200, "kept", "")
