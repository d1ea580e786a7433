"""Households that come and go on one frog, with receipts, readers, clocks and power cuts in any order."""

from __future__ import annotations

import sqlite3
import struct
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.agent.clock_state import Clk
from devices.agent.entry import Key
from tests.fakes.frog_box import START_S, Box, asked_to_forget

_DAY_S = 86_400
_what = st.one_of(
    st.tuples(st.just("measure"), st.integers(1, 7)),
    st.tuples(st.just("receipt"), st.integers(1, 12)),
    st.tuples(st.just("move out"), st.just(0)),
    st.tuples(st.just("clock"), st.sampled_from([0, 9 * _DAY_S, -9 * _DAY_S, -START_S])),
    st.tuples(st.just("power cut"), st.just(0)),
    st.tuples(st.just("read"), st.just(0)),
)


class Street:
    """One frog, who lives with it, and what the town has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = Box(folder)
        self.household = 0
        self.waits: set[Key] = set()
        self.readers: list[sqlite3.Connection] = []
        self._settle()

    def _settle(self) -> None:
        self.box.room.temperature_c = self.air_c(self.household)

    @staticmethod
    def air_c(household: int) -> float:
        return 20.5 + household / 2  # the mean of an hour is the same to the last bit

    def measure(self, number: int) -> None:
        for _ in range(number):
            before = self.box.agent._next_seq
            self.box.turn(300.0)
            self.waits |= {(self.box.agent.boot, seq) for seq in range(before, self.box.agent._next_seq)}

    def receipt(self, number: int) -> None:
        for boot, seq in sorted(self.waits)[::2][:number]:
            self.box.outbox.receipted(boot, [(seq, seq)])
            self.waits.discard((boot, seq))

    def move_out(self) -> None:
        assert asked_to_forget(self.box) != "failed"
        self.waits |= {(self.box.agent.boot, seq) for seq in range(self.box.agent._next_seq)} & {
            key for key, _ in self.box.outbox.pending()
        }
        self.household += 1
        self._settle()

    def clock(self, wrong_s: int) -> None:
        self.box.wrong_s, self.box.clk = wrong_s, Clk.SYNCHRONISED

    def power_cut(self) -> None:
        """Receipts that the card has not yet are lost with it: what they named is sent again."""
        self.box.record.ring._db.close()
        self.box.outbox._db.close()
        self.box = Box(self.folder, start_s=round(self.box.now_s) + 300)
        pending = {key for key, _ in self.box.outbox.pending()}
        assert self.waits <= pending, "lost"
        self.waits = pending
        self._settle()

    def read(self) -> None:
        for name in ("outbox.db", "frog.db"):
            db = sqlite3.connect(self.folder / name, isolation_level=None)
            db.execute("begin")
            db.execute("select * from meta").fetchall()
            self.readers.append(db)

    def found(self) -> set[int]:
        """Return whose air can be read in any file."""
        whole = b"".join(file.read_bytes() for file in self.folder.iterdir())
        return {
            number
            for number in range(self.household + 1)
            for secret in (struct.pack(">d", self.air_c(number)), b'":%r' % self.air_c(number))
            if secret in whole
        }

    def end(self) -> None:
        """Everybody closes the files, and the town has everything."""
        for reader in self.readers:
            reader.close()
        self.receipt(0)
        for boot, seq in sorted(self.waits):
            self.box.outbox.receipted(boot, [(seq, seq)])
        self.waits = set()
        self.box.turn(1.0)
        self.box.turn(1.0)


@given(st.lists(_what, min_size=2, max_size=14))
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost_and_nobody_finds_who_lived_there_before(story: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        street = Street(Path(folder))
        street.measure(2)
        for what, number in story:
            act = getattr(street, what.replace(" ", "_"))
            act(number) if what in ("measure", "receipt", "clock") else act()
            pending = [key for key, _ in street.box.outbox.pending()]
            assert len(pending) == len(set(pending)), "doubled"
            assert set(pending) == street.waits, "lost"
            seen = street.box.record.ring.reader().samples(0, 2**40)
            assert {s.temperature_c for s in seen} <= {street.air_c(street.household)}
        street.end()
        assert street.found() <= {street.household}
        assert street.box.outbox._rows == len(list(street.box.outbox.newest(1000)))
        street.box.close()
