"""The outbox in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from rules.core.alarm_spec import rank
from rules.core.notify.digest import DIGEST, Numbered, digest
from rules.core.notify.model import Notification, Sent
from rules.core.notify.outdated import NOTHING_LEFT, AlarmNow, Suppressed
from rules.notify.outcome import falls_back, state_after
from rules.notify.ports import Claimed, Note, note_nothing
from rules.notify.sift import Sifted, marked, reworded, sifted

FALLBACK_LIFE_S = 1800.0


@dataclass
class Kept:
    """A row of the table."""

    notification_id: int
    notification: Notification
    due_s: float
    state: str = "pending"
    attempts: int = 0
    claimed_by: str | None = None
    until_s: float = 0.0
    reference: str | None = None
    sent_s: float | None = None
    error: str = ""
    fallback_of: int | None = None
    bundled_in: int | None = None
    suppressed_why: str | None = None
    verdicts: dict[int, str] = field(default_factory=dict)

    @property
    def may_have_arrived(self) -> bool:
        """Whether there was an attempt of which it is not certain that it failed."""
        return self.attempts > sum(v in ("retry", "refused") for v in self.verdicts.values())

    @property
    def has_gone_out(self) -> bool:
        """Whether an attempt certainly succeeded."""
        return any(v in ("sent", "delivered") for v in self.verdicts.values())

    def due(self, now_s: float) -> bool:
        """Whether it can be taken."""
        if self.state == "pending":
            return self.due_s <= now_s
        return self.state == "sending" and self.until_s <= now_s


class MemoryOutbox:
    """:class:`rules.notify.ports.Outbox` in memory.

    Args:
        addresses: by recipient and channel; what the tables contact and webhook hold.

    Attributes:
        alarms: how each alarm stands, by its number; what the table alarm holds.
    """

    def __init__(self, addresses: Mapping[tuple[str, str], str] | None = None) -> None:
        self.rows: list[Kept] = []
        self.alarms: dict[int, AlarmNow] = {}
        self._keys: set[str] = set()
        self._addresses = {} if addresses is None else addresses

    async def put(self, notifications: Sequence[Notification]) -> int:
        """Add those that are new."""
        return sum(self._add(n) is not None for n in notifications)

    async def withdraw(self, kind: str, keep: Sequence[str], why: str) -> int:
        """Suppress what is no news any more."""
        gone = [
            r for r in self.rows
            if r.state == "pending" and r.notification.kind == kind and not r.notification.key.startswith(tuple(keep))
        ]  # fmt: skip
        for row in gone:
            row.state, row.suppressed_why = "suppressed", why
        return len(gone)

    def _add(self, notification: Notification, fallback_of: int | None = None) -> Kept | None:
        if notification.key in self._keys:
            return None
        self._keys.add(notification.key)
        row = Kept(len(self.rows) + 1, notification, notification.not_before_s, fallback_of=fallback_of)
        self.rows.append(row)
        return row

    async def bundle(self, channel: str, now_s: float, note: Note = note_nothing) -> int:
        """Bundle what waited; see :class:`rules.notify.ports.Outbox`."""
        waiting = [
            (r.notification_id, r.notification) for r in self._of(channel)
            if r.state == "pending" and r.attempts == 0 and r.notification.expires_s > now_s
            and r.notification.gather_from_s is not None and r.notification.gather_from_s <= now_s
        ]  # fmt: skip
        due = {n.recipient for _, n in waiting if n.not_before_s <= now_s}
        found = self._sifted([(number, n) for number, n in waiting if n.recipient in due], note)
        kept, bundled = marked(found), 0
        for recipient in sorted({n.recipient for _, n in kept if n.not_before_s <= now_s}):
            mine = [(number, n) for number, n in kept if n.recipient == recipient]
            if len(mine) > 1:
                made = self._add(digest(mine, now_s))
                for number, _ in mine:
                    self.rows[number - 1].state = "bundled"
                    self.rows[number - 1].bundled_in = None if made is None else made.notification_id
                bundled += len(mine)
        return bundled

    async def claim(
        self,
        channel: str,
        worker: str,
        lease_s: float,
        limit: int,
        now_s: float,
        note: Note = note_nothing,
    ) -> Sequence[Claimed]:
        """Take what is due; see :class:`rules.notify.ports.Outbox`."""
        free = [r for r in self._of(channel) if r.state == "pending" or r.due(now_s)]
        for row in free:
            if row.notification.expires_s <= now_s:
                row.state, row.error = "expired", row.error or "its time was over before the channel took it"
        due = [
            (r.notification_id, r.notification) for r in sorted((r for r in free if r.due(now_s)), key=_order)
        ]
        rows, over = self._news(due, now_s, note)
        return [self._take(row, worker, now_s + lease_s, row.notification_id in over) for row in rows[:limit]]

    def _news(self, due: Sequence[Numbered], now_s: float, note: Note) -> tuple[list[Kept], set[int]]:
        """Return what is still news, in the same order, and the numbers of those that are over by now."""
        found = self._sifted([f for f in due if f[1].kind != DIGEST], note)
        kept = {number for number, _ in found.kept}
        kept |= {
            number for number, n in due if n.kind == DIGEST and self._bundle_is_news(number, now_s, note)
        }
        return [self.rows[number - 1] for number, _ in due if number in kept], found.over

    def _sifted(self, found: Sequence[Numbered], note: Note) -> Sifted:
        result = sifted(
            found, {number: self._standing(n) for number, n in found if n.alarm_id in self.alarms}
        )
        for number, dropped in result.dropped.items():
            self._suppress(number, dropped, note)
            if number in result.unheard:
                self.rows[number - 1].bundled_in = None
        return result

    def _suppress(self, number: int, dropped: Suppressed, note: Note) -> None:
        row = self.rows[number - 1]
        row.state, row.suppressed_why = "suppressed", dropped.why
        note(dropped.code)

    def _bundle_is_news(self, number: int, now_s: float, note: Note) -> bool:
        """Make a bundle say what of it is still news; suppress it where nothing is."""
        row, first = self.rows[number - 1], number
        while (before := self.rows[first - 1].fallback_of) is not None:
            first = before
        parts = [
            (r.notification_id, r.notification)
            for r in self.rows
            if r.bundled_in == first and r.state == "bundled"
        ]
        found = self._sifted(parts, note)
        if parts and not found.kept:
            self._suppress(number, NOTHING_LEFT, note)
            return False
        said = reworded(row.notification, found, now_s) if parts else None
        row.notification = row.notification if said is None else said
        return True

    def _standing(self, n: Notification) -> AlarmNow:
        assert n.alarm_id is not None
        said = [
            r
            for r in self.rows
            if (r.notification.alarm_id, r.notification.recipient) == (n.alarm_id, n.recipient)
            and r.notification.kind != "cleared"
        ]
        numbers = {r.notification_id for r in said} | {r.bundled_in for r in said}
        for row in self.rows:  # what went over to the next channel comes later
            if row.fallback_of in numbers and row.fallback_of is not None:
                numbers.add(row.notification_id)
        carried = [r for r in self.rows if r.notification_id in numbers]
        return dataclasses.replace(
            self.alarms[n.alarm_id],
            told=any(r.may_have_arrived for r in carried),
            told_critical=any(r.has_gone_out for r in carried if r.notification.severity == "critical"),
            waits=any(r.state in ("pending", "sending") for r in carried),
        )

    def _take(self, row: Kept, worker: str, until_s: float, over: bool) -> Claimed:
        maybe = row.state == "sending" or row.verdicts.get(row.attempts) == "unknown"
        row.state, row.claimed_by, row.until_s = "sending", worker, until_s
        row.attempts += 1
        return self._claimed(row, maybe, over)

    def _claimed(self, row: Kept, maybe_sent: bool, over: bool = False) -> Claimed:
        n = row.notification
        address = self._addresses.get((n.recipient, n.channel), "")
        found = msgspec.structs.replace(n, address=address, gather_from_s=None)
        return Claimed(
            row.notification_id, found, row.attempts, row.reference, maybe_sent, over=over, sent_s=row.sent_s
        )

    async def record(self, claimed: Claimed, sent: Sent, now_s: float, next_s: float | None) -> None:
        """Record an attempt and what follows; see :class:`rules.notify.ports.Outbox`."""
        row = self.rows[claimed.notification_id - 1]
        row.verdicts[claimed.attempt] = sent.verdict
        if row.attempts != claimed.attempt or row.state not in ("sending", "sent"):
            return
        row.state, row.claimed_by, row.error = state_after(sent, next_s), None, sent.error
        row.reference = sent.reference or row.reference
        if row.state in ("sent", "delivered"):
            row.sent_s = now_s if row.sent_s is None else row.sent_s
        if row.state == "pending" and next_s is not None:
            row.due_s, row.sent_s = next_s, None
        if falls_back(sent, row.notification.severity, next_s):
            self._fall_back(row, now_s)

    def _fall_back(self, row: Kept, now_s: float) -> None:
        n = row.notification
        if n.fallback:
            then = {
                "key": f"{n.key}>{n.fallback[0]}",
                "channel": n.fallback[0],
                "fallback": n.fallback[1:],
                "not_before_s": now_s,
                "expires_s": max(n.expires_s, now_s + FALLBACK_LIFE_S),
                "gather_from_s": None,
            }
            self._add(msgspec.structs.replace(n, **then), row.notification_id)

    async def outstanding(self, channel: str, limit: int) -> Sequence[Claimed]:
        """Return what was sent and not confirmed."""
        sent = sorted((r for r in self._of(channel) if r.state == "sent"), key=lambda r: r.sent_s or 0.0)
        return [self._claimed(copy.copy(row), False) for row in sent[:limit]]

    async def hand_over(self, channel: str, reason: str, now_s: float, note: Note = note_nothing) -> int:
        """Give what is urgent to the next channels."""
        due = [r for r in self._of(channel) if r.state == "pending" and r.due_s <= now_s]
        urgent = [
            (r.notification_id, r.notification)
            for r in due
            if rank(r.notification.severity) >= rank("major") and r.notification.fallback
        ]
        news, _ = self._news(urgent, now_s, note)
        for row in news:
            row.state, row.error = "failed", reason
            self._fall_back(row, now_s)
        return len(news)

    async def next_due_s(self, channel: str) -> float | None:
        """Return when something is due."""
        waiting = [r for r in self._of(channel) if r.state in ("pending", "sending")]
        return min((r.due_s if r.state == "pending" else r.until_s for r in waiting), default=None)

    async def waiting_channels(self, now_s: float) -> Sequence[str]:
        """Return the channels with something due."""
        return sorted({r.notification.channel for r in self.rows if r.due(now_s)})

    def _of(self, channel: str) -> Iterable[Kept]:
        return [r for r in self.rows if r.notification.channel == channel]


def _order(row: Kept) -> tuple[int, float, int]:
    return -rank(row.notification.severity), row.due_s, row.notification_id
