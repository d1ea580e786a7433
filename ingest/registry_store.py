"""The registry's way into the database, and the devices' way back into ingest."""

from __future__ import annotations

from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from cityops.errors import ConfigurationError
from devices.registry import Registry
from ingest import registry_sql as sql
from ingest.core.known_devices import KnownDevice

AsyncConnection = psycopg.AsyncConnection[Any]


async def store_registry(conn: AsyncConnection, registry: Registry) -> dict[str, int]:
    """Insert or update everything in ``registry``, in one transaction.

    What is in the database and not in the registry stays, but for the devices of a
    home that the registry names. Storing the same registry again changes nothing.

    Args:
        conn: connection whose role may write the registry's tables.
        registry: what is installed.

    Returns:
        Rows inserted or changed, by table.

    Raises:
        ConfigurationError: a home, segment or bin names a device, a home a ward, a segment a
            node or route, a bin a model, that is in neither the registry nor the database; or a value that
            the table refuses.
    """
    try:
        async with conn.transaction():
            return await _store(conn, registry)
    except psycopg.errors.IntegrityError as e:
        detail = e.diag.message_detail or e.diag.message_primary
        raise ConfigurationError(f"registry {registry.name!r}, table {e.diag.table_name}: {detail}") from e


async def load_known_devices(conn: AsyncConnection) -> dict[str, KnownDevice]:
    """Return the registered devices that are not retired, by name."""
    cursor = await conn.execute(sql.KNOWN_DEVICES)
    return {row[1]: _known(row) for row in await cursor.fetchall()}


def _known(row: tuple[Any, ...]) -> KnownDevice:
    device_id, name, kind, shard, installed_at_us, home_id, refused, boot, offset_us, learnt = row
    clock = None if boot is None else (boot, offset_us, learnt)
    return KnownDevice(device_id, name, kind, shard, installed_at_us, home_id, clock, refused)


async def _store(conn: AsyncConnection, registry: Registry) -> dict[str, int]:
    changed = {"device": await _upsert(conn, sql.DEVICES, registry.devices)}
    await _check_devices(conn, registry)
    links = [{"code": home.code, "device": device} for home in registry.homes for device in home.devices]
    changed["ward"] = await _upsert(conn, sql.WARDS, registry.wards)
    changed["home"] = await _upsert(conn, sql.HOMES, registry.homes)
    await _upsert(conn, sql.JOIN_CODES, registry.homes)
    # A home without any device left must lose its old ones too: the code alone says so.
    codes = links + [{"code": home.code} for home in registry.homes if not home.devices]
    await conn.execute(sql.HOME_DEVICES_GONE, {"links": Jsonb(codes)})
    changed["home_device"] = await _upsert(conn, sql.HOME_DEVICES, links)
    changed["road_node"] = await _upsert(conn, sql.NODES, registry.nodes)
    changed["depot"] = await _upsert(conn, sql.DEPOTS, registry.depots)
    changed["gritting_route"] = await _upsert(conn, sql.ROUTES, registry.routes)
    changed["road_segment"] = await _upsert(conn, sql.SEGMENTS, registry.segments)
    changed["turn_ban"] = await _upsert(conn, sql.TURN_BANS, registry.turn_bans)
    changed["bin_model"] = await _upsert(conn, sql.BIN_MODELS, registry.bin_models)
    changed["bin_site"] = await _upsert(conn, sql.BINS, registry.bins)
    return changed


async def _upsert(conn: AsyncConnection, statement: LiteralString, records: Any) -> int:
    if not records:
        return 0
    cursor = await conn.execute(statement, [Jsonb(msgspec.to_builtins(records))])
    return cursor.rowcount


async def _check_devices(conn: AsyncConnection, registry: Registry) -> None:
    """Raise ConfigurationError where the registry names a device that doesn't exist."""
    named = [name for home in registry.homes for name in home.devices]
    named += [s.device for s in registry.segments if s.device is not None]
    named += [b.device for b in registry.bins]
    cursor = await conn.execute(sql.MISSING_DEVICES, [named])
    if missing := [row[0] for row in await cursor.fetchall()]:
        raise ConfigurationError(
            f"registry {registry.name!r} names devices that are not installed: {', '.join(missing)};"
            " add them to its devices"
        )
