"""Settings of devices in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from devices.contract.settings.model import Settings
from ingest.fleet import ports as p
from ingest.fleet.core.drift import Facts
from ingest.fleet.core.layers import Layer, Layers, Member, Scope

SQL = load_queries("ingest.fleet")
AGAIN_S = 60.0
"""Seconds after a document was published before a device that has an older one is sent it again."""

Row = dict[str, Any]


class PgFleet:
    """:class:`ingest.fleet.ports.FleetBook` and ``FleetKeeping`` on anything that lends connections."""

    def __init__(self, pool: Lender, again_s: float = AGAIN_S) -> None:
        self._pool = pool
        self._again_s = again_s

    def _transaction(self) -> AbstractAsyncContextManager[Connection]:
        return transaction(self._pool, unstorable=p.UnusableTextError)

    # -- reading -------------------------------------------------------------------

    async def layers(self) -> Layers:
        """Return the newest of each layer."""
        return {(r["scope"], r["target"]): Layer(**r) for r in await self._rows("layers")}

    async def members(self) -> Sequence[Member]:
        """Return every device that is not retired."""
        return [Member(r["name"], r["kind"], frozenset(r["groups"])) for r in await self._rows("members")]

    async def standings(self) -> Sequence[p.Standing]:
        """Return every device that is not retired, by name."""
        return [_standing(r) for r in await self._rows("standings", device_id=None)]

    async def device(self, name: str) -> p.OneDevice | None:
        """Return a device; None where there is none of the name, or it is retired."""
        async with self._transaction() as conn:
            found = await _rows(conn, "device", name=name)
            if not found:
                return None
            [row] = found
            number = row["device_id"]
            [standing] = await _rows(conn, "standings", device_id=number)
            status = await _rows(conn, "status", device_id=number)
        return p.OneDevice(
            standing=_standing(standing),
            shard=row["shard"],
            report=None if row["reported_at"] is None else _report(row),
            desired=row["desired"],
            status=status[0] if status else {},
        )

    async def versions(self, device: str, limit: int) -> Sequence[p.Version]:
        """Return a device's versions, the newest first."""
        return [p.Version(**r) for r in await self._rows("versions", name=device, limit=limit)]

    async def changes(self, scope: Scope | None, target: str | None, limit: int) -> Sequence[p.Change]:
        """Return changes of layers, the newest first; of one layer, or of all."""
        rows = await self._rows("changes", scope=scope, target=target, change_id=None, limit=limit)
        return [p.Change(**r) for r in rows]

    async def change(self, change_id: int) -> p.Change | None:
        """Return one change."""
        rows = await self._rows("changes", scope=None, target=None, change_id=change_id, limit=1)
        return p.Change(**rows[0]) if rows else None

    async def groups(self) -> Sequence[p.Group]:
        """Return all groups by id."""
        return [p.Group(**r) for r in await self._rows("groups")]

    # -- what people decide --------------------------------------------------------

    async def add_change(
        self, scope: Scope, target: str, settings: Settings, made_by: str, note: str, after: int
    ) -> int:
        """Have a layer set exactly this from now on; return the change's number."""
        async with self._transaction() as conn:
            await conn.execute(SQL["lock"], {"scope": scope, "target": target})
            [newest] = await _rows(conn, "newest", scope=scope, target=target)
            if newest["change_id"] != after:
                raise p.SettingsRefusedError(
                    "somebody else changed these settings meanwhile: look at them again"
                )
            [row] = await _rows(
                conn, "add_change", scope=scope, target=target, settings=Jsonb(dict(settings)), made_by=made_by, note=note
            )  # fmt: skip
        return int(row["change_id"])

    async def make_group(self, group_id: str, label: str, made_by: str) -> None:
        """Make a group, or give it another label."""
        async with self._transaction() as conn:
            await conn.execute(SQL["make_group"], {"group_id": group_id, "label": label, "made_by": made_by})

    async def put(self, group_id: str, devices: Sequence[str]) -> int:
        """Put devices into a group; return how many were not in it."""
        async with self._transaction() as conn:
            if not await _rows(conn, "has_group", group_id=group_id):
                raise p.SettingsRefusedError(f"group {group_id!r} does not exist")
            if unknown := await _rows(conn, "unknown_devices", devices=list(devices)):
                raise p.SettingsRefusedError(f"device {unknown[0]['n']!r} is not registered")
            done = await conn.execute(SQL["put"], {"group_id": group_id, "devices": list(devices)})
            return done.rowcount

    async def take(self, group_id: str, devices: Sequence[str]) -> int:
        """Take devices out of a group; return how many were in it."""
        async with self._transaction() as conn:
            done = await conn.execute(SQL["take"], {"group_id": group_id, "devices": list(devices)})
            return done.rowcount

    async def drop_group(self, group_id: str) -> bool:
        """Remove a group; False: there is none."""
        async with self._transaction() as conn:
            await conn.execute(SQL["take_all"], {"group_id": group_id})
            done = await conn.execute(SQL["drop_group"], {"group_id": group_id})
            return done.rowcount == 1

    # -- what the service does -----------------------------------------------------

    async def mark(self) -> object:
        """Return something that is another one when layers, groups or devices have changed."""
        [row] = await self._rows("mark")
        return tuple(row.values())

    async def told(self) -> Sequence[p.Told]:
        """Return every device that is not retired, with what it was told last."""
        return [_told(r) for r in await self._rows("told")]

    async def add_versions(self, versions: Sequence[p.NewVersion]) -> None:
        """Keep new versions; those whose number a device has already are passed over."""
        await self._write("add_versions", versions)

    async def unread(self, limit: int) -> Sequence[p.RawReport]:
        """Return what devices said that :meth:`note` has not been given yet."""
        rows = await self._rows("unread", limit=limit)
        return [p.RawReport(**{**r, "versions": {int(n): s for n, s in r["versions"].items()}}) for r in rows]

    async def note(self, reports: Sequence[p.Report]) -> None:
        """Keep what was understood."""
        await self._write("note", reports)

    async def outgoing(self, limit: int) -> Sequence[p.Outgoing]:
        """Return what is to be sent."""
        return [p.Outgoing(**r) for r in await self._rows("outgoing", limit=limit, again_s=self._again_s)]

    async def sent(self, outgoing: Sequence[p.Outgoing]) -> None:
        """The broker took these."""
        await self._write("sent", outgoing)

    async def follow_cadence(self) -> int:
        """Have silence be judged by the cadence in force; return how many changed."""
        async with self._transaction() as conn:
            return (await conn.execute(SQL["follow_cadence"])).rowcount

    # -- inside --------------------------------------------------------------------

    async def _rows(self, query: str, **values: object) -> list[Row]:
        async with self._transaction() as conn:
            return await _rows(conn, query, **values)

    async def _write(self, query: str, rows: Sequence[object]) -> None:
        if rows:
            async with self._transaction() as conn:
                document = msgspec.to_builtins(rows, builtin_types=(), str_keys=True)
                await conn.execute(SQL[query], {"rows": Jsonb(document)})


async def _rows(conn: Connection, query: str, **values: object) -> list[Row]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL[query], values)
        return await cursor.fetchall()


def _standing(r: Mapping[str, Any]) -> p.Standing:
    facts = Facts(**{name: r[name] for name in Facts.__dataclass_fields__})
    return p.Standing(
        device_id=r["device_id"],
        name=r["name"],
        kind=r["kind"],
        facts=facts,
        firmware=r["firmware"] or "",
        waiting=r["waiting"],
        groups=tuple(r["groups"]),
    )


def _report(r: Mapping[str, Any]) -> p.Report:
    found: dict[str, Any] = {name: r[name] for name in p.Report.__dataclass_fields__}
    found |= {n: tuple(v) for n, v in found.items() if isinstance(v, list)}
    return p.Report(**found)


def _told(r: Row) -> p.Told:
    member = Member(r["name"], r["kind"], frozenset(r["groups"]))
    return p.Told(
        device_id=r["device_id"],
        member=member,
        shard=r["shard"],
        version=r["version"],
        settings=r["settings"],
        reported=r["reported"],
    )
