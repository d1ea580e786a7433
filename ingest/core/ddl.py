"""Reading tables, derived from the kinds.

For each kind: ``<kind>_reading`` (one wide row per reading), ``<kind>_hourly`` and
``<kind>_daily`` (per device: n, average, minimum, maximum), ``<kind>_latest`` (newest
reading per device). The names are the same on plain PostgreSQL and on TimescaleDB, and
so are the functions ``ensure_partitions([reading_table,] first, last)`` (call it before
inserting outside the last and next month) and ``drop_expired_readings()``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from devices.contract.kind import Kind
from ingest.core import ddl_plain, ddl_timescale

OLDEST_TIMESCALEDB = (2, 19)
OLDEST_SERVER = 150000

DEFAULT_RETENTION: Mapping[str, str] = MappingProxyType({"frog": "24 months"})
"""How long raw readings are kept, by kind; kinds not named are kept for ever.

Readings from homes are personal data: two years, then only the aggregates remain.
"""


class DatabaseFlavour(Protocol):
    """What the statements depend on; ``cityops.db.flavour.Flavour`` is one."""

    @property
    def server_version(self) -> int:
        """PostgreSQL's version as a number, e.g. 180004."""

    @property
    def timescaledb(self) -> str | None:
        """Version of the installed extension, e.g. ``2.29.2``; None without it."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """A :class:`DatabaseFlavour` by value."""

    server_version: int
    timescaledb: str | None = None


def statements(
    kinds: Mapping[str, Kind] | Iterable[Kind],
    flavour: DatabaseFlavour,
    retention: Mapping[str, str] = DEFAULT_RETENTION,
) -> list[str]:
    """Return the statements that bring the reading tables to what the kinds declare.

    Each may be executed on its own or all in one transaction, again and again. A kind
    that has gained a field gains a column; a column whose field is gone stays.

    Args:
        kinds: as from ``devices.contract.kind.discover()``.
        flavour: the database's versions.
        retention: PostgreSQL intervals by kind's name; kinds not named are kept for ever.

    Raises:
        ValueError: the database is too old.
    """
    if flavour.server_version < OLDEST_SERVER:
        raise ValueError(f"PostgreSQL {flavour.server_version} is too old: 15 or newer is needed")
    listed = list(kinds.values() if isinstance(kinds, Mapping) else kinds)
    if flavour.timescaledb is None:
        return ddl_plain.statements(listed, dict(retention))
    _check_timescaledb(flavour.timescaledb)
    return ddl_timescale.statements(listed, dict(retention))


def _check_timescaledb(version: str) -> None:
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < OLDEST_TIMESCALEDB:
        needed = ".".join(map(str, OLDEST_TIMESCALEDB))
        raise ValueError(f"TimescaleDB {version} is too old: {needed} or newer is needed")
