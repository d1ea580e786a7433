"""A notification as a CloudEvent (https://cloudevents.io, specification 1.0.2, structured mode)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rules.core.notify.model import Notification

CONTENT_TYPE = "application/cloudevents+json"


def type_of(kind: str) -> str:
    """Return the event's type of a kind of notice: ``cityops.alarm.raised``."""
    return "cityops.test" if kind == "test" else f"cityops.alarm.{kind}"


def cloud_event(notification: Notification, source: str) -> dict[str, Any]:
    """Return the event; a repeat is the same to the letter, with the same id.

    Args:
        notification: as planned.
        source: what tells this installation from others: a URI.
    """
    at = datetime.fromtimestamp(notification.not_before_s, UTC)
    said = {"severity": notification.severity, "title": notification.title, "text": notification.body}
    alarm = {} if notification.alarm_id is None else {"alarm_id": notification.alarm_id}
    return {
        "specversion": "1.0",
        "id": message_id(notification),
        "source": source,
        "type": type_of(notification.kind),
        "time": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": {**notification.data, **alarm, **said},
    }


def message_id(notification: Notification) -> str:
    """Return the id of a notification among all of its receiver's: its key, without full stops."""
    return notification.key.replace(".", "_")
