"""A file that a stranger hands in takes no more of the machine than a pack may."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from rules.core.evidence.manifest import MANIFEST, SIGNATURE
from rules.evidence import frugal
from rules.evidence.unpacking import Verdict, verify
from tests.fakes.evidence_home import KEY, a_pack

MIB = 2**20


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes each read unpacked."""
    sizes: list[int] = []
    real = zipfile.ZipExtFile.read

    def counted(self: zipfile.ZipExtFile, n: int | None = -1) -> bytes:
        data = real(self, n)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counted)
    return sizes


def checked(tmp_path: Path, data: bytes) -> Verdict:
    path = tmp_path / "pack.zip"
    path.write_bytes(data)
    return verify(path, KEY.public)


def zipped(files: list[tuple[str, int]], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip with files of so many zeros."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, size in files:
            archive.writestr(name, bytes(size))
    return out.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_a_block_at_once_is_not_opened(
    tmp_path: Path, how: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped([(MANIFEST, 8 * MIB), (SIGNATURE, 1), ("readings/a.csv", 8 * MIB)], how)
    assert len(bomb) < 5000
    opened: list[Any] = []
    real = zipfile.ZipFile.open

    def watched(self: zipfile.ZipFile, name: Any, *rest: Any, **more: Any) -> Any:
        opened.append(name)
        return real(self, name, *rest, **more)

    monkeypatch.setattr(zipfile.ZipFile, "open", watched)
    found = checked(tmp_path, bomb)
    assert (found.readable, opened) == (False, [])
    assert "packed in a way that packs never are" in found.trouble[0]


def test_a_small_file_that_unpacks_to_much_is_read_in_part_only(tmp_path: Path, read: list[int]) -> None:
    bomb = zipped([(f"readings/{n}.csv", 4 * MIB) for n in range(40)])
    assert len(bomb) < frugal.SMALL / frugal.MOST_RATIO * 2
    found = checked(tmp_path, bomb)
    assert "far larger than a pack of this size can be" in found.trouble[0]
    assert sum(read) <= max(frugal.SMALL, frugal.MOST_RATIO * len(bomb)) + MIB


def test_all_files_together_have_a_budget_too(
    tmp_path: Path, read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frugal, "MOST_TOTAL", 3 * MIB)
    found = checked(tmp_path, zipped([(f"{n}.csv", MIB) for n in range(9)], zipfile.ZIP_STORED))
    assert "was not read" in found.trouble[0]
    assert sum(read) <= 4 * MIB


def test_a_list_of_files_that_is_too_long_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = a_pack()
    monkeypatch.setattr(frugal, "MOST_DIRECTORY", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", lambda _: pytest.fail("it was read"))
    assert "longer than any pack's" in checked(tmp_path, pack).trouble[0]


def test_a_zip_of_the_64_bit_kind_is_larger_than_any_pack(tmp_path: Path) -> None:
    pack = a_pack()
    end = pack.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + bytes(16)
    assert "longer than any pack's" in checked(tmp_path, pack[:end] + locator + pack[end:]).trouble[0]


def test_a_pack_lies_far_within_every_budget(tmp_path: Path, read: list[int]) -> None:
    assert checked(tmp_path, a_pack()).intact
    assert sum(read) * 5 < frugal.MOST_RATIO * len(a_pack())
