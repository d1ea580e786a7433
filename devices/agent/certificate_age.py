"""How long a device's certificate is good for, and when it is to be made anew: without it no broker lets the device in."""

from __future__ import annotations

import ssl
from pathlib import Path

from devices.agent.rotation import DAY_S

RENEW_BEFORE_S = 32 * DAY_S
"""How long before its end a certificate is made anew [s]; a third of its life where that is less."""


def life_of(path: Path) -> tuple[float, float] | None:
    """Return from when until when a certificate file is good [s since 1970]; None where it can't be read."""
    # The interpreter's own reader, there since Python 2.6: a device need not have the package cryptography.
    decode = getattr(getattr(ssl, "_ssl", None), "_test_decode_cert", None)
    if decode is None:
        return None
    try:
        certificate = decode(str(path))
        begin, end = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    except (OSError, KeyError, ValueError):
        return None
    return begin, end


class CertificateAge:
    """A certificate is old some time before its end. See :class:`devices.agent.rotation.Due`.

    Args:
        path: of the certificate, read at each question: a rotation replaces it.
        every_days: age at which it is old in any case [d]; 0: only its end counts.
    """

    def __init__(self, path: Path, every_days: int) -> None:
        self._path = path
        self._every_s = every_days * DAY_S if every_days > 0 else float("inf")

    def is_due(self, wall_s: float) -> bool:
        """Whether it is old; not where it can't be read: there is nothing to prove a new one with."""
        life = life_of(self._path)
        if life is None:
            return False
        begin_s, end_s = life
        before_s = min(RENEW_BEFORE_S, (end_s - begin_s) / 3.0)
        return wall_s >= min(end_s - before_s, begin_s + self._every_s)

    def is_over(self, wall_s: float) -> bool:
        """Whether it is past its end."""
        life = life_of(self._path)
        return life is not None and wall_s >= life[1]

    def known(self) -> None:
        """Nothing: the file is the new one's by now."""
