"""The newest road forecast of a segment, a route or the whole town, as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ops_api.queries import Db, Row
from rules.core.road_now.table import HOURS

Kind = Literal["segment", "route"]


@dataclass(frozen=True, slots=True)
class RoadOutlook:
    """What the newest issue says of one or more stretches.

    Attributes:
        issue: number, times, and by which weather it was made.
        now: the stretches as they are at the time of issue, the coldest first; none for the whole town.
        hours: by hour, of several stretches the coldest and the likeliest.
        age_s: of the issue in the town's time [s].
    """

    issue: Row
    now: list[Row]
    hours: list[Row]
    age_s: float


async def segments_of(db: Db, name: str, kind: Kind | None = None) -> list[str] | None:
    """Return the segments that a name of a segment or route stands for; None: there is no such name."""
    row = await db.row("road_forecast_subject", name=name, kind=kind)
    return None if row is None else list(row["segments"])


async def outlook(
    db: Db, now: datetime, segments: list[str] | None = None, hours_ahead: int = HOURS
) -> RoadOutlook | None:
    """Return the newest forecast of segments (None: all); None where there is no forecast, or none of them.

    Args:
        db: the database.
        now: the town's time.
        segments: those that are asked for.
        hours_ahead: so many of the hours to come, 1 to 24.
    """
    issue = await db.row("road_forecast_issue")
    if issue is None:
        return None
    number = issue["forecast_id"]
    hours = await db.rows("road_forecast_hours", forecast_id=number, segments=segments, hours=hours_ahead)
    if not hours:
        return None
    there = (
        [] if segments is None else await db.rows("road_forecast_now", forecast_id=number, segments=segments)
    )
    return RoadOutlook(issue, there, hours, (now - issue["issued_at"]).total_seconds())
