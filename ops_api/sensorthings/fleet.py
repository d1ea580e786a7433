"""What there is to be read, by which the way to observations is chosen; asked for once a minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic

from devices.contract.kind import Kind
from ops_api.sensorthings.core.plan import Fleet, KindOfFleet
from ops_api.sensorthings.core.seek import microseconds
from ops_api.sensorthings.store import OPEN, Audience, Reader

KEPT_S = 60.0
AHEAD = timedelta(minutes=7)
"""How far ahead of now a reading may be: five minutes are stored, and what is said here is kept for one."""
COLUMNAR = timedelta(days=8)
"""Age from which chunks are columnar (``ingest.core.ddl_timescale.COLUMNSTORE_AFTER``)."""

_KINDS = (
    "select d.kind, count(*) as datastreams, count(distinct d.device_id) as devices,"
    " exists (select from pg_catalog.pg_extension where extname = 'timescaledb') as columnar from sta_datastream d group by d.kind"
)


class Fleets:
    """Fleets of audiences; that of all who may see what is open is kept."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self._kinds = kinds
        self._kept: tuple[float, Fleet] | None = None

    def forget(self) -> None:
        """Ask again: there is a new datastream."""
        self._kept = None

    async def of(self, reader: Reader, audience: Audience, now: datetime) -> Fleet:
        """Return what an audience may read."""
        if audience == OPEN and self._kept is not None and monotonic() - self._kept[0] < KEPT_S:
            return self._kept[1]
        fleet = await self._ask(reader, now)
        if audience == OPEN:
            self._kept = (monotonic(), fleet)
        return fleet

    async def _ask(self, reader: Reader, now: datetime) -> Fleet:
        rows = [row for row in await reader.rows(_KINDS, {}) if row["kind"] in self._kinds]
        kinds = {
            row["kind"]: KindOfFleet(
                devices=row["devices"],
                datastreams=row["datastreams"],
                cadence_s=float(self._kinds[row["kind"]].cadence_s),
            )
            for row in rows
        }
        first = await self._first(reader, tuple(kinds))
        columnar = any(row["columnar"] for row in rows)
        return Fleet(
            kinds=kinds,
            first_us=None if first is None else microseconds(first),
            last_us=None if first is None else microseconds(now.astimezone(UTC) + AHEAD),
            columnar_us=microseconds(now - COLUMNAR) if columnar else None,
        )

    async def _first(self, reader: Reader, kinds: tuple[str, ...]) -> datetime | None:
        """Return when the first of all readings was: one step in an index for each device."""
        parts = " union all ".join(
            f"select min(x.ts) as ts from (select distinct d.device_id from sta_datastream d where d.kind = '{name}') d"  # noqa: S608
            f' cross join lateral (select r.ts from "{self._kinds[name].table}" r where r.device_id = d.device_id'
            " order by r.ts limit 1) x"
            for name in kinds
        )
        if not parts:
            return None
        rows = await reader.rows(f"select min(ts) as ts from ({parts}) y", {})  # noqa: S608
        first = rows[0]["ts"]
        return first if isinstance(first, datetime) else None
