"""The audit in the database, and beside it where it does not answer."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace

import psycopg
import structlog

from cityops.errors import TransientError
from ops_api.audit.core.model import Entry, Failure
from ops_api.audit.failures import Failures
from ops_api.audit.ports import AuditUnavailableError
from ops_api.audit.spool import Spool
from ops_api.queries import Db, UnusableValueError

log = structlog.get_logger(__name__)


class PostgresAudit:
    """Appends lines, each in a transaction of its own.

    Args:
        db: on connections that may run ``audit_add`` and ``audit_last``.
        spool: keeps lines of what is done already while the database does not answer.
    """

    def __init__(self, db: Db, spool: Spool) -> None:
        self._db = db
        self._spool = spool
        self._telling = asyncio.Lock()
        self.failures = Failures(db)

    async def add(self, entry: Entry) -> None:
        """Append an entry; its ``source`` is a network, of which a mark is kept.

        Raises:
            AuditUnavailableError: it is not written down.
        """
        try:
            await self._db.rows("audit_add", **asdict(entry))
        except (TransientError, UnusableValueError, psycopg.Error) as error:
            # Whatever it is: an act is done by then, and its line must not be lost.
            log.error("audit line not written", action=entry.action, error=str(error))
            raise AuditUnavailableError("the audit cannot be written") from error

    async def done(self, entry: Entry) -> None:
        """Append an entry of what is done already; where that cannot be it waits on the disk, without its network."""
        try:
            await self.add(entry)
        except AuditUnavailableError:
            log.error("audit line kept aside", action=entry.action, request_id=entry.request_id)
            kept = replace(entry, source="")
            async with self._telling:
                await self._keep(kept)

    def failed(self, failure: Failure) -> None:
        """Have a sign-in that failed written down soon."""
        self.failures.add(failure)

    async def _keep(self, entry: Entry) -> None:
        try:
            await asyncio.to_thread(self._spool.keep, entry)
        except OSError as error:
            # The act is done, and its answer is right. The log is the last place that the line can be.
            log.critical("audit line is kept nowhere but here", why=str(error), **asdict(entry))

    async def tell(self) -> int:
        """Append what waits on the disk, with the time it was done at; return how many lines.

        Raises:
            AuditUnavailableError: the database still does not answer; what is left waits on.
        """
        async with self._telling:
            with self._spool.turn() as mine:
                return await self._tell() if mine else 0

    async def _tell(self) -> int:
        told = 0
        while (entry := await asyncio.to_thread(self._spool.first)) is not None:
            await self.add(entry)
            await asyncio.to_thread(self._spool.drop, entry)
            told += 1
        return told

    async def head(self) -> tuple[int, str]:
        """Return the newest line's number and link.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        row = await self._db.one("audit_head")
        return row["entry_id"], bytes(row["link"]).hex()


async def keep_telling(audit: PostgresAudit, every_s: float = 60.0, head_every_s: float = 3600.0) -> None:
    """Write down what waits, and log the head each hour for whoever ships logs elsewhere; until cancelled."""
    loop = asyncio.get_running_loop()
    next_head_s = loop.time()
    while True:
        try:
            if told := await audit.tell():
                log.info("audit lines of an outage written down", lines=told)
            await audit.failures.tell_more()
            if loop.time() >= next_head_s:
                number, link = await audit.head()
                log.info("audit head", line=number, link=link)
                next_head_s = loop.time() + head_every_s
        except (TransientError, psycopg.Error, OSError) as error:  # nothing ends this loop but its cancelling
            log.warning("audit not told", error=str(error))
        await asyncio.sleep(every_s)
