"""A card that does not take what is to be forgotten is left alone for longer each time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from devices.agent.entry import Entry
from devices.agent.outbox_forgotten import Erased
from devices.agent.pause import Pause
from devices.agent.sqlite_outbox import SqliteOutbox


def test_a_card_that_goes_on_taking_nothing_is_asked_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each try may write the whole file in vain. What has its receipt meanwhile is deleted all the same."""
    box, asked, entries = SqliteOutbox(tmp_path / "outbox.db"), list[int](), iter(range(1, 1000))

    def full(_: sqlite3.Connection) -> bool:
        asked.append(number)
        raise sqlite3.OperationalError("database or disk is full")

    def entry() -> int:
        seq = next(entries)
        box.append(Entry(1, seq, "reading", 0, 0, 2, b"21.37"))
        return seq

    number = entry()
    with monkeypatch.context() as patched:
        patched.setattr("devices.agent.sqlite_outbox.scrub", full)
        assert box.forget() == Erased(0, 1, traces=True)
        for _ in range(40):
            number = entry()
            box.commit()
        assert asked == [1, 2, 4, 8, 16, 32]
        box.receipted(1, [(1, 1)])
        box.commit()
        assert [e.seq for e in box.newest(99)][-1] == 2
        assert (len(asked), box.forget().traces, len(asked)) == (6, True, 7), "who asks has it tried"
    entry()
    box.commit()
    assert not box.forget().traces
    box.close()


def test_a_pause_is_a_day_at_most() -> None:
    pause, lengths = Pause(), list[int]()
    for _ in range(20):
        pause.failed()
        lengths.append(pause.left)
        for _ in range(pause.left):
            assert not pause.is_over
            pause.entry()
        assert pause.is_over
    assert (lengths[:4], max(lengths)) == ([1, 2, 4, 8], 256)
