"""An alarm, an escalation and a fan-out for the tests of the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.core.alarm_spec import Escalation, EscalationStep
from rules.core.desk.model import DeskAlarm, Notice
from rules.core.notify.model import Notification
from rules.desk.ports import EscalationOf

NOW_S = 1_767_990_000.0
CHAIN = Escalation(
    id="test",
    version=1,
    owner="tests",
    reason="Three steps.",
    source="tests",
    steps=(
        EscalationStep(after_s=0, to="on_call:winter"),
        EscalationStep(after_s=600, to="role:duty_officer"),
        EscalationStep(after_s=1800, to="team:teams"),
    ),
    renotify_s=900,
    renotify_most=2,
    auto_close_s=86_400,
    shelve_most_s=43_200,
)


async def escalations() -> EscalationOf:
    return lambda rule_id: CHAIN


def alarm(alarm_id: int = 1, **fields: Any) -> DeskAlarm:
    """Return an alarm of a stretch of road, raised at NOW_S."""
    known = {
        "rule_id": "winter.ice",
        "subject_kind": "segment",
        "subject": f"s{alarm_id}",
        "severity": "major",
        "raised_s": NOW_S,
        "title": f"Ice {alarm_id}",
        "reason": "Cold and wet.",
    }
    return DeskAlarm(alarm_id=alarm_id, **(known | fields))


def tell_one(
    notice: Notice, about: DeskAlarm, escalation: Escalation, now_s: float
) -> Sequence[Notification]:
    """Return one message per notice, to whoever it names."""
    return [
        Notification(
            key=notice.key,
            recipient=notice.to,
            channel="memory",
            address="",
            kind=notice.kind,
            severity=notice.severity,
            title=about.title,
            body=about.reason,
            not_before_s=now_s,
            expires_s=now_s + 3600,
            alarm_id=notice.alarm_id,
        )
    ]
