"""``/api/v1/lorawan``: codecs written, tried and bound by programs."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request

from ops_api.access.principal import Asker
from ops_api.codec_desk import CodecDesk, Draft, DraftRefusedError
from ops_api.routers.codec_schemas import (
    BindBody,
    BoundDocument,
    CodecBody,
    CodecDocument,
    CodecKept,
    CodecVersion,
    SensorDocument,
    SensorsDocument,
    TrialDocument,
    TriedReading,
    TryBody,
    UnboundDocument,
)
from ops_api.routers.context import Context, Ctx
from ops_api.routers.device_door import acting

router = APIRouter(prefix="/api/v1/lorawan", tags=["LoRaWAN"])
Name = Annotated[str, Path(max_length=61)]


def desk_of(ctx: Context) -> CodecDesk:
    """Return the desk of codecs; 503 where there is none."""
    if ctx.codecs is None:
        raise HTTPException(503, "Codecs are not served here.")
    return ctx.codecs


def told(request: Request, about: str) -> None:
    """Have the audit say which codec or sensor it was about."""
    request.state.about = about


@router.get("/codecs")
async def list_codecs(ctx: Ctx) -> list[CodecDocument]:
    """Return the newest version of each codec."""
    return [CodecDocument(**row) for row in await desk_of(ctx).codecs()]


@router.get("/codecs/{name}")
async def list_versions(name: Name, ctx: Ctx) -> list[CodecVersion]:
    """Return the versions of a codec with their sources, newest first."""
    rows = await desk_of(ctx).versions(name)
    if not rows:
        raise HTTPException(404, f"There is no codec {name!r}.")
    return [CodecVersion(**row) for row in rows]


@router.post("/codecs", status_code=201)
async def keep_codec(body: CodecBody, request: Request, ctx: Ctx, who: Asker) -> CodecKept:
    """Keep a codec as a new version of its name. One that does not load is refused; what is kept is never changed."""
    draft = _draft(body, name=body.name, note=body.note)
    try:
        version = await desk_of(ctx).save(draft, acting(who))
    except DraftRefusedError as refused:
        raise HTTPException(422, str(refused)) from refused
    told(request, f"codec:{body.name}@{version}")
    return CodecKept(name=body.name, version=version)


@router.post("/codecs/try")
async def try_codec(body: TryBody, ctx: Ctx) -> TrialDocument:
    """Return what a codec makes of an uplink, up to the reading it would be. Nothing is stored."""
    try:
        found = await desk_of(ctx).try_out(_draft(body), body.uplink, body.f_port)
    except DraftRefusedError as refused:
        raise HTTPException(422, str(refused)) from refused
    return TrialDocument(
        good=found.good, taken_for=found.taken_for, payload_hex=found.payload_hex, f_port=found.f_port,
        dev_eui=found.dev_eui, data=None if found.data is None else dict(found.data), errors=list(found.errors),
        warnings=list(found.warnings), notes=list(found.notes), problem=found.problem,
        readings=[TriedReading(at=at, fields=dict(fields)) for at, fields in found.readings],
        faults=list(found.faults), not_measured=dict(found.not_measured),
    )  # fmt: skip


@router.get("/sensors")
async def list_sensors(ctx: Ctx) -> SensorsDocument:
    """Return sensors that are devices, and the fifty last heard that are none."""
    desk = desk_of(ctx)
    bound, heard = await desk.bound(), await desk.heard()
    return SensorsDocument(
        bound=[SensorDocument(**row) for row in bound], heard=[SensorDocument(**row) for row in heard]
    )


@router.post("/bindings", status_code=201)
async def bind(body: BindBody, request: Request, ctx: Ctx, who: Asker) -> BoundDocument:
    """Say which device a sensor is, by which codec. Events that were set aside for want of it are stored after all."""
    try:
        done = await desk_of(ctx).bind(body.dev_eui, body.device, body.codec, acting(who), body.note)
    except DraftRefusedError as refused:
        raise HTTPException(422, str(refused)) from refused
    told(request, f"device:{done.device}")
    return BoundDocument(device=done.device, codec=done.codec, again=done.again)


@router.delete("/bindings/{dev_eui}")
async def unbind(
    dev_eui: Annotated[str, Path(max_length=40)], request: Request, ctx: Ctx, who: Asker
) -> UnboundDocument:
    """End a binding: from now on the sensor is no device. What it was stays known."""
    try:
        device = await desk_of(ctx).unbind(dev_eui, acting(who))
    except DraftRefusedError as refused:
        raise HTTPException(404, str(refused)) from refused
    told(request, f"device:{device}")
    return UnboundDocument(device=device)


def _draft(body: CodecBody | TryBody, name: str = "", note: str = "") -> Draft:
    return Draft(
        name=name, kind=body.kind, language=body.language, source=body.source, note=note,
        field_map="" if body.field_map is None else json.dumps(body.field_map),
    )  # fmt: skip
