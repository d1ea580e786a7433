"""The registry file's way into the database."""

from __future__ import annotations

from pathlib import Path

from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.registry import Registry, parse
from ingest.chunks import fit_chunks
from ingest.registry_store import store_registry
from ops_api.cli_db import database
from ops_api.registry_check import problems
from ops_api.wiring import kinds_of

SHOWN = 10
"""Problems that are listed; a file with more has one cause."""


async def load_registry(settings: Settings, file: Path) -> dict[str, int]:
    """Store the registry in ``file``; return rows changed by table.

    On TimescaleDB the chunks are fitted to the devices that are there now.

    Raises:
        ConfigurationError: the file is not a registry, or names a kind or place that is not there.
    """
    registry = read_registry(settings, file)
    async with await connect(database(settings), application_name="cityops registry") as conn:
        changed = await store_registry(conn, registry)
        await fit_chunks(conn, kinds_of(settings))
    return changed


def read_registry(settings: Settings, file: Path) -> Registry:
    """Return the registry in ``file``.

    Raises:
        ConfigurationError: naming each field that is wrong, where it is and what is allowed.
    """
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"registry {file} can't be read: {error.strerror}") from error
    registry = parse(raw)
    found = problems(raw, registry, kinds_of(settings))
    if found:
        more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise ConfigurationError("\n  ".join([f"registry {file}:", *found[:SHOWN], *more]))
    return registry
