"""The file around a pack: a zip that is the same for the same contents, with a seal over every byte of it.

The seal is the last thing in the file, in the zip's comment: a signature over the hash of all that is before it.
Without it a byte between the files (a date in a header, say) could be changed and nobody would notice.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import BinaryIO

from rules.core.evidence.manifest import Listed
from rules.evidence.keys import PublicKey, Signer

MADE = (1980, 1, 1, 0, 0, 0)
LEVEL = 6
BLOCK = 1 << 20
SEAL_MARK = b"cityops-seal:"
SEAL_CHARS = 88
"""A signature of 64 bytes in base64."""
_MESSAGE = b"cityops-evidence-seal-1\n"


class Container:
    """Writes a pack's files one after the other.

    Args:
        out: opened for writing and reading, empty.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._zip.comment = SEAL_MARK + b" " * SEAL_CHARS

    def add(self, path: str, data: bytes, what: str = "") -> Listed:
        """Write a file and return how the manifest lists it."""
        info = zipfile.ZipInfo(path, MADE)
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
        self._zip.writestr(info, data)
        return Listed(path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), what=what)

    def close(self, signer: Signer) -> None:
        """Write the end and the seal."""
        self._zip.close()
        size = self._out.seek(0, 2)
        seal = base64.b64encode(signer.sign(_MESSAGE + digest(self._out, size - SEAL_CHARS)))
        self._out.seek(size - SEAL_CHARS)
        self._out.write(seal)


def digest(file: BinaryIO, length: int) -> bytes:
    """Return the SHA-256 of the first ``length`` bytes of a file."""
    file.seek(0)
    found, left = hashlib.sha256(), length
    while left > 0 and (block := file.read(min(BLOCK, left))):
        found.update(block)
        left -= len(block)
    return found.digest()


def sealed(file: BinaryIO, key: PublicKey) -> bool:
    """Whether every byte of a file is as ``key`` sealed it."""
    size = file.seek(0, 2)
    if size < SEAL_CHARS + len(SEAL_MARK):
        return False
    file.seek(size - SEAL_CHARS)
    try:
        text = file.read(SEAL_CHARS)
        signature = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    # The last character of a padded text has bits that mean nothing: only one way to write it counts.
    return base64.b64encode(signature) == text and key.holds(
        signature, _MESSAGE + digest(file, size - SEAL_CHARS)
    )
