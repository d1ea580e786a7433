"""What an attempt makes of a message: one table for both outboxes."""

from __future__ import annotations

from rules.core.alarm_spec import rank
from rules.core.notify.model import Sent


def state_after(sent: Sent, next_s: float | None) -> str:
    """Return the message's state."""
    if sent.verdict in ("sent", "delivered"):
        return sent.verdict
    if next_s is not None:
        return "pending"
    return "unknown" if sent.verdict == "unknown" else "failed"


def falls_back(sent: Sent, severity: str, next_s: float | None) -> bool:
    """Whether the next channel is tried: after a failure for good, and where a severe one may be lost."""
    state = state_after(sent, next_s)
    return state == "failed" or (state == "unknown" and rank(severity) >= rank("major"))
