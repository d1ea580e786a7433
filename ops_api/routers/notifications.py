"""Notifications: what was sent and became of it, webhooks, tests. No address and no secret."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from ops_api.queries import Row
from ops_api.routers.context import Context, Ctx
from ops_api.routers.schemas import Document, Severity
from rules.core.notify.words import AlarmText, message
from rules.notify.channels.addresses import RefusedAddressError, check_form

State = Literal[
    "pending", "sending", "sent", "delivered", "failed", "unknown", "expired", "suppressed", "bundled"
]
EventType = Literal[
    "cityops.alarm.raised",
    "cityops.alarm.severity",
    "cityops.alarm.escalated",
    "cityops.alarm.repeated",
    "cityops.alarm.cleared",
    "cityops.alarm.assigned",
    "cityops.alarm.flapping",
    "cityops.alarm.unshelved",
    "cityops.test",
]

router = APIRouter(prefix="/api/v1", tags=["notifications"])


class NotificationDocument(Document):
    """A message to one recipient over one channel."""

    notification_id: int
    alarm_id: int | None
    recipient: str = Field(description="A person's name, team:<channel> or webhook:<number>")
    channel: str
    address_ends: str | None = Field(
        description="The last three digits of a phone number; nothing else is shown"
    )
    kind: str
    severity: Severity
    title: str
    state: State = Field(description="unknown: an attempt was cut short, nobody can tell whether it arrived")
    attempts: int
    not_before: datetime
    created_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    last_error: str | None
    suppressed_why: str | None = Field(description="Of one that is suppressed: why it was no news any more")
    fallback_of: int | None = Field(description="The message over another channel that this one replaces")
    bundled_in: int | None = Field(description="The message that says this one together with others")


class WebhookDocument(Document):
    """A program that is told by signed CloudEvents."""

    webhook_id: int
    url: str = Field(description="Without path and query, which may hold a token")
    types: list[str] = Field(description="Events it wants; none means all")
    secret_name: str = Field(description="Name of the setting with its secret")
    created_by: str
    created_at: datetime


class WebhookPost(BaseModel):
    """A new webhook."""

    model_config = ConfigDict(extra="forbid")
    url: str = Field(max_length=2000, description="https://host/path")
    types: list[EventType] = []
    secret_name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=100)
    by: str = Field(min_length=1, max_length=100, pattern=r"\S")


class TestPost(BaseModel):
    """A test message: over a team's channel, to a person, or to a webhook."""

    model_config = ConfigDict(extra="forbid")
    channel: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=100)
    to: str | None = Field(None, max_length=63, description="A person's name, or a webhook's number")


@router.get("/notifications")
async def list_notifications(
    ctx: Ctx,
    state: State | None = None,
    alarm_id: int | None = None,
    before: Annotated[int | None, Query(description="Only those with a smaller id")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> list[NotificationDocument]:
    """Return notifications, newest first."""
    rows = await ctx.db.rows("notifications", state=state, alarm_id=alarm_id, before=before, limit=limit)
    return [NotificationDocument(**r) for r in rows]


@router.post("/notifications/test", status_code=202)
async def post_test(body: TestPost, ctx: Ctx) -> NotificationDocument:
    """Put a test message into the outbox; its state says what became of it."""
    recipient = await _recipient(ctx, body)
    said = message("test", AlarmText(alarm_id=0, title=f"channel {body.channel}", reason="", severity="info"))
    row = await ctx.db.one(
        "notification_test",
        key=f"test:{uuid.uuid4().hex}:{recipient}:{body.channel}",
        recipient=recipient,
        channel=body.channel,
        title=said.title,
        body=said.body.splitlines()[0],
        at=ctx.clock.now(),
    )
    return NotificationDocument(**row)


async def _recipient(ctx: Context, body: TestPost) -> str:
    """Return who gets the test; 404 where there is no such one."""
    if body.channel == "webhook":
        if body.to is None or not body.to.isdecimal():
            raise HTTPException(422, "to: a webhook's number, from GET /api/v1/webhooks")
        if await ctx.db.row("webhook_there", webhook_id=int(body.to)) is None:
            raise HTTPException(404, f"There is no webhook {body.to}.")
        return f"webhook:{int(body.to)}"
    if body.to is None:
        return f"team:{body.channel}"
    if await ctx.db.row("person_with_channel", person=body.to, channel=body.channel) is None:
        raise HTTPException(404, f"{body.to!r} is nobody who has a contact over {body.channel}.")
    return body.to


@router.get("/webhooks")
async def list_webhooks(ctx: Ctx) -> list[WebhookDocument]:
    """Return the webhooks."""
    return [_webhook(r) for r in await ctx.db.rows("webhooks")]


@router.post("/webhooks", status_code=201)
async def add_webhook(body: WebhookPost, ctx: Ctx) -> WebhookDocument:
    """Register a program. The sender refuses hosts that are not of the public internet unless they are listed."""
    try:
        check_form(body.url)
    except RefusedAddressError as error:
        raise HTTPException(422, f"url: {error}") from error
    given = body.model_dump() | {"types": list(dict.fromkeys(body.types)), "by": body.by.strip()}
    return _webhook(await ctx.db.one("webhook_add", **given))


@router.delete("/webhooks/{webhook_id}", status_code=204)
async def remove_webhook(webhook_id: int, ctx: Ctx) -> None:
    """Tell a program no more; what waits for it is refused."""
    if await ctx.db.row("webhook_remove", webhook_id=webhook_id) is None:
        raise HTTPException(404, f"There is no webhook {webhook_id}.")


def _webhook(row: Row) -> WebhookDocument:
    parts = urlsplit(row["url"])
    return WebhookDocument(**row | {"url": f"{parts.scheme}://{parts.netloc}/…"})
