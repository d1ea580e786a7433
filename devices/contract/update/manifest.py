"""What a bundle says of itself: the signed manifest, and the signed list of keys.

Both are canonical JSON (RFC 8785 for what we use of it: sorted keys, no spaces, whole numbers, UTF-8), so that a
signature is over bytes and never over somebody's reading of them. Names of files stand in the manifest alone: the
payload is their contents one after the other, so there is nothing in it that could name a path, a link or a device.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec

MAX_FILES = 20_000
MAX_UNPACKED_BYTES = 400 * 2**20
MAX_BUNDLE_BYTES = 200 * 2**20
MAX_PATH = 240
BUNDLE_DOMAIN = b"cityops bundle 1\n"
KEYS_DOMAIN = b"cityops keys 1\n"
TOPS = ("code", "site")
"""Where files may lie: our own code, and the libraries that it runs with."""

_PART = re.compile(r"[A-Za-z0-9_+@=.,~-]{1,120}\Z")

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
KeyId = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
Public = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Serial = Annotated[int, msgspec.Meta(ge=1, le=2**53)]


class BundleError(Exception):
    """A bundle is not what it must be; ``code`` is one of a closed set, for counting.

    Codes: ``form``, ``signature``, ``key``, ``damaged``, ``expired``, ``older``, ``kind``, ``machine``, ``needs``, ``space``.
    """

    def __init__(self, code: str, said: str) -> None:
        super().__init__(said)
        self.code = code


class File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file. ``held``: its content is not in the payload, the device has it in the slot that runs."""

    path: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Sha256
    held: bool = False


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed part of a bundle.

    Attributes:
        serial: grows with every bundle of a name; a device takes no smaller one but those of ``rollback_to``.
        kinds: of devices that it is for; empty: all.
        machine: as ``platform.machine()`` says it; ``any`` for code without compiled parts.
        python: least version, as ``3.11``.
        min_serial: the least serial that a device must run to take it.
        against: the serial whose files it leaves out (``File.held``); 0: it is whole.
        rollback_to: serials to which a device that runs this may be taken back by an offer.
        made_at, expires_at: seconds since 1970. A device whose clock is right takes none that has expired.
    """

    format: Literal[1] = 1
    name: Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9-]{0,40}$")]
    version: Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
    serial: Serial
    kinds: tuple[str, ...] = ()
    machine: str = "any"
    python: Annotated[str, msgspec.Meta(pattern="^3\\.[0-9]{1,2}$")] = "3.11"
    min_serial: Annotated[int, msgspec.Meta(ge=0)] = 0
    against: Annotated[int, msgspec.Meta(ge=0)] = 0
    rollback_to: tuple[Serial, ...] = ()
    made_at: Annotated[int, msgspec.Meta(ge=0)]
    expires_at: Annotated[int, msgspec.Meta(ge=0)]
    files: tuple[File, ...]
    payload_sha256: Sha256

    @property
    def unpacked_bytes(self) -> int:
        """What its files take on a device [B]."""
        return sum(file.size for file in self.files)


class Key(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A public key of Ed25519 in hex, and its id: the first 8 bytes of its SHA-256."""

    key_id: KeyId
    public: Public


class KeyList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may sign. The next list is signed by a ``root`` of the one before; bundles by a ``release`` key."""

    format: Literal[1] = 1
    serial: Serial
    made_at: Annotated[int, msgspec.Meta(ge=0)]
    root: tuple[Key, ...]
    release: tuple[Key, ...]


class Signature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """By one key, in hex."""

    key_id: KeyId
    signature: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]


class Signed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Canonical JSON as text, and who signed it."""

    text: str
    signatures: tuple[Signature, ...]


def canonical(value: msgspec.Struct) -> bytes:
    """Return ``value`` as canonical JSON."""
    return msgspec.json.encode(value, order="sorted")


def to_sign(domain: bytes, text: bytes) -> bytes:
    """Return what is signed: which sort of document, and the hash of its text."""
    return domain + hashlib.sha256(text).digest()


def key_id(public: bytes) -> str:
    """Return a public key's id."""
    return hashlib.sha256(public).hexdigest()[:16]


def read_manifest(text: bytes) -> Manifest:
    """Return the manifest in ``text``; BundleError where it is none, or not canonical, or names a bad path."""
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BundleError("form", f"the manifest can't be read: {e}") from e
    if canonical(manifest) != text:
        raise BundleError("form", "the manifest is not canonical JSON")
    _check(manifest)
    return manifest


