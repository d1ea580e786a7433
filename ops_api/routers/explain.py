"""Why: decisions and alarms in words, as JSON and as a page."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse
from pydantic import Field

from ops_api.queries import Row, explain
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import DecisionDocument, Document
from ops_api.web import explain_view
from rules.core.explain.model import Explanation
from rules.core.explain.text import as_sms, as_text

router = APIRouter(prefix="/api/v1", tags=["explanations"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class ExplanationDocument(Document):
    """Why an alarm or a decision is what it is. Times are in the town's time zone, in words."""

    headline: str
    first_line: str = Field(description="The numbers that matter, at most 120 characters")
    why: list[str]
    members: list[str] = Field(description="Of a group: the worst of those in it, and how many more")
    inputs: list[dict[str, Any]] = Field(description="What was seen: value, unit, time, device, quality")
    limits: list[dict[str, Any]] = Field(description="Thresholds with their source, and who set them")
    since: str | None
    would_change: list[str] = Field(description="What would have made it otherwise")
    caveats: list[str]
    text: str = Field(description="All of it as plain text")
    sms: str = Field(description="The part that fits into two text messages")


class DecisionDetail(DecisionDocument):
    """A decision with what it did not know and what would have made it otherwise."""

    expected: int | None = Field(description="Readings that should have informed it")
    missing: int | None = Field(description="Of these, how many had not come")
    missing_devices: list[str] | None
    would_change: list[dict[str, Any]] | None
    would_differ: dict[str, Any] | None = Field(description="What late readings would have changed")


def document(e: Explanation) -> ExplanationDocument:
    """Return an explanation as the API gives it."""
    return ExplanationDocument(**msgspec.to_builtins(e), text=as_text(e), sms=as_sms(e))


async def find_decision(ctx: Context, decision_id: int) -> Row:
    """Return a decision; 404 where there is none."""
    row = await explain.decision_row(ctx.db, decision_id)
    if row is None:
        raise HTTPException(404, f"There is no decision {decision_id}.")
    return row


async def explained_decision(ctx: Context, decision_id: int) -> tuple[Row, Explanation]:
    """Return a decision and why; 404 where there is none."""
    row = await find_decision(ctx, decision_id)
    now = await ctx.town_now()
    return row, await explain.decision_explanation(ctx.db, ctx.kinds, row, ctx.brand.time_zone, now)


async def explained_alarm(ctx: Context, alarm_id: int) -> Explanation:
    """Return why an alarm is up, homes masked; 404 where there is none. For the pages and routes of alarms."""
    now = await ctx.town_now()
    found = await explain.alarm_explanation(ctx.db, ctx.kinds, alarm_id, ctx.brand.time_zone, now)
    if found is None:
        raise HTTPException(404, f"There is no alarm {alarm_id}.")
    return found


@router.get("/decisions/{decision_id}")
async def get_decision(decision_id: int, ctx: Ctx) -> DecisionDetail:
    """Return one decision with the inputs it saw."""
    return DecisionDetail(**await find_decision(ctx, decision_id))


@router.get("/decisions/{decision_id}/explanation")
async def get_decision_explanation(decision_id: int, ctx: Ctx) -> ExplanationDocument:
    """Return why a decision is what it is, in words."""
    return document((await explained_decision(ctx, decision_id))[1])


@pages.get("/decisions/{decision_id}")
async def decision_page(decision_id: int, ctx: Ctx) -> HTMLResponse:
    """Show why a decision is what it is."""
    row, found = await explained_decision(ctx, decision_id)
    html = ctx.templates.render(
        "decision.html",
        decision=row,
        explanation=explain_view.view(found),
        sheet=explain_view.sheet_of(row),
        late=bool(row["would_differ"]),
    )
    return HTMLResponse(html)
