"""An alarm as the command line prints it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ops_api.alarms_text import show_lines
from rules.core.explain.model import Explanation

ZONE, NOW = ZoneInfo("Europe/London"), datetime(2026, 1, 12, 6, 0, tzinfo=UTC)
ALARM: dict[str, Any] = {
    "alarm_id": 17, "title": "Ice on route 1", "severity": "major", "raised_at": NOW - timedelta(hours=2),
    "reason": "Ice since 2026-01-12T04:00:00Z.", "rule_id": "winter.ice", "rule_version": 2, "subject_kind": "route",
    "subject": "route-1", "cleared_at": None, "closed_at": None, "shelved_until": None, "acknowledged_by": None,
    "assignee": None, "members_now": 1, "flapping": False,
}  # fmt: skip


def member(label: str, left_at: datetime | None) -> dict[str, Any]:
    return {
        "label": label, "severity": "major", "joined_at": NOW - timedelta(hours=1), "left_at": left_at,
        "reason": f"{label} is ice.",
    }  # fmt: skip


def test_members_are_listed_once_with_their_reasons() -> None:
    why = Explanation(
        headline="Ice on route 1", first_line="Ice on route 1: 1 in it, Mill Lane", why=("Ice.",),
        members=("Mill Lane since today 05:00: Mill Lane is ice.",), would_change=("1 °C warmer.",),
    )  # fmt: skip
    members = [member("Mill Lane", None), member("Elm Road", NOW - timedelta(minutes=10))]
    text = "\n".join(show_lines(ALARM, members, why, ZONE, NOW))
    assert text.count("Mill Lane is ice.") == text.count("Elm Road is ice.") == 1
    assert "  - Mill Lane, major since today 05:00: Mill Lane is ice." in text
    assert "  - Elm Road, major since today 05:00, left today 05:50: Elm Road is ice." in text
    assert "- 1 °C warmer." in text
