"""One behaviour suite for every outbox, and what only a file can promise."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from devices.agent.entry import Entry, runs_of
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.outbox import BOOT_SPREAD, Outbox, OutboxError, next_boot
from devices.agent.sqlite_outbox import SqliteOutbox
from firmware_sim.shared_outbox import SharedOutbox

CAPACITY = 20


def entry(seq: int, boot: int = 1, channel: str = "reading") -> Entry:
    return Entry(boot, seq, channel, 1_700_000_000_000 + seq, seq * 10, 2, b'{"seq":%d}' % seq)  # type: ignore[arg-type]


@pytest.fixture(params=["memory", "sqlite", "shared"])
def outbox(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "memory":
        yield MemoryOutbox(CAPACITY)
    elif request.param == "sqlite":
        box = SqliteOutbox(tmp_path / "outbox.db", CAPACITY)
        yield box
        box.close()
    else:
        shared = SharedOutbox(tmp_path / "fleet.db", CAPACITY)
        shared.of("neighbour").append(entry(0))
        yield shared.of("frog-1")
        shared.close()


def test_boots_only_grow(outbox: Outbox) -> None:
    boots = [outbox.start_boot() for _ in range(5)]
    assert boots == sorted(set(boots))


@pytest.mark.parametrize("kind", ["sqlite", "shared"])
def test_a_new_card_takes_no_boot_of_the_old_one(kind: str, tmp_path: Path) -> None:
    """Else the server holds its readings for duplicates, and they are lost."""
    boots: list[int] = []
    for number in range(2):
        path = tmp_path / f"card-{number}.db"
        box = SqliteOutbox(path) if kind == "sqlite" else SharedOutbox(path).of("frog-1")
        boots += [box.start_boot() for _ in range(3)]
    assert len(set(boots)) == 6


def test_a_restored_card_takes_no_boot_that_it_had_since(tmp_path: Path) -> None:
    now_s = 1_800_000_000.0

    def boots(path: Path, starts: int) -> list[int]:
        nonlocal now_s
        taken = []
        for _ in range(starts):
            now_s += 1_000_000.0
            box = SqliteOutbox(path, wall=lambda at_s=now_s: at_s)
            taken.append(box.start_boot())
            box.close()
        return taken

    before = boots(tmp_path / "card.db", 3)
    shutil.copy(tmp_path / "card.db", tmp_path / "copy.db")
    since = boots(tmp_path / "card.db", 3)
    restored = boots(tmp_path / "copy.db", 3)
    assert len({*before, *since, *restored}) == 9


@pytest.mark.parametrize("wall_s", [0.0, -5.0, 1_800_000_000.0, 4_000_000_000.0])
def test_boots_grow_whatever_the_clock_says(wall_s: float) -> None:
    first = next_boot(None, wall_s, 7)
    assert 8 <= first < 2**53
    assert next_boot(first, wall_s, 0) == first + 1
    assert next_boot(first, 0.0, 0) == first + 1
    assert next_boot(first, 0.0, 5) == first + 6
    assert next_boot(first, 5e9, 0) == 5_000_000_000 * BOOT_SPREAD


def test_a_copied_card_takes_no_boot_of_the_original_though_neither_knows_the_time(tmp_path: Path) -> None:
    box = SqliteOutbox(tmp_path / "card.db", wall=lambda: 0.0)
    box.start_boot()
    box.close()
    boots = []
    for copy in range(20):
        path = tmp_path / f"copy-{copy}.db"
        shutil.copy(tmp_path / "card.db", path)
        box = SqliteOutbox(path, wall=lambda: 0.0)
        boots += [box.start_boot() for _ in range(3)]
        box.close()
    assert len(set(boots)) == 60


def test_holds_what_it_was_given_in_order(outbox: Outbox) -> None:
    for seq in (0, 1, 2):
        assert list(outbox.append(entry(seq, channel="diary" if seq == 1 else "reading"))) == []
    outbox.commit()
    assert outbox.depth() == 3
    assert outbox.pending() == [((1, 0), "reading"), ((1, 1), "diary"), ((1, 2), "reading")]
    assert outbox.load([(1, 2), (9, 9), (1, 0)]) == [entry(2), entry(0)]


def test_what_waits_can_be_asked_for_in_parts(outbox: Outbox) -> None:
    for boot, seq in ((1, 0), (1, 1), (1, 2), (2, 0), (2, 1), (3, 0)):
        outbox.append(entry(seq, boot))
    outbox.receipted(1, [(1, 1)])
    outbox.receipted(2, [(0, 0)])
    whole = list(outbox.pending())
    assert [key for key, _ in whole] == [(1, 0), (1, 2), (2, 1), (3, 0)]
    for limit in (1, 2, 3, 4, 5):
        parts, after = [], None
        while found := outbox.pending(after, limit):
            parts += found
            after = found[-1][0]
        assert parts == whole


def test_receipts_remove_exactly_what_they_name(outbox: Outbox) -> None:
    for seq in range(10):
        outbox.append(entry(seq))
    outbox.append(entry(3, boot=2))
    outbox.receipted(1, [(0, 2), (5, 5), (100, 200)])
    outbox.receipted(7, [(0, 50)])
    assert [key for key, _ in outbox.pending()] == [(1, s) for s in (3, 4, 6, 7, 8, 9)] + [(2, 3)]
    assert outbox.depth() == 7
    outbox.receipted(1, [(0, 5)])
    assert outbox.depth() == 5


def test_a_sequence_is_never_overwritten(outbox: Outbox) -> None:
    outbox.append(entry(0))
    with pytest.raises(OutboxError):
        outbox.append(entry(0))
    assert outbox.load([(1, 0)]) == [entry(0)]
    assert outbox.depth() == 1


def test_full_thins_old_readings_and_says_which(outbox: Outbox) -> None:
    outbox.append(entry(0, channel="diary"))
    given_up = [key for seq in range(1, 60) for key in outbox.append(entry(seq))]
    left = [key for key, _ in outbox.pending()]
    assert len(left) <= CAPACITY
    assert sorted(left + given_up) == [(1, s) for s in range(60)]
    assert (1, 0) in left, "a diary entry was thinned"
    assert left[-5:] == [(1, s) for s in range(55, 60)]


def test_full_gives_up_receipted_entries_first(tmp_path: Path) -> None:
    box = SqliteOutbox(tmp_path / "outbox.db", CAPACITY)
    for seq in range(CAPACITY):
        box.append(entry(seq))
    box.receipted(1, [(5, 14)])
    assert [list(box.append(entry(seq))) for seq in range(20, 30)] == [[]] * 10
    assert box.depth() == 20
    assert box.append(entry(30)) != ()
    box.close()


@pytest.mark.parametrize("kind", ["sqlite", "shared"])
def test_reopening_finds_everything_and_a_new_boot(kind: str, tmp_path: Path) -> None:
    def open_box() -> tuple[Outbox, SharedOutbox | None]:
        if kind == "sqlite":
            return SqliteOutbox(tmp_path / "o.db"), None
        shared = SharedOutbox(tmp_path / "o.db")
        return shared.of("frog-1"), shared

    box, _ = open_box()
    first = box.start_boot()
    for seq in range(5):
        box.append(entry(seq, boot=first))
    box.receipted(first, [(1, 2)])
    box.commit()
    box.close()
    box, shared = open_box()
    assert box.start_boot() > first
    assert [key for key, _ in box.pending()] == [(first, 0), (first, 3), (first, 4)]
    assert box.depth() == 3
    (shared or box).close()


def test_install_id_belongs_to_the_file(tmp_path: Path) -> None:
    ids = []
    for name in ("a.db", "a.db", "b.db"):
        box = SqliteOutbox(tmp_path / name)
        ids.append(box.install_id)
        box.close()
    assert ids[0] == ids[1] != ids[2]


def test_an_unreadable_file_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "o.db").write_bytes(b"this is no database, whatever its name says" * 50)
    with pytest.raises(OutboxError, match=r"o\.db"):
        SqliteOutbox(tmp_path / "o.db")


WRITER = """
import sys
from pathlib import Path
from devices.agent.entry import Entry
from devices.agent.sqlite_outbox import SqliteOutbox
box = SqliteOutbox(Path(sys.argv[1]))
boot = box.start_boot()
seq = 0
while True:
    box.append(Entry(boot, seq, "reading", seq, seq, 2, b"x" * 40))
    sys.stdout.write(f"{boot} {seq}\\n")
    sys.stdout.flush()
    seq += 1
