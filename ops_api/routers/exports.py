"""Readings in bulk, as a file that is made while it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response

from ops_api.access.model import NOBODY, Principal
from ops_api.rest.export import MEDIA, Exporter, Format, Order
from ops_api.rest.parquet import ParquetMissingError
from ops_api.rest.places import NoPlaceError
from ops_api.routers.catalogue import From, To
from ops_api.routers.context import Ctx, Exports
from ops_api.routers.download import Download
from ops_api.routers.readings_stream import DEVICES_MOST, check_open
from ops_api.routers.resident import address_of

WHOLE_S = 6 * 3600.0
"""An export ends after this time [s]: 100 million readings are 7 GB."""
BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00Z")
"""Of what is asked for without a start; no device was installed before."""
FORMATS = {media: {"schema": {"type": "string"}} for media in MEDIA.values()}

router = APIRouter(prefix="/api/v1/readings", tags=["devices and readings"])


class ExportDownload(Download):
    """A file that holds a place while it is sent."""

    whole_s = WHOLE_S
    place: Exports | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it (ASGI), then give the place back, however it ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self.place is not None:
                self.place.places.give()


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file, in chunks; one that is cut short has no last chunk.",
            "content": FORMATS,
        },
        406: {"description": "This installation makes no Parquet."},
        429: {"description": "Too many exports; `Retry-After` says when there is a place."},
    },
)
async def export_readings(
    request: Request,
    ctx: Ctx,
    kind: Annotated[str, Query(description="Kind of device, e.g. road")],
    start: From = None,
    end: To = None,
    device: Annotated[
        list[str] | None, Query(description="Of these devices alone", max_length=DEVICES_MOST)
    ] = None,
    fmt: Annotated[Format, Query(alias="format")] = "csv",
) -> Response:
    """Return readings of a kind as one file, by device and time; without `from` and `to` all there are.

    Columns: `device`, `ts`, `quality` (bits, 0: nothing was found wrong) and the kind's fields; what was not measured is
    empty. GeoJSON has a feature a reading, where its device stands or was. Readings from homes are not among them.
    """
    found, now = check_open(ctx, kind), ctx.clock.now()
    since, until = start or BEGINNING, end or now + timedelta(minutes=5)
    if since >= until:
        raise HTTPException(422, f"from ({since.isoformat()}) must lie before to ({until.isoformat()}).")
    order = Order(kind=found, since=since, until=until, devices=device, fmt=fmt)
    if ctx.exports is None:
        raise HTTPException(503, "This installation makes no exports.")
    return await _answer(request, ctx.exports, order, now)


async def _answer(request: Request, exports: Exports, order: Order, now: datetime) -> Response:
    who: Principal = getattr(request.state, "principal", NOBODY)
    try:
        exports.places.take(who, address_of(request), now)
    except NoPlaceError as error:
        raise HTTPException(429, str(error), {"Retry-After": str(error.retry_s)}) from error
    try:
        first, rest = await _begun(exports.exporter, order)
    except ParquetMissingError as error:
        exports.places.give()
        raise HTTPException(406, f"format: no Parquet here. Install it: {error}.") from error
    except BaseException:
        exports.places.give()
        raise
    name = f"{order.kind.name}-readings.{order.fmt}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    answer = ExportDownload(_whole(first, rest), media_type=MEDIA[order.fmt], headers=headers)
    answer.place = exports
    return answer


async def _begun(exporter: Exporter, order: Order) -> tuple[bytes, AsyncGenerator[bytes, None]]:
    """Return the file's first piece and the rest: what can't be made is said before it is answered 200.

    Raises:
        HTTPException: 404, a device is none, or a household's.
    """
    sources = await exporter.sources(order)
    missing = sorted(set(order.devices or ()) - {s.name for s in sources})
    if missing:
        raise HTTPException(404, f"There is no device {missing[0]!r} of the kind {order.kind.name}.")
    pieces = exporter.pieces(order, sources)
    return await anext(pieces), pieces


async def _whole(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
