"""The time it is in the town."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from ops_api.queries import Db

RULES_FRESH = timedelta(minutes=1)
CATCHING_UP = timedelta(minutes=10)


async def town_now(db: Db, now: datetime) -> datetime:
    """Return ``now``, the wall clock's time, or the town's where that is behind.

    While an accelerated simulation or a replay is behind by more than ten minutes and the
    rules are at work, it is the latest reading's time.
    """
    seen = await db.one("event_time")
    at, updated = seen["event_time"], seen["updated_at"]
    if at is None or updated is None or now - updated > RULES_FRESH or now - at < CATCHING_UP:
        return now
    return cast("datetime", at)