"""


def test_kill_while_writing_loses_no_committed_entry(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    reported: list[tuple[int, int]] = []
    for round_ in range(8):
        with (tmp_path / "out").open("w+") as out:
            writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=out, cwd=Path.cwd())
            deadline = time.monotonic() + 10
            while (tmp_path / "out").stat().st_size < 300 + 220 * round_ and time.monotonic() < deadline:
                time.sleep(0.002)
            os.kill(writer.pid, signal.SIGKILL)
            writer.wait()
            out.seek(0)
            lines = [line.split() for line in out.read().splitlines(keepends=True) if line.endswith("\n")]
        reported += [(int(boot), int(seq)) for boot, seq in lines]
    assert len(reported) > 300
    assert len({boot for boot, _ in reported}) == 8, "a boot number came twice"
    with sqlite3.connect(path) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    db.close()
    box = SqliteOutbox(path)
    held = [key for key, _ in box.pending()]
    box.close()
    assert set(reported) <= set(held)
    for boot in {b for b, _ in held}:
        seqs = [s for b, s in held if b == boot]
        assert seqs == list(range(len(seqs))), "a gap within a boot"


def test_runs() -> None:
    assert runs_of([]) == []
    assert runs_of([0, 1, 2, 5, 7, 8]) == [(0, 2), (5, 5), (7, 8)]


def opened(path: Path, capacity: int = 5000) -> tuple[SqliteOutbox, int]:
    """An outbox and how many steps SQLite took to open it and to tell all that waits."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    def connect(at: Path) -> sqlite3.Connection:
        db = sqlite3.connect(at, isolation_level=None)
        db.set_progress_handler(step, 10)
        return db

    box = SqliteOutbox(path, capacity, connect=connect)
    box.pending()
    return box, steps


