"""Checks a pack with nothing but the file, and a public key where there is one to compare with."""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from cityops.errors import ConfigurationError
from rules.core.evidence.canonical import canonical
from rules.core.evidence.check import Findings, compare
from rules.core.evidence.manifest import FORMAT, MANIFEST, SIGNATURE, Manifest
from rules.evidence.container import sealed
from rules.evidence.frugal import DAMAGED, MOST_FILES, Unpacker, too_long_a_list
from rules.evidence.keys import PublicKey
from rules.evidence.packing import SIGNED

MOST_LISTING = 16 * 2**20
"""Bytes of a manifest at most: ten times that of three years of ten rooms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check found.

    Attributes:
        readable: whether the file is a zip at all, with a manifest in it.
        manifest: as it is there, whoever wrote it.
        signed: whether the manifest is, to the byte, what its key signed.
        sealed: whether every byte of the file is as it was made.
        key: that signed, as the pack says; None: it says none.
        expected: whether that is the key to compare with; None where there was none.
        findings: about the files; None where no manifest can be read.
        trouble: what else is wrong, in words.
    """

    readable: bool
    manifest: Manifest | None = None
    signed: bool = False
    sealed: bool = False
    key: PublicKey | None = None
    expected: bool | None = None
    findings: Findings | None = None
    trouble: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every byte is as some key signed it. Anybody has a key: it says nothing of who that was."""
        clean = self.findings is not None and self.findings.clean and not self.trouble
        return self.readable and self.signed and self.sealed and clean

    @property
    def intact(self) -> bool:
        """Whether nothing at all is the matter, and the key is the expected one."""
        return self.whole and self.expected is True


def verify(path: Path, expected: PublicKey | None = None) -> Verdict:
    """Return what a check of the file finds.

    Args:
        path: of the pack.
        expected: key that should have signed it.

    Raises:
        ConfigurationError: there is no such file, or it can't be read.
    """
    try:
        with path.open("rb") as file:
            return _verify(file, expected)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error


def _verify(file: BinaryIO, expected: PublicKey | None) -> Verdict:
    if too_long_a_list(file):
        return Verdict(readable=False, trouble=("Its list of files is longer than any pack's.",))
    try:
        archive = zipfile.ZipFile(file)
    except DAMAGED:
        return Verdict(readable=False, trouble=("The file is no zip, or its list of files is damaged.",))
    with archive:
        if len(archive.infolist()) > MOST_FILES:
            return Verdict(readable=False, trouble=(f"It has more than {MOST_FILES:,} files.",))
        unpacker = Unpacker(archive, file.seek(0, 2))
        listing, note = unpacker.read(MANIFEST, MOST_LISTING), unpacker.read(SIGNATURE, MOST_LISTING)
        manifest, signature = _parsed(listing), _fields(note)
        key = _key(signature)
        found = [unpacker.found(info) for info in archive.infolist()]
    findings = None if manifest is None else compare(manifest, found)
    return Verdict(
        readable=manifest is not None,
        manifest=manifest,
        signed=_signed(listing, note, signature, key),
        sealed=key is not None and sealed(file, key),
        key=key,
        expected=None if expected is None else key == expected,
        findings=findings,
        trouble=(*unpacker.trouble, *_trouble(manifest, listing, signature, key)),
    )


def _parsed(data: bytes | None) -> Manifest | None:
    try:
        return None if data is None else msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _fields(data: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _key(signature: dict[str, Any]) -> PublicKey | None:
    raw = _bytes(signature.get("public_key"))
    return PublicKey(raw) if len(raw) == 32 else None


def _bytes(text: object) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _signed(
    listing: bytes | None, note: bytes | None, signature: dict[str, Any], key: PublicKey | None
) -> bool:
    """Whether the manifest is what the key signed, and the note about it says nothing but that."""
    if listing is None or key is None:
        return False
    said = _bytes(signature.get("signature"))
    whole = {
        "algorithm": "Ed25519", "format": FORMAT, "key_id": key.key_id, "public_key": key.base64,
        "manifest_sha256": hashlib.sha256(listing).hexdigest(), "signature": base64.b64encode(said).decode(),
    }  # fmt: skip
    return canonical(whole) == note and key.holds(said, SIGNED + listing)


def _trouble(
    manifest: Manifest | None, listing: bytes | None, signature: dict[str, Any], key: PublicKey | None
) -> list[str]:
    found = []
    if listing is None:
        found.append(f"{MANIFEST} is missing or damaged: the files can't be compared with anything.")
    elif manifest is None:
        found.append(f"{MANIFEST} is no manifest of this kind.")
    elif manifest.format != FORMAT:
        found.append(f"{MANIFEST} is of format {manifest.format!r}; this version checks {FORMAT!r}.")
    if not signature:
        found.append(f"{SIGNATURE} is missing or damaged.")
    elif key is None:
        found.append(f"{SIGNATURE} names no public key.")
    elif manifest is not None and manifest.key_id != key.key_id:
        found.append(f"{MANIFEST} names another key than {SIGNATURE}.")
    return found
