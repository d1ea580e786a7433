"""Composition of the audit of the web application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cityops.settings import Settings
from ops_api.audit.spool import Spool
from ops_api.audit.store import PostgresAudit, keep_telling
from ops_api.queries import Db, Pool


@asynccontextmanager
async def audit_on(settings: Settings, pool: Pool) -> AsyncIterator[PostgresAudit]:
    """Lend the audit; while it is lent, what waits is told to the database and heads are logged.

    Args:
        settings: of which the data folder is used.
        pool: connections that may run ``audit_add`` and ``audit_last``.
    """
    audit = PostgresAudit(Db(pool), Spool(settings.data_dir))
    telling = asyncio.create_task(keep_telling(audit), name="audit-telling")
    try:
        yield audit
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling
