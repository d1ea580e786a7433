"""Composition of the bins' savings ledger: beside the rules, and for the commands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from prometheus_client import CollectorRegistry

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.db.transaction import Lender
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.cli_db import database
from ops_api.queries import OneConnection
from ops_api.wiring_evidence import utc_now
from rules.bin_ledger.book import PostgresSettings, PostgresStatements
from rules.bin_ledger.gathering import LedgerRoom, state, unpacked
from rules.bin_ledger.keeping import LedgerMetrics, StatementKeeper, month_of
from rules.bin_ledger.ports import LedgerSettings, StatementBook
from rules.bin_ledger.source import PostgresLedger
from rules.catalogue.loader import load
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.rulebook import readable
from rules.catalogue.store import PostgresCatalogueStore
from rules.core.bin_ledger.codec import Document, decode
from rules.notify.outbox import Pool
from rules.winter.orders.store import PostgresOrders


@dataclass(frozen=True, slots=True)
class LedgerDoor:
    """The ledger for a command: what statements are made from, those that are kept, the town's time."""

    room: LedgerRoom
    book: StatementBook
    now: datetime

    @property
    def settings(self) -> LedgerSettings:
        """What is compared with, and at what prices."""
        return self.room.settings

    async def document(
        self, first: date, last: date, *, by: str, again: bool
    ) -> tuple[Document, bytes, bool]:
        """Return the statement of some days with its file, and whether it is the one that is kept.

        Args:
            first: of the days.
            last: of them, included.
            by: who asks.
            again: make it anew also where one is kept.

        Raises:
            ConfigurationError: the days are to come, or there is nothing to compare with.
            TransientError: the database does not answer.
        """
        month = month_of(first, ZoneInfo(self.room.zone))
        kept = None if again or (first, last) != (month.first, month.last) else await self.book.kept(first)
        if kept is not None:
            data = unpacked(kept)
            return decode(data), data, True
        if self.now.date() < first:
            raise ConfigurationError(f"{first} is to come")
        over = self.now.date() > last
        until = last if over else self.now.date()
        _, data = await state(self.room, first, until, over=over, made_at=utc_now(), by=by)
        return decode(data), data, False


@asynccontextmanager
async def ledger_of(settings: Settings) -> AsyncIterator[LedgerDoor]:
    """Lend the ledger on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-bins-ledger"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        one = OneConnection(conn)
        room = await _room(settings, one, PostgresCatalogueStore(one))
        now_s = await PostgresOrders(one).town_now_s(SystemClock().now().timestamp())
        now = datetime.fromtimestamp(now_s, ZoneInfo(room.zone))
        yield LedgerDoor(room, PostgresStatements(one), now)


async def _room(settings: Settings, pool: Lender, catalogues: CatalogueStore) -> LedgerRoom:
    live = await catalogues.live()
    catalogue = load() if live is None else readable(live)
    source = PostgresLedger(pool, catalogue.full.parameters, settings.api.time_zone)
    return LedgerRoom(source, PostgresSettings(pool), settings.api.council, settings.api.time_zone)


def statement_keeper(
    settings: Settings, pool: Pool, catalogues: CatalogueStore, registry: CollectorRegistry
) -> StatementKeeper:
    """Return what makes and keeps the statement of each month."""
    clock = SystemClock()

    async def room() -> LedgerRoom:
        return await _room(settings, pool, catalogues)

    async def now_s() -> float:
        return await PostgresOrders(pool).town_now_s(clock.now().timestamp())

    return StatementKeeper(PostgresStatements(pool), room, now_s, clock, metrics=LedgerMetrics(registry))