def read_keys(text: bytes) -> KeyList:
    """Return the list of keys in ``text``; BundleError where it is none."""
    try:
        keys = msgspec.json.decode(text, type=KeyList)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BundleError("key", f"the list of keys can't be read: {e}") from e
    if not keys.root or not keys.release:
        raise BundleError("key", "a list of keys without a root or without a release key")
    if any(key_id(bytes.fromhex(k.public)) != k.key_id for k in (*keys.root, *keys.release)):
        raise BundleError("key", "a key's id is not that of its key")
    if {k.key_id for k in keys.root} & {k.key_id for k in keys.release}:
        raise BundleError("key", "one key is both root and release: the root is to be kept apart")
    return keys


def check_path(path: str) -> None:
    """Refuse a path that is not plainly below ``code`` or ``site``; BundleError says what is wrong."""
    parts = path.split("/")
    if len(path) > MAX_PATH or len(parts) < 2 or parts[0] not in TOPS:
        raise BundleError(
            "form", f"the path {path[:80]!r}: below {' or '.join(TOPS)}, at most {MAX_PATH} characters"
        )
    if any(not _PART.match(part) or part in (".", "..") for part in parts):
        raise BundleError(
            "form", f"the path {path[:80]!r}: letters, digits and _+@=.,~- between /, no . or .."
        )


def _check(manifest: Manifest) -> None:
    if not 1 <= len(manifest.files) <= MAX_FILES:
        raise BundleError("form", f"{len(manifest.files)} files; at most {MAX_FILES}")
    if manifest.unpacked_bytes > MAX_UNPACKED_BYTES:
        raise BundleError("form", f"{manifest.unpacked_bytes} bytes unpacked; at most {MAX_UNPACKED_BYTES}")
    seen: set[str] = set()
    folders: set[str] = set()
    for file in manifest.files:
        check_path(file.path)
        seen.add(file.path.lower())
        parts = file.path.lower().split("/")
        folders.update("/".join(parts[:n]) for n in range(1, len(parts)))
    if len(seen) != len(manifest.files) or seen & folders:
        raise BundleError("form", "two files of one name, or a file and a folder")
    if manifest.expires_at <= manifest.made_at:
        raise BundleError("form", "it expires before it is made")
    if not manifest.against and any(file.held for file in manifest.files):
        raise BundleError("form", "it leaves out files and does not say against which serial")


def check_fits(
    manifest: Manifest,
    *,
    kind: str,
    machine: str,
    python: tuple[int, int],
    running: int,
    floor: int,
    back_to: tuple[int, ...],
    now_s: float | None,
) -> None:
    """Refuse a bundle that is not for this device as it is; BundleError says why.

    Args:
        manifest: of the bundle, its signature checked.
        kind: the device's.
        machine: the device's, as ``platform.machine()`` says it.
        python: version that runs the agent.
        running: serial that runs now; 0: as installed.
        floor: the highest serial that ever was confirmed here.
        back_to: serials that what runs now may be taken back to.
        now_s: seconds since 1970; None: the clock is not known to be right.
    """
    if manifest.kinds and kind not in manifest.kinds:
        raise BundleError("kind", f"it is for {', '.join(manifest.kinds)}; this is a {kind}")
    if manifest.machine not in ("any", machine):
        raise BundleError("machine", f"it is for {manifest.machine}; this is {machine}")
    major, minor = (int(part) for part in manifest.python.split("."))
    if python < (major, minor):
        raise BundleError("machine", f"it needs Python {manifest.python}; this is {python[0]}.{python[1]}")
    if manifest.serial <= max(running, floor) and manifest.serial not in back_to:
        raise BundleError("older", f"serial {manifest.serial}: here was {max(running, floor)} already")
    if running < manifest.min_serial:
        raise BundleError("needs", f"it needs serial {manifest.min_serial}; here runs {running}")
    if manifest.against and manifest.against != running:
        raise BundleError("needs", f"it is made against serial {manifest.against}; here runs {running}")
    if now_s is not None and now_s > manifest.expires_at:
        day = datetime.fromtimestamp(manifest.expires_at, UTC).date()
        raise BundleError("expired", f"it expired on {day}")
