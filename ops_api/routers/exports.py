"""Readings in bulk, as a file that is made while it is sent."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import Response
from starlette.types import Message, Send

from ops_api.access.model import NOBODY, Principal
from ops_api.rest.export import MEDIA, Format, Order
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
AHEAD = timedelta(minutes=5)
"""No reading is stored of a later time (DESIGN §4): nobody's export goes through the pieces of a thousand years."""
GRACE_S, SLOWEST_BYTES_S = 60.0, 16 * 2**10
"""A reader that has let us wait so long must have taken so many bytes of each second: places are few."""
_FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": {"type": "object"}},
    },
}
FORMATS = {
    media: {"schema": _FEATURES if fmt == "geojson" else {"type": "string"}} for fmt, media in MEDIA.items()
}

router = APIRouter(prefix="/api/v1/readings", tags=["devices and readings"])


class ExportDownload(Download):
    """A file that holds a place while it is sent, and is given up where its reader is too slow on the whole."""

    whole_s = WHOLE_S
    done: Callable[[], None] = staticmethod(lambda: None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it (ASGI), then give the place back, however it ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.done()

    async def stream_response(self, send: Send) -> None:
        """Send piece by piece; what counts is the time that the reader takes, not ours."""
        sent, waited_s = 0, 0.0

        async def not_too_slowly(message: Message) -> None:
            nonlocal sent, waited_s
            began_s = time.monotonic()
            await send(message)
            sent += len(message.get("body", b""))
            waited_s += time.monotonic() - began_s
            if waited_s > GRACE_S and sent < SLOWEST_BYTES_S * waited_s:
                raise TimeoutError

        await super().stream_response(not_too_slowly)


@router.get(
    "/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file, in chunks; one that is cut short has no last chunk.",
            "content": FORMATS,
        },
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
    since, until = start or BEGINNING, end or now + AHEAD
    if since >= until:
        raise HTTPException(422, f"from ({since.isoformat()}) must lie before to ({until.isoformat()}).")
    order = Order(kind=found, since=since, until=min(until, now + AHEAD), devices=device, fmt=fmt)
    if ctx.exports is None:
        raise HTTPException(503, "This installation makes no exports.")
    return await _answer(request, ctx.exports, order, now)


async def _answer(request: Request, exports: Exports, order: Order, now: datetime) -> Response:
    who: Principal = getattr(request.state, "principal", NOBODY)
    try:  # before the database is asked: two hundred who come at once leave it to others
        place = exports.places.take(who, address_of(request), now)
    except NoPlaceError as error:
        raise HTTPException(429, str(error), {"Retry-After": str(error.retry_s)}) from error
    try:
        pieces = await _pieces(exports, order)
        first = await anext(pieces)  # what can't be made is said before it is answered 200
    except BaseException:
        exports.places.give(place, in_vain=True)
        raise
    name = f"{order.kind.name}-readings.{order.fmt}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"}
    answer = ExportDownload(_whole(first, pieces), media_type=MEDIA[order.fmt], headers=headers)
    answer.done = partial(exports.places.give, place)
    return answer


async def _pieces(exports: Exports, order: Order) -> AsyncGenerator[bytes, None]:
    sources = await exports.exporter.sources(order)
    missing = sorted(set(order.devices or ()) - {s.name for s in sources})
    if missing:
        raise HTTPException(404, f"There is no device {missing[0]!r} of the kind {order.kind.name}.")
    return exports.exporter.pieces(order, sources)


async def _whole(first: bytes, rest: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece
