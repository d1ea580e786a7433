"""An :class:`ops_api.households.ports.Eraser` that asks who may delete, and waits a while for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ops_api.queries import Db

WAIT_S = 20.0
LOOK_S = 0.25


class QueuedEraser:
    """Writes down what is to be deleted (``erasure_ask``); the ingester's process does it.

    Args:
        db: as ``cityops_registrar``.
        wait_s: time to wait for the deletion [s]; then the receipt has no ``done_at`` yet.
    """

    def __init__(self, db: Db, wait_s: float = WAIT_S) -> None:
        self._db = db
        self._wait_s = wait_s

    async def erase(self, home_id: int, resident_id: str, *, forget: bool) -> Mapping[str, Any]:
        """Ask for it and return the receipt; see :class:`ops_api.households.ports.Eraser`."""
        asked = await self._db.one("erasure_ask", home_id=home_id, resident_id=resident_id, forget=forget)
        if asked["erasure_id"] is None:
            raise ValueError(f"nobody with this number has a stay in home {home_id}")
        until = time.monotonic() + self._wait_s
        while True:
            receipt = await receipt_of(self._db, str(asked["erasure_id"]))
            assert receipt is not None
            if receipt["done_at"] is not None or time.monotonic() >= until:
                return receipt
            await asyncio.sleep(LOOK_S)


async def receipt_of(db: Db, erasure_id: str) -> Mapping[str, Any] | None:
    """Return a receipt; None where there is none of this number. ``db``: as ``cityops_registrar``."""
    row = await db.row("erasure_receipt", erasure_id=erasure_id)
    if row is None:
        return None
    kept = [tuple(None if at is None else datetime.fromisoformat(at) for at in span) for span in row["kept"]]
    return {**row, "erasure_id": str(row["erasure_id"]), "kept": kept}
