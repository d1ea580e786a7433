"""A real file system that is full, or can only be read, under the outbox: the device measures on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.agent.card_outbox import CardOutbox
from devices.agent.entry import Entry
from devices.agent.outbox import OutboxError
from devices.agent.sqlite_outbox import SqliteOutbox

pytestmark = pytest.mark.fault


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    place = tmp_path / "card"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)], capture_output=True)
    if made.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def remount(place: Path, how: str) -> bool:
    done = subprocess.run(["mount", "-o", f"remount,{how}", str(place)], capture_output=True)
    return done.returncode == 0


def fill(place: Path) -> Path:
    """Write until nothing goes any more."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


def entry(boot: int, seq: int) -> Entry:
    return Entry(boot, seq, "reading", 1_800_000_000_000 + seq, seq, 2, b"%d" % seq + b"x" * 500)


def sequences(box: CardOutbox | SqliteOutbox) -> list[int]:
    return [seq for (_, seq), _ in box.pending()]


def test_a_full_card_takes_readings_again_once_it_has_room(card: Path) -> None:
    now_s = 0.0
    box = CardOutbox(card / "outbox.db", monotonic=lambda: now_s)
    boot = box.start_boot()
    box.append(entry(boot, 0))
    ballast = fill(card)
    seq = 1
    while not box.trouble() and seq < 2000:  # what the write-ahead log has of room is used first
        box.append(entry(boot, seq))
        seq += 1
    assert "full" in box.trouble()
    for more in range(seq, seq + 20):
        box.append(entry(boot, more))
    seq += 19
    assert sequences(box) == list(range(seq + 1))
    assert [e.seq for e in box.load([(boot, 0), (boot, seq)])] == [0, seq]
    ballast.unlink()
    now_s += 61.0
    box.append(entry(boot, seq + 1))
    assert box.trouble() == ""
    box.close()
    assert sequences(SqliteOutbox(card / "outbox.db")) == list(range(seq + 2))


def test_a_start_on_a_full_card_measures_in_memory(card: Path) -> None:
    fill(card)
    box = CardOutbox(card / "outbox.db")
    boot = box.start_boot()
    box.append(entry(boot, 0))
    assert sequences(box) == [0]
    assert box.trouble() != ""
    box.close()


def test_a_card_that_turns_read_only_is_no_end(card: Path) -> None:
    now_s = 0.0
    box = CardOutbox(card / "outbox.db", monotonic=lambda: now_s)
    boot = box.start_boot()
    for seq in range(3):
        box.append(entry(boot, seq))
    box.close()
    if not remount(card, "ro"):
        pytest.skip("can't be remounted")
    assert not os.access(card, os.W_OK)
    box = CardOutbox(card / "outbox.db", monotonic=lambda: now_s)
    second = box.start_boot()
    assert second > boot
    box.append(entry(second, 0))
    assert box.depth() == 4, "what waits on the card is sent from a copy"
    assert box.trouble() != ""
    box.receipted(boot, [(0, 2)])
    assert sequences(box) == [0]
    assert remount(card, "rw")
    now_s += 61.0
    box.append(entry(second, 1))
    assert box.trouble() == ""
    assert (second, 1) in [key for key, _ in box.pending()]
    box.close()


@pytest.mark.parametrize("receipted", [False, True])
def test_what_could_not_be_forgotten_does_not_hold_the_last_room(card: Path, receipted: bool) -> None:
    """Neither a deletion nor a file written anew that the card did not take, in the write-ahead log."""
    box = CardOutbox(card / "outbox.db", again_s=0.0)
    boot = box.start_boot()
    assert box._card is not None
    box._card._db.execute("pragma wal_autocheckpoint = 50")
    for seq in range(1_000):
        box.append(entry(boot, seq))
    if receipted:
        box.receipted(boot, [(0, 900)])
    box._card._db.execute("pragma wal_checkpoint(truncate)")
    ballast = fill(card)
    os.truncate(ballast, ballast.stat().st_size - 200_000)
    if receipted:
        with pytest.raises(OutboxError, match="full"):
            box.forget()
    else:
        assert box.forget().traces
    space = os.statvfs(card)
    assert space.f_bavail * space.f_frsize > 150_000
    assert (card / "outbox.db-wal").stat().st_size == 0
    os.truncate(ballast, 0)
    assert not box.forget().traces
    box.close()
