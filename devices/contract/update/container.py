r"""The file that is a bundle: magic, length, head, payload.

::

    CITYOPS-BUNDLE-1\n
    4 bytes      length of the head, big endian
    head         JSON: the signed manifest, and a signed list of keys where one is to be handed on
    payload      one xz stream: contents of the files of the manifest, in its order, those held left out
"""

from __future__ import annotations

import hashlib
import struct
from typing import BinaryIO

import msgspec

from devices.contract.update.manifest import BundleError, Signed

MAGIC = b"CITYOPS-BUNDLE-1\n"
MAX_HEAD_BYTES = 8 * 2**20
_BLOCK = 2**16


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What stands before the payload."""

    manifest: Signed
    keys: Signed | None = None


def write_head(head: Head) -> bytes:
    """Return what stands before the payload."""
    body = msgspec.json.encode(head, order="sorted")
    return MAGIC + struct.pack(">I", len(body)) + body


def read_head(file: BinaryIO) -> Head:
    """Return the head and leave ``file`` at the payload; BundleError where it is no bundle."""
    if file.read(len(MAGIC)) != MAGIC:
        raise BundleError("form", "it is no bundle of cityops")
    size = file.read(4)
    length = struct.unpack(">I", size)[0] if len(size) == 4 else 0
    if not 0 < length <= MAX_HEAD_BYTES:
        raise BundleError("form", f"a head of {length} bytes; at most {MAX_HEAD_BYTES}")
    body = file.read(length)
    try:
        return msgspec.json.decode(body, type=Head)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise BundleError("form", f"the head can't be read: {e}") from e


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of what is left of ``file``, in hex."""
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()
