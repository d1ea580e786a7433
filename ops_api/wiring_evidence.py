"""Composition of cases and packs: books, sources, law and key."""

from __future__ import annotations

import asyncio
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
from ops_api.cli_looks import looked
from ops_api.households.packs import requested_scope, shared_scope
from ops_api.queries import Db, OneConnection
from ops_api.queries.resident import ResidentPool, become
from ops_api.wiring import kinds_of
from ops_api.wiring_notify import pool_of
from ops_api.wiring_reminders import reminders_on
from rules.catalogue.law_files import load_law
from rules.core.evidence.scope import Order, Scope
from rules.core.legal_clock import Law, WorkingDays
from rules.evidence.book import PostgresBook
from rules.evidence.figures import FiguresFromReadings
from rules.evidence.keys import PublicKey, published, read_public, signer
from rules.evidence.packing import Workshop, check_period, make_pack
from rules.evidence.ports import EvidenceSource, Pack
from rules.evidence.reminders import CaseReminders
from rules.evidence.source import one_moment
from rules.evidence.unpacking import Verdict, verify

API_ROLE = "cityops_api"
"""What the town's part of a resident's pack is read as, like the website's pages."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A pack that an operator asks for.

    Attributes:
        days: first and last, both included (UTC).
        by, purpose: who asks and why; the household reads it.
        household: name of who lives there and wants it; None: what is shared with the council.
    """

    code: str
    days: tuple[date, date]
    by: str
    purpose: str
    made_at: datetime
    diary: bool = False
    household: str | None = None


async def write_pack(settings: Settings, asked: Asked, file: Path) -> Pack:
    """Make a pack as a file, which is there whole or not at all, and remember it.

    Args:
        settings: ``db``, ``data_dir`` and ``kinds_dir`` are used.
        asked: which pack.
        file: to write; one that is there is replaced.

    Raises:
        ConfigurationError: the home, the period, the file's folder or the key is not usable, or the household shows none of it.
        TransientError: the database does not answer.
    """
    kinds = kinds_of(settings)
    async with pool_of(settings, "cityops-evidence") as (pool, dsn):
        book, db = PostgresBook(pool), Db(pool)
        home_id = await book.home_id(asked.code)
        check_period(_order(asked, Scope(why="")))
        order = await _ordered(db, home_id, asked)
        days = f"{asked.days[0]} to {asked.days[1]}"
        await looked(db, home_id, asked.by, f"evidence pack of {days}", asked.purpose)
        async with (
            await connect(dsn, application_name="cityops-evidence", autocommit=False) as conn,
            one_moment(conn, kinds) as source,
        ):
            pack = await _written(workshop(settings, source, source, book), order, file)
        await book.record_pack(home_id, pack)
    return pack


async def _ordered(db: Db, home_id: int, asked: Asked) -> Order:
    if asked.household is not None:
        scope = await requested_scope(db, home_id, asked.household)
    else:
        scope = await shared_scope(db, home_id, asked.days)
        if asked.diary:
            raise ConfigurationError(
                "--with-diary: the diary is the household's; say --for-household NAME too"
            )
    return _order(asked, scope)


def _order(asked: Asked, scope: Scope) -> Order:
    return Order(
        code=asked.code, from_day=asked.days[0], to_day=asked.days[1], made_at=asked.made_at, by=asked.by,
        scope=scope, diary=asked.diary,
    )  # fmt: skip


def workshop(settings: Settings, home: EvidenceSource, town: EvidenceSource, book: PostgresBook) -> Workshop:
    """Return what packs are made with."""
    law, calendar = load_law()
    return Workshop(home, town, FiguresFromReadings, book, book, law, calendar, signer(settings.data_dir))


async def _written(shop: Workshop, order: Order, file: Path) -> Pack:
    with drafted(file) as draft:
        return await make_pack(shop, order, draft)


def pack_of_resident(settings: Settings, token: str, order: Order, out: BinaryIO) -> Pack:
    """Make a resident's own pack and remember it: for a worker's thread, it takes seconds of a core.

    What is the home's is read and written as the resident (:mod:`ops_api.queries.resident`).

    Args:
        settings: ``db``, ``api.resident_dsn``, ``data_dir`` and ``kinds_dir`` are used.
        token: of the resident's session.
        order: what is asked for; its scope is her stay.
        out: an empty file, opened for reading and writing.

    Raises:
        ConfigurationError, NoSuchError, TransientError: see :func:`rules.evidence.packing.make_pack`.
    """
    return asyncio.run(_as_resident(settings, token, order, out))


async def _as_resident(settings: Settings, token: str, order: Order, out: BinaryIO) -> Pack:
    name, kinds = "cityops-evidence", kinds_of(settings)
    hers = settings.api.resident_dsn or settings.db.dsn
    async with (
        await connect(hers, application_name=name, autocommit=False) as reading,
        await connect(hers, application_name=name, autocommit=False) as writing,
        await connect(settings.db.dsn, application_name=name, autocommit=False, role=API_ROLE) as ours,
        one_moment(reading, kinds) as home,
        one_moment(ours, kinds) as town,
    ):
        await become(reading, token)
        book = PostgresBook(ResidentPool(OneConnection(writing), token))
        pack = await make_pack(workshop(settings, home, town, book), order, out)
        await book.record_pack(await book.home_id(order.code), pack)
    return pack


@contextmanager
def drafted(file: Path) -> Iterator[BinaryIO]:
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
