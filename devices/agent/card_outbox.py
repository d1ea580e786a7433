"""The outbox of a device whose card may fail, as cards do after some years.

It is a :class:`SqliteOutbox` on the card, and a :class:`MemoryOutbox` while the card takes nothing: the
device measures and sends on, says so in its status, and moves what waits to the card once that works
again. A file that is broken is set aside, what can be read of it saved, and a new one begun.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from devices.agent.card_rescue import Saved, is_broken, read, read_copy, set_aside
from devices.agent.entry import Entry, Key, Run
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.outbox import BOOT_SPREAD, OutboxError, next_boot
from devices.agent.outbox_forgotten import Erased
from devices.agent.outbox_mark import NEVER
from devices.agent.sqlite_outbox import DEFAULT_CAPACITY, SqliteOutbox
from devices.log import get_logger

log = get_logger(__name__)

T = TypeVar("T")

IN_MEMORY = 4_000
"""Entries kept while the card takes nothing: two weeks of a reading every 5 minutes, some 4 MB."""
_AGAIN_S = 60.0
_ENTRY_BYTES = 400
_LEAST = 2 * 288


def room_for(free_bytes: int, held_bytes: int) -> int:
    """Return how many entries a card has room for: half of what is free and ours, at least two days.

    The other half is the system's: a full card stops more than the agent.
    """
    return min(DEFAULT_CAPACITY, max(_LEAST, (free_bytes + held_bytes) // 2 // _ENTRY_BYTES))


class CardOutbox:
    """Implements :class:`devices.agent.outbox.Outbox`; a card never makes it raise.

    Args:
        path: the file; its folder is made where it can be.
        monotonic: seconds of a clock, for trying the card again.
        wall: seconds since 1970 UTC as far as the device knows, for boot numbers.
        again_s: how long a card that failed is left alone [s].
    """

    def __init__(
        self,
        path: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        again_s: float = _AGAIN_S,
    ) -> None:
        self._path = path
        self._monotonic = monotonic
        self._wall = wall
        self._pause_s = again_s
        self._again_s = 0.0
        self._memory = MemoryOutbox(IN_MEMORY)
        self._known = Saved()
        self._boot = 0
        self._reason = ""
        self._card: SqliteOutbox | None = None
        self._with_card(lambda card: True)
        if self._card is None:
            self._known = read_copy(path, IN_MEMORY // 2)
            self._hold(self._known.entries)

    def trouble(self) -> str:
        """Return what is wrong with the card, for a person; "" where nothing is."""
        return self._reason

    @property
    def install_id(self) -> str:
        """Made with the file; "" while no file can be read."""
        return self._card.install_id if self._card is not None else self._known.install_id or ""

    def last_wall_ms(self) -> int | None:
        """Return the wall clock at the last entry on the card [ms since 1970]."""
        return self._card.last_wall_ms() if self._card is not None else self._known.last_wall_ms

    def start_boot(self) -> int:
        """Return this start's boot number: on the card where it takes it, else drawn anew."""
        boot = self._with_card(lambda card: card.start_boot())
        self._boot = boot or next_boot(self._known.boot, self._wall(), secrets.randbelow(BOOT_SPREAD))
        return self._boot

    def append(self, entry: Entry) -> Sequence[Key]:
        """Keep ``entry`` on the card, else in memory."""
        given_up = self._with_card(lambda card: card.append(entry))
        return self._hold([entry]) if given_up is None else given_up

    def commit(self) -> None:
        """Each append is its own commit; what is still to be forgotten goes here."""
        if self._card is not None:
            self._card.commit()

    def pending(self, after: Key | None = None, limit: int | None = None) -> Sequence[tuple[Key, str]]:
        """Return keys and channels of unreceipted entries, oldest first."""
        on_card = self._reading(lambda card: card.pending(after, limit)) or []
        in_memory = self._memory.pending(after, limit)
        return sorted({**dict(on_card), **dict(in_memory)}.items())[:limit] if in_memory else on_card

    def load(self, keys: Sequence[Key]) -> list[Entry]:
        """Return the entries of ``keys`` that can be read, in that order."""
        found = {entry.key: entry for entry in self._memory.load(keys)}
        elsewhere = [key for key in keys if key not in found]
        if elsewhere:
            on_card = self._reading(lambda card: card.load(elsewhere)) or []
            found.update((entry.key, entry) for entry in on_card)
        return [found[key] for key in keys if key in found]

    def newest(self, limit: int) -> Iterator[Entry]:
        """Yield the last ``limit`` entries, newest first; OutboxError where the card can't be read."""
        held = self._memory.load([key for key, _ in reversed(self._memory.pending())])
        yield from held[:limit]
        if self._card is not None and len(held) < limit:
            yield from self._card.newest(limit - len(held))

    def receipted(self, boot: int, runs: Sequence[Run]) -> None:
        """The server holds these."""
        self._memory.receipted(boot, runs)
        self._reading(lambda card: card.receipted(boot, runs))

    @property
    def forgotten_to(self) -> Key:
        """The last key of what is forgotten, or is once it has its receipt."""
        return self._card.forgotten_to if self._card is not None else self._known.forgotten_to

    def forget(self) -> Erased:
        """See :meth:`devices.agent.sqlite_outbox.SqliteOutbox.forget`.

        Raises:
            OutboxError: the card does not take it.
        """
        erased = self._with_card(lambda card: card.forget())
        if erased is None:
            raise OutboxError(f"{self._path} was not forgotten: {self._reason}")
        return erased

    def forget_to(self, key: Key) -> None:
        """Forget up to ``key``, and files that were put aside, from the next turn on; where the card takes it."""
        self._with_card(lambda card: card.forget_to(key))

    def depth(self) -> int:
        """Return how many entries are unreceipted."""
        return self._memory.depth() + (self._card.depth() if self._card is not None else 0)

    def close(self) -> None:
        """Move what waits in memory to the card where it takes it, and close the file."""
        if self._memory.depth() > 0:
            self._again_s = 0.0
            self._with_card(lambda card: True)
        if self._card is not None:
            self._card.close()

    # -- inside ------------------------------------------------------------------

    def _hold(self, entries: Sequence[Entry]) -> list[Key]:
        return [key for entry in entries for key in self._memory.append(entry)]

    def _with_card(self, act: Callable[[SqliteOutbox], T]) -> T | None:
        """Return what ``act`` does on the card; None where the card failed, or did so a while ago."""
        if self._reason and self._monotonic() < self._again_s:
            return None

        def both(card: SqliteOutbox) -> T:
            self._move(card)
            return act(card)

        done = self._tried(both)
        if done is None:
            return None
        self._works()
        return done[0]

    def _reading(self, act: Callable[[SqliteOutbox], T]) -> T | None:
        """Like :meth:`_with_card`, also while the card takes nothing: it may still be read."""
        if self._card is None:
            return None
        done = self._tried(act)
        return None if done is None else done[0]

    def _tried(self, act: Callable[[SqliteOutbox], T]) -> tuple[T] | None:
        """Return what ``act`` does, done on a new file where this one turns out broken; None where it failed."""
        for _ in range(2):
            try:
                return (act(self._open()),)
            except OutboxError as e:
                self._failed(str(e))
                if not is_broken(e) or not self._begin_anew(str(e)):
                    return None
            except OSError as e:
                self._failed(f"{self._path.parent}: {e.strerror}")
                return None
        return None

    def _open(self) -> SqliteOutbox:
        if self._card is None:
            folder = self._path.parent
            folder.mkdir(parents=True, exist_ok=True)
            held = self._path.stat().st_size if self._path.exists() else 0
            space = os.statvfs(folder)
            room = room_for(space.f_bavail * space.f_frsize, held)
            card = SqliteOutbox(self._path, room, self._wall)
            if self._boot:
                card.take_over(self._boot)
            self._card = card
        return self._card

    def _move(self, card: SqliteOutbox) -> None:
        keys = [key for key, _ in self._memory.pending()]
        if not keys:
            return
        card.adopt(self._memory.load(keys))
        self._memory = MemoryOutbox(IN_MEMORY)

    def _begin_anew(self, reason: str) -> bool:
        """Set the broken file aside and save what can be read of it; return whether that went well."""
        if self._card is not None:
            self._card.close()
            self._card = None
        try:
            aside = set_aside(self._path)
        except OSError:
            return False
        saved = read(aside, DEFAULT_CAPACITY)
        log.error(
            "the outbox was broken and is begun anew",
            reason=reason,
            set_aside=str(aside),
            saved=len(saved.entries),
        )
        try:
            card = self._open()
            if saved.boot is not None:
                card.take_over(saved.boot)
            if saved.install_id is not None:
                card.call_itself(saved.install_id)
            if saved.forgotten_to != NEVER:
                card.forget_to(saved.forgotten_to)
            card.adopt(saved.entries)
        except (OutboxError, OSError):
            self._hold(saved.entries[-IN_MEMORY // 2 :])
            return False
        return True

    def _failed(self, reason: str) -> None:
        if not self._reason:
            log.error("the card failed: readings are kept in memory", reason=reason)
        self._reason = reason
        self._again_s = self._monotonic() + self._pause_s

    def _works(self) -> None:
        if self._reason:
            log.info("the card works again")
        self._reason = ""
