"""The power goes between any two writes of a device's outbox: nothing committed is lost, nothing is doubled.

Exhaustive: a device's life of two starts, with receipts, a full ring and checkpoints, with or without forgetting, is cut after each of
its writes, syncs and truncations, each time with several outcomes for what was not synced. What is left is
opened by the product's own outbox.
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from devices.agent import sqlite_outbox
from devices.agent.card_outbox import CardOutbox
from devices.agent.entry import Entry, Key
from devices.agent.outbox import OutboxError
from devices.agent.sqlite_outbox import SqliteOutbox
from tests.fakes.power_cut import Connection, Disk, RecordingVfs

pytestmark = pytest.mark.fault

CAPACITY = 12
OUTCOMES = 12


@pytest.fixture
def disk_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: it is opened some thousand times, and each time synced."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


@dataclass
class Step:
    """What the device did between two numbers of operations on its disk."""

    began: int
    ended: int
    entry: Entry | None = None
    given_up: frozenset[Key] = frozenset()
    receipted: frozenset[Key] = frozenset()
    boot: int | None = None
    forgotten: Key | None = None
    erased: frozenset[Key] = frozenset()


@dataclass
class Life:
    """A device's life on a recording disk.

    ``forgets``: a household moves out in each start, with entries that wait then.
    """

    folder: Path
    careless: bool = False
    forgets: bool = False
    disk: Disk = field(default_factory=Disk)
    steps: list[Step] = field(default_factory=list)
    install_id: tuple[int, str] | None = None

    def live(self) -> None:
        vfs = RecordingVfs(f"cut-{id(self)}", self.disk)
        for start in range(2):
            box = SqliteOutbox(
                self.folder / "outbox.db",
                CAPACITY,
                wall=lambda: 1_800_000_000.0,
                connect=lambda path: Connection(path, vfs, careless=self.careless),  # type: ignore[arg-type, return-value]
            )
            self.install_id = self.install_id or (len(self.disk.ops), box.install_id)
            self._start(box)
            for seq in range(14):
                self._append(box, seq, "diary" if seq % 5 == 4 else "reading")
                if seq % 3 == 2 and start == 0:
                    self._receipt(box, seq - 2, seq - 1)
                if self.forgets and seq == 8:
                    self._forget(box)
                if self.forgets and seq == 11:
                    self._send_the_rest(box)
            box.close()
        vfs.unregister()

    def _start(self, box: SqliteOutbox) -> None:
        began = len(self.disk.ops)
        self.boot = box.start_boot()
        self.steps.append(Step(began, len(self.disk.ops), boot=self.boot))

    def _append(self, box: SqliteOutbox, seq: int, channel: str) -> None:
        began = len(self.disk.ops)
        entry = Entry(self.boot, seq, channel, 1_800_000_000_000 + seq, seq, 2, b"%d" % seq * 300)  # type: ignore[arg-type]
        given_up = frozenset(box.append(entry))
        self.steps.append(Step(began, len(self.disk.ops), entry, given_up))

    def _receipt(self, box: SqliteOutbox, first: int, last: int) -> None:
        at = len(self.disk.ops)
        box.receipted(self.boot, [(first, last)])
        keys = frozenset((self.boot, seq) for seq in range(first, last + 1))
        self.steps.append(Step(at, len(self.disk.ops), receipted=keys))

    def _forget(self, box: SqliteOutbox) -> None:
        began, here, waiting = len(self.disk.ops), self._all(box), {key for key, _ in box.pending()}
        box.forget()
        erased = frozenset(here - waiting)
        self.steps.append(Step(began, len(self.disk.ops), forgotten=max(here), erased=erased))

    def _send_the_rest(self, box: SqliteOutbox) -> None:
        """What waited when the household left gets its receipts, and is forgotten with the turn."""
        rest = [key for key, _ in box.pending() if key <= box.forgotten_to]
        assert rest, "something waited"
        for boot, seq in rest:
            at = len(self.disk.ops)
            box.receipted(boot, [(seq, seq)])
            self.steps.append(Step(at, len(self.disk.ops), receipted=frozenset({(boot, seq)})))
        began = len(self.disk.ops)
        box.commit()
        self.steps.append(Step(began, len(self.disk.ops), erased=frozenset(rest)))

    def _all(self, box: SqliteOutbox) -> set[Key]:
        return {entry.key for entry in box.newest(1000)}

    def wrong(self, at: int, folder: Path, rng: random.Random | None) -> list[str]:
        """Return what is wrong with the card that is found after a cut behind operation ``at``."""
        folder.mkdir()
        for name, data in self.disk.after_cut(at, rng).items():
            (folder / name).write_bytes(data)
        try:
            box = SqliteOutbox(folder / "outbox.db", CAPACITY, wall=lambda: 1_800_000_000.0)
            with closing(box):
                return self._judge(at, box)
        except (OutboxError, sqlite3.Error) as e:
            return [f"does not open: {e}"]

    def _judge(self, at: int, box: SqliteOutbox) -> list[str]:
        done = [s for s in self.steps if s.ended <= at]
        begun = [s for s in self.steps if s.began < at]
        stored = {s.entry.key: s.entry for s in done if s.entry is not None}
        known = {s.entry.key: s.entry for s in begun if s.entry is not None}
        may_lack = {key for s in begun for key in s.given_up} | {key for s in done for key in s.receipted}
        pending = [key for key, _ in box.pending()]
        wrong = [f"{key} is lost" for key in stored if key not in may_lack and key not in pending]
        wrong += [f"{key} was never measured" for key in pending if key not in known]
        wrong += [f"{key} is there twice" for key in set(pending) if pending.count(key) > 1]
        wrong += [f"{e.key} has changed" for e in box.load(pending) if e != known.get(e.key)]
        forgotten = [s.forgotten for s in done if s.forgotten is not None]
        if forgotten and box.forgotten_to < max(forgotten):
            wrong.append("what was to be forgotten is not known any more")
        back = self._all(box) & {key for s in done for key in s.erased}
        wrong += [f"{key} came back" for key in back]
        if (
            box.depth() != len(pending)
            or box._rows != box._db.execute("select count(*) from outbox").fetchone()[0]
        ):
            wrong.append("it is counted wrong")
        if box._db.execute("pragma integrity_check").fetchone() != ("ok",):
            wrong.append("the file is damaged")
        boots = [s.boot for s in done if s.boot is not None]
        if boots and box.start_boot() <= max(boots):
            wrong.append("a boot number is given out twice")
        if self.install_id is not None and at >= self.install_id[0] and box.install_id != self.install_id[1]:
            wrong.append("the card has another name")
        return wrong


def cut_everywhere(life: Life, disk_folder: Path, every: int = 1) -> tuple[int, list[str]]:
    cuts, wrong = 0, []
    for at in range(0, len(life.disk.ops) + 1, every):
        for outcome in range(OUTCOMES):
            rng = None if outcome == 0 else random.Random(at * 1000 + outcome)
            cuts += 1
            found = life.wrong(at, disk_folder / f"{at}-{outcome}", rng)
            wrong += [f"cut {at}, outcome {outcome}: {text}" for text in found]
    return cuts, wrong


@pytest.mark.parametrize("forgets", [False, True])
def test_no_cut_between_any_two_writes_loses_or_doubles_anything(
    disk_folder: Path, monkeypatch: pytest.MonkeyPatch, forgets: bool
) -> None:
    monkeypatch.setattr(sqlite_outbox, "_MOVED_EVERY", 2)  # the mark of what has its receipt moves in it, too
    (disk_folder / "life").mkdir()
    life = Life(disk_folder / "life", forgets=forgets)
    life.live()
    whats = [op.what for op in life.disk.ops]
    assert whats.count("sync") >= 28, "each entry is synced"
    assert any(op.what == "sync" and op.name == "outbox.db" for op in life.disk.ops), (
        "and checkpoints are in it"
    )
    assert any(s.given_up for s in life.steps), "and a ring that was full"
    cuts, wrong = cut_everywhere(life, disk_folder)
    assert cuts >= 400
    assert wrong == []


def test_the_shim_finds_what_an_outbox_without_syncs_would_lose(disk_folder: Path) -> None:
    (disk_folder / "life").mkdir()
    life = Life(disk_folder / "life", careless=True)
    life.live()
    _, wrong = cut_everywhere(life, disk_folder, every=5)
    assert any("lost" in text or "does not open" in text for text in wrong)


def test_an_agent_begins_on_any_such_card_without_setting_it_aside(disk_folder: Path) -> None:
    (disk_folder / "life").mkdir()
    life = Life(disk_folder / "life")
    life.live()
    for at in range(0, len(life.disk.ops), 17):
        folder = disk_folder / str(at)
        folder.mkdir()
        for name, data in life.disk.after_cut(at, random.Random(at)).items():
            (folder / name).write_bytes(data)
        box = CardOutbox(folder / "outbox.db")
        box.start_boot()
        assert box.trouble() == ""
        assert not (folder / "outbox.db.broken").exists()
        box.close()
