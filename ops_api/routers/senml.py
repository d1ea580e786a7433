"""SenML (RFC 8428) over REST: readings in, as packs of a device, and out."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, HTTPException, Path, Request
from fastapi.responses import Response

from devices.contract.senml import cbor, json
from devices.contract.senml.labels import SenmlError
from devices.contract.senml.pack import pack
from devices.contract.senml.quantities import records_of
from devices.contract.senml.resolve import Record, resolve
from ops_api.access.principal import Asker
from ops_api.queries import readings
from ops_api.routers.catalogue import From, Limit, To, asked_span, find_device, microseconds_of, moment_of
from ops_api.routers.context import Context, Ctx
from ops_api.routers.device_door import acting
from ops_api.routers.paging import Pages
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1", tags=["SenML"])
READERS = {json.MEDIA_TYPE: json.read_json, cbor.MEDIA_TYPE: cbor.read_cbor}
Name = Annotated[str, Path(max_length=100)]
_BOTH: dict[str, Any] = {
    json.MEDIA_TYPE: {"schema": {"type": "array", "items": {"type": "object"}}},
    cbor.MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}},
}
OFF = "SenML is switched off here (its source, `senml`)."


class PackKept(Document):
    """What became of a pack."""

    event: Literal["kept", "again"]
    records: int


@router.post(
    "/senml/{device}",
    status_code=202,
    openapi_extra={"requestBody": {"required": True, "content": _BOTH}},
)
async def take_pack(
    device: Name,
    request: Request,
    ctx: Ctx,
    who: Asker,
    content_type: Annotated[str, Header(max_length=200, include_in_schema=False)] = "",
) -> PackKept:
    """Keep a pack of a device; answered when it is safe, and stored within a second or two.

    `again` is a pack that was kept before: the same records at the same times. Relative times count from now. A device that was
    added and that nobody has claimed is in service with its first pack.
    """
    read = READERS.get(content_type.partition(";")[0].strip().lower())
    if read is None:
        raise HTTPException(415, f"Send {' or '.join(READERS)}.", {"Accept-Post": ", ".join(READERS)})
    await find_device(ctx, device)
    now = ctx.clock.now()
    try:
        records = resolve(read(await request.body()), now.timestamp())
        newest = _moment(records, now)
    except SenmlError as e:
        raise HTTPException(422, f"{str(e)[:1].upper()}{str(e)[1:]}.") from e
    body = json.write_json(pack(records))
    key = hashlib.sha256(device.encode() + b"\0" + body).hexdigest()
    kept = await ctx.db.one("senml_receive", device=device, key=key, at=newest, body=body, by=acting(who))
    if kept["is_new"] is None:
        raise HTTPException(503, OFF)
    return PackKept(event="kept" if kept["is_new"] else "again", records=len(records))


def _moment(records: tuple[Record, ...], now: datetime) -> datetime:
    """Return the newest time, and check that all are times that a calendar has."""
    if not records:
        raise SenmlError("the pack has no measurement")
    try:
        return max(datetime.fromtimestamp(record.time_s, UTC) for record in records)
    except (OverflowError, OSError, ValueError):
        raise SenmlError(f"a time is no time; now is {now.timestamp():.0f}") from None


@router.get("/devices/{name}/readings.senml", response_class=Response, responses={200: {"content": _BOTH}})
async def get_pack(
    name: Name,
    ctx: Ctx,
    pages: Pages,
    start: From = None,
    end: To = None,
    limit: Limit = 1000,
    accept: Annotated[str, Header(max_length=500, include_in_schema=False)] = "",
) -> Response:
    """Return readings of a device in time order as SenML: JSON, or CBOR where it is asked for."""
    device = await find_device(ctx, name)
    kind = ctx.kind(device["kind"])
    since, until = asked_span(start, end, ctx.clock.now())
    key = pages.key(int, int)
    after = None if key is None else (moment_of(int(key[0])), int(key[1]))
    rows = await readings.series(
        ctx.db, kind, device["device_id"], start=since, end=until, bucket="raw", limit=limit + 1, after=after
    )
    if len(rows) > limit:
        last = rows[limit - 1]
        pages.next(microseconds_of(last["ts"]), last.get("seq", 0))
    prefix = _prefix(ctx, name)
    found = [r for row in rows[:limit] for r in records_of(prefix, kind, row["ts"].timestamp(), row)]
    compact = pack(found)
    headers = {**pages.headers, "Vary": "Accept"}
    if cbor.MEDIA_TYPE in accept.lower():
        return Response(cbor.write_cbor(compact), media_type=cbor.MEDIA_TYPE, headers=headers)
    return Response(json.write_json(compact), media_type=json.MEDIA_TYPE, headers=headers)


def _prefix(ctx: Context, name: str) -> str:
    """Return what names begin with: the device's address, so that they are its and nobody else's in the world."""
    site = ctx.front.public_url.rstrip("/")
    return f"{site}/api/v1/devices/{name}/" if site else f"cityops:{name}:"
