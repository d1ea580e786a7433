"""Events of LoRaWAN servers by webhook: who may send, and kept once. Must not know HTTP."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Literal

from ops_api.queries import Db

Taken = Literal["kept", "again"]
_NOBODY = bytes(32)


class WrongTokenError(Exception):
    """There is no such webhook, or the token is not its."""


Read = Callable[[int, str, str, bytes], Mapping[str, object]]
"""Source, protocol, event's name, body to what is kept of an event, by the names of ``lorawan_receive``; never raises."""


class LorawanDoor:
    """See the module.

    Args:
        db: the website's.
        read: reads envelopes.
    """

    def __init__(self, db: Db, read: Read) -> None:
        self._db, self._read = db, read

    async def take(self, name: str, token: str, event: str, body: bytes) -> Taken:
        """Keep an event; on return it is committed.

        Args:
            name: the source's.
            token: what was sent as its token.
            event: of ChirpStack, the event's name; else empty.
            body: as it came.

        Raises:
            WrongTokenError: see there. An unknown source takes as long as a wrong token.
            TransientError: nothing is kept; the server should send it again.
        """
        found = await self._db.row("lorawan_webhook", name=name)
        wanted = _NOBODY if found is None else bytes(found["token_hash"])
        same = hmac.compare_digest(hashlib.sha256(token.encode()).digest(), wanted)
        if found is None or not same:
            raise WrongTokenError(name)
        arrived = self._read(found["source_id"], found["protocol"], event, body)
        kept = await self._db.one("lorawan_receive", **arrived)
        return "kept" if kept["is_new"] else "again"
