"""Dead letters as they are kept: what one says, which are asked for, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLetter:
    """A dead letter of the database.

    Attributes:
        letter_id: its number.
        received_at: when it was set aside, aware.
        topic, device, kind: as the topic says them.
        reason_code, reason, field: why, in code and in words, and the field it is about.
        device_id, boot, seq: its number, where it has one; then all three are in the ledger.
        payload: what was sent, perhaps cut; ``payload_bytes`` is its full size.
        replayed_at: when it was stored after all, None while it is not.
    """

    letter_id: int
    received_at: datetime
    topic: str
    device: str | None
    kind: str | None
    reason_code: str
    reason: str
    field: str | None
    device_id: int | None
    boot: int | None
    seq: int | None
    payload: bytes
    payload_bytes: int
    replayed_at: datetime | None

    @property
    def key(self) -> tuple[int, int, int] | None:
        """Device, boot and sequence under which it is in the ledger."""
        if self.device_id is None or self.boot is None or self.seq is None:
            return None
        return self.device_id, self.boot, self.seq

    @property
    def truncated(self) -> bool:
        """Whether a part of it is lost."""
        return self.payload_bytes > len(self.payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which letters are meant: those for which all that is given holds.

    Attributes:
        letter_ids: these and no others.
        reason_code, device, kind: as the letter says them.
        since: received then or later, aware.
        waiting: only those that are not replayed yet.
    """

    letter_ids: tuple[int, ...] | None = None
    reason_code: str | None = None
    device: str | None = None
    kind: str | None = None
    since: datetime | None = None
    waiting: bool = False

    def matches(self, letter: KeptLetter) -> bool:
        """Whether ``letter`` is one of them."""
        return (
            (self.letter_ids is None or letter.letter_id in self.letter_ids)
            and self.reason_code in (None, letter.reason_code)
            and self.device in (None, letter.device)
            and self.kind in (None, letter.kind)
            and (self.since is None or letter.received_at >= self.since)
            and not (self.waiting and letter.replayed_at is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonSummary:
    """How many letters have one reason.

    Attributes:
        reason_code: the reason.
        letters: kept, the replayed ones too.
        replayed: of these, stored after all.
        not_kept: counted only, since their senders sent too many.
        devices: names that kept letters have.
        example: a sentence of one of them, None where none is kept.
        last_at: when the latest came.
    """

    reason_code: str
    letters: int
    replayed: int
    not_kept: int
    devices: int
    example: str | None
    last_at: datetime
