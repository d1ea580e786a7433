"""What becomes of a claim: of a device's for its credential, of a household's for the device. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Outcome = Literal["grant", "again", "unknown", "expired", "used", "closed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A code as it is kept.

    Attributes:
        expires_at: until when it opens.
        revoked: whether another label has taken its place.
        install, verifier: of the card that used it; None: none has.
        state: the device's.
    """

    expires_at: datetime
    revoked: bool
    install: str | None
    verifier: str | None
    state: str


def decide(claim: Claim | None, install: str, verifier: str, now: datetime) -> Outcome:
    """Return what a device's claim comes to.

    ``again``: it is the same card with the same credential, whose answer was lost. A used code opens nothing else, so
    that whoever reads the label later gets nothing. ``closed``: the device is quarantined or retired.
    """
    if claim is None or claim.revoked:
        return "unknown"
    if claim.state in ("quarantined", "retired"):
        return "closed"
    if claim.install is not None:
        return "again" if (claim.install, claim.verifier) == (install, verifier) else "used"
    return "expired" if claim.expires_at <= now else "grant"


WORDS: dict[Outcome, str] = {
    "unknown": "This code opens nothing. Is it the newest label of the device?",
    "expired": "This code has expired. Ask the council for a new label.",
    "used": "This code was used by another device. Ask the council for a new label, and tell them.",
    "closed": "This device is out of service. Ask the council.",
}
"""What a device, and who stands before it, is told."""
