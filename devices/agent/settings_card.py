"""Where a device remembers its settings: one small file that is whole or as it was before, at any power cut.

A new content is written beside the file and flushed, then takes its name, and the folder is flushed (POSIX ``rename`` is
atomic). What can't be read back, of a card that wears out, is kept aside under another name, and the device is as it was
installed until it hears its settings again: they are retained on the broker.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import Protocol

import msgspec

from devices.agent.settling import Memory


class CardError(Exception):
    """The card did not take, or give, the settings."""


class Card(Protocol):
    """Remembers."""

    def read(self) -> Memory:
        """Return what was last written; an empty memory before that. CardError where it can't be read."""
        ...

    def write(self, memory: Memory) -> None:
        """Remember, durably when it returns. CardError where it can't be; what was there stays."""
        ...


class MemoryCard:
    """Forgets at the end of the process: of simulated devices."""

    def __init__(self) -> None:
        self._memory = Memory()

    def read(self) -> Memory:
        """Return what was last written."""
        return self._memory

    def write(self, memory: Memory) -> None:
        """Remember."""
        self._memory = memory


class Files:
    """The steps of writing, each of which a power cut may be the last of."""

    def create(self, path: Path, content: bytes) -> None:
        """Write a new file and flush it."""
        with path.open("wb") as f:
            f.write(content)
            f.flush()
            os.fsync(f.fileno())

    def rename(self, path: Path, to: Path) -> None:
        """Give it the name of another, which goes."""
        path.replace(to)

    def flush_folder(self, folder: Path) -> None:
        """Flush a folder's names."""
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


class FileCard:
    """Implements :class:`Card` in a file."""

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self._path = path
        self._files = files or Files()

    def read(self) -> Memory:
        """Return what was last written whole."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return Memory()
        except OSError as e:
            raise CardError(f"{self._path} can't be read: {e.strerror}") from e
        try:
            return _decode(raw)
        except (msgspec.DecodeError, ValueError) as e:
            self._keep_aside()
            raise CardError(f"{self._path} is damaged: {e}") from e

    def write(self, memory: Memory) -> None:
        """Write it beside, flush, rename, flush the folder."""
        beside = self._path.with_suffix(".new")
        try:
            self._files.create(beside, _encode(memory))
            self._files.rename(beside, self._path)
            self._files.flush_folder(self._path.parent)
        except OSError as e:
            raise CardError(f"{self._path} can't be written: {e.strerror}") from e

    def _keep_aside(self) -> None:
        try:
            self._files.rename(self._path, self._path.with_suffix(".damaged"))
        except OSError:
            return  # a card that takes nothing: it is told with the settings


def peek(path: Path) -> Memory:
    """Return what a card's file says, and leave it as it is; CardError where it can't be read."""
    try:
        return _decode(path.read_bytes())
    except FileNotFoundError:
        return Memory()
    except OSError as e:
        raise CardError(f"{path} can't be read: {e.strerror}") from e
    except (msgspec.DecodeError, ValueError) as e:
        raise CardError(f"{path} is damaged: {e}") from e


def _encode(memory: Memory) -> bytes:
    body = msgspec.json.encode(memory)
    return b"%08x\n" % zlib.crc32(body) + body


def _decode(raw: bytes) -> Memory:
    said, _, body = raw.partition(b"\n")
    if said != b"%08x" % zlib.crc32(body):
        raise ValueError("its checksum is wrong")
    return msgspec.json.decode(body, type=Memory)
