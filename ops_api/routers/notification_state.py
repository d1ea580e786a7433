"""Who is told and what became of it: for operations staff, by REST and on a page. No address, no text of a message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from pydantic import Field

from ops_api.queries import Row
from ops_api.queries.notify_state import notify_state
from ops_api.routers import desk_content
from ops_api.routers.context import Ctx
from ops_api.routers.notifications import NotificationDocument
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])
pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


class ChannelDocument(Document):
    """A channel: what waits, and what became of the messages of the last 24 hours."""

    channel: str
    people: int = Field(description="How many can be told over it")
    due: int = Field(description="Messages that should go out now")
    later: int = Field(description="Messages for later: quiet hours, or waiting to be one with others")
    due_since: datetime | None
    sent_24h: int
    failed_24h: int
    unknown_24h: int
    last_sent_at: datetime | None
    failures: int = Field(description="Attempts in a row that failed")
    last_error: str | None


class ShiftDocument(Document):
    """Somebody's time on call."""

    person: str
    label: str
    from_at: datetime
    to_at: datetime


class DutyDocument(Document):
    """Who is on call for a role now, and who is next."""

    role: str
    now: list[ShiftDocument]
    next: ShiftDocument | None


class AttemptDocument(Document):
    """An attempt to send a message."""

    attempt: int
    at: datetime
    verdict: str = Field(description="sent, delivered, retry, refused or unknown")
    error: str | None


class TriedDocument(NotificationDocument):
    """A message with its attempts."""

    tries: list[AttemptDocument]


class StateDocument(Document):
    """The state of notifications."""

    channels: list[ChannelDocument]
    on_call: list[DutyDocument]
    messages: list[TriedDocument]


@router.get("/state")
async def get_state(
    ctx: Ctx, limit: Annotated[int, Query(ge=1, le=1000)] = desk_content.MESSAGES_SHOWN
) -> StateDocument:
    """Return channels, who is on call, and the newest messages with their attempts."""
    found = await notify_state(ctx.db, ctx.clock.now(), limit)
    return StateDocument(
        channels=[ChannelDocument(**c) for c in found.channels],
        on_call=[
            DutyDocument(
                role=d["role"],
                now=[_shift(s) for s in d["now"]],
                next=None if d["next"] is None else _shift(d["next"]),
            )
            for d in found.on_call
        ],
        messages=[
            TriedDocument(**m | {"tries": [AttemptDocument(**_known(t)) for t in m["tries"]]})
            for m in found.messages
        ],
    )


def _shift(row: Row) -> ShiftDocument:
    return ShiftDocument(**{k: row[k] for k in ShiftDocument.model_fields})


def _known(row: Row) -> Row:
    return {k: row[k] for k in AttemptDocument.model_fields}


@pages.get("/notifications")
async def notifications_page(ctx: Ctx) -> HTMLResponse:
    """Answer "is everybody told, and who is on call"."""
    content = await desk_content.notifications(ctx)
    return HTMLResponse(ctx.templates.render("notifications.html", **content))
