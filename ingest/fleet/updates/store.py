"""Roll-outs in PostgreSQL, as the fleet service uses them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from devices.contract.update.messages import Said
from ingest.fleet.asks import Asking
from ingest.fleet.core.rollout import Decision, Member, MemberState
from ingest.fleet.updates.ports import Rollout
from ingest.fleet.updates.rows import ROLLOUT_COLUMNS, member_of, rollout_of

SQL = load_queries("ingest.fleet.updates")
PIECE_ROW_BYTES = 2**18
"""A bundle lies in rows of so many bytes [B]."""


class PgUpdates:
    """Implements :class:`ingest.fleet.updates.ports.UpdateStore` on the owner's login."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def running(self) -> Sequence[Rollout]:
        """Return the roll-outs that run, oldest first."""
        return [rollout_of(row) for row in await self._rows("running", {})]

    async def candidates(self, rollout: Rollout) -> Sequence[Asking]:
        """Return the devices that may have its bundle."""
        rows = await self._rows("candidates", {"rollout_id": rollout.rollout_id})
        return [Asking(name=name, kind=kind, shard=shard) for name, kind, shard in rows]

    async def reach(self, rollout_id: int) -> Mapping[str, int]:
        """Return how many of its devices stand where."""
        [(found,)] = await self._rows("reach", {"rollout_id": rollout_id})
        return dict(found)

    async def members(self, rollout_id: int) -> Mapping[str, Member]:
        """Return the devices that were offered its bundle, by name."""
        rows = await self._rows("members", {"rollout_id": rollout_id})
        return {member.device: member for member in map(member_of, rows)}

    async def decided(self, rollout: Rollout, decision: Decision, now: datetime) -> bool:
        """Keep a decision, in one transaction."""
        values: dict[str, Any] = {"rollout_id": rollout.rollout_id, "stage": rollout.course.stage, "now": now}
        async with transaction(self._pool) as conn:
            if await (await conn.execute(SQL["lock"], values)).fetchone() is None:
                return False
            await self._keep(conn, decision, values)
        return True

    async def _keep(self, conn: Connection, decision: Decision, values: dict[str, Any]) -> None:
        if decision.offers:
            offered = {
                "devices": [o.device for o in decision.offers],
                "attempts": [o.attempt for o in decision.offers],
            }
            await conn.execute(SQL["offer"], values | offered)
        if decision.stage is not None:
            await conn.execute(SQL["next_stage"], values | {"next": decision.stage})
            await self._event(conn, values, "stage", {"stage": decision.stage})
        if decision.halt:
            await conn.execute(SQL["end"], values | {"state": "halted", "reason": decision.halt})
            await self._event(conn, values, "halted", {"reason": decision.halt})
            await conn.execute(SQL["audit"], values | {"reason": decision.halt})
        elif decision.finished:
            await conn.execute(SQL["end"], values | {"state": "finished", "reason": ""})
            await self._event(conn, values, "finished", {})

    async def _event(
        self, conn: Connection, values: dict[str, Any], what: str, detail: dict[str, Any], device: str = ""
    ) -> None:
        said = {"what": what, "device": device, "by": "", "via": "service", "detail": Jsonb(detail)}
        await conn.execute(SQL["event"], values | said)

    async def membership(self, device: str) -> tuple[Rollout, Member] | None:
        """Return the newest roll-out that a device is in, whatever its state."""
        rows = await self._rows("membership", {"device": device})
        if not rows:
            return None
        return rollout_of(rows[0][:ROLLOUT_COLUMNS]), member_of(rows[0][ROLLOUT_COLUMNS:])

    async def heard(self, device: Asking, said: Said, now: datetime) -> None:
        """Keep what a device says that it runs."""
        values = {
            "device": device.name,
            "serial": said.serial,
            "version": said.version,
            "bundle": said.bundle,
        }
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["heard"], values | {"phase": said.phase, "now": now})

    async def moved(
        self,
        rollout_id: int,
        device: str,
        attempt: int,
        state: MemberState,
        reason: str,
        held: int,
        now: datetime,
    ) -> None:
        """Keep where a device is with an attempt; how it ended is an event, too."""
        values: dict[str, Any] = {"rollout_id": rollout_id, "device": device, "attempt": attempt, "now": now}
        async with transaction(self._pool) as conn:
            said = {"state": state, "reason": reason, "held": held}
            row = await (await conn.execute(SQL["moved"], values | said)).fetchone()
            if row is not None and state in ("confirmed", "failed"):
                detail = {"state": state, "attempt": attempt} | ({"reason": reason} if reason else {})
                await self._event(conn, values, "device", detail, device)

    async def piece(self, bundle_id: str, from_byte: int, count: int) -> bytes:
        """Return up to ``count`` bytes of a bundle that is not withdrawn."""
        values = {"bundle": bundle_id, "first": from_byte, "count": count, "longest": PIECE_ROW_BYTES}
        rows = await self._rows("piece", values)
        return b"".join(body for _, body in rows)[:count]

    async def _rows(self, query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        async with transaction(self._pool) as conn:
            return await (await conn.execute(SQL[query], values)).fetchall()
