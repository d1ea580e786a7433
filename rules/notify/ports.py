"""What the sender needs of the outside.

Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rules.core.notify.model import Notification, Person, Sent, Shift


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that this worker has until its lease ends. ``attempt`` counts from 1."""

    notification_id: int
    notification: Notification
    attempt: int
    reference: str | None = None


class Channel(Protocol):
    """A way to reach people. Blocking on purpose: it runs in threads of its own."""

    @property
    def name(self) -> str:
        """What contacts and settings call it."""
        ...

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Send; failures are verdicts, not exceptions."""
        ...

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return what became of an earlier one; None where the channel can't tell."""
        ...


class Outbox(Protocol):
    """The notifications that wait."""

    async def claim(
        self, channel: str, worker: str, lease_s: float, limit: int, now_s: float
    ) -> Sequence[Claimed]:
        """Take what is due on a channel, and what a dead worker had; the most severe first."""
        ...

    async def record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        """Record an attempt; ``next_s``: when to try again, None where that was the last one."""
        ...

    async def outstanding(self, channel: str, limit: int) -> Sequence[Claimed]:
        """Return what was sent and whose delivery is not known yet."""
        ...

    async def next_due_s(self, channel: str) -> float | None:
        """Return when the channel has something to do [s since 1970]; None where nothing waits."""
        ...


class People(Protocol):
    """Who can be told."""

    async def people(self) -> Sequence[Person]:
        """Return the active people with their contacts in order."""
        ...

    async def shifts(self, from_s: float, to_s: float) -> Sequence[Shift]:
        """Return the shifts that touch the time."""
        ...
