"""What tests of provisioning share: desk and claims on a database, and what a device makes for itself."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.contract.kind import discover
from devices.contract.provisioning import SALT_BYTES, ClaimAnswer, ClaimRequest, make_verifier
from ops_api.provisioning.claiming import Claiming, Meeting
from ops_api.provisioning.desk import DeviceDesk
from ops_api.provisioning.ports import Signer
from ops_api.queries import Db, OneConnection

MEETING = Meeting("mqtt.council.example", 8883, "-----BEGIN CERTIFICATE-----\n")
WHO = "ada"
NETWORK = "192.0.2.7"


@dataclass
class Card:
    """A device's card as it comes from the factory: a number of its own, and a password that it made."""

    install: str = field(default_factory=lambda: uuid.uuid4().hex)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    verifier: str = ""

    def __post_init__(self) -> None:
        self.verifier = self.verifier or make_verifier(self.password, os.urandom(SALT_BYTES))

    def request(self, code: str) -> ClaimRequest:
        return ClaimRequest(code=code, install=self.install, verifier=self.verifier)


@dataclass
class Office:
    """Where devices are managed and claims are taken, on one database."""

    db: Db
    desk: DeviceDesk
    claiming: Claiming
    conn: psycopg.AsyncConnection[Any]

    async def claim(self, code: str, card: Card, address: str = NETWORK) -> ClaimAnswer:
        return await self.claiming.claim(card.request(code), address, datetime.now(UTC))

    async def provisioned(self, name: str, kind: str = "frog") -> Card:
        """Return the card of a new device that has claimed its name."""
        await self.desk.add(name, kind, WHO)
        card = Card()
        await self.claim((await self.desk.label(name, WHO)).code, card)
        return card

    async def state(self, name: str) -> str:
        return str((await self.desk.of(name))["state"])


@asynccontextmanager
async def office_on(dsn: str, signer: Signer | None = None) -> AsyncIterator[Office]:
    """Lend an office on a database, as its owner."""
    async with await psycopg.AsyncConnection.connect(dsn, options="-c timezone=UTC") as conn:
        await conn.commit()
        db = Db(OneConnection(conn))
        desk = DeviceDesk(db, dict(discover()), timedelta(days=30))
        yield Office(db, desk, Claiming(db, MEETING, signer), conn)


def authority(folder: Path, name: str = "devices") -> tuple[Path, Path]:
    """Return an authority's certificate and key, made in ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority of {name}")])
    now = datetime.now(UTC)
    use = {
        "digital_signature": True, "key_cert_sign": True, "crl_sign": True, "content_commitment": False,
        "key_encipherment": False, "data_encipherment": False, "key_agreement": False, "encipher_only": False,
        "decipher_only": False,
    }  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**use), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_path, key_path = folder / f"{name}-ca.pem", folder / f"{name}-ca.key"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(pem_of(key))
    return cert_path, key_path


def pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def request_for(key: Any, name: str = "whoever") -> str:
    """Return a signing request, whose subject says what it likes."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def server_certificate(folder: Path, ca: tuple[Path, Path]) -> tuple[Path, Path]:
    """Return certificate and key of a broker on localhost, signed by an authority."""
    issuer = x509.load_pem_x509_certificate(ca[0].read_bytes())
    signer = serialization.load_pem_private_key(ca[1].read_bytes(), None)
    assert isinstance(signer, ec.EllipticCurvePrivateKey)
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    cert_path, key_path = folder / "server.pem", folder / "server.key"
    cert_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(pem_of(key))
    return cert_path, key_path
