"""Bundles and keys in PostgreSQL: what ``cityops fleet bundle`` puts there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from cityops.db.transaction import Lender, transaction
from cityops.errors import ConfigurationError
from devices.contract.update.manifest import Key, KeyList
from ingest.fleet.bundles.build import Opened
from ingest.fleet.updates.store import PIECE_ROW_BYTES, SQL


class Shelf:
    """The bundles of one database, on the owner's login."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def put_keys(self, keys: KeyList, by: str) -> None:
        """Have these keys known, and those that are not among them retired."""
        listed = [("root", key) for key in keys.root] + [("release", key) for key in keys.release]
        async with transaction(self._pool) as conn:
            for use, key in listed:
                public = bytes.fromhex(key.public)
                values = {
                    "key_id": key.key_id,
                    "public": public,
                    "use": use,
                    "label": f"list {keys.serial}",
                    "by": by,
                }
                await conn.execute(SQL["add_key"], values)
            await conn.execute(SQL["retire_keys"], {"known": [key.key_id for _, key in listed]})

    async def keys(self) -> KeyList | None:
        """Return the keys that are known, None before there are any."""
        async with transaction(self._pool) as conn:
            rows = await (await conn.execute(SQL["keys_known"])).fetchall()
        found: dict[str, list[Key]] = {"root": [], "release": []}
        for key_id, public, use in rows:
            found[use].append(Key(key_id=key_id, public=bytes(public).hex()))
        if not rows:
            return None
        return KeyList(serial=1, made_at=0, root=tuple(found["root"]), release=tuple(found["release"]))

    async def put(self, opened: Opened, body: bytes, by: str) -> bool:
        """Add a verified bundle; return False where it is there already.

        Raises:
            ConfigurationError: another bundle of its name has its serial.
        """
        manifest = opened.manifest
        values: dict[str, Any] = {
            "bundle": opened.bundle_id,
            "name": manifest.name,
            "version": manifest.version,
            "serial": manifest.serial,
            "kinds": list(manifest.kinds),
            "manifest": Jsonb(json.loads(opened.text)),
            "bytes": opened.size,
            "key_id": opened.key_id,
            "made_at": manifest.made_at,
            "expires_at": manifest.expires_at,
            "by": by,
        }
        async with transaction(self._pool) as conn:
            if await (await conn.execute(SQL["add_bundle"], values)).fetchone() is None:
                there = await conn.execute("select 1 from bundle where bundle_id = %s", [opened.bundle_id])
                if await there.fetchone() is not None:
                    return False
                raise ConfigurationError(
                    f"serial {manifest.serial} of {manifest.name} is taken by another bundle: each has its own"
                )
            pieces = [
                (opened.bundle_id, at, body[at : at + PIECE_ROW_BYTES])
                for at in range(0, len(body), PIECE_ROW_BYTES)
            ]
            async with conn.cursor() as cursor:
                await cursor.executemany(SQL["add_piece"], pieces)
        return True

    async def bundles(self) -> Sequence[dict[str, Any]]:
        """Return all bundles, newest first."""
        async with transaction(self._pool) as conn:
            cursor = await conn.execute(SQL["bundles"])
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in await cursor.fetchall()]

    async def withdraw(self, bundle_id: str) -> bool:
        """Have a bundle given out no more; False where there is none, or it is so already."""
        async with transaction(self._pool) as conn:
            return (
                await (await conn.execute(SQL["withdraw_bundle"], {"bundle": bundle_id})).fetchone()
                is not None
            )
