"""The composition root: settings in, services built.

The parts that build one service each are beside it: ``wiring_ingest``, ``wiring_rules``,
``wiring_api``, ``wiring_sim``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cityops.db.flavour import Flavour
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from devices.contract.kind import Kind, discover
from ingest.core import ddl


def kinds_of(settings: Settings) -> Mapping[str, Kind]:
    """Return the kinds of this installation: ours and those in ``kinds_dir``.

    Raises:
        ConfigurationError: there is no such folder, or a file there declares no kind, or one that exists.
    """
    if settings.kinds_dir is not None and not settings.kinds_dir.is_dir():
        raise ConfigurationError(f"kinds_dir {settings.kinds_dir}: no such folder")
    folders = () if settings.kinds_dir is None else (str(settings.kinds_dir),)
    try:
        return discover(folders)
    except ValueError as e:
        raise ConfigurationError(f"kinds_dir {settings.kinds_dir}: {e}") from e


def reading_tables(kinds: Mapping[str, Kind]) -> Callable[[Flavour], list[str]]:
    """Return what an upgrade runs after the migrations: the kinds' tables."""
    return lambda flavour: ddl.statements(kinds, flavour)


def needs_dsn(settings: Settings) -> str:
    """Return the database's connection string.

    Raises:
        ConfigurationError: where none is set.
    """
    if not settings.db.dsn:
        raise ConfigurationError(
            "no database is set: give CITYOPS_DB__DSN=postgresql://user:password@host:5432/name, "
            "or run `cityops demo`, which starts its own"
        )
    return settings.db.dsn
