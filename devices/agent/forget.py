"""Forgetting a household that moved out, before the frog goes to the next one."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from cityops.errors import TransientError
from devices.agent.card_outbox import CardOutbox
from devices.agent.frog_record import RING_FILE, Record, forget_both, open_ring
from devices.agent.hand_over import hand_over
from devices.agent.only_one import LOCK_FILE, OnlyOne
from devices.agent.outbox import OutboxError
from devices.agent.outbox_forgotten import Erased, remove_broken
from devices.agent.outbox_mark import NEVER
from devices.agent.service import OUTBOX_FILE
from devices.page.words import plural


def forget(folder: Path) -> str:
    """Forget the record and what the server holds; return what was done, for a person.

    What the server does not hold yet stays in the outbox: it belongs to who lived there, is sent, and forgotten then.

    Args:
        folder: the device's data directory.

    Raises:
        ConfigurationError: an agent runs on it; it would go on with what it remembers.
        TransientError: the card does not take it.
    """
    only_one = OnlyOne(folder)
    try:
        try:
            erased = _forget(folder)
        finally:
            hand_over(folder, f"{OUTBOX_FILE}*", f"{RING_FILE}*", LOCK_FILE)
    except (sqlite3.Error, OutboxError, OSError) as e:
        raise TransientError(f"{folder} was not forgotten: {e}") from e
    finally:
        only_one.close()
    return in_words(erased)


def _forget(folder: Path) -> Erased:
    record = Record(open_ring(folder))
    try:
        if not (folder / OUTBOX_FILE).exists():
            remove_broken(folder)
            record.forget(NEVER)
            return Erased(traces=record.ring.traces)
        outbox = CardOutbox(folder / OUTBOX_FILE)
        try:
            return forget_both(outbox, record)
        finally:
            outbox.close()
    finally:
        record.close()


def in_words(erased: Erased) -> str:
    """Return what was done, for a person."""
    gone, stay = plural(erased.gone, "entry", "entries"), "stays" if erased.waiting == 1 else "stay"
    said = f"forgotten: the frog's own record, and {gone} that the town has; {erased.waiting:,} still to be sent {stay}"
    if erased.waiting > 0:
        them = "it" if erased.waiting == 1 else "them"
        said += f" until the town has {them}: the agent sends and then forgets {them}"
    if erased.traces:
        said += "; the last traces go when nobody reads the card and it has room: forget again, or start the agent"
        said += ", which may have to send first" if erased.waiting > 0 else ""
    return said
