"""Readings as they come, as server-sent events for programs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response

from devices.contract.kind import Kind
from ops_api.event_stream import HEADERS, EventStream
from ops_api.rest.core.problem_types import HOUSEHOLDS as HOUSEHOLDS_ONLY
from ops_api.rest.open_rows import HOUSEHOLDS
from ops_api.rest.problem import ProblemError
from ops_api.routers.catalogue import find_device
from ops_api.routers.context import Context, Ctx

BATCH_MOST = 2**63 - 1
DEVICES_MOST = 50
EVENTS = """Server-sent events, in the order in which the readings were stored, each once:

* `readings`: what one batch brought; `data` is a JSON array of objects with `device`, `ts`, `received_at`, `quality` and
  the kind's fields (`GET /api/v1/kinds/{kind}`), those not measured left out; `id` is the batch's number;
* `begin`: the first event without `Last-Event-ID`; what comes now was stored after this batch (`batch_id`). Read
  `GET /api/v1/readings/latest` after it;
* `reset`: read `GET /api/v1/readings/latest` or an export anew: more than 1,000 batches were missed, or one was not waited
  for any longer;
* `alive`: every 15 s without another; `age_s` says how long ago it was last looked."""

router = APIRouter(prefix="/api/v1/readings", tags=["devices and readings"])


def check_open(ctx: Context, kind: str) -> Kind:
    """Return a kind whose readings everybody may have; 404 where there is none, 422 where they are households'."""
    found = ctx.kind(kind)
    if kind in HOUSEHOLDS:
        raise ProblemError(
            HOUSEHOLDS_ONLY, f"kind: readings of the kind {kind} are households' and nobody else's."
        )
    return found


@router.get(
    "/stream",
    response_class=EventStream,
    responses={
        200: {
            "description": EVENTS,
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "example": "id: 88123\nretry: 3000\nevent: readings\n"
                    'data: [{"device":"road-001","ts":"2026-01-09T05:10:00Z","surface_temperature_c":-0.4}]\n\n',
                }
            },
        }
    },
)
async def readings_stream(
    ctx: Ctx,
    kind: Annotated[str, Query(description="Kind of device, e.g. road")],
    device: Annotated[
        list[str] | None, Query(description="Of these devices alone", max_length=DEVICES_MOST)
    ] = None,
    last_event_id: Annotated[
        int | None,
        Header(alias="Last-Event-ID", ge=0, le=BATCH_MOST, description="Go on after this batch"),
    ] = None,
) -> Response:
    """Follow the readings of a kind; a client that comes back with `Last-Event-ID` misses nothing.

    Readings from homes are nobody's but the household's: they are not among them.
    """
    check_open(ctx, kind)
    for name in device or ():
        found = await find_device(ctx, name)
        if found["kind"] != kind:
            raise HTTPException(422, f"device: {name} is of the kind {found['kind']}.")
    if ctx.readings is None or ctx.readings.full:
        raise HTTPException(
            503, "Too many open streams; poll /api/v1/readings/latest instead.", {"Retry-After": "30"}
        )
    return EventStream(ctx.readings.stream(kind, last_event_id, frozenset(device or ())), headers=HEADERS)
