"""What is told to whom and what became of it: channels, who is on call, the newest messages with attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ops_api.queries import Db, Row


@dataclass(frozen=True, slots=True)
class NotifyState:
    """The state of notifications; rows as the queries give them.

    Attributes:
        channels: those with people, messages or attempts.
        on_call: of each role of the rota: ``role``, ``now`` (shifts) and ``next`` (a shift or None).
        messages: the newest first, each with ``tries``: its attempts.
    """

    channels: Sequence[Row]
    on_call: Sequence[Row]
    messages: Sequence[Row]


async def notify_state(db: Db, now: datetime, limit: int) -> NotifyState:
    """Return the state at a time of the wall clock, with ``limit`` messages."""
    messages = await db.rows("notifications", state=None, alarm_id=None, before=None, limit=limit)
    tries = await db.rows("attempts", ids=[m["notification_id"] for m in messages])
    return NotifyState(
        channels=await db.rows("notification_channels", now=now),
        on_call=duty(await db.rows("on_call_shifts", now=now), now),
        messages=[
            {**m, "tries": [t for t in tries if t["notification_id"] == m["notification_id"]]}
            for m in messages
        ],
    )


def duty(shifts: Sequence[Row], now: datetime) -> list[Row]:
    """Return who is on call and who is next, by role; ``shifts`` in order, none of them over."""
    found = []
    for role in dict.fromkeys(s["role"] for s in shifts):
        mine = [s for s in shifts if s["role"] == role]
        later = [s for s in mine if s["from_at"] > now]
        found.append(
            {
                "role": role,
                "now": [s for s in mine if s["from_at"] <= now],
                "next": later[0] if later else None,
            }
        )
    return found
