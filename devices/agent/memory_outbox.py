"""An outbox in memory: for tests, and for a device whose card is broken."""

from __future__ import annotations

from collections.abc import Sequence

from devices.agent.entry import Entry, Key, Run
from devices.agent.outbox import OutboxError


class MemoryOutbox:
    """Keeps at most ``capacity`` entries; nothing survives the process.

    ``boots`` is the number of the last boot, where the caller knows one.
    """

    def __init__(self, capacity: int = 10_000, boots: int = 0) -> None:
        self._capacity = capacity
        self._boots = boots
        self._entries: dict[Key, Entry] = {}

    def start_boot(self) -> int:
        """Return the next boot number."""
        self._boots += 1
        return self._boots

    def append(self, entry: Entry) -> Sequence[Key]:
        """Keep ``entry``; thin the oldest readings where there is no room."""
        if entry.key in self._entries:
            raise OutboxError(f"boot {entry.boot} seq {entry.seq} is already in the outbox")
        self._entries[entry.key] = entry
        excess = len(self._entries) - self._capacity
        if excess <= 0:
            return ()
        readings = [k for k in sorted(self._entries) if self._entries[k].channel == "reading"]
        dropped = readings[: 2 * excess : 2]
        for key in dropped:
            del self._entries[key]
        return dropped

    def commit(self) -> None:
        """Nothing to do."""

    def pending(self, after: Key | None = None, limit: int | None = None) -> Sequence[tuple[Key, str]]:
        """Return keys and channels, oldest first."""
        found = sorted(key for key in self._entries if after is None or key > after)
        return [(key, self._entries[key].channel) for key in found[:limit]]

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` that are there."""
        return [self._entries[k] for k in keys if k in self._entries]

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """Forget these entries."""
        for first, last in runs:
            for seq in range(first, last + 1):
                self._entries.pop((boot, seq), None)

    def depth(self) -> int:
        """Return how many entries are held."""
        return len(self._entries)

    def close(self) -> None:
        """Nothing to do."""
