"""Reading a zip that a stranger made: how much of this machine it may take. Nothing is opened before it is looked at.

A few hundred bytes of bz2 or LZMA unpack to gigabytes in one read, whatever size was asked for: Python's readers of
these hand out a whole block. Deflate keeps to the size that was asked for, so a budget in bytes can hold.
"""

from __future__ import annotations

import hashlib
import lzma
import zipfile
import zlib
from typing import BinaryIO

from rules.core.evidence.check import Found
from rules.evidence.container import BLOCK

MOST_FILES = 20_000
MOST_DIRECTORY = 8 * 2**20
"""Bytes of the zip's list of files at most: 400 for each."""
MOST_BYTES = 512 * 2**20
"""Bytes of one file at most, unpacked: a pack is handed in by strangers."""
MOST_TOTAL = 2 * 2**30
"""Bytes of all files at most, unpacked: three times 500 photos and three years of ten rooms."""
MOST_RATIO = 100
"""Bytes unpacked for each byte of the file at most: readings take a tenth when packed, photos nothing less."""
SMALL = 16 * 2**20
"""So many bytes are read of any file, however well it packs."""
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, ValueError, OSError,
)  # fmt: skip
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"
_END_SIZE, _LOCATOR_SIZE, _COMMENT_MOST = 22, 20, 65_535


def too_long_a_list(file: BinaryIO) -> bool:
    """Whether a zip's list of files is longer than a pack's can be, so that it is not even read.

    Args:
        file: opened for reading; its end says how long the list is (APPNOTE 4.3.16). A zip of the 64-bit kind is
            larger than any pack.
    """
    size = file.seek(0, 2)
    start = max(0, size - _END_SIZE - _COMMENT_MOST - _LOCATOR_SIZE)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0:
        return False
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    return listed > MOST_DIRECTORY or tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_END_64)


class Unpacker:
    """Reads the files of a zip within a budget of bytes.

    Args:
        archive: of at most :data:`MOST_FILES` files.
        size: of the zip [bytes].
    """

    def __init__(self, archive: zipfile.ZipFile, size: int) -> None:
        self._archive = archive
        self._left = min(MOST_TOTAL, max(SMALL, MOST_RATIO * size))
        self._strange: list[str] = []

    @property
    def trouble(self) -> list[str]:
        """What was not read, and why, in words."""
        found = [
            f"{name}: packed in a way that packs never are; it was not opened" for name in self._strange[:1]
        ]
        if self._left < 0:
            found.append(
                "Unpacked it is far larger than a pack of this size can be: what came after that was not read."
            )
        return found

    def read(self, name: str, most: int) -> bytes | None:
        """Return a file; None where it is not there, damaged, larger than ``most`` bytes or beyond the budget."""
        try:
            info = self._archive.getinfo(name)
            if not self._may_open(info):
                return None
            with self._archive.open(info) as file:
                data = file.read(min(most, self._left) + 1)
        except (KeyError, *DAMAGED):
            return None
        self._left -= len(data)
        return data if len(data) <= most and self._left >= 0 else None

    def found(self, info: zipfile.ZipInfo) -> Found:
        """Return a file's size and hash; without hash where it was not read to its end."""
        size, digest = 0, hashlib.sha256()
        if not self._may_open(info):
            return Found(info.filename, size, None)
        try:
            with self._archive.open(info) as file:
                while block := file.read(BLOCK):
                    size += len(block)
                    self._left -= len(block)
                    digest.update(block)
                    if size > MOST_BYTES or self._left < 0:
                        return Found(info.filename, size, None)
        except DAMAGED:
            return Found(info.filename, size, None)
        return Found(info.filename, size, digest.hexdigest())

    def _may_open(self, info: zipfile.ZipInfo) -> bool:
        if info.compress_type not in PACKED:
            self._strange.append(info.filename)
            return False
        return self._left >= 0
