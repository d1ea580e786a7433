"""Keys that sign: files of Ed25519 keys, and lists of those that devices are to believe.

Two sorts: a ``release`` key signs bundles and lives where they are built; a ``root`` key signs lists of keys and lives in a
safe, on nothing that is ever connected. Who has the release key can make devices run anything until the root signs a list without
it; who has a root key can do so for good. So the root is used once a year and at an accident.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cityops.errors import ConfigurationError
from devices.contract.update.manifest import (
    KEYS_DOMAIN,
    BundleError,
    Key,
    KeyList,
    Signature,
    Signed,
    canonical,
    key_id,
    read_keys,
    to_sign,
)

PASSPHRASE = "CITYOPS_BUNDLE_PASSPHRASE"  # noqa: S105  name of a variable
"""Environment variable with the passphrase of key files; without it they are not encrypted."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key."""

    private: Ed25519PrivateKey

    @property
    def key(self) -> Key:
        """Its public part."""
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Key(key_id=key_id(public), public=public.hex())

    def sign(self, domain: bytes, text: bytes) -> Signature:
        """Return the signature under a document."""
        return Signature(key_id=self.key.key_id, signature=self.private.sign(to_sign(domain, text)).hex())


def make_key() -> SigningKey:
    """Return a new key."""
    return SigningKey(Ed25519PrivateKey.generate())


def write_key(key: SigningKey, path: Path, passphrase: str = "") -> None:
    """Write a key's file, for its owner alone; ConfigurationError where there is one already."""
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    body = key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as e:
        raise ConfigurationError(f"{path} is there already: a key is never overwritten") from e
    except OSError as e:
        raise ConfigurationError(f"{path} can't be written: {e.strerror}") from e
    with os.fdopen(number, "wb") as file:
        file.write(body)


def read_key(path: Path, passphrase: str = "") -> SigningKey:
    """Return the key in a file; ConfigurationError where it is none."""
    try:
        private = load_pem_private_key(path.read_bytes(), passphrase.encode() if passphrase else None)
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    except (ValueError, TypeError) as e:
        raise ConfigurationError(
            f"{path} is no private key, or its passphrase ({PASSPHRASE}) is another: {e}"
        ) from e
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(f"{path} is no Ed25519 key")
    return SigningKey(private)


def make_list(
    serial: int, made_at: int, root: Sequence[Key], release: Sequence[Key], signers: Sequence[SigningKey]
) -> Signed:
    """Return a signed list of keys; ConfigurationError where it can't be one.

    Args:
        serial: above that of the list before.
        made_at: seconds since 1970.
        root: keys that may sign the next list.
        release: keys that may sign bundles.
        signers: root keys; devices believe a list that one of the list before has signed.
    """
    listed = KeyList(serial=serial, made_at=made_at, root=tuple(root), release=tuple(release))
    text = canonical(listed)
    try:
        read_keys(text)
    except BundleError as e:
        raise ConfigurationError(str(e)) from e
    return Signed(text=text.decode(), signatures=tuple(key.sign(KEYS_DOMAIN, text) for key in signers))


def load_list(path: Path) -> Signed:
    """Return the signed list of keys in a file; ConfigurationError where it is none."""
    try:
        signed = msgspec.json.decode(path.read_bytes(), type=Signed)
        read_keys(signed.text.encode())
    except OSError as e:
        raise ConfigurationError(f"{path} can't be read: {e.strerror}") from e
    except (msgspec.DecodeError, UnicodeDecodeError, BundleError) as e:
        raise ConfigurationError(f"{path} is no signed list of keys: {e}") from e
    return signed
