"""A card that breaks, fills up or can only be read: the device measures on and loses what it must, not more."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from devices.agent.card_outbox import IN_MEMORY, CardOutbox, room_for
from devices.agent.card_rescue import read
from devices.agent.entry import Entry
from devices.agent.outbox import OutboxError
from devices.agent.sqlite_outbox import DEFAULT_CAPACITY, SqliteOutbox


def entry(seq: int, boot: int, channel: str = "reading") -> Entry:
    return Entry(
        boot, seq, channel, 1_700_000_000_000 + seq, seq * 10, 2, b'{"seq":%d,"pad":"%s"}' % (seq, b"x" * 200)
    )  # type: ignore[arg-type]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def opened(path: Path, clock: Clock | None = None) -> CardOutbox:
    return CardOutbox(path, monotonic=clock or Clock())


def full(box: CardOutbox) -> sqlite3.Connection:
    """Have the card take nothing, as a full one does; return its connection, to have it take all again."""
    assert box._card is not None
    db = box._card._db
    db.execute("pragma query_only = 1")
    return db


def sequences(box: CardOutbox | SqliteOutbox) -> list[int]:
    return [key[1] for key, _ in box.pending()]


def test_a_card_that_fills_up_and_has_room_again_loses_nothing(tmp_path: Path) -> None:
    clock = Clock()
    box = opened(tmp_path / "o.db", clock)
    boot = box.start_boot()
    box.append(entry(0, boot))
    db = full(box)
    for seq in (1, 2):
        assert list(box.append(entry(seq, boot, "diary" if seq == 2 else "reading"))) == []
    assert "readonly" in box.trouble()
    assert sequences(box) == [0, 1, 2]
    assert [e.seq for e in box.load([(boot, 2), (boot, 0)])] == [2, 0], (
        "what is on the card can still be read"
    )
    assert [e.seq for e in box.newest(3)] == [2, 1, 0]
    box.receipted(boot, [(1, 1)])
    assert box.depth() == 2
    db.execute("pragma query_only = 0")
    box.append(entry(3, boot))
    assert box.trouble() != "", "a card that failed is left alone for a while"
    clock.now_s += 61.0
    box.append(entry(4, boot))
    assert box.trouble() == ""
    box.close()
    again = SqliteOutbox(tmp_path / "o.db")
    assert sequences(again) == [0, 2, 3, 4]
    assert dict(again.pending())[boot, 2] == "diary"


def test_what_waits_in_memory_reaches_the_card_at_the_latest_at_the_end(tmp_path: Path) -> None:
    box = opened(tmp_path / "o.db")
    boot = box.start_boot()
    db = full(box)
    box.append(entry(0, boot))
    db.execute("pragma query_only = 0")
    box.close()
    assert sequences(SqliteOutbox(tmp_path / "o.db")) == [0]


def test_memory_is_bounded_and_says_what_it_gives_up(tmp_path: Path) -> None:
    box = opened(tmp_path / "o.db")
    boot = box.start_boot()
    full(box)
    given_up = [key for seq in range(IN_MEMORY + 10) for key in box.append(entry(seq, boot))]
    assert len(given_up) == 10
    assert box.depth() == IN_MEMORY
    assert given_up[0] == (boot, 0)


def test_no_folder_at_all_is_memory_and_a_boot_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    boots: set[int] = set()
    for _ in range(3):
        box = CardOutbox(tmp_path / "file" / "o.db", wall=lambda: 0.0, monotonic=Clock())
        boots.add(box.start_boot())
        box.append(entry(0, max(boots)))
        assert box.depth() == 1
        assert "file" in box.trouble()
        assert box.install_id == ""
        box.close()
    assert len(boots) == 3


def test_a_card_that_can_only_be_read_has_its_backlog_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "o.db"
    box = SqliteOutbox(path)
    boot, install = box.start_boot(), box.install_id
    for seq in range(5):
        box.append(entry(seq, boot))
    # What is in the write-ahead log only must be found as well: the file is not closed.

    class ReadOnly(SqliteOutbox):
        def __init__(self, *_: object) -> None:
            raise OutboxError("attempt to write a readonly database")

    monkeypatch.setattr("devices.agent.card_outbox.SqliteOutbox", ReadOnly)
    held = opened(path)
    assert held.install_id == install
    assert held.last_wall_ms() == 1_700_000_000_004
    assert held.start_boot() > boot
    assert sequences(held) == [0, 1, 2, 3, 4]
    held.receipted(boot, [(0, 3)])
    assert sequences(held) == [4]
    assert "readonly" in held.trouble()


def test_a_card_that_comes_back_takes_the_boot_that_began_without_it(tmp_path: Path) -> None:
    clock = Clock()
    (tmp_path / "d").write_text("in the way")
    box = CardOutbox(tmp_path / "d" / "o.db", wall=lambda: 1.0, monotonic=clock)
    boot = box.start_boot()
    box.append(entry(0, boot))
    (tmp_path / "d").unlink()
    clock.now_s += 61.0
    box.append(entry(1, boot))
    assert box.trouble() == ""
    box.close()
    again = SqliteOutbox(tmp_path / "d" / "o.db", wall=lambda: 1.0)
    assert sequences(again) == [0, 1]
    assert again.start_boot() > boot


def spoiled(path: Path, page: int, page_bytes: int = 4096) -> None:
    data = bytearray(path.read_bytes())
    data[page * page_bytes : (page + 1) * page_bytes] = b"\xa5" * page_bytes
    path.write_bytes(data)


def filled(path: Path, count: int = 200) -> tuple[int, str]:
    box = SqliteOutbox(
        path, wall=lambda: time.time() - 60
    )  # a minute ago: boots of one second are told apart by chance
    boot, install = box.start_boot(), box.install_id
    for seq in range(count):
        box.append(entry(seq, boot))
    box.receipted(boot, [(0, 9)])
    box.close()
    return boot, install


def test_no_database_at_all_is_set_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(b"this is no database, whatever its name says" * 100)
    box = opened(path)
    boot = box.start_boot()
    box.append(entry(0, boot))
    assert box.trouble() == ""
    assert sequences(box) == [0]
    assert (tmp_path / "o.db.broken").exists()


@pytest.mark.parametrize("where", [1, 2, 5, 8])
def test_a_broken_page_costs_what_is_on_it_at_most(tmp_path: Path, where: int) -> None:
    path = tmp_path / "o.db"
    boot, install = filled(path)
    pages = path.stat().st_size // 4096
    assert pages > 9
    spoiled(path, where)
    readable = len(read(_copy(path, tmp_path), 1000).entries)
    box = opened(path)
    assert box.start_boot() > boot, "also where the old boot number can't be read: the clock has gone on"
    left = sequences(box)
    assert len(left) == readable
    assert left == sorted(left)
    assert set(left) <= set(range(10, 200))
    if where >= 5:  # a page of readings, not one of the tree's upper ones
        assert len(left) >= 190 - 40, "one page holds some sixteen"
        assert box.install_id == install
    box.append(entry(0, box.start_boot()))
    box.close()


def _copy(path: Path, folder: Path) -> Path:
    return Path(shutil.copy(path, folder / "copy.db"))


def test_a_page_that_breaks_while_the_agent_runs_is_no_end(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    filled(path)
    box = opened(path)
    boot = box.start_boot()
    box.append(entry(0, boot))
    assert box._card is not None
    box._card._db.execute("pragma wal_checkpoint(truncate)")
    for page in range(1, path.stat().st_size // 4096):
        spoiled(path, page)
    box._card._db.execute("pragma shrink_memory")
    for seq in range(1, 4):
        box.append(entry(seq, boot))
    assert {1, 2, 3} <= set(sequences(box))
    assert box.trouble() == ""


def test_a_broken_card_that_takes_nothing_either_is_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(b"no database" * 1000)

    def refuses(_: Path) -> Path:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("devices.agent.card_outbox.set_aside", refuses)
    box = opened(path)
    box.append(entry(0, box.start_boot()))
    assert box.depth() == 1
    assert "not a database" in box.trouble()


def test_an_entry_that_the_card_kept_though_it_said_no_is_kept_once(tmp_path: Path) -> None:
    """A failing fsync leaves it open whether the entry is on the card."""
    clock = Clock()
    box = opened(tmp_path / "o.db", clock)
    boot = box.start_boot()
    assert box._card is not None
    real = box._card.append

    def unsure(e: Entry) -> Sequence[tuple[int, int]]:
        real(e)
        raise OutboxError("disk I/O error")

    box._card.append = unsure  # type: ignore[method-assign]
    box.append(entry(0, boot))
    box._card.append = real  # type: ignore[method-assign]
    clock.now_s += 61.0
    box.append(entry(1, boot))
    assert sequences(box) == [0, 1]
    assert box.depth() == 2


@pytest.mark.parametrize(
    ("free", "held", "room"),
    [
        (64 * 10**9, 0, DEFAULT_CAPACITY),
        (0, 0, 576),
        (20_000_000, 4_000_000, 30_000),
        (0, 10**9, DEFAULT_CAPACITY),
    ],
)
def test_a_small_card_holds_fewer(free: int, held: int, room: int) -> None:
    assert room_for(free, held) == room
