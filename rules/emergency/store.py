"""The town as the emergency way takes it, and its stations, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from psycopg.rows import dict_row

from cityops.db.queries import load_queries
from cityops.db.transaction import Connection, Lender, transaction
from devices.registry import Registry
from rules.core.emergency.roster import EmergencyRoster
from rules.core.road_now.table import HOURS, QUANTITIES
from rules.emergency.ports import StateSeen
from rules.winter.fleet.store import PostgresTown
from rules.winter.forecaster.store import PostgresRoadForecasts

SQL = load_queries("rules.emergency")
FRESH_S = 3.0 * 3600.0
"""An older road forecast says nothing of now: as the winter board's, winter_forecast_stale.toml."""
HOUR_S = 3600.0


class PostgresEmergencyTown:
    """:class:`rules.emergency.ports.EmergencyTown` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool, self._town, self._forecasts = pool, PostgresTown(pool), PostgresRoadForecasts(pool)
        self._ice: tuple[tuple[int, int], Mapping[str, float]] | None = None

    async def stamp(self) -> object:
        """Return a value that differs where the roads may have changed."""
        return await self._town.stamp()

    async def registry(self) -> Registry:
        """Return what is installed."""
        return await self._town.registry()

    async def states(self) -> Sequence[StateSeen]:
        """Return each stretch that the rules know of."""
        async with transaction(self._pool) as conn:
            return [StateSeen(**row) for row in await _rows(conn, "states") if row["state"] is not None]

    async def ice(self, now_s: float) -> Mapping[str, float]:
        """Return chances of ice; an issue is read once an hour of its."""
        async with transaction(self._pool) as conn:
            found = await _rows(conn, "ice", now_s=now_s, fresh_s=FRESH_S)
        if not found:
            return {}
        hour = min(HOURS - 1, max(0, int((now_s - found[0]["issued_s"]) // HOUR_S)))
        key = (int(found[0]["forecast_id"]), hour)
        if self._ice is None or self._ice[0] != key:
            stored = await self._forecasts.by_id(key[0])
            if stored is None:
                return {}
            column = stored.forecast.values()[:, QUANTITIES.index("ice"), hour].tolist()
            known = zip(stored.forecast.ids, column, strict=True)
            self._ice = key, {name: p for name, p in known if p == p}
        return self._ice[1]

    async def treated(self) -> Mapping[str, float]:
        """Return when salt was last spread."""
        passes = await self._town.treated()
        return {name: max(p.at_s for p in some) for name, some in passes.items() if some}


class PostgresStations:
    """:class:`rules.emergency.ports.Stations` on anything that lends connections."""

    def __init__(self, pool: Lender) -> None:
        self._pool = pool

    async def roster(self) -> EmergencyRoster | None:
        """Return the newest roster."""
        async with transaction(self._pool) as conn:
            rows = await _rows(conn, "roster")
        return msgspec.json.decode(rows[0]["roster"], type=EmergencyRoster) if rows else None

    async def put_roster(self, roster: EmergencyRoster, by: str, reason: str) -> None:
        """Keep a roster."""
        text = msgspec.json.encode(roster).decode()
        async with transaction(self._pool) as conn:
            await conn.execute(SQL["add_roster"], {"roster": text, "by": by, "reason": reason})


async def _rows(conn: Connection, query: str, **params: object) -> list[dict[str, Any]]:
    cursor = conn.cursor(row_factory=dict_row)
    found: list[dict[str, Any]] = await (await cursor.execute(SQL[query], params)).fetchall()
    return found
