"""``POST /lorawan/{source}``: events of The Things Stack and ChirpStack. 2xx only when the event is committed."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Request

from ops_api.access.principal import network
from ops_api.lorawan_door import LorawanDoor, WrongTokenError
from ops_api.routers.context import Ctx
from ops_api.routers.schemas import Document

router = APIRouter(
    include_in_schema=False
)  # for servers that are told its address, not for clients: docs/lorawan.md

WRONG_A_MINUTE = 60.0
"""Wrong tokens of one network; each asks the database once."""
WRONG = "There is no such webhook, or X-Webhook-Token is not its token."


class EventKept(Document):
    """What became of an event."""

    event: Literal["kept", "again"]


@router.post(
    "/lorawan/{source}",
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {}}}},
)
async def take_event(
    request: Request,
    source: str,
    ctx: Ctx,
    x_webhook_token: Annotated[
        str, Header(max_length=200, description="As `cityops lorawan add-source` told it")
    ] = "",
    event: Annotated[
        str, Query(max_length=20, pattern=r"^[a-z]*$", description="ChirpStack's name of the event")
    ] = "",
) -> EventKept:
    """Keep an event of a LoRaWAN server. It is answered when it is safe; `again` is one that was kept before."""
    if ctx.lorawan is None:
        raise HTTPException(503, "LoRaWAN is not set up here.")
    door: LorawanDoor = ctx.lorawan
    try:
        taken = await door.take(source[:60], x_webhook_token, event, await request.body())
    except WrongTokenError:
        asker = f"lorawan:{network(request)}"
        wait_s = ctx.buckets.wait_s(asker, WRONG_A_MINUTE, ctx.clock.now().timestamp())
        if wait_s > 0.0:
            raise HTTPException(
                429, "Too many wrong tokens. Wait a moment.", {"Retry-After": str(math.ceil(wait_s))}
            ) from None
        raise HTTPException(401, WRONG, {"WWW-Authenticate": 'Token realm="lorawan"'}) from None
    return EventKept(event=taken)
