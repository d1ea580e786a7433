"""How the database does: its version and size, the reading tables, TimescaleDB's policies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ops_api.queries import Db


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingTable:
    """A kind's reading table.

    Attributes:
        kind: the kind.
        rows_estimate: the planner's estimate; None where PostgreSQL has not counted yet (``analyze``).
        bytes: on disk, with indexes.
        parts: chunks on TimescaleDB, else monthly partitions.
        columnar: chunks in the columnstore; None on plain PostgreSQL.
        before_bytes, after_bytes: size of those chunks as rows and as columns.
    """

    kind: str
    rows_estimate: int | None
    bytes: int
    parts: int
    columnar: int | None
    before_bytes: int | None
    after_bytes: int | None

    @property
    def ratio(self) -> float | None:
        """How many times smaller the columnar chunks are; None without one."""
        if self.before_bytes is None or self.after_bytes is None or self.after_bytes == 0:
            return None
        return self.before_bytes / self.after_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A job of TimescaleDB on one of our tables: refresh, columnstore or retention."""

    policy: str
    target: str
    last_run_at: datetime | None
    last_success_at: datetime | None
    last_status: str | None
    runs: int
    failures: int
    next_run_at: datetime | None

    @property
    def failing(self) -> bool:
        """Whether its last run failed."""
        return self.last_status not in (None, "Success")


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """The database; ``timescaledb`` is its version or None, ``bytes`` all of it on disk."""

    server_version: str
    timescaledb: str | None
    bytes: int
    tables: tuple[ReadingTable, ...]
    policies: tuple[Policy, ...]

    @property
    def label(self) -> str:
        """``PostgreSQL 18.4 with TimescaleDB 2.29.2``."""
        server = f"PostgreSQL {self.server_version.split(' ')[0]}"
        return server if self.timescaledb is None else f"{server} with TimescaleDB {self.timescaledb}"


async def database_state(db: Db, kinds: Iterable[str]) -> DatabaseState:
    """Return how the database does."""
    size = await db.one("database_size")
    tables = await db.rows("reading_tables", kinds=list(kinds))
    policies = await db.rows("policies")
    return DatabaseState(
        server_version=size["server_version"],
        timescaledb=size["timescaledb"],
        bytes=size["bytes"],
        tables=tuple(ReadingTable(**t) for t in tables),
        policies=tuple(Policy(**p) for p in policies),
    )
