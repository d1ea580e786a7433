"""Composition of cases and packs: books, sources, law and key."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from cityops.clock import SystemClock
from cityops.db.pool import connect
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.queries import Db
from ops_api.wiring import kinds_of
from ops_api.wiring_notify import pool_of
from ops_api.wiring_reminders import reminders_on
from rules.catalogue.law_files import load_law
from rules.core.legal_clock import Law, WorkingDays
from rules.evidence.book import PostgresBook
from rules.evidence.figures import FiguresFromReadings
from rules.evidence.keys import PublicKey, published, read_public, signer
from rules.evidence.packing import Order, Workshop, check_period, make_pack
from rules.evidence.ports import Pack
from rules.evidence.reminders import CaseReminders
from rules.evidence.source import one_moment
from rules.evidence.unpacking import Verdict, verify


@dataclass(frozen=True, slots=True)
class CaseDoor:
    """Cases for a command: the book, rows, the law, its calendar, reminders and now."""

    book: PostgresBook
    db: Db
    law: Law
    days: WorkingDays
    reminders: CaseReminders
    now: datetime


@asynccontextmanager
async def cases_of(settings: Settings) -> AsyncIterator[CaseDoor]:
    """Lend the cases of the settings' database (or of the embedded one that runs).

    Raises:
        ConfigurationError: without a database, or with a law that can't be read.
        TransientError: the database does not answer.
    """
    law, days = load_law()
    clock = SystemClock()
    async with pool_of(settings, "cityops-cases") as (pool, _):
        yield CaseDoor(PostgresBook(pool), Db(pool), law, days, reminders_on(pool, clock), clock.now())


async def write_pack(
    settings: Settings,
    code: str,
    days: tuple[date, date],
    file: Path,
    *,
    by: str,
    diary: bool,
    made_at: datetime,
) -> Pack:
    """Make a pack as a file, which is there whole or not at all, and remember it.

    Args:
        settings: ``db``, ``data_dir`` and ``kinds_dir`` are used.
        code: of the home.
        days: first and last, both included (UTC).
        file: to write; one that is there is replaced.
        by: who asks.
        diary: whether the diary goes in.
        made_at: the time that is written into it.

    Raises:
        ConfigurationError: the home, the period, the file's folder or the key is not usable.
        TransientError: the database does not answer.
    """
    order = Order(code=code, from_day=days[0], to_day=days[1], made_at=made_at, by=by, diary=diary)
    check_period(order)
    law, calendar = load_law()
    kinds = kinds_of(settings)
    async with pool_of(settings, "cityops-evidence") as (pool, dsn):
        book = PostgresBook(pool)
        home_id = await book.home_id(code)
        async with (
            await connect(dsn, application_name="cityops-evidence", autocommit=False) as conn,
            one_moment(conn, kinds) as source,
        ):
            shop = Workshop(
                source, FiguresFromReadings(source), book, book, law, calendar, signer(settings.data_dir)
            )
            pack = await _written(shop, order, file)
        await book.record_pack(home_id, pack)
    return pack


async def _written(shop: Workshop, order: Order, file: Path) -> Pack:
    with _draft(file) as draft:
        return await make_pack(shop, order, draft)


@contextmanager
def _draft(file: Path) -> Iterator[BinaryIO]:
    """Lend a file beside ``file`` that takes its place at the end; of one that fails nothing is left."""
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as opened:
            yield opened
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def check_pack(settings: Settings, file: Path, key: Path | None) -> tuple[Verdict, PublicKey | None]:
    """Return what a check finds, and the key it was compared with: the given one, else this installation's."""
    expected = published(settings.data_dir) if key is None else read_public(key)
    return verify(file, expected), expected


def public_key(settings: Settings) -> PublicKey:
    """Return the installation's public key; it is made where there is none."""
    return signer(settings.data_dir).public


def utc_now() -> datetime:
    """Return now, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
