"""Late readings: what came, what was played again, what would differ and why. By REST and on a page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from ops_api.queries import Row, late
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document
from ops_api.web import late_view

SHOWN = 30

router = APIRouter(prefix="/api/v1/late-windows", tags=["rules"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class LateMark(Document):
    """A decision or an alarm that would have been another one. It stands as made."""

    what: Literal["decision", "alarm"]
    number: int
    rule_id: str
    subject_kind: str
    subject: str
    at: datetime
    title: str
    text: str = Field(description="What it would have been")


class LateWindow(Document):
    """A span of time in which readings came too late to count in their order."""

    late_window_id: int
    scope_kind: str = Field(description="route, home, bin, town or device")
    scope: str
    label: str
    from_at: datetime = Field(description="When the first of them was measured")
    to_at: datetime
    readings: int
    device_count: int
    devices: list[str] = Field(description="Without those that stand in homes")
    first_arrived: datetime = Field(description="By the wall clock")
    last_arrived: datetime
    state: late.State = Field(
        description="open: waits, or is looked at once more; same; differs; too_late: not judged"
    )
    would_differ: bool = Field(description="Whether a look, be it the first of two, has found something")
    checked_at: datetime | None
    judged_from: datetime | None = Field(description="What was played again")
    judged_to: datetime | None
    marks: list[LateMark]
    never_raised: list[dict[str, Any]] = Field(description="Alarms that would have been raised and were not")
    text: str = Field(description="All of it in words")


async def shown(ctx: Context, windows: list[Row]) -> list[late_view.WindowRow]:
    """Return windows in words."""
    return late_view.rows(
        windows, zone=ctx.brand.time_zone, now=await ctx.town_now(), wall_now=ctx.clock.now()
    )


async def _documents(ctx: Context, windows: list[Row]) -> list[LateWindow]:
    said = await shown(ctx, windows)
    return [LateWindow(**w, text=late_view.text(s)) for w, s in zip(windows, said, strict=True)]


@router.get("")
async def list_late_windows(
    ctx: Ctx,
    state: late.State | None = None,
    would_differ: bool | None = None,
    before: Annotated[int | None, Query(description="Only those with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[LateWindow]:
    """Return windows of late readings, the newest first, with the decisions and alarms that would differ."""
    found = await late.late_windows(
        ctx.db, state=state, would_differ=would_differ, before=before, limit=limit
    )
    return await _documents(ctx, found)


@router.get("/{late_window_id}")
async def get_late_window(late_window_id: int, ctx: Ctx) -> LateWindow:
    """Return one window."""
    found = await _documents(ctx, await late.late_windows(ctx.db, ids=[late_window_id]))
    if not found:
        raise HTTPException(404, f"There is no window of late readings {late_window_id}.")
    return found[0]


@pages.get("/rules/late")
async def late_page(
    ctx: Ctx,
    show: str = "",
    alarm: int | None = None,
    decision: int | None = None,
    before: int | None = None,
) -> HTMLResponse:
    """Answer "what came late, and what would it have changed"; of one alarm or decision where asked for."""
    ids = None
    if alarm is not None:
        ids = await late.windows_of_alarm(ctx.db, alarm)
    elif decision is not None:
        ids = await late.windows_of_decision(ctx.db, decision)
    counts = await late.late_counts(ctx.db)
    state = _shown_state(show, counts) if ids is None else None
    wanted: dict[str, Any] = {} if state is None else {"would_differ": state == "differs"}
    if state is not None and state != "differs":
        wanted["state"] = state
    found = await late.late_windows(ctx.db, ids=ids, before=before, limit=SHOWN + 1, **wanted)
    windows = (await shown(ctx, found))[:SHOWN]
    content = {
        "windows": windows,
        "marks": late_view.distinct(windows),
        "following": found[SHOWN - 1]["late_window_id"] if len(found) > SHOWN else None,
        "headline": late_view.headline(counts),
        "tallies": late_view.tallies(counts),
        "empty": late_view.EMPTY,
        "show": state or "all",
        "alarm": alarm,
        "decision": decision,
    }
    return HTMLResponse(ctx.templates.render("late.html", **content))


def _shown_state(show: str, counts: Row) -> late.State | None:
    """Return what is listed: where nobody says, what would differ, if anything would."""
    known: tuple[late.State, ...] = ("differs", "open", "same", "too_late")
    chosen = next((s for s in known if s == show), None)
    return "differs" if show == "" and counts["differs"] else chosen
