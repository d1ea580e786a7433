"""The installation's identity secret, and the keys that are made of it: one for each use, so that none serves for another."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cityops.errors import ConfigurationError

KEY_FILE = "identity.key"
LEAST = 32
"""Characters."""


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Keys of 256 bits: of marks of keys and tries, of the seal on authenticators' secrets, of forms and cursors."""

    marks: bytes
    seal: bytes
    forms: bytes

    @staticmethod
    def of(secret: str) -> Secrets:
        """Return the keys that a secret makes (HKDF, RFC 5869)."""
        return Secrets(*(_derived(secret.encode(), use) for use in (b"marks", b"seal", b"forms")))


def _derived(secret: bytes, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"cityops identity 1 " + use).derive(secret)


def secret_in(folder: Path) -> str:
    """Return the secret in a folder's ``identity.key``; where there is none it is made, for the owner's eyes only.

    Raises:
        ConfigurationError: it can be neither read nor made, or is too short.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path}: {error}; or set CITYOPS_IDENTITY__SECRET to 32 random characters"
        ) from error
    if len(text) < LEAST:
        raise ConfigurationError(
            f"{path} holds less than {LEAST} characters; delete it and start again: keys made before are void"
        )
    return text


def _make(path: Path) -> None:
    """Make the file whole or not at all, though two processes start at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was quicker: its secret it is
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
