"""What people do with roll-outs: begin, halt, resume, cancel, pin. Each act is one transaction with its event.

The command line has the owner's login, the website its own: both may do these (routines/zz_rights.sql).
"""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any, Literal

from psycopg.types.json import Jsonb

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from cityops.errors import ConfigurationError
from ingest.fleet.updates.ports import By, Start

SQL = load_queries("ingest.fleet.updates", "acts.sql")
Change = Literal["halted", "resumed", "cancelled"]
_FROM: dict[Change, tuple[str, ...]] = {
    "halted": ("running",),
    "resumed": ("halted",),
    "cancelled": ("running", "halted"),
}
_TO: dict[Change, str] = {"halted": "halted", "resumed": "running", "cancelled": "cancelled"}


class Acts:
    """Acts on the roll-outs of one database."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def start(self, start: Start, by: By) -> int:
        """Begin a roll-out; return its number.

        Raises:
            ConfigurationError: there is no such bundle, group, kind or device, or another roll-out of it is open.
        """
        values: dict[str, Any] = {
            "bundle": start.bundle_id,
            "kinds": list(start.kinds),
            "groups": list(start.groups),
            "devices": list(start.devices),
            "stages": Jsonb([asdict(stage) for stage in start.stages]),
            "limits": Jsonb(asdict(start.limits)),
            "by": by.who,
        }
        async with transaction(self._pool, unstorable=ConfigurationError) as conn:
            await self._check(conn, values)
            row = await (await conn.execute(SQL["start"], values)).fetchone()
            assert row is not None
            await self._event(conn, row[0], "started", by, {"stages": len(start.stages)})
            return int(row[0])

    async def reach(self, rollout_id: int) -> dict[str, int]:
        """Return how many devices of a roll-out stand where; see :mod:`ingest.fleet.core.reach`."""
        async with transaction(self._pool) as conn:
            row = await (await conn.execute(SQL["reach"], {"rollout_id": rollout_id})).fetchone()
        return {} if row is None else dict(row[0])

    async def _check(self, conn: Connection, values: dict[str, Any]) -> None:
        row = await (await conn.execute(SQL["start_check"], values)).fetchone()
        if row is None:
            raise ConfigurationError(
                f"there is no bundle {values['bundle'][:12]}, or it is withdrawn or has expired"
            )
        _, taken, unknown = row
        if taken is not None:
            raise ConfigurationError(
                f"roll-out {taken} of this bundle is open: halt, resume or cancel that one"
            )
        if unknown:
            raise ConfigurationError(f"there is no device or group {', '.join(unknown)}")

    async def change(self, rollout_id: int, change: Change, reason: str, by: By) -> None:
        """Halt, resume or cancel; ConfigurationError where it can't be."""
        values = {"rollout_id": rollout_id, "from": list(_FROM[change]), "to": _TO[change], "reason": reason}
        async with transaction(self._pool, unstorable=ConfigurationError) as conn:
            if await (await conn.execute(SQL["change"], values)).fetchone() is None:
                row = await (await conn.execute(SQL["state"], values)).fetchone()
                state = "does not exist" if row is None else f"is {row[0]}"
                raise ConfigurationError(f"roll-out {rollout_id} {state}: it can't be {change}")
            await self._event(conn, rollout_id, change, by, {"reason": reason} if reason else {})

    async def pin(self, device: str, reason: str, by: By, *, pinned: bool = True) -> None:
        """Keep a device at what it runs, or no longer; ConfigurationError where there is none of the name."""
        values = {"device": device, "reason": reason, "by": by.who}
        async with transaction(self._pool, unstorable=ConfigurationError) as conn:
            row = await (await conn.execute(SQL["pin" if pinned else "unpin"], values)).fetchone()
            if row is None:
                raise ConfigurationError(f"there is no {'' if pinned else 'pinned '}device {device}")
            what = "pinned" if pinned else "unpinned"
            await self._event(conn, 0, what, by, {"reason": reason} if reason else {}, device)

    async def bundle_id(self, named: str) -> str:
        """Return the whole id of a bundle named by the beginning of it, its version or its serial.

        Raises:
            ConfigurationError: none or several are meant.
        """
        values = {"named": named, "prefix": named if re.fullmatch("[0-9a-f]{6,64}", named) else None}
        async with transaction(self._pool, unstorable=ConfigurationError) as conn:
            rows = await (await conn.execute(SQL["find"], values)).fetchall()
        if len(rows) != 1:
            found = "no bundle is" if not rows else f"{len(rows)} bundles are"
            raise ConfigurationError(f"{found} called {named!r}; cityops fleet bundle list shows them")
        return str(rows[0][0])

    async def _event(
        self, conn: Connection, rollout_id: int, what: str, by: By, detail: dict[str, Any], device: str = ""
    ) -> None:
        said = {"what": what, "device": device, "by": by.who, "via": by.via, "detail": Jsonb(detail)}
        await conn.execute(SQL["event"], {"rollout_id": rollout_id, **said})
