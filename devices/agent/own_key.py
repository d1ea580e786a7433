"""A key on P-256 made on the device, by the package ``cryptography`` where it is there, else by the program ``openssl``."""

from __future__ import annotations

import base64
import subprocess
import tempfile
from pathlib import Path

from cityops.errors import ConfigurationError

_NOT_OURS = "only one that claim made is made anew, and it stands before its certificate"


def new_key() -> str:
    """Return a new private key as PEM (PKCS #8).

    Raises:
        ConfigurationError: neither is there, or it fails.
    """
    try:
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return _openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]).decode()
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def request_for(key: str) -> str:
    """Return a signing request for a key, as PEM; the server chooses the name."""
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
    except ImportError:
        return _openssl(["req", "-new", "-subj", "/CN=device", "-key", "{key}"], key).decode()
    named = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
    made = x509.CertificateSigningRequestBuilder().subject_name(named).sign(_loaded(key), hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def sign(key: str, text: str) -> str:
    """Return the key's signature of a text: ECDSA with SHA-256, base64.

    Raises:
        ConfigurationError: the key is none that is made here; somebody may have put another one there.
    """
    try:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return base64.b64encode(_openssl(["dgst", "-sha256", "-sign", "{key}"], key, text.encode())).decode()
    return base64.b64encode(_loaded(key).sign(text.encode(), ec.ECDSA(hashes.SHA256()))).decode()


def _loaded(key: str):  # type: ignore[no-untyped-def]  # the package may not be there to name the type
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        loaded = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError) as e:  # none, or one with a password
        raise ConfigurationError(f"the private key can't be used: {_NOT_OURS}") from e
    if not isinstance(loaded, ec.EllipticCurvePrivateKey):
        raise ConfigurationError(f"the private key is none of elliptic curves: {_NOT_OURS}")
    return loaded


def _openssl(words: list[str], key: str = "", text: bytes = b"") -> bytes:
    """Run openssl; ``{key}`` among the words is a file with the key, which nobody else can read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        path.touch(0o600)
        path.write_text(key)
        command = ["openssl", *(str(path) if word == "{key}" else word for word in words)]
        try:
            return subprocess.run(command, input=text, capture_output=True, check=True, timeout=60).stdout
        except (OSError, subprocess.SubprocessError) as e:
            raise ConfigurationError(
                "a key can't be made: install openssl (apt install openssl), or claim without --x509"
            ) from e
