"""A home's frogs as messages for the household's own Home Assistant. To everybody else the home is not there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import Field

from devices.contract import home_assistant as ha
from devices.contract.kind import Kind
from ops_api.queries import Row
from ops_api.routers import content
from ops_api.routers.context import Ctx
from ops_api.routers.homes import Code
from ops_api.routers.resident import Who
from ops_api.routers.schemas import Document

router = APIRouter(prefix="/api/v1/homes", tags=["homes"])


class MessageDocument(Document):
    """One message for an MQTT broker."""

    topic: str
    payload: str = Field(description="JSON, or a word; empty takes what was retained away")
    retain: bool


class MessagesDocument(Document):
    """What to publish, in this order, at QoS 1, on the household's own broker."""

    messages: list[MessageDocument]


@router.get("/{code}/home-assistant")
async def get_messages(
    code: Code,
    ctx: Ctx,
    who: Who,
    prefix: Annotated[
        str, Query(max_length=100, description="Discovery prefix of Home Assistant")
    ] = ha.PREFIX,
    remove: Annotated[bool, Query(description="What takes the frogs away again")] = False,
) -> MessagesDocument:
    """Return what makes the home's frogs appear in Home Assistant by MQTT discovery, with their newest readings.

    Nothing of a home goes to the council's broker: publish it on the household's own (`cityops home-assistant` does).
    """
    who = content.check_lives_in(who, code)
    if not ha.is_prefix(prefix):
        raise HTTPException(422, "prefix: letters, digits, _ and -, with / between.")
    row = await content.home_row(who, code)
    now, frog = await ctx.town_now(), ctx.kind("frog")
    rooms = await content.home_rooms(ctx, who, row["home_id"])
    made = [m for room in rooms for m in _messages(_subject(room, frog, prefix), room, now, remove=remove)]
    return MessagesDocument(
        messages=[MessageDocument(topic=m.topic, payload=m.payload.decode(), retain=m.retain) for m in made]
    )


def _subject(room: Row, frog: Kind, prefix: str) -> ha.Subject:
    name = room["room"] or room["label"] or room["name"]
    return ha.Subject(device=room["name"], kind=frog, name=name, cadence_s=room["cadence_s"], prefix=prefix)


def _messages(subject: ha.Subject, room: Row, now: datetime, *, remove: bool) -> list[ha.Message]:
    """Return one frog's messages: no old reading as if it were of now."""
    if remove:
        return ha.removal(subject)
    if room["ts"] is None:
        return []
    fresh = (now - room["ts"]).total_seconds() <= ha.MISSED * subject.cadence_s
    announced = [*ha.discovery(subject, ha.present(subject, room)), ha.availability(subject, online=fresh)]
    return [*announced, ha.state(subject, room, room["ts"])] if fresh else announced
