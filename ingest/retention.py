"""Drops what is older than it is kept, once a day: readings, dead letters, messages, alarms and what else grows.

TimescaleDB drops readings by its own policies and the function called here does nothing
there; on plain PostgreSQL this is what keeps the promise. The rest are plain tables
on both. Any number of workers may run it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from cityops.db.queries import load_queries
from cityops.runtime.stop import sleep_until_stop
from cityops.settings_retention import RetentionSettings
from ingest.erasure import Erasure

log = structlog.get_logger(__name__)

EVERY_S = 86_400.0
RETRY_S = 300.0

PORTION = 5000
"""Rows deleted in one transaction: who wants one of them waits no longer than that, nor do the rules, which
follow transactions in their order."""
ALARMS = 200
"""Alarms, likewise: each has lines and messages."""

SQL = load_queries("ingest", "retention.sql")

KEPT = (
    "notification", "alarm", "event", "override", "late_window", "catalogue_log", "checkpoint",
    "damp_hour", "moisture_event", "damp_day", "damp_finding", "access_log", "weather_forecast",
    "treatment_pass", "winter_record", "crew_photo", "lorawan_event", "lorawan_downlink", "account", "session",
)  # fmt: skip
"""What ``RetentionSettings`` has days for, in the order in which it goes."""
AT_ONCE = ("key", "step", "try", "run")
"""What goes with no setting of its own: keys that have ended, with sessions; steps and wrong tries of sign-ins; old reports."""
_QUERIES = {
    "override": "overrides", "catalogue_log": "catalogue_lines", "access_log": "access_lines",
    "treatment_pass": "treatment_passes", "try": "tries",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dropped:
    """What went: partitions of readings, dead letters, counts of those that were not kept.

    ``others``: rows by what they are, as in :data:`KEPT`, ``state``: of what is not installed any more, and
    ``audit``: lines of who saw or changed what, ``stay``: of residents who moved out, with all that was measured in them.
    """

    partitions: int
    dead_letters: int
    counts: int
    others: Mapping[str, int] = field(default_factory=dict)


class Retention:
    """A ``cityops.runtime.supervisor.Service``.

    Args:
        dsn: the database.
        dead_letter_days: age at which dead letters go [days].
        first_after_s: time from the start to the first look [s]; a restart loop drops nothing.
        kept: ages at which the rest goes.
        erasure: forgets the stays of residents who moved out; None where this is not to do it.
    """

    def __init__(
        self,
        dsn: str,
        dead_letter_days: int,
        first_after_s: float = 600.0,
        kept: RetentionSettings | None = None,
        erasure: Erasure | None = None,
    ) -> None:
        self._dsn = dsn
        self._dead_letter_days = dead_letter_days
        self._first_after_s = first_after_s
        self._kept = RetentionSettings() if kept is None else kept
        self._erasure = erasure

    async def run(self, stop: asyncio.Event) -> None:
        """Drop what is due every day until ``stop``; a database that is away is tried again."""
        wait_s = self._first_after_s
        while not await sleep_until_stop(stop, wait_s):
            try:
                dropped = await self.drop()
            except psycopg.Error as e:
                log.warning("what has expired is not dropped", error=str(e).strip())
                wait_s = RETRY_S
            else:
                log.info(
                    "what has expired is dropped",
                    partitions=dropped.partitions,
                    dead_letters=dropped.dead_letters,
                    **{name: rows for name, rows in dropped.others.items() if rows > 0},
                )
                wait_s = EVERY_S

    async def drop(self) -> Dropped:
        """Drop what is due; return what went."""
        async with await psycopg.AsyncConnection.connect(
            self._dsn, autocommit=True, application_name="cityops-retention"
        ) as conn:
            row = await (await conn.execute("select drop_expired_readings()")).fetchone()
            partitions = 0 if row is None or row[0] is None else int(row[0])
            days = self._dead_letter_days
            letters = await _in_portions(conn, "dead_letters", days, PORTION)
            counts = (await conn.execute(SQL["dead_letter_counts"], {"days": days})).rowcount
            others = {what: await self._drop(conn, what) for what in KEPT}
            others["lorawan_letter"] = await _in_portions(conn, "lorawan_letters", days, PORTION)
            others["state"] = await _in_portions(conn, "states", 0, PORTION)
            for what in AT_ONCE:
                query = _QUERIES.get(what, f"{what}s")
                others[what] = await _in_portions(conn, query, self._kept.session_days, PORTION)
            cut = await (await conn.execute(SQL["audit"], {"days": self._kept.audit_days})).fetchone()
            others["audit"] = 0 if cut is None else int(cut[0])
        if self._erasure is not None:
            others["stay"] = await self._erasure.forget_moved_out(self._kept.moved_out_days)
        dropped = Dropped(partitions, letters, counts, others)
        await self._report(dropped)
        return dropped

    async def _report(self, dropped: Dropped) -> None:
        """Keep what went: ``cityops privacy report`` and the page of retention show it."""
        rows = {
            "partitions": dropped.partitions,
            "dead_letter": dropped.dead_letters,
            "dead_letter_count": dropped.counts,
            **dropped.others,
        }
        async with await psycopg.AsyncConnection.connect(self._dsn, autocommit=True) as conn:
            await conn.execute(SQL["report"], {"dropped": Jsonb(rows)})

    async def _drop(self, conn: psycopg.AsyncConnection[Any], what: str) -> int:
        days = getattr(self._kept, f"{what}_days")
        portion = min(PORTION, ALARMS) if what == "alarm" else PORTION
        return await _in_portions(conn, _QUERIES.get(what, f"{what}s"), days, portion)


async def _in_portions(conn: psycopg.AsyncConnection[Any], query: str, days: int, portion: int) -> int:
    total = 0
    while True:
        gone = (await conn.execute(SQL[query], {"days": days, "portion": portion})).rowcount
        total += gone
        if gone < portion:
            return total
