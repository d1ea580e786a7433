"""Settings of devices over REST: how they stand, what layers set, and changes of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from devices.contract.settings.model import Value
from devices.contract.settings.schema import json_schema
from ingest.fleet.core.drift import DRIFTS, Drift, counted, judge
from ingest.fleet.core.layers import Scope, label
from ingest.fleet.desk import NOTE_MOST, FleetDesk, Preview
from ingest.fleet.ports import OneDevice, SettingsRefusedError, Standing
from ops_api.access.principal import Asker
from ops_api.routers.context import Context, Ctx
from ops_api.routers.device_door import acting
from ops_api.routers.paging import Pages
from ops_api.routers.schemas import Document
from ops_api.routers.times import Integer

router = APIRouter(prefix="/api/v1/fleet", tags=["fleet"])
Setting = Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,125}$")]


class FleetSummary(Document):
    """How many devices stand how, those that need somebody first."""

    needs_somebody: int
    counts: dict[str, int] = Field(
        description="By how it stands; none that is 0", examples=[{"in_step": 412}]
    )


class FleetDevice(Document):
    """How it stands between what a device is told and what it says."""

    name: str
    kind: str
    drift: str = Field(description=f"One of {', '.join(DRIFTS)}")
    since: datetime | None
    needs_somebody: bool
    desired_version: int = Field(description="0: nobody ever set anything")
    published_version: int
    reported_version: int = Field(description="In force on the device; 0: as it was installed")
    reported_at: datetime | None
    online: bool | None = Field(
        description="When it was last heard; null: it never was. False of one that is kept out"
    )
    kept_out: str = Field(
        description="Why nothing of it is taken: `quarantined`, or `unclaimed` (revoked, or never claimed); empty: it is in service"
    )
    heard_at: datetime | None
    firmware: str
    waiting: int | None = Field(description="Readings in its outbox, as its last status said")
    groups: list[str]


class FleetDeviceDetail(FleetDevice):
    """A device with its settings."""

    desired: dict[str, Any]
    reported: dict[str, Any]
    differs: list[str]
    unknown: list[str] = Field(description="Settings that its firmware does not know")
    unused: list[str] = Field(description="Settings that it has nothing for")
    reasons: list[str] = Field(description="Why a version was refused or taken back")
    faults: list[str] = Field(description="What its sensors failed with lately")


class FleetVersion(Document):
    """What a device was told by one number."""

    version: int
    settings: dict[str, Any]
    made_by: str
    made_at: datetime
    note: str
    change_id: int | None
    scope: str
    target: str


class FleetChange(Document):
    """All that a layer set after a change of it."""

    change_id: int
    scope: str
    target: str
    settings: dict[str, Any]
    made_by: str
    made_at: datetime
    note: str


class FleetLayer(Document):
    """All that a layer sets now."""

    scope: str
    target: str
    settings: dict[str, Any]
    change_id: int = Field(description="The change that made it so; 0: nothing was ever set")


class FleetGroup(Document):
    """Devices that are set together."""

    group_id: str
    label: str
    devices: int


class GroupPut(BaseModel):
    """What people call a group."""

    model_config = ConfigDict(extra="forbid")
    label: str = Field("", max_length=200)


class SettingsPost(BaseModel):
    """What a layer is to set from now on, beside what it sets already."""

    model_config = ConfigDict(extra="forbid")
    scope: Scope
    target: str = Field("", max_length=63, description="Kind, group or device; empty for `fleet`")
    set: dict[Setting, Value | None] = Field(
        default_factory=dict,
        max_length=200,
        description="null: not set here any more",
        examples=[{"cadence_s": 120}],
    )
    back_to: Integer | None = Field(
        None, ge=1, description="Instead: as the layer was after this change of it"
    )
    note: str = Field("", max_length=NOTE_MOST, description="Why")
    after: Integer | None = Field(
        None, ge=0, description="`change_id` of the layer as it was seen; another one by now is refused (409)"
    )
    dry_run: bool = Field(False, description="Only say what it would do")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.set and self.back_to is not None:
            raise ValueError("set and back_to are both given; one of them says what the layer is to be")
        return self


class FleetEdit(Document):
    """A setting before and after; null: not set."""

    name: str
    before: Any
    after: Any


class SettingsAnswer(Document):
    """What a change does, or would do."""

    change_id: int | None = Field(description="null: it was not made")
    edits: list[FleetEdit]
    devices: dict[str, int] = Field(description="Devices of the layer, by kind")
    changed: int = Field(description="Devices that are told something else")
    cuts_off: list[str] = Field(description="Settings in it that a device takes back unless it is confirmed")


def desk_of(ctx: Context) -> FleetDesk:
    """Return the desk; 503 where there is none."""
    if ctx.fleet is None:
        raise HTTPException(503, "Settings of devices are not set up here.")
    return ctx.fleet


@router.get("/summary")
async def summary(ctx: Ctx) -> FleetSummary:
    """Say how many devices stand how, and how many need somebody."""
    now = ctx.clock.now()
    judged = [judge(s.facts, now) for s in await desk_of(ctx).book.standings()]
    return FleetSummary(
        needs_somebody=sum(j.needs_somebody for j in judged),
        counts={str(d): n for d, n in counted(judged).items()},
    )


@router.get("/devices")
async def list_fleet(
    ctx: Ctx,
    paging: Pages,
    drift: Annotated[Drift | None, Query(description="Only those that stand so")] = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    group: Annotated[str | None, Query(max_length=63)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> list[FleetDevice]:
    """Return devices by name."""
    key = paging.key(str)
    now = ctx.clock.now()
    found = [
        s
        for s in await desk_of(ctx).book.standings()
        if (key is None or s.name > str(key[0]))
        and kind in (None, s.kind)
        and (group is None or group in s.groups)
        and drift in (None, judge(s.facts, now).drift)
    ]
    if len(found) > limit:
        found = found[:limit]
        paging.next(found[-1].name)
    return [FleetDevice(**_row(s, now)) for s in found]


@router.get("/devices/{device}")
async def get_fleet_device(device: str, ctx: Ctx) -> FleetDeviceDetail:
    """Return a device with what it is told and what it says."""
    one = await device_of(ctx, device)
    said = one.report
    told = ("differs", "unknown", "unused", "reasons", "faults")
    row: dict[str, Any] = {name: [] if said is None else list(getattr(said, name)) for name in told}
    row |= {"desired": dict(one.desired), "reported": {} if said is None else dict(said.settings)}
    return FleetDeviceDetail(**_row(one.standing, ctx.clock.now()), **row)


@router.get("/devices/{device}/versions")
async def get_versions(
    device: str, ctx: Ctx, limit: Annotated[int, Query(ge=1, le=1000)] = 50
) -> list[FleetVersion]:
    """Return what a device was told when, by whom and why, the newest first."""
    await device_of(ctx, device)
    return [FleetVersion(**_plain(v)) for v in await desk_of(ctx).book.versions(device, limit)]


@router.get("/changes")
async def get_changes(
    ctx: Ctx,
    scope: Scope | None = None,
    target: Annotated[str | None, Query(max_length=63)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> list[FleetChange]:
    """Return changes of layers, the newest first."""
    return [FleetChange(**_plain(c)) for c in await desk_of(ctx).book.changes(scope, target, limit)]


@router.get("/declared/{kind}")
async def get_declared(kind: str, ctx: Ctx) -> dict[str, Any]:
    """Return the settings that a kind of device has, as JSON Schema (2020-12)."""
    return json_schema(ctx.kind(kind))


@router.get("/settings")
async def get_settings(
    ctx: Ctx, scope: Scope = "fleet", target: Annotated[str, Query(max_length=63)] = ""
) -> FleetLayer:
    """Return all that a layer sets."""
    layer = (await desk_of(ctx).book.layers()).get((scope, target))
    if layer is None:
        return FleetLayer(scope=scope, target=target, settings={}, change_id=0)
    return FleetLayer(scope=scope, target=target, settings=dict(layer.settings), change_id=layer.change_id)


@router.post("/settings")
async def post_settings(post: SettingsPost, ctx: Ctx, request: Request, who: Asker) -> SettingsAnswer:
    """Set something of all devices, a kind, a group or one device; or only say what it would do."""
    desk = desk_of(ctx)
    try:
        seen = (
            await desk.preview(post.scope, post.target, post.set)
            if post.back_to is None
            else await desk.back_to(post.back_to)
        )
    except SettingsRefusedError as error:
        raise HTTPException(404, str(error)) from error
    if (seen.scope, seen.target) != (post.scope, post.target):
        raise HTTPException(
            422, f"Change {post.back_to} is of {seen.label}, not of {label(post.scope, post.target)}."
        )
    if post.after not in (None, seen.after):
        raise HTTPException(409, "These settings were changed meanwhile: look at them again.")
    if seen.wrong:
        raise HTTPException(422, "; ".join(seen.wrong))
    number = None if post.dry_run else await made(desk, seen, request, acting(who), post.note)
    return SettingsAnswer(
        change_id=number,
        edits=[FleetEdit(name=e.name, before=e.before, after=e.after) for e in seen.edits],
        devices=dict(seen.devices),
        changed=len(seen.changed),
        cuts_off=list(seen.cuts_off),
    )


@router.get("/groups")
async def get_groups(ctx: Ctx) -> list[FleetGroup]:
    """Return groups by id."""
    return [FleetGroup(**_plain(g)) for g in await desk_of(ctx).book.groups()]


@router.put("/groups/{group_id}", status_code=204)
async def put_group(group_id: str, body: GroupPut, ctx: Ctx, who: Asker) -> None:
    """Make a group, or give it another label."""
    try:
        await desk_of(ctx).make_group(group_id, body.label, acting(who))
    except SettingsRefusedError as error:
        raise HTTPException(422, str(error)) from error


@router.delete("/groups/{group_id}", status_code=204)
async def delete_group(group_id: str, ctx: Ctx, who: Asker) -> None:
    """Remove a group: its devices are as if it had never set anything."""
    try:
        await desk_of(ctx).drop_group(group_id, acting(who))
    except SettingsRefusedError as error:
        raise HTTPException(404, str(error)) from error


@router.put("/groups/{group_id}/devices/{device}", status_code=204)
async def put_member(group_id: str, device: str, ctx: Ctx, request: Request) -> None:
    """Put a device into a group."""
    request.state.about = f"device:{device}"
    try:
        await desk_of(ctx).book.put(group_id, [device])
    except SettingsRefusedError as error:
        raise HTTPException(404, str(error)) from error


@router.delete("/groups/{group_id}/devices/{device}", status_code=204)
async def delete_member(group_id: str, device: str, ctx: Ctx, request: Request) -> None:
    """Take a device out of a group."""
    request.state.about = f"device:{device}"
    await desk_of(ctx).book.take(group_id, [device])


async def device_of(ctx: Context, name: str) -> OneDevice:
    """Return a device; 404 where there is none."""
    one = await desk_of(ctx).book.device(name)
    if one is None:
        raise HTTPException(404, f"There is no device {name!r}.")
    return one


async def made(desk: FleetDesk, seen: Preview, request: Request, by: str, note: str) -> int:
    """Make a change and tell the audit; 409 where it can't be."""
    request.state.about = f"setting:{seen.scope}{f':{seen.target}' if seen.target else ''}"
    request.state.detail = {"settings": sorted(e.name for e in seen.edits)}
    try:
        return await desk.make(seen, by, note)
    except SettingsRefusedError as error:
        raise HTTPException(409, str(error)) from error


def _row(s: Standing, now: datetime) -> dict[str, Any]:
    f, judged = s.facts, judge(s.facts, now)
    return {
        "name": s.name, "kind": s.kind, "drift": judged.drift, "since": judged.since,
        "needs_somebody": judged.needs_somebody, "desired_version": f.desired, "published_version": f.published,
        "reported_version": f.reported, "reported_at": f.reported_at, "online": f.online, "heard_at": f.heard_at,
        "kept_out": f.kept_out,
        "firmware": s.firmware, "waiting": s.waiting, "groups": list(s.groups),
    }  # fmt: skip


def _plain(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
