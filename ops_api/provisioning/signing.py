"""Certificates for devices' own keys, by the council's authority (X.509, RFC 5280)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cityops.errors import ConfigurationError
from ops_api.provisioning.ports import ProvisioningRefusedError, RevocationList, Revoked, Signed

LIFE = timedelta(days=397)
"""Of a device's certificate: a year, and a month in which it is renewed."""
_SLACK = timedelta(days=1)
"""A device's clock may be late."""
_LIST_LIFE = timedelta(days=365)
"""OpenSSL refuses everybody once a list is out of date: it is written anew at each change, and long before that."""


class DeviceAuthority:
    """See :class:`ops_api.provisioning.ports.Signer`.

    Args:
        certificate, key: PEM files of the authority; the key on a curve, without a password.

    Raises:
        ConfigurationError: one of them can't be read.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        try:
            self._certificate = x509.load_pem_x509_certificate(certificate.read_bytes())
            loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as e:
            raise ConfigurationError(
                f"provisioning.ca_cert {certificate} with ca_key {key} can't be read: {e}"
            ) from e
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ConfigurationError(f"provisioning.ca_key {key}: a key on a curve is needed, as P-256")
        self._key = loaded

    def sign(self, csr: str, name: str, now: datetime) -> Signed:
        """Return a certificate for a device's key; see the port."""
        key = _key_of(csr)
        made = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._certificate.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SLACK)
            .not_valid_after(min(now + LIFE, self._certificate.not_valid_after_utc))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM).decode()
        return Signed(pem, _mark(made), f"{made.serial_number:x}", made.not_valid_after_utc)

    def proves(self, csr: str, certificate: str, signature: bytes) -> str | None:
        """Return the mark of the certificate whose key signed ``csr``; None: it did not."""
        try:
            shown = x509.load_pem_x509_certificate(certificate.encode())
            key = shown.public_key()
            if not isinstance(key, ec.EllipticCurvePublicKey):
                return None
            key.verify(signature, csr.encode(), ec.ECDSA(hashes.SHA256()))
        except (ValueError, InvalidSignature, UnsupportedAlgorithm):
            return None
        return _mark(shown)

    def revocations(self, revoked: Mapping[str, Revoked], now: datetime) -> bytes:
        """Return the list of revoked certificates, as PEM."""
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._certificate.subject)
            .last_update(now - _SLACK)
            .next_update(now + _LIST_LIFE)
        )
        for serial, one in sorted(revoked.items()):
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(one.at)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def listed(self, revocations: bytes) -> RevocationList:
        """Return what such a list says; empty where it is none."""
        try:
            found = x509.load_pem_x509_crl(revocations)
        except ValueError:
            return RevocationList()
        return RevocationList(frozenset(f"{one.serial_number:x}" for one in found), found.next_update_utc)


def _key_of(csr: str) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        key, valid = request.public_key(), request.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as e:
        raise ProvisioningRefusedError("csr is no certificate signing request in PEM") from e
    if not valid or not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ProvisioningRefusedError("csr must be for a key on P-256, and signed with it")
    return key


def _mark(certificate: x509.Certificate) -> str:
    return "sha256:" + certificate.fingerprint(hashes.SHA256()).hex()
