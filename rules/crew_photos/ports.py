"""What the album of crews' photos offers: a protocol with two implementations; one suite of tests runs on both."""

from __future__ import annotations

from typing import Protocol

from rules.evidence.pictures import Picture
from rules.evidence.ports import RefusedError

MOST_BYTES = 4 * 2**20
"""Of a photo as it is kept; one of 2000 by 1500 pixels has some 700 kB."""
TOO_LARGE = f"The photo has more than {MOST_BYTES // 2**20} MB when it is packed: take another."


class NoActError(RefusedError):
    """There is no act that the photo belongs to, or it does not name the photo."""


class CrewAlbum(Protocol):
    """Photos; TransientError where the database does not answer."""

    async def keep(self, act_id: int, picture: Picture) -> None:
        """Keep the photo of an act, whose ``seen`` names it as ``photo_sha256``; once, however often it is sent.

        Raises:
            NoActError: there is no such act, or it names no such photo.
            RefusedError: it is larger than ``MOST_BYTES``.
        """
        ...

    async def jpeg(self, sha256: str) -> bytes | None:
        """Return a photo; None where there is none (any more)."""
        ...
