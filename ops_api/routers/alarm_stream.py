"""What happens to alarms, as server-sent events for programs. Homes by number, as everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import Response

from cityops.clock import Clock
from ops_api.alarm_feed import Line, Look, Told
from ops_api.event_stream import HEADERS, EventStream
from ops_api.queries import Db
from ops_api.queries.alarms import alarms_of
from ops_api.queries.town import town_now
from ops_api.routers import alarm_documents as documents
from ops_api.routers.alarms import entry_document
from ops_api.routers.context import Ctx
from ops_api.routers.schemas import AlarmDocument
from ops_api.web.brand import Brand
from rules.desk.ports import AlarmDesk

LOG_ID_MOST = 2**63 - 1
EVENTS = """Server-sent events, in the order of the log, each once:

* `alarm`: a line of an alarm's log; `data` is an `AlarmEvent`, `id` the line's number (`log_id`);
* `begin`: the first event without `Last-Event-ID`; what comes now comes after this line. Read `GET /api/v1/alarms` after it;
* `reset`: read `GET /api/v1/alarms` anew: more than 1,000 lines were missed, the log is another one, a line was not waited
  for any longer (and once more when it may have come), or a line can't be told;
* `alive`: every 15 s without another; `age_s` says how long ago the log was last read."""

router = APIRouter(prefix="/api/v1/alarms", tags=["alarms"])


@dataclass(frozen=True)
class AlarmLog:
    """:class:`ops_api.alarm_feed.LogSource` on the database."""

    db: Db
    desk: AlarmDesk
    brand: Brand
    clock: Clock

    async def newest(self) -> int:
        """Return the highest number of a line."""
        return int((await self.db.one("alarm_log_newest"))["log_id"])

    async def after(self, log_id: int, limit: int) -> Look:
        """Return the first lines after a number."""
        row = await self.db.one("alarm_log_after", after=log_id, limit=limit)
        lines = tuple(Line(number, alarm_id) for number, alarm_id in row["lines"])
        return Look(lines, row["oldest_open"], row["next_xid"])

    async def tell(self, lines: Sequence[Line]) -> list[Told]:
        """Return lines with their alarms as they are now."""
        wanted = {line.log_id: line for line in lines}
        now = await town_now(self.db, self.clock.now())
        rows = await alarms_of(self.db, list(dict.fromkeys(line.alarm_id for line in lines)))
        alarms = {alarm_id: AlarmDocument(**row) for alarm_id, row in rows.items()}
        found = []
        for entry in await self.desk.entries(list(wanted)):
            if entry.log_id is None or entry.alarm_id not in alarms:
                continue
            said = entry_document(entry, self.brand.time_zone, now)
            event = documents.AlarmEvent(alarm_id=entry.alarm_id, entry=said, alarm=alarms[entry.alarm_id])
            found.append(Told(wanted[entry.log_id], event.model_dump_json()))
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
                    "example": 'id: 1204\nretry: 3000\nevent: alarm\ndata: {"alarm_id":17,"entry":{…},"alarm":{…}}\n\n',
                }
            },
        }
    },
)
async def alarm_stream(
    ctx: Ctx,
    alarm_id: Annotated[int | None, Query(description="Only of this alarm")] = None,
    last_event_id: Annotated[
        int | None,
        Header(alias="Last-Event-ID", ge=0, le=LOG_ID_MOST, description="Go on after this line of the log"),
    ] = None,
) -> Response:
    """Follow what happens to alarms; a client that comes back with `Last-Event-ID` misses nothing."""
    if ctx.feed.full:
        raise HTTPException(503, "Too many open streams; poll /api/v1/alarms instead.", {"Retry-After": "30"})
    return EventStream(ctx.feed.stream(last_event_id, alarm_id), headers=HEADERS)
