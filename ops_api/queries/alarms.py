"""Alarms as rows; a home is named by its number in every one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ops_api.queries import Db, Row

MEMBERS_SHOWN = 1000

ANY_ALARM: Mapping[str, object] = MappingProxyType(
    dict.fromkeys(
        (
            "alarm_ids", "active", "severity", "subject_kind", "rule", "assignee", "acknowledged", "shelved",
            "closed", "before",
        )
    )
    | {"limit": 100}
)  # fmt: skip
"""Parameters of the query ``alarms`` that leave nothing out; ``|`` with those that do."""


async def one_alarm(db: Db, alarm_id: int) -> Row | None:
    """Return an alarm, or None."""
    return (await alarms_of(db, [alarm_id])).get(alarm_id)


async def alarms_of(db: Db, alarm_ids: Sequence[int]) -> dict[int, Row]:
    """Return alarms by number; those that are not there are left out."""
    wanted = {"alarm_ids": list(alarm_ids), "limit": len(alarm_ids)}
    return {row["alarm_id"]: row for row in await db.rows("alarms", **{**ANY_ALARM, **wanted})}


async def members_of(db: Db, alarm_ids: Sequence[int], limit: int = MEMBERS_SHOWN) -> dict[int, list[Row]]:
    """Return the members of alarms by alarm: those in it first, the worst first, then who left."""
    found: dict[int, list[Row]] = {}
    for row in await db.rows("alarm_members", alarm_ids=list(alarm_ids), limit=limit):
        found.setdefault(row["alarm_id"], []).append(row)
    return found
