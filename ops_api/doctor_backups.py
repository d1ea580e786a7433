"""``cityops doctor``: whether there is a good back-up, young enough and tried."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import psycopg

from cityops.db.pool import connect
from cityops.errors import CityopsError
from cityops.finding import Finding, ok, warn
from cityops.settings import Settings
from ops_api.own_database import running_database

NAME = "back-up"
UNTRIED_DAYS = 35
"""As Prometheus' rule CityopsBackupUntried has it."""
LAST = """select max(started_at) filter (where ok), max(verified_at),
    (select problem from backup_run where not ok order by started_at desc limit 1)
  from backup_run"""


async def backups(settings: Settings) -> list[Finding]:
    """Return what is to be said of back-ups; nothing where there is no database, or one of another version."""
    dsn = settings.db.dsn or running_database(settings.data_dir)
    if not dsn:
        return []
    try:
        async with asyncio.timeout(settings.db.connect_timeout_s), await connect(dsn) as conn:
            return await _look(conn, settings.backup.oldest_h)
    except (CityopsError, TimeoutError, psycopg.Error):
        return []  # the database's own check tells


async def _look(conn: psycopg.AsyncConnection[Any], oldest_h: float) -> list[Finding]:
    found = await (await conn.execute("select to_regclass('public.backup_run') is not null")).fetchone()
    if found is None or not found[0]:
        return []
    row = await (await conn.execute(LAST)).fetchone()
    assert row is not None
    good, verified, problem = row
    if good is None:
        why = "none was ever made" if problem is None else f"none ever succeeded; the last failed: {problem}"
        return [warn(NAME, why, "cityops backup create, every night (docs/operating.md)")]
    hours = (datetime.now(UTC) - good).total_seconds() / 3600
    if hours > oldest_h:
        return [
            warn(
                NAME,
                f"the last good one is {hours:.0f} h old",
                "see why: docs/runbook.md, the back-up is too old",
            )
        ]
    tried = None if verified is None else (datetime.now(UTC) - verified).days
    if tried is None or tried > UNTRIED_DAYS:
        when = "none was ever tried" if tried is None else f"none was tried for {tried} days"
        return [
            warn(NAME, f"{hours:.1f} h old, {when}", "cityops backup verify latest --restore, every week")
        ]
    return [ok(NAME, f"{hours:.1f} h old, one last restored for a check on {verified:%Y-%m-%d}")]
