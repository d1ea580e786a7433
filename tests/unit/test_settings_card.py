"""The card is whole or as it was before, whichever of its steps a power cut is the last of."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.agent.settings_card import CardError, FileCard, Files, MemoryCard
from devices.agent.settling import Failure, Memory, Slot, Trial

ONE = Memory(good=Slot(1, {"cadence_s": 60, "judge.cold_c": 15.0, "eyes.enabled": False}))
TWO = Memory(
    good=Slot(1, {"cadence_s": 60}),
    before=Slot(),
    trial=Trial(Slot(2, {"log.level": "debug"}, ("siren",)), must_confirm=True, within_s=30.0),
    failed=Failure(7, "refused", ("why",)),
    starts=2,
    started_s=12.5,
)


class PowerCut(BaseException):
    """Nothing after it happens."""


class Dying(Files):
    """Dies before, within or after its nth step."""

    def __init__(self, steps: int, how: str) -> None:
        self.left, self.how = steps, how

    def _die(self) -> bool:
        self.left -= 1
        return self.left == 0

    def create(self, path: Path, content: bytes) -> None:
        if not self._die():
            return super().create(path, content)
        if self.how == "half":
            path.write_bytes(content[: len(content) // 2])
        elif self.how == "after":
            super().create(path, content)
        raise PowerCut

    def rename(self, path: Path, to: Path) -> None:
        if not self._die():
            return super().rename(path, to)
        if self.how == "after":
            super().rename(path, to)
        raise PowerCut

    def flush_folder(self, folder: Path) -> None:
        if self._die():
            raise PowerCut
        super().flush_folder(folder)


@pytest.fixture(params=["file", "memory"])
def card(request, tmp_path):
    return FileCard(tmp_path / "settings.json") if request.param == "file" else MemoryCard()


def test_what_was_written_is_read(card):
    assert card.read() == Memory()
    for memory in (ONE, TWO, ONE):
        card.write(memory)
        assert card.read() == memory


@pytest.mark.parametrize("how", ["before", "half", "after"])
@pytest.mark.parametrize("step", [1, 2, 3])
def test_a_power_cut_at_any_step(tmp_path, step, how):
    path = tmp_path / "settings.json"
    FileCard(path).write(ONE)
    with pytest.raises(PowerCut):
        FileCard(path, Dying(step, how)).write(TWO)
    read = FileCard(path).read()
    assert read in (ONE, TWO)
    assert (read == TWO) == (step == 3 or (step == 2 and how == "after"))
    FileCard(path).write(TWO)
    assert FileCard(path).read() == TWO


@pytest.mark.parametrize("damage", [b"", b"0", b"00000000\n{}", b"\xff\xfe", b'{"good":{}}'])
def test_a_damaged_file_is_kept_aside(tmp_path, damage):
    path = tmp_path / "settings.json"
    path.write_bytes(damage)
    with pytest.raises(CardError, match="is damaged"):
        FileCard(path).read()
    assert (tmp_path / "settings.damaged").read_bytes() == damage
    assert FileCard(path).read() == Memory(), "the next start is as installed"


def test_a_card_that_takes_nothing_says_so(tmp_path):
    class Full(Files):
        def create(self, path: Path, content: bytes) -> None:
            raise OSError(28, "No space left on device")

    path = tmp_path / "settings.json"
    FileCard(path).write(ONE)
    with pytest.raises(CardError, match="No space left on device"):
        FileCard(path, Full()).write(TWO)
    assert FileCard(path).read() == ONE
