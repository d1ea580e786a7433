"""A household moves out: what it leaves on the card, looked for in the raw bytes, whatever reads, fails or goes wrong."""

from __future__ import annotations

import os
import sqlite3
import struct
from pathlib import Path

import pytest

from cityops.errors import ConfigurationError
from devices.agent.card_outbox import CardOutbox
from devices.agent.clock_state import Clk
from devices.agent.entry import Entry
from devices.agent.forget import forget
from devices.agent.frog_record import open_ring
from devices.agent.only_one import OnlyOne
from devices.agent.outbox import OutboxError
from devices.agent.outbox_forgotten import Erased
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.page.samples import Sample
from devices.page.standing import Left
from tests.fakes.frog_box import FOREVER, START_S, Box, asked_to_forget

SECRET_C = 21.37
_SECRETS = (b"21.37", struct.pack(">d", SECRET_C))
"""A temperature that nobody else's home had: as the outbox has it, and as the record."""


def left_on(card: Path) -> set[str]:
    """The files of the card in which the household's air can still be read."""
    return {f.name for f in card.iterdir() if any(secret in f.read_bytes() for secret in _SECRETS)}


def lived_in(card: Path, *, receipted: bool = True, wrong_s: int = 0, clk: int = Clk.SYNCHRONISED) -> Box:
    """A frog that has measured a household's air ten times, and was told of one shower: sequences 0 to 10."""
    box = Box(card, wrong_s=wrong_s, clk=clk)
    box.room.temperature_c = SECRET_C
    box.turn()
    box.run(9)
    box.button.press(box.now_s + 1.0)
    box.turn(20.0)
    if receipted:
        box.outbox.receipted(box.agent.boot, [(0, 10)])
    assert left_on(card) >= {"outbox.db-wal"} | ({"frog.db-wal"} if wrong_s > -START_S else set())
    box.room.temperature_c = 18.0
    return box


def reader_of(file: Path) -> sqlite3.Connection:
    """Somebody who looks at the file and keeps what he sees."""
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("begin")
    db.execute("select * from meta").fetchall()
    return db


def turns_off(box: Box) -> None:
    """The power goes: nothing is written that waits in memory."""
    box.record.ring._db.close()
    box.outbox._db.close()


def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    box = lived_in(tmp_path)
    (tmp_path / "outbox.db.broken").write_text("21.37")
    assert asked_to_forget(box) == Left()
    assert left_on(tmp_path) == set()
    assert (box.times(), box.record.latest, list(box.record.lately)) == ([], None, [])
    assert box.record.ring.reader().notes(*FOREVER) == []
    assert list(box.outbox.newest(20)) == []
    box.run(1)
    seen = box.times()
    assert len(seen) == 1
    box.close()
    again = Box(tmp_path, start_s=5000)
    assert again.times() == seen, "nothing from before comes back out of the outbox"
    again.close()


@pytest.mark.parametrize("read", ["outbox.db", "frog.db"])
@pytest.mark.parametrize("power_cut", [False, True])
def test_while_somebody_reads_it_is_not_said_to_be_gone_and_goes_later(
    tmp_path: Path, read: str, power_cut: bool
) -> None:
    box = lived_in(tmp_path)
    reader = reader_of(tmp_path / read)
    asked: list[str] = []
    for db in (box.outbox._db, box.record.ring._db):
        db.set_trace_callback(asked.append)
    assert asked_to_forget(box) == Left(traces=True)
    for number, what in enumerate(asked):
        if "wal_checkpoint" in what:
            waits_ms = [int(s.split("=")[1]) for s in asked[:number] if "busy_timeout =" in s][-1]
            assert waits_ms <= 100, "the loop does not stand for it"
    assert box.outbox._db.execute("pragma busy_timeout").fetchone() == (5000,)
    assert left_on(tmp_path) != set()
    box.turn(1.0)
    if power_cut:
        turns_off(box)
        box = Box(tmp_path, start_s=4000)
        box.turn()
        assert left_on(tmp_path) != set()
    reader.close()
    box.turn(1.0)
    assert left_on(tmp_path) == set()
    assert (box.record.ring.traces, box.outbox._forgotten.traces) == (False, False)
    box.close()
    assert open_ring(tmp_path).traces is False


