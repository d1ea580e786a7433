"""What live pages are told by: that something in the database is not what it was."""

from __future__ import annotations

from cityops.clock import Clock
from ops_api.queries import Db
from ops_api.stream import Hints, Hub


def hub_on(db: Db, clock: Clock, hints: Hints | None, *, poll_s: float, pace_s: float) -> Hub:
    """Return the hub of live pages, told by what changes in the database; see :func:`ops_api.app.create_app`."""

    async def state_version() -> object:
        return await db.one("version")

    async def alarms_version() -> object:
        return await db.one("alarm_log_version")

    async def notifications_version() -> object:
        return await db.one("notify_version", now=clock.now())

    async def incidents_version() -> object:
        return await db.one("incidents_version")

    versions = {
        "alarms": alarms_version,
        "notifications": notifications_version,
        "incidents": incidents_version,
    }
    return Hub(state_version, hints, versions=versions, poll_s=poll_s, pace_s=pace_s)
