"""Windows of late readings with what they would have changed, as rows; homes by number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from ops_api.queries import Db, Row

State = Literal["open", "same", "differs", "too_late"]


async def late_windows(
    db: Db,
    *,
    state: State | None = None,
    would_differ: bool | None = None,
    ids: Sequence[int] | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Row]:
    """Return windows, the newest first, each with ``marks``: decisions and alarms that would differ."""
    wanted = None if ids is None else list(ids)
    rows = await db.rows(
        "late_windows", state=state, would_differ=would_differ, ids=wanted, before=before, limit=limit
    )
    marks = await db.rows("late_marks", ids=[r["late_window_id"] for r in rows]) if rows else []
    return [{**r, "marks": [m for m in marks if r["late_window_id"] in m["windows"]]} for r in rows]


async def windows_of_alarm(db: Db, alarm_id: int) -> list[int]:
    """Return the windows whose readings would have changed an alarm; none where it would be the same."""
    row = await db.row("late_of_alarm", number=alarm_id)
    return [] if row is None else list(row["windows"])


async def windows_of_decision(db: Db, decision_id: int) -> list[int]:
    """Return the windows whose readings would have changed a decision."""
    row = await db.row("late_of_decision", number=decision_id)
    return [] if row is None else list(row["windows"])


async def late_counts(db: Db, since: datetime | None = None) -> Row:
    """Return how many windows came into being since a time of the wall clock, or ever, and how they stand."""
    return await db.one("late_counts", since=since)
