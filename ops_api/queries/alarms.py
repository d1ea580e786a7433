"""Alarms as rows; a home is named by its number in every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ops_api.queries import Db, Row

MEMBERS_SHOWN = 1000

ANY_ALARM: Mapping[str, object] = MappingProxyType(
    dict.fromkeys(
        (
            "alarm_id", "active", "severity", "subject_kind", "rule", "assignee", "acknowledged", "shelved",
            "closed", "before",
        )
    )
    | {"limit": 100}
)  # fmt: skip
"""Parameters of the query ``alarms`` that leave nothing out; ``|`` with those that do."""


async def one_alarm(db: Db, alarm_id: int) -> Row | None:
    """Return an alarm, or None."""
    return await db.row("alarms", **{**ANY_ALARM, "alarm_id": alarm_id, "limit": 1})


async def members_of(db: Db, alarm_ids: Sequence[int], limit: int = MEMBERS_SHOWN) -> dict[int, list[Row]]:
    """Return the members of alarms by alarm: those in it first, then who left."""
    found: dict[int, list[Row]] = {}
    for row in await db.rows("alarm_members", alarm_ids=list(alarm_ids), limit=limit):
        found.setdefault(row["alarm_id"], []).append(row)
    return found
