"""What the rules service needs of the outside: a store, and a hint that something is new.

Both are Protocols with two implementations each; one suite of tests runs on both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cityops.errors import CityopsError
from devices.registry import Registry
from rules.core.alarm_book import OpenAlarm
from rules.core.effects import Effect
from rules.core.forget import Gone
from rules.core.memory import EngineState, Row
from rules.core.readings import ReadingBatch
from rules.core.treatment_log import PassLine


class CursorMovedError(CityopsError):
    """The stored cursor is not where this service left it.

    Another instance was faster, or a commit whose answer was lost did happen. Nothing was
    written; resume from the store.
    """


@dataclass(frozen=True, slots=True)
class Resumed:
    """Where the service stands.

    Attributes:
        state: the engine's, without the readings that wait.
        cursor: which it belongs to.
        waiting_from: a cursor; all that wait are of batches after it.
        since: the readings after it; some of them may count already.
        open_alarms: those that are up.
        outdated: whether rows of the state were migrated; all must be written anew.
    """

    state: EngineState
    cursor: int
    open_alarms: tuple[OpenAlarm, ...] = ()
    outdated: bool = False
    waiting_from: int | None = None
    since: ReadingBatch = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetched:
    """Batches after a cursor, in receive order.

    Attributes:
        cursor: after these batches.
        batches, readings_n: how many.
        received_s: when the newest batch was received [s since 1970].
        readings: by kind.
    """

    cursor: int
    batches: int
    received_s: float
    readings: ReadingBatch

    @property
    def readings_n(self) -> int:
        """Number of readings of all kinds."""
        return sum(len(r) for r in self.readings.values())


@dataclass(frozen=True, slots=True)
class Change:
    """All that one step writes; it is written completely or not at all.

    Attributes:
        from_cursor, from_settled_s: where the step started: after which batch, and the time of the latest
            reading that counted then [s since 1970]; the store refuses if it stands elsewhere.
        to_cursor: where it ends.
        seen_s: event time after the step [s since 1970].
        settled_s: time of the latest reading that counts [s since 1970].
        waiting_from: a cursor; readings of batches after it may wait. None: none does.
        everything: nothing was waited for; a wish for that is fulfilled.
        rows, gone: of the engine's memory: those to write, and those to delete (section and subject).
        effects: in order.
        catalogue_id: the catalogue that decided; None where copies are not kept.
        checkpoint: all of the memory, to be kept for replays (``rules.core.checkpoint``).
        passes: of gritters, for the log that outlives the memory.
    """

    from_cursor: int
    to_cursor: int
    seen_s: float | None
    settled_s: float | None
    rows: tuple[Row, ...]
    effects: tuple[Effect, ...]
    waiting_from: int | None = None
    everything: bool = False
    catalogue_id: int | None = None
    checkpoint: bytes | None = None
    from_settled_s: float | None = None
    gone: Gone = ()
    passes: tuple[PassLine, ...] = ()


class RuleStore(Protocol):
    """Where readings come from and effects go to."""

    async def registry(self) -> Registry:
        """Return what is installed, without retired devices.

        Raises:
            TransientError: the database does not answer.
        """
        ...

    async def resume(self) -> Resumed:
        """Return where the service stands; a new one stands at the beginning, knowing nothing."""
        ...

    async def fetch(self, cursor: int, limit: int) -> Fetched | None:
        """Return the next batches after ``cursor``, about ``limit`` of them; None where there is none."""
        ...

    async def pending(self, cursor: int) -> bool:
        """Whether batches after ``cursor`` are stored, also such as can't be fetched yet."""
        ...

    async def settle_wanted(self, cursor: int) -> bool:
        """Whether somebody who knows that no more will come has asked not to wait, up to ``cursor``."""
        ...

    async def commit(self, change: Change) -> None:
        """Write effects, memory and cursor in one transaction and tell the listeners.

        Raises:
            CursorMovedError: the cursor stands elsewhere; nothing was written.
            TransientError: the database does not answer; whether it was written is unknown.
        """
        ...


class Waker(Protocol):
    """A hint that new batches may be there."""

    async def wait(self) -> None:
        """Return when there was a hint since the last return; may wait for ever."""
        ...
