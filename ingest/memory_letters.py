"""The dead letters of a :class:`ingest.memory_store.MemorySink`: the in-memory adapter of their port."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime

from ingest.core.clocks import BootClock, Start
from ingest.core.letters import KeptLetter, LetterFilter, ReasonSummary
from ingest.memory_store import MemorySink


class MemoryLetters:
    """A :class:`ingest.ports.LetterStore` in memory."""

    def __init__(self, sink: MemorySink) -> None:
        self._sink = sink

    async def page(self, wanted: LetterFilter, after_id: int, limit: int) -> list[KeptLetter]:
        """Return letters, oldest first; see the port."""
        return [letter for letter in self._matching(wanted) if letter.letter_id > after_id][:limit]

    async def newest(self, wanted: LetterFilter, limit: int) -> list[KeptLetter]:
        """Return letters, newest first; see the port."""
        return self._matching(wanted)[::-1][:limit]

    async def summary(self, wanted: LetterFilter) -> list[ReasonSummary]:
        """Return the counts by reason; see the port."""
        letters, counted = self._matching(wanted), self._counted(wanted)
        reasons = {letter.reason_code for letter in letters} | counted.keys()
        found = [_summary(reason, letters, counted) for reason in reasons]
        return sorted(found, key=lambda s: (-s.letters - s.not_kept, s.reason_code))

    async def clocks(self, device_ids: Collection[int]) -> dict[Start, BootClock]:
        """Return the known clock offsets; see the port."""
        return {key: at for key, at in self._sink.clocks.items() if key[0] in device_ids}

    def _matching(self, wanted: LetterFilter) -> list[KeptLetter]:
        return [letter for letter in self._sink.kept.values() if wanted.matches(letter)]

    def _counted(self, wanted: LetterFilter) -> dict[str, tuple[int, datetime]]:
        """Return count and time of the latest of the letters that were not kept, by reason."""
        kinds = {d.name: d.kind for d in self._sink.devices}
        counts: Counter[str] = Counter()
        last: dict[str, datetime] = {}
        for at, over in self._sink.counted if wanted.letter_ids is None else ():
            reason, device = str(over.reason), over.sender.device
            if (
                wanted.reason_code in (None, reason)
                and wanted.device in (None, device)
                and (wanted.kind is None or (device is not None and kinds[device] == wanted.kind))
                and (wanted.since is None or at >= wanted.since)
            ):
                counts[reason] += over.letters
                last[reason] = max(at, last.get(reason, at))
        return {reason: (n, last[reason]) for reason, n in counts.items()}


def _summary(
    reason: str, letters: list[KeptLetter], counted: dict[str, tuple[int, datetime]]
) -> ReasonSummary:
    mine = [letter for letter in letters if letter.reason_code == reason]
    times = [letter.received_at for letter in mine]
    not_kept = 0
    if reason in counted:
        not_kept, last_at = counted[reason]
        times.append(last_at)
    return ReasonSummary(
        reason_code=reason,
        letters=len(mine),
        replayed=sum(letter.replayed_at is not None for letter in mine),
        not_kept=not_kept,
        devices=len({letter.device for letter in mine if letter.device is not None}),
        example=min((letter.reason for letter in mine), default=None),
        last_at=max(times),
    )