def test_what_was_dropped_before_without_being_overwritten_goes_too(tmp_path: Path) -> None:
    """Free pages of both files, and gaps in pages that are in use."""
    box = lived_in(tmp_path)
    for db in (box.outbox._db, box.record.ring._db):
        db.execute("pragma secure_delete = off")
    payload = b'{"temperature_c":21.37}' + b" " * 100
    box.outbox.adopt([Entry(1, seq, "reading", 0, 0, 2, payload) for seq in range(400)])
    box.outbox._delete([(1, seq) for seq in range(400) if seq % 40 != 39])
    ring = box.record.ring
    ring._write(Sample(START_S - 300 * n, 1, SECRET_C, 50.0) for n in range(1, 500))
    ring._db.execute("delete from fine where boot = 1 and slot % 7 > 0")
    for db in (box.outbox._db, ring._db):
        db.execute("pragma wal_checkpoint(truncate)")
    assert left_on(tmp_path) >= {"outbox.db", "frog.db"}
    box.outbox.receipted(1, [(0, 400)])
    assert asked_to_forget(box) == Left()
    assert left_on(tmp_path) == set()
    assert box.outbox._db.execute("pragma secure_delete").fetchone() == (0,), (
        "no wear for the rest of its life"
    )
    box.close()


@pytest.mark.parametrize("power_cut", [False, True])
def test_what_the_town_has_not_yet_is_sent_and_then_forgotten(tmp_path: Path, power_cut: bool) -> None:
    box = lived_in(tmp_path, receipted=False)
    boot = box.agent.boot
    box.outbox.receipted(boot, [(0, 3)])
    assert asked_to_forget(box) == Left(waiting=7)
    assert [key for key, _ in box.outbox.pending()] == [(boot, seq) for seq in range(4, 11)]
    box.run(2)  # the next household
    box.outbox.receipted(boot, [(10, 12)])
    box.run(1)
    assert [e.seq for e in box.outbox.load([(boot, seq) for seq in range(14)])] == list(range(4, 14)), (
        "the rest waits for its receipts"
    )
    if power_cut:
        turns_off(box)
        box = Box(tmp_path, start_s=9000)
    seen = box.times()
    assert len(seen) == 3, "of the next one only"
    box.outbox.receipted(boot, [(4, 9)])
    box.turn()
    left = [e.key for e in box.outbox.newest(100)]
    assert [seq for b, seq in left if b == boot] == [13, 12, 11], (
        "what the next one measured stays as history"
    )
    assert left_on(tmp_path) == set()
    assert box.outbox._rows == len(left)
    assert box.outbox.depth() == len(box.outbox.pending())
    box.close()


@pytest.mark.parametrize("wrong_s", [10 * 86_400, -10 * 86_400, -START_S])
@pytest.mark.parametrize("clk", [Clk.SYNCHRONISED, Clk.NEVER_SET])
@pytest.mark.parametrize("by", ["page", "terminal"])
def test_no_clock_brings_it_back(tmp_path: Path, wrong_s: int, clk: int, by: str) -> None:
    """Ahead, behind, never set; whether it says so or not; and right again afterwards."""
    box = lived_in(tmp_path, receipted=False, wrong_s=wrong_s, clk=clk)
    if by == "page":
        assert asked_to_forget(box) == Left(waiting=11)
        box.wrong_s, box.clk = 0, Clk.SYNCHRONISED
    else:
        box.close()
        assert "11 still to be sent stay until the town has them" in forget(tmp_path)
        box = Box(tmp_path, start_s=4000)
    box.run(7)  # written, by a clock that is known to be right
    assert len(box.times()) == 7
    seen = box.times()
    box.close()
    (tmp_path / "frog.db").unlink()  # the record is made again from the outbox
    for _ in range(2):
        again = Box(tmp_path, start_s=9000)
        assert again.times() == seen
        assert again.record.ring.reader().notes(*FOREVER) == []
        assert again.outbox.depth() == 18
        again.close()


