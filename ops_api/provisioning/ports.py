"""What provisioning needs of the outside: the broker's logins, and who signs certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from cityops.errors import CityopsError
from devices.contract.provisioning import Kind


class ProvisioningRefusedError(CityopsError):
    """An act is not possible, in words for whoever asked."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Login:
    """What a device signs in with at the broker; ``verifier``: a password's hash, or the mark of a certificate."""

    kind: Kind
    verifier: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """Whose a certificate was, and since when it is no good."""

    device: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the broker is to know: the login of each device that may come in, and who of the others may not.

    ``revoked``: certificates that are no good before their time, by number.
    """

    logins: Mapping[str, Login]
    refused: frozenset[str]
    revoked: Mapping[str, Revoked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a broker was told to make it so; each a list of devices' names."""

    added: Sequence[str] = ()
    changed: Sequence[str] = ()
    removed: Sequence[str] = ()

    def __bool__(self) -> bool:
        """Whether there was anything to tell."""
        return bool(self.added or self.changed or self.removed)


class BrokerAccess(Protocol):
    """The logins of devices at the broker. Services' logins are nobody's business here and stay as they are."""

    async def known(self) -> Mapping[str, str]:
        """Return the password hash of every login that the broker has one of, services' included.

        Raises:
            TransientError: it can't be asked.
        """
        ...

    async def make_so(self, wanted: Wanted) -> Changes:
        """Make devices' logins what is wanted, at once for live connections too; twice changes nothing more.

        Raises:
            TransientError: it can't be told; what was told stays, and the next call tells the rest, also of another process.
        """
        ...


@dataclass(frozen=True, slots=True)
class Signed:
    """A certificate: PEM, the mark that is kept of it (SHA-256), its number, and until when it is good."""

    pem: str
    mark: str
    serial: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A list of revoked certificates as it was written: their numbers, and until when it is good.

    ``good_until`` is None where it can't be read.
    """

    serials: frozenset[str] = frozenset()
    good_until: datetime | None = None


class Signer(Protocol):
    """The council's authority for devices' certificates."""

    def sign(self, csr: str, name: str, now: datetime) -> Signed:
        """Return a certificate for a device's key; its subject is ``name``, whatever the request says.

        Raises:
            ProvisioningRefusedError: it is no request, or not for a key on P-256.
        """
        ...

    def proves(self, csr: str, certificate: str, signature: bytes) -> str | None:
        """Return the mark of the certificate whose key signed ``csr``; None: it did not."""
        ...

    def revocations(self, revoked: Mapping[str, Revoked], now: datetime) -> bytes:
        """Return the list of revoked certificates, as PEM."""
        ...

    def listed(self, revocations: bytes) -> RevocationList:
        """Return what such a list says; empty where it is none."""
        ...
