"""The registry file's way into the database."""

from __future__ import annotations

from pathlib import Path

from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.registry import Registry, load
from ingest.registry_store import store_registry
from ops_api.wiring import kinds_of, needs_dsn


async def load_registry(settings: Settings, file: Path) -> dict[str, int]:
    """Store the registry in ``file``; return rows changed by table.

    Raises:
        ConfigurationError: the file is not a registry, or names a kind or place that is not there.
    """
    registry = load(file)
    check_kinds(registry, settings)
    async with await connect(needs_dsn(settings), application_name="cityops registry") as conn:
        return await store_registry(conn, registry)


def check_kinds(registry: Registry, settings: Settings) -> None:
    """Raise ConfigurationError where a device is of a kind that this installation does not know."""
    known = kinds_of(settings)
    for device in registry.devices:
        if device.kind not in known:
            raise ConfigurationError(
                f"registry, device {device.name!r}: kind {device.kind!r} is unknown; known: {', '.join(known)}"
            )
