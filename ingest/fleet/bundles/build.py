"""Builds a bundle: the same files, numbers and key give the same bytes."""

from __future__ import annotations

import hashlib
import io
import lzma
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cityops.errors import ConfigurationError
from devices.agent.update.verify import newer_keys, verify_bundle
from devices.contract.update.container import Head, read_head, write_head
from devices.contract.update.manifest import (
    BUNDLE_DOMAIN,
    MAX_BUNDLE_BYTES,
    BundleError,
    File,
    KeyList,
    Manifest,
    Signed,
    canonical,
    read_manifest,
)
from ingest.fleet.bundles.keys import SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the bundle is to say of itself; see :class:`devices.contract.update.manifest.Manifest`."""

    name: str
    version: str
    serial: int
    made_at: int
    expires_at: int
    kinds: Sequence[str] = ()
    machine: str = "any"
    python: str = "3.11"
    min_serial: int = 0
    rollback_to: Sequence[int] = ()


def build(
    contents: Mapping[str, bytes],
    wanted: Wanted,
    key: SigningKey,
    keys: Signed | None = None,
    against: Manifest | None = None,
) -> bytes:
    """Return a bundle.

    Args:
        contents: files by path.
        wanted: what it says of itself.
        key: a release key.
        keys: a signed list of keys that it hands on.
        against: the manifest of a bundle whose files need not be sent again: it is for devices that run that one.

    Raises:
        ConfigurationError: a path, a number or a size that can't be.
    """
    held = {(file.path, file.sha256) for file in against.files} if against is not None else set()
    files = tuple(_file(path, body, held) for path, body in sorted(contents.items()))
    payload = lzma.compress(
        b"".join(contents[file.path] for file in files if not file.held),
        lzma.FORMAT_XZ,
        lzma.CHECK_CRC64,
        preset=6,
    )
    manifest = Manifest(
        name=wanted.name,
        version=wanted.version,
        serial=wanted.serial,
        kinds=tuple(sorted(wanted.kinds)),
        machine=wanted.machine,
        python=wanted.python,
        min_serial=wanted.min_serial,
        against=0 if against is None else against.serial,
        rollback_to=tuple(sorted(wanted.rollback_to)),
        made_at=wanted.made_at,
        expires_at=wanted.expires_at,
        files=files,
        payload_sha256=hashlib.sha256(payload).hexdigest(),
    )
    text = canonical(manifest)
    try:
        read_manifest(text)
    except BundleError as e:
        raise ConfigurationError(f"no bundle can be made of it: {e}") from e
    signed = Signed(text=text.decode(), signatures=(key.sign(BUNDLE_DOMAIN, text),))
    made = write_head(Head(manifest=signed, keys=keys)) + payload
    if len(made) > MAX_BUNDLE_BYTES:
        raise ConfigurationError(f"the bundle has {len(made)} bytes; at most {MAX_BUNDLE_BYTES}")
    return made


def _file(path: str, body: bytes, held: Collection[tuple[str, str]]) -> File:
    digest = hashlib.sha256(body).hexdigest()
    return File(path=path, size=len(body), sha256=digest, held=(path, digest) in held)


@dataclass(frozen=True, slots=True)
class Opened:
    """A bundle that was read and verified."""

    bundle_id: str
    size: int
    manifest: Manifest
    text: str
    key_id: str


def open_bundle(body: bytes, keys: KeyList) -> Opened:
    """Return what a bundle is; its signature and its payload are checked.

    Raises:
        ConfigurationError: it is no bundle, or not signed by a key of ``keys`` (or of the newer list that it hands on).
    """
    try:
        file = io.BytesIO(body)
        head = read_head(file)
        newer = newer_keys(head.keys, keys) if head.keys is not None else None
        manifest = verify_bundle(head.manifest, newer or keys)
        if hashlib.sha256(file.read()).hexdigest() != manifest.payload_sha256:
            raise BundleError("damaged", "the payload is not what was signed")
    except BundleError as e:
        raise ConfigurationError(f"the bundle is not good: {e}") from e
    release = {key.key_id for key in (newer or keys).release}
    by = next(s.key_id for s in head.manifest.signatures if s.key_id in release)
    return Opened(hashlib.sha256(body).hexdigest(), len(body), manifest, head.manifest.text, by)


def read_bundle(path: Path, keys: KeyList) -> tuple[Opened, bytes]:
    """Return a bundle's file as it is, and what it is; ConfigurationError where it can't be read or is not good."""
    try:
        body = path.read_bytes()
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    return open_bundle(body, keys), body
