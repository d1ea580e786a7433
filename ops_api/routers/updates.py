"""Updates over the air by REST: roll-outs, bundles, pins; and the bundles themselves for devices that fetch by HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, HTTPException, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from cityops.errors import ConfigurationError
from ops_api.access.principal import Asker
from ops_api.routers import times
from ops_api.routers.context import Context, Ctx
from ops_api.routers.download import Download
from ops_api.routers.schemas import Document
from ops_api.updates_door import Change, UpdatesDoor, Wanted

router = APIRouter(prefix="/api/v1/fleet", tags=["devices"])
bundles = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=2**62)]
Name = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,62}$")]
Act = Literal["halt", "resume", "cancel"]
State = Literal["offered", "fetching", "staged", "trying", "confirmed", "failed", "passed"]
Names = Annotated[list[Annotated[str, Field(max_length=63)]], Field(max_length=10_000)]
CHANGES: dict[str, Change] = {"halt": "halted", "resume": "resumed", "cancel": "cancelled"}
_RANGE = re.compile(r"^bytes=(\d{1,12})-$")


class StageDocument(Document):
    """A stage: a share of the devices or a count of them, with those of the stages before."""

    share: float | None
    count: int | None
    soak_s: times.Number = Field(description="Wait after it [s]")


class RolloutDocument(Document):
    """A roll-out of a bundle."""

    rollout_id: int
    state: Literal["running", "halted", "finished", "cancelled"]
    reason: str = Field(description="Why it is halted or cancelled")
    bundle_id: str
    name: str
    version: str
    serial: int
    kinds: list[str]
    groups: list[str]
    devices: list[str]
    stage: int = Field(description="Counted from 0")
    stage_at: datetime
    stages: list[StageDocument]
    limits: dict[str, Any]
    counts: dict[str, int] = Field(description="Devices by how they stand")
    reach: dict[str, int] | None = Field(
        description="While nobody has answered: devices that may be offered it (`free`, `offered`), that may not and why, and how many"
        " of those that may are `off_line`"
    )
    created_by: str
    created_at: datetime
    changed_at: datetime


class RolloutDevice(Document):
    """Where a device is with it."""

    device: str
    kind: str
    stage: int
    state: State
    attempt: int
    reason: str
    bytes_held: int
    offered_at: datetime
    changed_at: datetime


class BundleDocument(Document):
    """A bundle."""

    bundle_id: str = Field(description="SHA-256 of its file")
    name: str
    version: str
    serial: int
    kinds: list[str] = Field(description="Empty: all")
    bytes: int
    key_id: str
    made_at: datetime
    expires_at: datetime
    added_at: datetime
    withdrawn_at: datetime | None


class StartBody(BaseModel):
    """A roll-out to begin."""

    model_config = ConfigDict(extra="forbid")

    bundle: str = Field(
        min_length=1, max_length=64, description="Its version, its serial, or the beginning of its id"
    )
    stages: str = Field(
        "1%,10%,100%", max_length=200, description="Shares or counts, rising; 10%:24h waits a day"
    )
    halt_at: str = Field(
        "5%", max_length=10, description="Halt where more than this share fails, with 95 % certainty"
    )
    halt_least: times.Integer = Field(2, ge=1, le=10_000)
    tries: times.Integer = Field(2, ge=1, le=10)
    soak_s: times.Number = Field(3600.0, ge=0, le=30 * 86_400)
    abreast: times.Integer | None = Field(
        None, ge=1, le=10_000, description="So many devices at most are at it at once"
    )
    kinds: Names = []
    groups: Names = []
    devices: Names = []


class ActBody(BaseModel):
    """Why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field("", max_length=500)


def door_of(ctx: Context) -> UpdatesDoor:
    """Return the door to acts; 503 where updates are not served."""
    if ctx.updates is None:
        raise HTTPException(503, "Updates of devices are not served here.")
    return ctx.updates


async def rollout_of(ctx: Context, rollout_id: int) -> dict[str, Any]:
    """Return a roll-out; 404 where there is none."""
    rows = await ctx.db.rows("rollouts", rollout_id=rollout_id, limit=1)
    if not rows:
        raise HTTPException(404, f"There is no roll-out {rollout_id}.")
    return rows[0]


