"""Composition of bin days: for the pages, the reminders, the demo and ``cityops bin-days``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from cityops.clock import Clock, SystemClock
from cityops.db.pool import connect
from cityops.settings import Settings
from ops_api.bin_desk import BinDesk
from ops_api.bin_rounds import BinRounds
from ops_api.cli_db import database
from ops_api.housing.team_door import TeamDoor
from ops_api.queries import OneConnection
from ops_api.queries.as_role import RolePool
from ops_api.senders import SenderLimit
from rules.bin_days.missed_desk import MissedDesk
from rules.bin_days.reminding import BinReminders
from rules.bin_days.store import PostgresBinDays
from rules.catalogue.law_files import load_law
from rules.collection_acts.ports import CollectionActs
from rules.collection_acts.store import PostgresActs
from rules.core.bin_days.missed import Terms
from rules.notify.outbox import PostgresOutbox
from rules.rounds.service import RoundDesk


@dataclass(frozen=True, slots=True)
class BinDaysDoor:
    """What a command is given: timetable and premises, acts, the town's zone and its day."""

    days: PostgresBinDays
    acts: CollectionActs
    zone: ZoneInfo
    now_s: float


def bank_holidays() -> frozenset[date]:
    """Return the bank holidays that are known; see ``rules/catalogue/law``.

    Raises:
        ConfigurationError: the file can't be read.
    """
    return frozenset(load_law()[1].holidays.days)


def bin_desk(settings: Settings, pool: AsyncConnectionPool[Any], rounds: RoundDesk) -> BinDesk:
    """Return what the pages need; ``rounds`` is the desk of the rounds, one for all pages: it keeps the day's plans.

    Raises:
        ConfigurationError: the bank holidays can't be read.
    """
    given, days, acts = settings.bin_days, PostgresBinDays(pool), PostgresActs(pool)
    terms = Terms(near_m=given.near_m, claim_days=given.claim_days, return_days=given.return_days)
    zone = ZoneInfo(settings.api.time_zone)
    people = RolePool(pool, "cityops_registrar")
    return BinDesk(
        days=days, reminders=PostgresBinDays(people), outbox=PostgresOutbox(people), acts=acts,
        missed=MissedDesk(days, days, acts, bank_holidays(), zone, terms), site=given.public_url.rstrip("/"),
        channels=given.channels,
        door=None if given.password is None else TeamDoor(given.password.get_secret_value(), "waste"),
        rounds=BinRounds(rounds), reports=SenderLimit(given.reports_per_hour), lookups=SenderLimit(given.lookups_per_hour),
    )  # fmt: skip


def bin_reminders(settings: Settings, pool: AsyncConnectionPool[Any], clock: Clock) -> BinReminders | None:
    """Return what plans reminders; None where the pages' address is not set."""
    if not settings.bin_days.public_url:
        return None
    days = PostgresBinDays(pool)
    zone = ZoneInfo(settings.api.time_zone)
    return BinReminders(days, days, PostgresOutbox(pool), zone, clock, settings.bin_days.public_url)


@asynccontextmanager
async def bin_days_of(settings: Settings) -> AsyncIterator[BinDaysDoor]:
    """Lend the timetable on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-bin-days"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        one = OneConnection(conn)
        now_s = SystemClock().now().timestamp()
        yield BinDaysDoor(PostgresBinDays(one), PostgresActs(one), ZoneInfo(settings.api.time_zone), now_s)
