"""The time it is in the town."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from ops_api.queries import Db, Row
from rules.core.town_time import town_now_s


async def town_now(db: Db, now: datetime) -> datetime:
    """Return ``now``, the wall clock's time, or the town's where that is behind.

    See :func:`rules.core.town_time.town_now_s`.
    """
    return town_at(await db.one("event_time"), now)


def town_at(seen: Row, now: datetime) -> datetime:
    """Return the town's time from a row event_time, updated_at; see :func:`town_now`."""
    at, moved = seen["event_time"], seen["updated_at"]
    if at is None or moved is None:
        return now
    behind = town_now_s(now.timestamp(), at.timestamp(), moved.timestamp()) != now.timestamp()
    return cast("datetime", at) if behind else now
