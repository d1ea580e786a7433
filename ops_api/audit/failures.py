"""Sign-ins that failed, on their way into the audit: they wait in memory, so that no answer takes longer for being written down.

An answer that took longer for an account that there is than for one that there is not would tell which there are. What an attacker
sends in an hour makes so many lines at most (``audit_failed`` in ``cityops/db/routines/audit.sql``, which counts for all processes),
and here so many wait at most: what does not fit is counted in the log.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict

import psycopg
import structlog

from cityops.errors import TransientError
from ops_api.audit.core.model import Failure
from ops_api.queries import Db, UnusableValueError

log = structlog.get_logger(__name__)
MOST = 1000
"""So many wait; one takes a millisecond or two, so they are of a second or two."""


class Failures:
    """Keeps what failed until it is written down.

    Args:
        db: on connections that may run ``audit_failed``.
    """

    def __init__(self, db: Db) -> None:
        self._db = db
        self._waiting: deque[Failure] = deque()
        self._news = asyncio.Event()
        self._lost = 0

    def add(self, failure: Failure) -> None:
        """Keep one; where too many wait it is counted alone."""
        if len(self._waiting) >= MOST:
            self._lost += 1
            return
        self._waiting.append(failure)
        self._news.set()

    async def tell(self) -> None:
        """Write down what waits; what the database does not take stands in the log."""
        self._news.clear()
        while self._waiting:
            one = self._waiting.popleft()
            try:
                await self._db.rows("audit_failed", **asdict(one))
            except (TransientError, UnusableValueError, psycopg.Error) as error:
                log.warning(
                    "a sign-in that failed is not in the audit", request_id=one.request_id, error=str(error)
                )
        if self._lost:
            log.warning("sign-ins failed faster than they can be written down", more=self._lost)
            self._lost = 0

    async def tell_more(self) -> int:
        """Write down how many more there were in hours that are over; return how many lines.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        return int((await self._db.one("audit_untold"))["lines"])

    async def keep_telling(self) -> None:
        """Write down what comes, until cancelled; what waits then is written down first."""
        try:
            while True:
                await self._news.wait()
                await self.tell()
        finally:
            await self.tell()