def test_a_power_cut_between_outbox_and_record_forgets_both(tmp_path: Path) -> None:
    box = lived_in(tmp_path)
    box.outbox.forget()
    turns_off(box)
    again = Box(tmp_path, start_s=4000)
    assert again.times() == []
    again.turn()
    assert left_on(tmp_path) == set()
    again.close()


def test_a_card_that_does_not_take_it_has_forgotten_nothing(tmp_path: Path) -> None:
    box = lived_in(tmp_path)
    before = box.times()
    box.outbox._db.execute("pragma query_only = on")
    assert asked_to_forget(box) == "failed"
    assert box.times() == before
    box.outbox._db.execute("pragma query_only = off")
    box.run(1)
    assert list(box.outbox.newest(20)) != []
    assert asked_to_forget(box) == Left(waiting=1)
    assert left_on(tmp_path) == set()
    box.close()


def test_a_card_that_does_not_take_it_to_the_end_is_asked_again_with_the_next_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = lived_in(tmp_path)
    asked = 0

    def full(_: sqlite3.Connection) -> bool:
        nonlocal asked
        asked += 1
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        for module in ("devices.agent.sqlite_outbox", "devices.page.ring"):
            patched.setattr(f"{module}.scrub", full)
        assert asked_to_forget(box) == Left(traces=True)
        for _ in range(5):
            box.turn(1.0)
        assert asked == 2, "not at every turn"
    box.run(1)
    assert left_on(tmp_path) == set()
    box.close()