def test_a_start_does_not_read_what_has_its_receipt(tmp_path: Path) -> None:
    cost = {}
    for count in (600, 600 + 15 * 288):  # as far from the last move of the mark
        path = tmp_path / f"{count}.db"
        box = SqliteOutbox(path, 5000)
        for seq in range(count):
            box.append(entry(seq))
            box.receipted(1, [(seq, seq)])
        box.append(entry(count))
        box.close()
        again, cost[count] = opened(path)
        assert again.pending() == [((1, count), "reading")]
        assert again.depth() == 1
        assert again._rows == count + 1
        again.close()
    assert max(cost.values()) < 2 * min(cost.values()), cost


def test_a_start_after_forgetting_reads_no_more_than_before(tmp_path: Path) -> None:
    """Also with a rest that waits below, which is then looked after without reading the others."""
    cost = {}
    for count in (600, 600 + 15 * 288):
        path = tmp_path / f"{count}.db"
        box = SqliteOutbox(path, 5000)
        box.append(entry(0, boot=1))
        box.forget()
        for seq in range(count):
            box.append(entry(seq, boot=2))
            box.receipted(2, [(seq, seq)])
        box.receipted(1, [(0, 0)])
        box.close()
        again, steps = opened(path)
        again._db.set_progress_handler(None, 0)
        cost[count] = steps
        assert again._rows == count + 1
        again.commit()
        assert again._rows == count, "it had its receipt when the agent ended"
        again.close()
    assert max(cost.values()) < 2 * min(cost.values()), cost


def test_what_is_adopted_below_the_mark_is_not_forgotten(tmp_path: Path) -> None:
    box = SqliteOutbox(tmp_path / "outbox.db", 5000)
    for seq in range(700):
        box.append(entry(seq, boot=5))
        box.receipted(5, [(seq, seq)])
    box.adopt([entry(3, boot=2)])
    assert [key for key, _ in box.pending()] == [(2, 3)]
    box.close()
    again = SqliteOutbox(tmp_path / "outbox.db", 5000)
    assert [key for key, _ in again.pending()] == [(2, 3)]
    assert again.depth() == 1


def test_an_older_agent_between_costs_nothing_that_waits(tmp_path: Path) -> None:
    """It knows no mark: it deletes below, and appends above."""
    path = tmp_path / "outbox.db"
    box = SqliteOutbox(path, 1000)
    for seq in range(990):
        box.append(entry(seq))
        box.receipted(1, [(seq, seq)])
    box.close()
    with sqlite3.connect(path) as older:
        older.execute("delete from outbox where receipted = 1")
        older.executemany(
            "insert into outbox (boot, seq, channel, wall_ms, mono_ms, clk, payload) values (2, ?, 'reading', 0, 0, 2, x'')",
            [(n,) for n in range(30)],
        )
    older.close()
    again = SqliteOutbox(path, 1000)
    assert again.depth() == len(again.pending()) == 30
    assert [list(again.append(entry(seq, boot=3))) for seq in range(200)] == [[]] * 200, (
        "given up without need"
    )
    assert again.depth() == 230


@pytest.mark.parametrize("said", ["", "nonsense", "1 2", "1 2 x", 7])
def test_a_mark_that_can_not_be_read_says_nothing(tmp_path: Path, said: object) -> None:
    path = tmp_path / "outbox.db"
    box = SqliteOutbox(path)
    box.append(entry(0))
    box.close()
    with sqlite3.connect(path) as db:
        db.execute("insert or replace into meta values ('receipted_to', ?)", (said,))
    db.close()
    again = SqliteOutbox(path)
    assert (again.pending(), again._rows) == ([((1, 0), "reading")], 1)
