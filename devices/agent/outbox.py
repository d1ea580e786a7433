"""The port of the outbox: what a device keeps until the server has it.

Three implementations pass one suite (``tests/unit/test_agent_outbox.py``):
:class:`devices.agent.sqlite_outbox.SqliteOutbox` on a device,
:class:`devices.agent.memory_outbox.MemoryOutbox` without any promise, and
``firmware_sim.shared_outbox.SharedOutbox`` for a fleet in one file.

When an entry was sent and how often is kept in memory by the publisher, not here:
after a start everything unreceipted is sent again in any case, and a second write per
reading would double the wear of the card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from devices.agent.entry import Entry, Key, Run

BOOT_SPREAD = 2**20
"""Boots begin apart by a random number below this; a second of the wall clock is as much."""


def next_boot(last: int | None, wall_s: float, spread: int) -> int:
    """Return the boot number after ``last``; None means that the outbox is new.

    A count alone would begin again on a new card, go back with a restored one, and run twice on
    a copied one. The server then takes new readings for ones that it has, receipts them, and they
    are lost. So the number grows with the wall clock [s since 1970], and ``spread``, random below
    ``BOOT_SPREAD``, keeps cards apart where the clock is not set yet, as at any start without a
    network. It stays below 2^53, which every JSON reader keeps exactly.
    """
    now = max(1, int(wall_s)) * BOOT_SPREAD
    return (now if last is None else max(last + 1, now)) + spread


class OutboxError(Exception):
    """The outbox can't store: card full, read-only or broken."""


class Outbox(Protocol):
    """Entries of one device, kept until a receipt names them."""

    def start_boot(self) -> int:
        """Return this start's boot number: one more than ever before, already durable."""
        ...

    def append(self, entry: Entry) -> Sequence[Key]:
        """Keep ``entry``; return the unreceipted entries given up for want of space.

        Raises:
            OutboxError: it was not stored.
        """
        ...

    def commit(self) -> None:
        """Make what was appended durable. An entry is published only after this."""
        ...

    def pending(self, after: Key | None = None, limit: int | None = None) -> Sequence[tuple[Key, str]]:
        """Return keys and channels of unreceipted entries, oldest first: all, or some of those after a key."""
        ...

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` in that order, leaving out what is gone."""
        ...

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """The server holds these sequences of ``boot``: forget them when space is needed."""
        ...

    def depth(self) -> int:
        """Return how many entries are unreceipted."""
        ...

    def close(self) -> None:
        """Commit and release."""
        ...
