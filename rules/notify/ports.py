"""What the sender needs of the outside.

Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from rules.core.notify.model import Hook, Notification, Person, Sent, Shift

Note = Callable[[str], None]
"""Told why a message is not sent, after it was recorded: a code of :mod:`rules.core.notify.outdated`."""


def note_nothing(code: str) -> None:
    """Take no notice."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notification that this worker has until its lease ends.

    Attributes:
        attempt: counts from 1; what is recorded of an older attempt changes nothing any more.
        reference: the channel's own name for an earlier attempt.
        maybe_sent: an earlier attempt began, and nobody knows how it ended.
        over: its alarm has cleared since it was written; its first line is to say so.
        sent_s: when the channel took it [s since 1970]; of those whose delivery is not known yet.
    """

    notification_id: int
    notification: Notification
    attempt: int
    reference: str | None = None
    maybe_sent: bool = False
    over: bool = False
    sent_s: float | None = None


class Channel(Protocol):
    """A way to reach people. Blocking on purpose: it runs in threads of its own."""

    @property
    def name(self) -> str:
        """What contacts and settings call it."""
        ...

    @property
    def tells(self) -> bool:
        """Whether :meth:`state_of` can say what became of a message."""
        ...

    @property
    def knows_repeats(self) -> bool:
        """Whether the receiver takes a message that comes twice, with its key, as one."""
        ...

    def send(self, notification: Notification, timeout_s: float) -> Sent:
        """Send; failures are verdicts, not exceptions."""
        ...

    def state_of(self, reference: str, timeout_s: float) -> Sent | None:
        """Return what became of an earlier one; None where the channel can't tell.

        Verdict ``retry``: it is not there, or failed for now: send it again.

        Args:
            reference: what ``send`` returned, or the key of a message whose ``send`` never returned.
            timeout_s: for the answer.
        """
        ...


class Outbox(Protocol):
    """The notifications that wait. Every call is one short transaction; nothing is sent in one."""

    async def put(self, notifications: Sequence[Notification]) -> int:
        """Add those whose keys are not there yet; return how many these were."""
        ...

    async def withdraw(self, kind: str, keep: Sequence[str], why: str) -> int:
        """Suppress what waits of a kind, but for messages whose keys begin with one of ``keep``; return how many.

        What a worker has taken goes out: nobody knows whether it is on its way.
        """
        ...

    async def bundle(self, channel: str, now_s: float, note: Note = note_nothing) -> int:
        """Make one message of those that waited for each other, for each recipient of whom one is due.

        Return how many messages were bundled; each is in one bundle, however often and wherever this is called.
        See :mod:`rules.core.notify.digest`. What is no news any more is suppressed and in no bundle.
        """
        ...

    async def claim(
        self,
        channel: str,
        worker: str,
        lease_s: float,
        limit: int,
        now_s: float,
        note: Note = note_nothing,
    ) -> Sequence[Claimed]:
        """Take what is due on a channel, and what a dead worker had; the most severe first.

        What is too old to be worth sending expires instead; what is no news any more, as its alarm
        stands in this transaction, is suppressed (:mod:`rules.core.notify.outdated`). A bundle of which
        only a part is news says that part.
        """
        ...

    async def record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        """Record an attempt; ``next_s``: when to try again, None where that was the last one.

        A last one that failed hands the message on to the recipient's next channel, as a new one.
        One that may have arrived is handed on too where it is major or critical.
        """
        ...

    async def outstanding(self, channel: str, limit: int) -> Sequence[Claimed]:
        """Return what was sent and whose delivery is not known yet, the oldest first."""
        ...

    async def hand_over(self, channel: str, reason: str, now_s: float, note: Note = note_nothing) -> int:
        """Give what is due, major or critical, to the recipients' next channels; return how many.

        What is no news any more is suppressed instead.
        """
        ...

    async def next_due_s(self, channel: str) -> float | None:
        """Return when the channel has something to do [s since 1970]; None where nothing waits."""
        ...

    async def waiting_channels(self, now_s: float) -> Sequence[str]:
        """Return the channels on which something is due, those that nobody serves too."""
        ...


class People(Protocol):
    """Who can be told."""

    async def people(self) -> Sequence[Person]:
        """Return the active people with their contacts in order."""
        ...

    async def shifts(self, from_s: float, to_s: float) -> Sequence[Shift]:
        """Return the shifts that touch the time."""
        ...

    async def hooks(self) -> Sequence[Hook]:
        """Return the programs that are told."""
        ...

    async def put_people(self, people: Sequence[Person]) -> Sequence[str]:
        """Make these the active people; return those who are not among them any more."""
        ...

    async def put_shifts(self, source: str, shifts: Sequence[Shift]) -> None:
        """Replace all shifts of a source."""
        ...
