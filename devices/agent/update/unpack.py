"""Puts a bundle's files into a slot: each of the size and the hash that the signed manifest says, or none at all.

What Python imports of them is compiled beside them (:mod:`devices.agent.update.compiled`), as durably, before the
slot counts as whole.
"""

from __future__ import annotations

import hashlib
import lzma
from collections.abc import Iterator, Set
from pathlib import Path
from typing import BinaryIO

from devices.agent.update.compiled import compiled, compiled_path, is_source
from devices.agent.update.files import Files, keep
from devices.contract.update.manifest import BundleError, File, Manifest

_BLOCK = 2**16
_MEMORY_BYTES = 64 * 2**20


class _Contents:
    """The unpacked payload, read in order; never holds more than a block of it."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)

    def read(self, most: int) -> bytes:
        """Return some of what comes next, at most ``most`` bytes; empty at the end."""
        while not self._xz.eof:
            fed = self._source.read(_BLOCK) if self._xz.needs_input else b""
            if self._xz.needs_input and not fed:
                raise BundleError("damaged", "the payload ends too early")
            try:
                body = self._xz.decompress(fed, max_length=most)
            except lzma.LZMAError as e:
                raise BundleError("damaged", f"the payload can't be unpacked: {e}") from e
            if body:
                return body
        return b""


def unpack(
    files: Files, bundle: BinaryIO, manifest: Manifest, text: bytes, slot: Path, running: Path | None
) -> None:
    """Fill ``slot`` from ``bundle``, which stands at its payload; killed on the way, it begins again.

    Args:
        files: the card.
        bundle: the bundle's file.
        manifest: of the bundle, verified.
        text: the manifest as it was signed; put into the slot last, as its mark that all is there.
        slot: the folder to be filled; what lies there is removed.
        running: the slot that runs, for files that are left out; None where there is none.

    Raises:
        BundleError: ``damaged``, or ``needs`` where a file that is left out is not there.
        OSError: the card is full or broken.
    """
    part = slot.with_name(slot.name + ".part")
    files.remove(slot)
    files.remove(part)
    files.make_folder(part)
    contents = _Contents(bundle)
    folders: dict[Path, None] = {part: None}
    signed = {Path(file.path) for file in manifest.files}
    for file in manifest.files:
        body = _held(files, file, running) if file.held else _next(contents, file)
        for path, content in _with_compiled(file, body, slot, signed):
            folders.update(dict.fromkeys(_above((part / path).parent, part)))
            _put(files, part / path, content)
    if contents.read(1):
        raise BundleError("damaged", "the payload has more than its files")
    for folder in folders:
        files.sync_folder(folder)
    keep(files, part / "manifest.json", text)
    files.replace(part, slot)
    files.sync_folder(slot.parent)


def _with_compiled(file: File, body: bytes, slot: Path, signed: Set[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield what is written for a file, by its path in the slot; what is ``signed`` is never written over."""
    at = Path(file.path)
    yield at, body
    if not is_source(file.path) or (place := compiled_path(at)) in signed:
        return
    if (code := compiled(body, slot / at)) is not None:
        yield place, code


def _put(files: Files, path: Path, body: bytes) -> None:
    files.make_folder(path.parent)
    files.write(path, body)
    files.sync(path)


def _above(folder: Path, top: Path) -> Iterator[Path]:
    while folder != top:
        yield folder
        folder = folder.parent


def _next(contents: _Contents, file: File) -> bytes:
    body = bytearray()
    while len(body) < file.size:
        block = contents.read(file.size - len(body))
        if not block:
            raise BundleError("damaged", f"{file.path} ends too early")
        body += block
    return _checked(bytes(body), file, "damaged")


def _held(files: Files, file: File, running: Path | None) -> bytes:
    body = files.read(running / file.path) if running is not None else None
    if body is None:
        raise BundleError("needs", f"{file.path} is left out of the bundle, and not in the slot that runs")
    return _checked(body, file, "needs")


def _checked(body: bytes, file: File, code: str) -> bytes:
    if hashlib.sha256(body).hexdigest() != file.sha256:
        raise BundleError(code, f"{file.path} is not what was signed")
    return body