def test_what_waits_is_not_written_anew_where_it_is_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That would be 25 MB of memory and of wear, for what can be read on the card in any case until it is sent."""
    monkeypatch.setattr("devices.agent.sqlite_outbox._REWRITTEN_AT_ONCE", 5)
    box = lived_in(tmp_path, receipted=False)
    boot, asked = box.agent.boot, list[str]()
    box.outbox.receipted(boot, [(0, 3)])
    box.outbox._db.set_trace_callback(asked.append)
    assert asked_to_forget(box) == Left(waiting=7, traces=True)
    box.run(1)
    assert "vacuum" not in asked
    box.outbox.receipted(boot, [(4, 10)])
    box.turn(1.0)
    assert asked.count("vacuum") == 1
    assert left_on(tmp_path) == set()
    assert not box.outbox._forgotten.traces
    box.close()


@pytest.mark.parametrize("held_bytes", [0, 10**9])
def test_a_large_file_is_not_written_anew_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_bytes: int
) -> None:
    monkeypatch.setattr("devices.scrub._IN_MEMORY_BYTES", held_bytes)
    box, asked = lived_in(tmp_path), list[str]()
    box.outbox._db.set_trace_callback(asked.append)
    assert asked_to_forget(box) == Left()
    assert f"pragma temp_store = {'memory' if held_bytes > 0 else 'file'}" in asked
    assert left_on(tmp_path) == set()
    box.close()


def test_an_outbox_that_breaks_afterwards_is_no_way_back(tmp_path: Path) -> None:
    box = lived_in(tmp_path, receipted=False)
    boot = box.agent.boot
    assert asked_to_forget(box) == Left(waiting=11)
    box.close()
    card = CardOutbox(tmp_path / "outbox.db")
    mark = card.forgotten_to
    assert mark == (boot, 10)
    assert card._begin_anew("a page is broken")
    assert card.forgotten_to == mark
    assert card.depth() == 11, "what waits is saved"
    card.commit()
    assert not (tmp_path / "outbox.db.broken").exists()
    card.receipted(boot, [(0, 10)])
    card.commit()
    assert left_on(tmp_path) == set()
    card.close()


@pytest.mark.parametrize("are_saved", [False, True])
def test_the_record_tells_an_outbox_that_broke_and_lost_what_it_was_to_forget(
    tmp_path: Path, are_saved: bool
) -> None:
    box = lived_in(tmp_path, receipted=False)
    boot = box.agent.boot
    assert asked_to_forget(box) == Left(waiting=11)
    box.outbox._db.execute("delete from meta where key = 'forgotten_to'")
    box.close()
    card = CardOutbox(tmp_path / "outbox.db")
    assert card._begin_anew("a page is broken")
    card.close()
    if not are_saved:  # all of it lies in the file that was put aside
        (tmp_path / "outbox.db").unlink()
        made = SqliteOutbox(tmp_path / "outbox.db")
        made.take_over(boot)
        made.close()
    assert "outbox.db.broken" in left_on(tmp_path)
    box = Box(tmp_path, start_s=4000)
    box.turn()
    assert not (tmp_path / "outbox.db.broken").exists()
    assert box.outbox.forgotten_to == (boot, 10)
    box.outbox.receipted(boot, [(0, 10)])
    box.run(1)
    assert left_on(tmp_path) == set()
    assert len(box.times()) == 2
    box.close()


def test_a_card_that_fails_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    card = CardOutbox(tmp_path / "file" / "outbox.db")
    with pytest.raises(OutboxError, match="was not forgotten"):
        card.forget()
    card.commit()
    card.close()


def test_on_a_terminal(tmp_path: Path) -> None:
    assert (
        forget(tmp_path)
        == "forgotten: the frog's own record, and 0 entries that the town has; 0 still to be sent stay"
    )
    assert not (tmp_path / "outbox.db").exists()
    box = lived_in(tmp_path)
    held = OnlyOne(tmp_path)
    with pytest.raises(ConfigurationError, match="stop it first"):
        forget(tmp_path)
    held.close()
    box.close()
    reader = reader_of(tmp_path / "frog.db")
    said = forget(tmp_path)
    assert (
        "11 entries that the town has; 0 still to be sent stay; the last traces go when nobody reads" in said
    )
    reader.close()
    assert "traces" not in forget(tmp_path)
    assert left_on(tmp_path) == set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_by_root_what_is_begun_anew_belongs_to_the_agent(tmp_path: Path) -> None:
    """A record, an outbox and a lock of root's: it could write none of them, and measured into memory for ever."""
    agent = 65_534
    tmp_path.chmod(0o755)
    os.chown(tmp_path, agent, agent)
    (tmp_path / "outbox.db").write_bytes(b"no database" * 400)
    (tmp_path / "frog.db").write_bytes(b"no database" * 400)
    forget(tmp_path)
    found = {path.name: path.stat().st_uid for path in tmp_path.iterdir()}
    assert found == dict.fromkeys(("agent.lock", "frog.db", "outbox.db"), agent)


def test_it_costs_an_ordinary_turn_nothing(tmp_path: Path) -> None:
    """Neither before somebody has it forget nor after: the same statements, and none at a turn without an entry."""
    said: dict[str, list[str]] = {}
    for case in ("never", "before"):
        path = tmp_path / f"{case}.db"
        outbox = SqliteOutbox(path)
        boot = outbox.start_boot()
        for seq in range(3):
            outbox.append(Entry(boot, seq, "reading", 0, 0, 2, b"{}"))
        outbox.receipted(boot, [(0, 2)])
        if case == "before":
            assert outbox.forget() == Erased(gone=3)
            outbox.append(Entry(boot, 3, "reading", 0, 0, 2, b"{}"))
            outbox.receipted(boot, [(3, 3)])
        outbox.append(Entry(boot, 4, "reading", 0, 0, 2, b"{}"))
        outbox._db.set_trace_callback(said.setdefault(case, []).append)
        for seq in range(5, 9):
            outbox.append(Entry(boot, seq, "reading", 0, 0, 2, b"{}"))
            outbox.commit()
            outbox.receipted(boot, [(seq - 1, seq - 1)])
            outbox.commit()
        number = len(said[case])
        outbox.commit()
        assert len(said[case]) == number
        said[case] = [text.replace(str(boot), "B") for text in said[case]]
        outbox.close()
    assert said["before"] == said["never"]
