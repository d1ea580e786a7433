"""The power goes between any two operations on the card: the device always comes up with a version that is whole."""

from __future__ import annotations

import hashlib
import json
import marshal
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.agent.update.compiled import compiled, compiled_path
from devices.agent.update.files import RealFiles, keep
from devices.contract.update.manifest import read_manifest
from devices.launcher import launch
from firmware_sim.lab.power_cuts import CutCard, PowerCut
from tests.fakes.databases import quick_place
from tests.fakes.update_bench import Council, Table, offer_of

COUNCIL = Council()
OLD, OLD_OPENED = COUNCIL.bundle(2, {"code/a.py": b"2", "site/lib.py": b"x"})
NEW, NEW_OPENED = COUNCIL.bundle(
    3, {"code/a.py": b"3", "site/lib.py": b"y", "site/noise.bin": random.Random(3).randbytes(40_000)}
)


def start(table: Table, card: CutCard) -> str:
    """What a start of the device is: the launcher, then the agent of the slot that it chose."""
    root = table.root / "update"

    def write(_: Path, state: launch.State) -> None:
        keep(card, root / launch.STATE, json.dumps(state).encode())

    slot, _ = launch.prepare(root, write)
    if slot != launch.FACTORY:
        check_whole(root / "slots" / slot)
    table.files = card
    table.start(slot)
    return slot


def check_whole(slot: Path) -> None:
    """Every file of a slot that is started is what was signed."""
    manifest = read_manifest((slot / "manifest.json").read_bytes())
    for file in manifest.files:
        assert hashlib.sha256((slot / file.path).read_bytes()).hexdigest() == file.sha256, file.path
    there = {p.relative_to(slot).as_posix() for p in slot.rglob("*") if p.is_file()}
    sources = [file.path for file in manifest.files if file.path.endswith(".py")]
    for source in sources:
        found, wanted = (
            compiled_path(slot / source).read_bytes(),
            compiled((slot / source).read_bytes(), slot),
        )
        assert wanted is not None
        # The file's name in it is the first card's, of which this one is a copy.
        assert (found[:16], marshal.loads(found[16:])) == (wanted[:16], marshal.loads(wanted[16:])), source
    made = {compiled_path(Path(source)).as_posix() for source in sources}
    assert (
        there - {"proven", "proven.new"} == {file.path for file in manifest.files} | {"manifest.json"} | made
    )


def live(table: Table, card: CutCard, serial: int) -> None:
    """Run, restarted as often as it wants to be, until the update has ended."""
    body, opened = (NEW, NEW_OPENED) if serial == 3 else (OLD, OLD_OPENED)
    for _ in range(6):
        start(table, card)
        if table.part.on_trial:
            table.part.measured((9, 0), table.moment, {"temperature_c": 20.1})
            table.part.receipted("frog-1", 9, [(0, 0)])
            table.turn()
        table.hear(offer_of(opened))
        for _ in range(40):
            table.turn(body, seconds=20)
            if table.part.restart_wanted or (table.part.state.serial == serial and not table.part.on_trial):
                break
        if not table.part.restart_wanted:
            return


@pytest.fixture(scope="module")
def card_place() -> Iterator[Path]:
    """In memory where there is room: thousands of fsyncs are what is tested, not the disk below."""
    with tempfile.TemporaryDirectory(dir=quick_place(1 << 28)) as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path(card_place: Path, request: pytest.FixtureRequest) -> Path:
    folder = card_place / request.node.name
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def updated(card_place: Path) -> Path:
    """A device that runs serial 2 out of slot a."""
    root = card_place / "card"
    table = Table(root, COUNCIL)
    live(table, CutCard(RealFiles(), 0, random.Random(0)), 2)
    assert (table.part.state.serial, table.part.state.current) == (2, "a")
    return root


def copy(updated: Path, to: Path) -> Table:
    shutil.copytree(updated, to)
    return Table(to, COUNCIL)


def operations(updated: Path, to: Path) -> int:
    table, card = copy(updated, to), CutCard(RealFiles(), 0, random.Random(0))
    live(table, card, 3)
    assert table.part.state.serial == 3
    return card.operations


def survives(updated: Path, to: Path, cuts: list[int], seed: int) -> None:
    table, rng = copy(updated, to), random.Random(seed)
    for cut in [*cuts, 0]:
        card = CutCard(RealFiles(), cut, rng)
        try:
            live(table, card, 3)
        except PowerCut:
            continue
    state = table.part.state
    assert (state.serial, state.current, state.phase) == (3, "b", "idle"), (cuts, seed, state)
    assert state.last is not None
    assert state.last.result == "confirmed", (cuts, seed)
    check_whole(table.root / "update/slots/b")
    check_whole(table.root / "update/slots/a")  # there is somewhere to go back to
    shutil.rmtree(to)


def test_at_any_operation(updated: Path, tmp_path: Path) -> None:
    count = operations(updated, tmp_path / "count")
    assert count > 40
    for cut in range(1, count + 1):
        for seed in (cut, 1000 + cut):
            survives(updated, tmp_path / f"{cut}-{seed}", [cut], seed)


def test_again_and_again(updated: Path, tmp_path: Path) -> None:
    rng = random.Random(5)
    for seed in range(60):
        # Two starts of a trial may be cut; the third is its last (the limit of starts).
        survives(updated, tmp_path / str(seed), [rng.randint(1, 70), rng.randint(1, 70)], seed)


def test_a_torn_state_is_never_read(updated: Path, tmp_path: Path) -> None:
    """A card that loses the state's file all the same: the device runs a slot that is whole."""
    for n, garbage in enumerate((b"", b"\x00" * 400, b"{", b'{"current": "b", "trial": {}}', b"[]")):
        table = copy(updated, tmp_path / str(n))
        (table.root / "update/state.json").write_bytes(garbage)
        card = CutCard(RealFiles(), 0, random.Random(0))
        assert start(table, card) == "a"
        assert (table.part.state.current, table.part.state.floor) == ("a", 2)
        live(table, card, 3)
        assert (table.part.state.serial, table.part.state.current) == (3, "b")
