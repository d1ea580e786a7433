"""Forgetting a household that moved out, before the frog goes to the next one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cityops.errors import ConfigurationError, TransientError
from devices.agent.frog_record import Record, open_ring, remove_broken
from devices.agent.outbox import OutboxError
from devices.agent.service import OUTBOX_FILE
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.page.ring import CLOCK_SET_S


def forget(folder: Path, now_s: int) -> str:
    """Forget the record and what the server holds; return what was done, for a person.

    What the server does not hold yet stays in the outbox: it belongs to who lived there, and is sent.

    Args:
        folder: the device's data directory.
        now_s: nothing older is taken into the record again [s since 1970].

    Raises:
        ConfigurationError: the clock was never set.
        TransientError: the card does not take it.
    """
    if now_s < CLOCK_SET_S:
        raise ConfigurationError("the clock is not set: what is older than now can't be told; set it first")
    try:
        record = Record(open_ring(folder))
        record.forget(now_s)
        record.close()
        gone, waiting = 0, 0
        if (folder / OUTBOX_FILE).exists():
            outbox = SqliteOutbox(folder / OUTBOX_FILE)
            gone, waiting = outbox.forget_receipted(), outbox.depth()
            outbox.close()
    except (sqlite3.Error, OutboxError, OSError) as e:
        raise TransientError(f"{folder} was not forgotten: {e}") from e
    remove_broken(folder)
    return f"forgotten: the frog's own record, and {gone} entries that the town has; {waiting} still to be sent stay"
