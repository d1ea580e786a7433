"""The key that signs packs: made once, in the data directory; whoever can read that can sign."""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from cityops.errors import ConfigurationError
from rules.core.evidence.manifest import fingerprint

FOLDER, PRIVATE, PUBLIC = "evidence", "signing_key.pem", "signing_key.pub.pem"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key; ``raw``: its 32 bytes."""

    raw: bytes

    @property
    def key_id(self) -> str:
        """Groups of digits that people compare."""
        return fingerprint(self.raw)

    @property
    def base64(self) -> str:
        """The key in base64."""
        return base64.b64encode(self.raw).decode()

    @property
    def pem(self) -> str:
        """The key as PEM."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def holds(self, signature: bytes, message: bytes) -> bool:
        """Whether ``signature`` is this key's over ``message``."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """Signs with the installation's key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = PublicKey(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> bytes:
        """Return the signature (64 bytes), the same each time."""
        return self._key.sign(message)


def signer(data_dir: Path) -> Signer:
    """Return the installation's signer; the key is made where there is none yet.

    Raises:
        ConfigurationError: the folder can't be written, or the key is no Ed25519 key.
    """
    path = data_dir / FOLDER / PRIVATE
    try:
        if not path.exists():
            _make(path)
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError(f"{path} holds no Ed25519 key")
        made = Signer(key)
        _publish(path.with_name(PUBLIC), made.public)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{path} can't be read as a private key without a password") from error
    return made


def published(data_dir: Path) -> PublicKey | None:
    """Return the installation's public key; None where no pack was made yet.

    Raises:
        ConfigurationError: as of :func:`read_public`.
    """
    path = data_dir / FOLDER / PUBLIC
    return read_public(path) if path.is_file() else None


def read_public(path: Path) -> PublicKey:
    """Return the public key in a PEM file.

    Raises:
        ConfigurationError: it can't be read, or holds no Ed25519 public key.
    """
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} holds no public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"{path} holds no Ed25519 key")
    return PublicKey(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def _make(path: Path) -> None:
    """Make the key; of two processes that do so at once one wins, and the other uses its key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()


def _publish(path: Path, key: PublicKey) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != key.pem:
        path.write_text(key.pem, encoding="utf-8")
