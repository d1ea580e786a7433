"""The frog around its agent: the record, what is pressed and tapped, clocks that were wrong, cards that fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from devices.agent.clock_state import Clk
from devices.agent.frog import Frog, FrogParts
from devices.agent.frog_record import Record, forget_both, open_ring
from devices.drivers.eyes import PATTERNS, SORRY, thanks
from devices.page.standing import Desk
from tests.fakes.frog_box import FOREVER, START_S, Box
from tests.fakes.frog_page import ZONE


def test_readings_are_seen_at_once_and_written_now_and_then(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    box.run(3)
    assert box.times() == [0, 300, 600, 900]
    assert len(box.record.ring.pending) == 4
    box.run(2)
    assert box.record.ring.pending == ()
    assert box.desk.standing is not None
    assert (box.desk.standing.waiting, box.desk.standing.waiting_since_s) == (6, START_S)
    assert box.desk.standing.latest is not None
    assert box.desk.standing.latest.wall_c == 12.0
    box.close()


def test_a_press_is_an_entry_with_its_source_and_its_own_time(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    box.button.press(10.0)
    box.button.press(10.6)
    box.turn(40.0)  # the loop was busy with the network
    [diary] = [e for e in box.outbox.newest(10) if e.channel == "diary"]
    assert (diary.wall_ms, diary.mono_ms) == (START_S * 1000 + 10_000, 10_000)
    assert b'"activity":"cooking","source":"button"' in diary.payload
    [note] = box.record.ring.reader().notes(*FOREVER)
    assert (note.activity, note.source, note.at_s) == ("cooking", "button", START_S + 10)
    assert thanks(2) in box.light.shown
    assert box.desk.standing is not None
    assert box.desk.standing.waiting_diary == {(note.boot, note.seq)}
    box.turn(30.0)
    assert len(box.record.ring.reader().notes(*FOREVER)) == 1
    box.close()


def test_a_tap_on_the_page_is_an_entry(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    with ThreadPoolExecutor(1) as people:
        told = people.submit(box.desk.tap, "window")
        while not told.done():
            box.turn()
        assert told.result() == "kept"
    [note] = box.record.ring.reader().notes(*FOREVER)
    assert (note.activity, note.source) == ("window", "page")
    box.close()


def test_a_press_that_cannot_be_kept_is_told_by_the_eyes(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    box.outbox._db.execute("pragma query_only = on")
    box.button.press(10.0)
    box.turn(20.0)
    assert SORRY in box.light.shown
    assert box.record.ring.reader().notes(*FOREVER) == []
    box.outbox._db.execute("pragma query_only = off")
    box.close()


def test_eyes_follow_the_air(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.room.humidity_pct = 55.0  # 92 % at the wall
    box.turn()
    box.run(1)
    assert box.light.shown[-1] == PATTERNS["look"]
    box.run(24)
    assert box.light.shown[-1] == PATTERNS["act"]
    box.room.humidity_pct = 30.0
    box.run(40)
    assert box.light.shown[-1] == PATTERNS["calm"]
    box.close()


def test_a_power_cut_loses_nothing_of_the_record(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    box.run(9)  # six are on the card, four are not
    box.button.press(box.now_s + 1.0)
    box.turn(20.0)
    box.record.ring._db.execute("delete from note")  # as if the cut came between outbox and record
    box.cut()
    again = Box(tmp_path, start_s=4000)
    assert again.times() == [i * 300 for i in range(10)]
    assert [n.activity for n in again.record.ring.reader().notes(*FOREVER)] == ["shower"]
    assert again.record.latest is not None
    assert again.record.latest.at_s == START_S + 2700
    again.close()


def test_a_record_that_is_gone_is_made_again_from_the_outbox(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()
    box.run(99)
    box.close()
    for old in tmp_path.glob("frog.db*"):
        old.write_bytes(b"broken" * 3000)
    again = Box(tmp_path, start_s=40_000)
    assert len(again.times()) == 100
    assert (tmp_path / "frog.db.broken").exists()
    assert len(again.record.ring.reader().hours(*FOREVER)) == 9
    again.close()


@pytest.mark.parametrize("wrong_s", [-START_S, -7200, 86_400 * 3])
def test_times_of_a_clock_that_was_wrong_are_mended(wrong_s: int, tmp_path: Path) -> None:
    """Never set (1970), restored from a file, and ahead; then the time comes from the network."""
    box = Box(tmp_path, wrong_s=wrong_s, clk=Clk.NEVER_SET)
    box.turn()
    box.run(7)
    box.button.press(box.now_s + 5.0)
    box.turn(20.0)
    box.wrong_s, box.clk = 0, Clk.SYNCHRONISED
    box.run(3)
    wanted = [i * 300 for i in range(8)] + [2400 + i * 300 for i in range(3)]
    assert [round(t, -1) for t in box.times()] == pytest.approx(wanted, abs=25)
    assert [n.at_s - START_S for n in box.record.ring.reader().notes(*FOREVER)] == [2105]
    seen = box.times()
    box.close()
    again = Box(tmp_path, start_s=5000)
    assert again.times() == seen, "what the outbox says with the wrong clock does not come back"
    again.close()


def test_a_card_that_fails_stops_no_measuring(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.turn()

    class Broken:
        in_transaction = False

        def execute(self, *_: object) -> object:
            raise sqlite3.OperationalError("disk I/O error")

    true_db, box.record.ring._db = box.record.ring._db, Broken()  # type: ignore[assignment]
    box.run(20)
    assert box.agent.counts.created == 21
    assert box.desk.standing is not None
    assert box.desk.standing.card_trouble == "disk I/O error"
    box.record.ring._db = true_db
    box.run(1)
    assert len(box.times()) == 22
    box.turn(2.0)
    assert box.desk.standing.card_trouble == ""
    box.close()


def test_a_port_that_is_taken_stops_no_measuring(tmp_path: Path) -> None:
    box = Box(tmp_path)
    asked: list[float] = []

    def serve(*_: object) -> object:
        asked.append(box.now_s)
        raise OSError("address in use")

    taken: Callable[..., object] = serve
    parts = FrogParts(zone=ZONE, serve=taken)  # type: ignore[arg-type]
    folder = tmp_path / "second"
    folder.mkdir()
    record = Record(open_ring(folder))
    frog = Frog(
        box.agent,
        record,
        Desk(lambda: 0.0),
        parts,
        lambda: box.now_s,
        lambda: forget_both(box.outbox, record),
    )
    for _ in range(5):
        box.now_s += 30.0
        frog.turn(box.moment())
    assert len(asked) == 3
    assert frog.port is None
    frog.close()
    box.close()
