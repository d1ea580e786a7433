"""Catalogues and overrides in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cityops.db.queries import load_queries
from cityops.db.transaction import Lender, transaction
from cityops.errors import ConfigurationError
from rules.catalogue.loader import sha256_of
from rules.catalogue.ports import CatalogueEvent, NewOverride, StoredCatalogue, StoredOverride
from rules.core.overrides import TICK_S, Override

SQL = load_queries("rules.catalogue")


class PostgresCatalogueStore:
    """:class:`rules.catalogue.ports.CatalogueStore` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def live(self) -> StoredCatalogue | None:
        """Return the catalogue in use."""
        rows = await self._rows("live", {})
        return StoredCatalogue(*rows[0]) if rows else None

    async def find(self, catalogue_id: int) -> StoredCatalogue | None:
        """Return a catalogue by number."""
        rows = await self._rows("find", {"catalogue_id": catalogue_id})
        return StoredCatalogue(*rows[0]) if rows else None

    async def put(self, files: Mapping[str, str], label: str, by: str, reason: str) -> int:
        """Keep a copy and return its number."""
        values = {"sha256": sha256_of(files), "files": _json(dict(files))}
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            found = await conn.execute(SQL["put"], {**values, "label": label, "by": by, "reason": reason})
            row = await found.fetchone()
        assert row is not None
        return int(row[0])

    async def promote(
        self, catalogue_id: int, by: str, reason: str, what: str = "promoted", instead_of: int | None = None
    ) -> bool:
        """Make a catalogue the live one."""
        values = {"catalogue_id": catalogue_id, "by": by, "reason": reason, "what": what}
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["one_at_a_time"])
            live = await (await conn.execute(SQL["live"])).fetchone()
            if instead_of is not None and (live is None or live[0] != instead_of):
                return False
            for query in ("retire", "make_live", "log"):
                await conn.execute(SQL[query], values)
        return True

    async def history(self, limit: int) -> tuple[CatalogueEvent, ...]:
        """Return what was done, newest first."""
        return tuple(CatalogueEvent(*row) for row in await self._rows("history", {"limit": limit}))

    async def add_override(self, new: NewOverride) -> StoredOverride:
        """Keep an override."""
        values = {name: getattr(new, name) for name in NewOverride.__slots__}
        async with transaction(self._pool) as conn:
            there = await (await conn.execute(SQL["scope_exists"], values)).fetchone()
            if there != (True,):
                raise ConfigurationError(f"there is no {new.scope_kind} {new.scope!r} in the registry")
            made = await conn.execute(SQL["add_override"], {**values, "value": _json(new.value)})
            row = await made.fetchone()
        assert row is not None
        return await self._one(row[0])

    async def withdraw(self, override_id: int, by: str, at_s: float | None) -> StoredOverride | None:
        """End an override."""
        rows = await self._rows("withdraw", {"override_id": override_id, "by": by, "at_s": at_s})
        return await self._one(rows[0][0]) if rows else None

    async def overrides(self) -> tuple[StoredOverride, ...]:
        """Return every override ever made, newest first."""
        return tuple(_stored(row) for row in await self._rows("overrides", {}))

    async def take(self, settled_s: float | None) -> tuple[Override, ...]:
        """Return the overrides for the engine."""
        tick_s = 0.0 if settled_s is None else (settled_s // TICK_S + 1) * TICK_S
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["take"], {"tick_s": tick_s})
            rows = await (await conn.execute(SQL["overrides"])).fetchall()
        return tuple(
            sorted((o.override for o in map(_stored, rows) if o.is_taken), key=lambda o: o.override_id)
        )

    async def _one(self, override_id: int) -> StoredOverride:
        return next(o for o in await self.overrides() if o.override.override_id == override_id)

    async def _rows(self, query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        async with transaction(self._pool) as conn:
            return await (await conn.execute(SQL[query], values)).fetchall()


def _stored(row: tuple[Any, ...]) -> StoredOverride:
    override_id, rule_id, path, kind, scope, value, author, reason, starts, expires, withdrawn, *more = row
    override = Override(
        override_id=override_id,
        rule_id=rule_id,
        path=path,
        scope_kind=kind,
        scope=scope,
        value=value,
        author=author,
        reason=reason,
        starts_s=starts,
        expires_s=expires,
        withdrawn_s=withdrawn,
    )
    return StoredOverride(override, *more)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
