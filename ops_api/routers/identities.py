"""Devices' identities over REST: for device managers, and for programs that bring devices in."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from ops_api.access.principal import Asker
from ops_api.provisioning.desk import PAGE, State
from ops_api.queries import Row
from ops_api.routers.context import Ctx
from ops_api.routers.device_door import acting, desk_in, found, in_words
from ops_api.routers.paging import Pages
from ops_api.routers.schemas import Document
from ops_api.routers.times import Integer

router = APIRouter(prefix="/api/v1/identities", tags=["device identities"])


class IdentityDocument(Document):
    """What stands of a device's identity. Of codes and passwords nothing is kept."""

    name: str
    kind: str
    state: State
    reason: str = Field(description="Why it is in this state; empty: nothing to say.")
    changed_at: datetime | None
    credential: str | None = Field(description="`token` or `x509`; null: it has none.")
    credential_at: datetime | None
    expires_at: datetime | None = Field(description="Of its certificate.")
    label_until: datetime | None = Field(
        description="Until when its label's code opens; null: it has no label."
    )
    label_used: bool | None


class ActDocument(Document):
    """Something that was done to a device's identity."""

    at: datetime
    by: str
    act: str
    detail: str


class LifeDocument(Document):
    """A card in one of its starts that showed itself under the device's name."""

    install: str
    boot: int
    first_seen: datetime
    last_seen: datetime


class HistoryDocument(Document):
    """A device's identity with its history, newest first, and who showed themselves under its name."""

    device: IdentityDocument
    acts: list[ActDocument]
    lives: list[LifeDocument]


class LabelDocument(Document):
    """A label's code, which is not shown again."""

    name: str
    code: str
    expires_at: datetime


class IdentityPost(BaseModel):
    """A device that is to be known."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1, max_length=63, examples=["frog-0099"])
    kind: str = Field(max_length=60, examples=["frog"])
    cadence_s: Integer | None = Field(
        default=None, ge=1, le=86_400, description="As its kind has it, without."
    )


class WhyPost(BaseModel):
    """Why something is done, for the device's history."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500)


class ReleasePost(BaseModel):
    """How a quarantine ends."""

    model_config = ConfigDict(extra="forbid")
    keep: str | None = Field(
        default=None, max_length=80, description="The only card that is believed from now on."
    )
    new_label: bool = Field(
        default=False,
        description="End the credential too: where the whole card was copied. The answer has the code.",
    )


def document(row: Row) -> IdentityDocument:
    """Return a device as the API shows it."""
    state = "retired" if row["retired_at"] is not None else row["state"]
    return IdentityDocument(**{name: row[name] for name in IdentityDocument.model_fields} | {"state": state})


@router.get("")
async def list_identities(
    ctx: Ctx,
    paging: Pages,
    q: Annotated[str, Query(max_length=63, description="In the name")] = "",
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = PAGE,
) -> list[IdentityDocument]:
    """Return devices by name with their state."""
    key = paging.key(str)
    after = None if key is None else str(key[0])
    rows = await desk_in(ctx).listed(after, limit + 1, q=q, state=state)
    if len(rows) > limit:
        rows = rows[:limit]
        paging.next(rows[-1]["name"])
    return [document(row) for row in rows]


@router.post("", status_code=201)
async def add_identity(post: IdentityPost, request: Request, ctx: Ctx, who: Asker) -> IdentityDocument:
    """Register a device. It comes in once it has claimed its name with a label."""
    with in_words():
        made = await desk_in(ctx).add(post.name, post.kind, acting(who), post.cadence_s)
    request.state.about = f"device:{made['device_id']}"
    return document(made)


@router.get("/{name}")
async def get_identity(name: str, request: Request, ctx: Ctx) -> HistoryDocument:
    """Return one device with its history."""
    device = await found(ctx, request, name)
    acts, lives = await desk_in(ctx).history(device["device_id"])
    return HistoryDocument(
        device=document(device),
        acts=[ActDocument(**act) for act in acts],
        lives=[LifeDocument(**{n: life[n] for n in LifeDocument.model_fields}) for life in lives],
    )


@router.post("/{name}/label", status_code=201)
async def label_identity(name: str, request: Request, ctx: Ctx, who: Asker) -> LabelDocument:
    """Make a new code for its label, this once; the label before opens nothing any more."""
    await found(ctx, request, name)
    with in_words():
        made = await desk_in(ctx).label(name, acting(who))
    return LabelDocument(name=made.device, code=made.code, expires_at=made.expires_at)


@router.post("/{name}/revoke", status_code=204)
async def revoke_identity(name: str, post: WhyPost, request: Request, ctx: Ctx, who: Asker) -> Response:
    """End its credential and its label: it is out at once, and comes in again with a new label alone."""
    await found(ctx, request, name)
    with in_words():
        await desk_in(ctx).revoke(name, acting(who), post.reason)
    return Response(status_code=204)


@router.post("/{name}/quarantine", status_code=204)
async def quarantine_identity(name: str, post: WhyPost, request: Request, ctx: Ctx, who: Asker) -> Response:
    """Keep it out until somebody has looked; what it sends is set aside."""
    await found(ctx, request, name)
    with in_words():
        await desk_in(ctx).quarantine(name, acting(who), post.reason)
    return Response(status_code=204)


@router.post("/{name}/release")
async def release_identity(
    name: str, post: ReleasePost, request: Request, ctx: Ctx, who: Asker
) -> LabelDocument | None:
    """End a quarantine; the answer is a label where a new one was asked for."""
    await found(ctx, request, name)
    with in_words():
        made = await desk_in(ctx).release(name, acting(who), keep=post.keep, new_label=post.new_label)
    return (
        None if made is None else LabelDocument(name=made.device, code=made.code, expires_at=made.expires_at)
    )


@router.post("/{name}/retire", status_code=204)
async def retire_identity(name: str, post: WhyPost, request: Request, ctx: Ctx, who: Asker) -> Response:
    """Take it out of service for good."""
    await found(ctx, request, name)
    with in_words():
        await desk_in(ctx).retire(name, acting(who), post.reason)
    return Response(status_code=204)
