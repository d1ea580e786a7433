"""The shadow: what another catalogue would raise and decide, beside what the live one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, HTTPException, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from ops_api import shadow_text
from ops_api.queries.shadow import ShadowState, shadow_sides, shadow_state
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document, Severity
from ops_api.web import shadow_view

router = APIRouter(prefix="/api/v1/shadow", tags=["shadow"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

PAGE_DAYS = 7
Hours = Annotated[
    int,
    Query(
        ge=1,
        le=24 * PAGE_DAYS,
        description="How far back from where both stand; since its beginning: `cityops rules shadow diff`",
    ),
]


class ShadowDocument(Document):
    """The catalogue in shadow. Nothing of what it says counts: nobody is told and no alarm is up."""

    catalogue_id: int
    label: str
    since: datetime
    by: str
    reason: str
    state: Literal["waiting", "running", "paused"]
    error: str | None = Field(description="Why it is paused")
    from_at: datetime | None = Field(description="Event time where it begins, with the live rules' memory")
    settled_at: datetime | None = Field(description="Event time up to which it has judged")
    live_settled_at: datetime | None = Field(description="Event time up to which the live rules have judged")
    batches_behind: int | None


class SideCount(Document):
    """How often a rule says something."""

    rule_id: str
    what: str
    live: int
    shadow: int


class WouldBeAlarm(Document):
    """An alarm that the shadow would have raised. A home is named by its number."""

    rule_id: str
    subject_kind: str
    subject: str
    severity: Severity
    raised_at: datetime
    cleared_at: datetime | None
    title: str
    reason: str
    members: list[str] = Field(description="Who was ever in it")
    flapping: bool


class ShadowDiff(Document):
    """Live rules and shadow side by side; differences as of `cityops rules replay --diff`."""

    shadow: ShadowDocument
    since: datetime | None = Field(description="None: it has judged nothing yet")
    until: datetime | None
    counts: list[SideCount]
    differences: list[dict[str, Any]]


async def _found(ctx: Context) -> ShadowState:
    state = await shadow_state(ctx.db)
    if state is None:
        raise HTTPException(404, shadow_text.NOTHING)
    return state


@router.get("")
async def get_shadow(ctx: Ctx) -> ShadowDocument:
    """Return which catalogue is in shadow and how it stands; 404 where none is."""
    return _document(await _found(ctx))


@router.get("/alarms")
async def get_would_be_alarms(ctx: Ctx, hours: Hours = 24) -> list[WouldBeAlarm]:
    """Return the alarms that the shadow would have raised, newest first; 404 where none is."""
    sides = await shadow_sides(ctx.db, await _found(ctx), timedelta(hours=hours))
    alarms = () if sides is None else reversed(sides.shadow.alarms)
    return [
        WouldBeAlarm(
            **msgspec.structs.asdict(a),
            raised_at=_at(a.raised_s),
            cleared_at=None if a.cleared_s is None else _at(a.cleared_s),
        )
        for a in alarms
    ]


@router.get("/diff")
async def get_diff(ctx: Ctx, hours: Hours = 24) -> ShadowDiff:
    """Return what live rules and shadow say differently; 404 where no catalogue is in shadow."""
    state = await _found(ctx)
    sides = await shadow_sides(ctx.db, state, timedelta(hours=hours))
    if sides is None:
        return ShadowDiff(shadow=_document(state), since=None, until=None, counts=[], differences=[])
    return ShadowDiff(
        shadow=_document(state),
        since=_at(sides.live.from_s),
        until=_at(sides.live.to_s),
        counts=[SideCount(**c._asdict()) for c in shadow_text.counts(sides)],
        differences=[{**msgspec.to_builtins(d), "at": _at(d.at_s).isoformat()} for d in sides.differences],
    )


@pages.get("/rules/shadow")
async def shadow_page(ctx: Ctx) -> HTMLResponse:
    """Answer "what would another catalogue do, and where is it another thing than what is done"."""
    state = await shadow_state(ctx.db)
    sides = None if state is None else await shadow_sides(ctx.db, state, timedelta(days=PAGE_DAYS))
    content = shadow_view.page(state, sides, await ctx.town_now(), ctx.brand.time_zone)
    return HTMLResponse(ctx.templates.render("shadow.html", **content, page_days=PAGE_DAYS))


def _document(state: ShadowState) -> ShadowDocument:
    return ShadowDocument(**msgspec.to_builtins(state))


def _at(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
