"""The ring of a device under anything that may happen to it: bounded, in order, and nothing leaves unsaid."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from devices.agent.entry import Entry, Key
from devices.agent.sqlite_outbox import SqliteOutbox


class Ring(RuleBasedStateMachine):
    """Appends, receipts, restarts with and without a goodbye."""

    @initialize(capacity=st.integers(4, 20))
    def begin(self, capacity: int) -> None:
        self.folder = tempfile.TemporaryDirectory(
            prefix="ring-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
        )
        self.capacity = capacity
        self.waiting: dict[Key, str] = {}
        self.receipted: set[Key] = set()
        self.marked_for_sure: set[Key] = set()
        self.open()

    def open(self) -> None:
        self.box = SqliteOutbox(Path(self.folder.name, "o.db"), self.capacity)
        self.boot = self.box.start_boot()
        self.seq = 0

    @rule(diary=st.booleans())
    def append(self, diary: bool) -> None:
        key = (self.boot, self.seq)
        before = dict(self.waiting)
        given_up = list(
            self.box.append(Entry(*key, "diary" if diary else "reading", 1, 1, 2, b"%d" % self.seq))
        )
        self.seq += 1
        self.marked_for_sure |= self.receipted
        self.waiting[key] = "diary" if diary else "reading"
        assert all(self.waiting.pop(gone) == "reading" for gone in given_up), "a diary entry was thinned"
        if given_up:
            readings = [k for k, channel in sorted({**before, key: "x"}.items()) if channel != "diary"]
            slack = max(1, self.capacity // 100)
            assert given_up == readings[: 2 * slack : 2], "every second of the oldest"
            assert not self.held(receipted=True), "while receipted ones were there"

    def held(self, *, receipted: bool) -> list[Key]:
        query = "select boot, seq from outbox where receipted = ? order by boot, seq"
        return self.box._db.execute(query, (int(receipted),)).fetchall()

    @rule(data=st.data())
    def receipt(self, data: st.DataObject) -> None:
        if not self.waiting:
            return
        boot, first = data.draw(st.sampled_from(sorted(self.waiting)))
        last = first + data.draw(st.integers(0, 5))
        self.box.receipted(boot, [(first, last)])
        named = {k for k in self.waiting if k[0] == boot and first <= k[1] <= last}
        for key in named:
            del self.waiting[key]
        self.receipted |= named

    @rule()
    def restart(self) -> None:
        self.box.close()
        self.open()

    @rule()
    def power_cut(self) -> None:
        """What was receipted since the last entry may wait again: the server refuses it as a duplicate."""
        self.box._db.close()
        self.open()
        back = {key for key, _ in self.box.pending()} - self.waiting.keys()
        assert back <= self.receipted - self.marked_for_sure
        for key, channel in self.box.pending():
            self.waiting[key] = channel
        self.receipted -= back

    @invariant()
    def it_holds_what_it_must(self) -> None:
        if not hasattr(self, "box"):
            return
        assert [key for key, _ in self.box.pending()] == sorted(self.waiting)
        assert self.box.depth() == len(self.waiting)
        rows = self.box._db.execute("select count(*) from outbox").fetchone()[0]
        diary = sum(channel == "diary" for channel in self.waiting.values())
        assert rows <= max(self.capacity, diary + 1) + 1

    def teardown(self) -> None:
        if hasattr(self, "box"):
            self.box.close()
            self.folder.cleanup()


TestRing = Ring.TestCase
TestRing.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
