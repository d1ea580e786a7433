"""Where a device connects to, and how it comes back after losing the connection."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cityops.runtime.backoff import Backoff

_THIS_MACHINE = frozenset({"localhost", "::1"})


def is_this_machine(host: str) -> bool:
    """Whether a host is this machine, to which nothing goes over a network."""
    return host in _THIS_MACHINE or host.startswith("127.")


class Credential(Protocol):
    """A password that may change from one connection to the next."""

    def password(self) -> str:
        """Return the password to show now."""
        ...

    def refused(self) -> None:
        """The broker refused it."""
        ...

    def accepted(self) -> None:
        """The broker accepted it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """A broker and the credential shown to it.

    Attributes:
        tls_ca: PEM file of the authority that signed the broker's certificate; given, TLS
            is used, and ``tls_cert`` with ``tls_key`` is the device's own certificate.
        connect_timeout_s: for TCP and the TLS handshake together [s].
        will_delay_s: how long the broker waits before it announces the device as gone [s].
        credential: gives the password of each connection, in place of ``password``.
        plain: whether it may speak to another machine without TLS.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    keepalive_s: int = 60
    connect_timeout_s: float = 5.0
    will_delay_s: int = 90
    credential: Credential | None = None
    plain: bool = False

    @property
    def in_the_clear(self) -> bool:
        """Whether password and readings would go over a network without TLS, and nobody said that they may."""
        return self.tls_ca is None and not self.plain and not is_this_machine(self.host)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the device vanishes."""

    topic: str
    payload: bytes


class Reconnect:
    """When to connect next: full jitter, so that a town does not come back at once.

    ``uniform(0, min(cap, first × 2ⁿ))`` after n failures; n starts again after
    ``good_s`` of unbroken connection, so that a flapping link keeps backing off.

    Args:
        first_within_s: the first connection after a start is spread over this [s].
    """

    def __init__(
        self,
        rng: random.Random,
        backoff: Backoff,
        first_within_s: float = 60.0,
        good_s: float = 60.0,
    ) -> None:
        self._rng = rng
        self._backoff = backoff
        self._first_within_s = first_within_s
        self._good_s = good_s
        self._failures = 0
        self._up_since_s: float | None = None

    def first(self, now_s: float) -> float:
        """Return when to connect for the first time [s]."""
        return now_s + self._rng.uniform(0.0, self._first_within_s)

    def up(self, now_s: float) -> None:
        """The broker accepted the connection."""
        self._up_since_s = now_s

    def down(self, now_s: float) -> float:
        """The connection, or an attempt, failed; return when to try again [s]."""
        if self._up_since_s is not None and now_s - self._up_since_s >= self._good_s:
            self._failures = 0
        self._up_since_s = None
        at_s = now_s + self._backoff.delay(self._failures, self._rng)
        self._failures += 1
        return at_s
