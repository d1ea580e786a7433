"""Composition of what reminds households and officers of legal limits."""

from __future__ import annotations

from cityops.clock import Clock
from cityops.db.pool import Pool
from rules.catalogue.law_files import load_law
from rules.evidence.book import PostgresBook
from rules.evidence.reminders import CaseReminders
from rules.notify.outbox import PostgresOutbox
from rules.notify.people_store import PostgresPeople


def reminders_on(pool: Pool, clock: Clock) -> CaseReminders:
    """Return what plans reminders on a database.

    Raises:
        ConfigurationError: the law's files can't be read.
    """
    law, days = load_law()
    return CaseReminders(PostgresBook(pool), PostgresPeople(pool), PostgresOutbox(pool), law, days, clock)
