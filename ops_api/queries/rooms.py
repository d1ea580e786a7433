"""A home's frog boxes and what each measured last."""

from __future__ import annotations

from psycopg import sql

from devices.contract.kind import Kind
from ops_api.queries import Db, Row, Transaction
from ops_api.queries.readings import values_as_sent

FIELDS = ("temperature_c", "humidity_pct", "wall_temperature_c", "battery_v")


async def rooms_of(db: Db | Transaction, frog: Kind, home_id: int) -> list[Row]:
    """Return a home's frog boxes with their newest reading, by room.

    Rows: device_id, name, label, room, cadence_s, ts, quality and ``FIELDS``, as the device
    sent them; those are None before the first reading.
    """
    query = sql.SQL(
        """
        select d.device_id, d.name, d.label, hd.room, d.cadence_s, r.ts, r.quality, {fields}
        from home_device hd
        join device d using (device_id)
        left join {latest} r on r.device = d.name
        where hd.home_id = %(home_id)s and d.retired_at is null
        order by hd.room, d.name
        """
    ).format(
        fields=values_as_sent([frog.by_name[name] for name in FIELDS], "r"),
        latest=sql.Identifier(f"{frog.name}_latest"),
    )
    return await db.fetch(query, {"home_id": home_id})
