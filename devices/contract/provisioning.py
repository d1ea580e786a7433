"""What a device and the server say to each other before there is a login: claims and new credentials.

A secret is made on the device and stays there. What goes to the server is what a password is checked
with, in Mosquitto's format 7 (``$7$iterations$salt$hash``: PBKDF2-HMAC-SHA512, base64), or a
certificate signing request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from typing import Annotated, Literal

import msgspec

ITERATIONS = 101
"""Rounds for a device's password, as ``mosquitto_passwd`` has it. It has 256 bits of chance, so rounds add nothing to
it; and the broker works out one hash for every live session at each reload."""
MOST_ITERATIONS = 5000
"""More of a device's own choosing would let it hold up the broker."""
SALT_BYTES = 12
SECRET_BYTES = 32

Kind = Literal["token", "x509"]
Install = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{8,80}$")]
Pem = Annotated[str, msgspec.Meta(max_length=4096)]

_VERIFIER = re.compile(r"\$7\$([1-9][0-9]{0,5})\$([A-Za-z0-9+/]{16,24}={0,2})\$([A-Za-z0-9+/]{86}==)")


class ClaimRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Device to server: the code on its label, which card it is, and one of ``verifier`` and ``csr``.

    ``csr`` is a PEM certificate signing request for a key on P-256; its subject does not matter.
    """

    code: Annotated[str, msgspec.Meta(max_length=72)]
    install: Install
    verifier: Annotated[str, msgspec.Meta(max_length=200)] = ""
    csr: Pem = ""


class ClaimAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Server to device: who it is, where it connects and how often it measures.

    ``ca`` is the PEM of the authority that signed the broker's certificate, empty: no TLS.
    ``certificate`` is the device's own, where it sent a signing request. ``update_keys`` is the list of keys
    (:class:`devices.contract.update.manifest.KeyList`, JSON) whose updates it may believe, empty: there is none yet.
    """

    name: str
    kind: str
    shard: int
    cadence_s: int
    host: str
    port: int
    ca: str = ""
    certificate: str = ""
    update_keys: str = ""


class RotateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Device to server: its next credential; the one that it has is the proof.

    With a password that is in the request's ``Authorization``. With a certificate: ``certificate`` is the
    present one, and ``signature`` (base64) the present key's of the bytes of ``csr``, ECDSA with SHA-256.
    """

    verifier: Annotated[str, msgspec.Meta(max_length=200)] = ""
    csr: Pem = ""
    certificate: Pem = ""
    signature: Annotated[str, msgspec.Meta(max_length=400)] = ""


class RotateAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Server to device: its next credential is known; ``certificate`` as in :class:`ClaimAnswer`."""

    name: str
    certificate: str = ""


def make_verifier(password: str, salt: bytes) -> str:
    """Return what a password is checked with; ``salt`` are ``SALT_BYTES`` random bytes."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def is_verifier(text: str) -> bool:
    """Whether a text may stand in the broker's password file: one line, of the one format, with bounded rounds."""
    found = _VERIFIER.fullmatch(text)
    return found is not None and int(found[1]) <= MOST_ITERATIONS


def fits(password: str, verifier: str) -> bool:
    """Whether a password is the one that a verifier was made of."""
    found = _VERIFIER.fullmatch(verifier)
    if found is None:
        return False
    try:
        salt, wanted = base64.b64decode(found[2], validate=True), base64.b64decode(found[3], validate=True)
    except binascii.Error:
        return False
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, int(found[1]))
    return hmac.compare_digest(digest, wanted)