@router.get("/updates")
async def get_updates(ctx: Ctx, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[RolloutDocument]:
    """List roll-outs, newest first."""
    rows = await ctx.db.rows("rollouts", rollout_id=None, limit=limit)
    return [RolloutDocument.model_validate(row) for row in rows]


@router.post("/updates", status_code=201)
async def start_update(body: StartBody, request: Request, ctx: Ctx, who: Asker) -> RolloutDocument:
    """Begin to roll a bundle out, stage by stage."""
    try:
        number = await door_of(ctx).start(Wanted(**body.model_dump()), who.id, "rest")
    except ConfigurationError as e:
        raise HTTPException(422, str(e)) from e
    request.state.about = f"rollout:{number}"
    request.state.detail = {"reach": await door_of(ctx).reach(number)}
    return RolloutDocument.model_validate(await rollout_of(ctx, number))


@router.get("/updates/{rollout_id}")
async def get_update(rollout_id: Number, ctx: Ctx) -> RolloutDocument:
    """Return one roll-out."""
    return RolloutDocument.model_validate(await rollout_of(ctx, rollout_id))


@router.get("/updates/{rollout_id}/devices")
async def get_update_devices(
    rollout_id: Number,
    ctx: Ctx,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 500,
) -> list[RolloutDevice]:
    """List the devices that were offered it, those that failed first."""
    await rollout_of(ctx, rollout_id)
    rows = await ctx.db.rows("rollout_devices", rollout_id=rollout_id, state=state, limit=limit)
    return [RolloutDevice.model_validate(row) for row in rows]


@router.post("/updates/{rollout_id}/halt")
async def halt_update(
    rollout_id: Number, ctx: Ctx, who: Asker, body: ActBody | None = None
) -> RolloutDocument:
    """Halt a roll-out: no device more is offered it."""
    return await _changed(ctx, rollout_id, "halted", body, who.id)


@router.post("/updates/{rollout_id}/resume")
async def resume_update(
    rollout_id: Number, ctx: Ctx, who: Asker, body: ActBody | None = None
) -> RolloutDocument:
    """Let a halted roll-out go on."""
    return await _changed(ctx, rollout_id, "resumed", body, who.id)


@router.post("/updates/{rollout_id}/cancel")
async def cancel_update(
    rollout_id: Number, ctx: Ctx, who: Asker, body: ActBody | None = None
) -> RolloutDocument:
    """End a roll-out for good."""
    return await _changed(ctx, rollout_id, "cancelled", body, who.id)


async def _changed(
    ctx: Context, rollout_id: int, change: Change, body: ActBody | None, by: str
) -> RolloutDocument:
    await rollout_of(ctx, rollout_id)
    try:
        await door_of(ctx).change(rollout_id, change, "" if body is None else body.reason, by, "rest")
    except ConfigurationError as e:
        raise HTTPException(409, str(e)) from e
    return RolloutDocument.model_validate(await rollout_of(ctx, rollout_id))


@router.get("/bundles")
async def get_bundles(ctx: Ctx, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[BundleDocument]:
    """List bundles, newest first. They are made and added on the command line, where the key is."""
    return [BundleDocument.model_validate(row) for row in await ctx.db.rows("update_bundles", limit=limit)]


@router.put("/pins/{device}", status_code=204)
async def pin(device: Name, body: ActBody, request: Request, ctx: Ctx, who: Asker) -> None:
    """Keep a device at what it runs."""
    await _pin(ctx, request, device, body.reason, who.id, pinned=True)


@router.delete("/pins/{device}", status_code=204)
async def unpin(device: Name, request: Request, ctx: Ctx, who: Asker) -> None:
    """Update a device with the others again."""
    await _pin(ctx, request, device, "", who.id, pinned=False)


async def _pin(ctx: Context, request: Request, device: str, reason: str, who: str, *, pinned: bool) -> None:
    request.state.about = f"device:{device}"
    try:
        await door_of(ctx).pin(device, reason, who, "rest", pinned=pinned)
    except ConfigurationError as e:
        raise HTTPException(404, str(e)) from e


@bundles.get("/firmware/bundles/{bundle_id}")
async def get_bundle(
    bundle_id: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    ctx: Ctx,
    range_: Annotated[str, Header(alias="range", max_length=100)] = "",
) -> Response:
    """Return a bundle, or the rest of it from a byte on (RFC 9110, section 14)."""
    rows = await ctx.db.rows("bundle_size", bundle=bundle_id)
    if not rows:
        raise HTTPException(404, "There is no such bundle.")
    size, found = rows[0]["bytes"], _RANGE.match(range_)
    first = int(found[1]) if found is not None else 0
    headers = {
        "accept-ranges": "bytes",
        "content-length": str(size - first),
        "cache-control": "public, max-age=86400",
    }
    if first >= size:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    if found is not None:
        headers["content-range"] = f"bytes {first}-{size - 1}/{size}"
    status = 200 if found is None else 206
    return Download(_bytes(ctx, bundle_id, first, size), status, headers, "application/octet-stream")


async def _bytes(ctx: Context, bundle_id: str, at: int, size: int) -> AsyncIterator[bytes]:
    while at < size:
        row = await ctx.db.one("bundle_rows", bundle=bundle_id, at=at)
        body = bytes(row["body"])[at - row["from_byte"] :]
        at += len(body)
        yield body
