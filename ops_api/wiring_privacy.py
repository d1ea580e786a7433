"""Composition of what deletes and of what is told of privacy."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from psycopg import AsyncConnection

from cityops.db.pool import connect
from cityops.embedded.postgres import MAJOR
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ingest.erasure import Erasure
from ops_api.backup.again import gone_book
from ops_api.cli_db import database
from ops_api.households.export import export as everything
from ops_api.households.gone import Remembering
from ops_api.households.model import LivesIn, Member
from ops_api.households.people import People
from ops_api.households.ports import Eraser
from ops_api.households.queued import QueuedEraser
from ops_api.privacy import access, household, package
from ops_api.privacy.leftovers import Left, in_files, in_tables
from ops_api.privacy.past import as_who_left
from ops_api.privacy.report import Age, Run, ages, runs
from ops_api.queries import Db, OneConnection, Pool
from ops_api.queries.as_role import RoleDb
from ops_api.wiring import kinds_of

OWN_FILES = (f"postgres-{MAJOR}",)
"""Folders of an embedded server below the data folder: what was deleted is in its files until it is overwritten."""


def as_login(settings: Settings) -> Settings:
    """Return the settings of a process that has the API's own login, where there is one, and not the owner's."""
    if not settings.api.dsn:
        return settings
    return settings.model_copy(update={"db": settings.db.model_copy(update={"dsn": settings.api.dsn})})


def eraser_of(settings: Settings, pool: Pool) -> Eraser:
    """Return what deletes: at once where this process has the owner's login, else the ingester's process does."""
    if settings.api.dsn:
        return QueuedEraser(RoleDb(Db(pool), "cityops_registrar"))
    return Erasure(settings.db.dsn, kinds_of(settings))


@dataclass(frozen=True, slots=True)
class PrivacyDoor:
    """What ``cityops privacy`` does, with the owner's login; each look at somebody is in the audit first."""

    conn: AsyncConnection[Any]
    settings: Settings
    dsn: str

    @property
    def ages(self) -> list[Age]:
        """Return how long what is kept."""
        return ages(self.settings.retention)

    async def runs(self) -> list[Run]:
        """Return what was dropped."""
        return await runs(self._db)

    async def export(self, name: str, file: Path, by: str) -> Counter[str]:
        """Write what is kept under a name; see :mod:`ops_api.privacy.access`."""
        await self._note("privacy export", by)
        async with self.conn.transaction():
            rows = access.rows_of(self.conn, name)
            return await package.write(rows, name, datetime.now(UTC), file)

    async def export_home(self, home: str, member: str, file: Path, by: str) -> int:
        """Write what a resident would take from her page, or could have when she moved out; return bytes.

        See :mod:`ops_api.privacy.household` and :mod:`ops_api.privacy.past`.
        """
        home_id = await self._lives_or_lived(home, member)
        await self._note("privacy export", by, f"home:{home_id}")
        if await self._db.row("member_now", home_id=home_id, resident_id=member) is None:
            return await self._export_past(home_id, member, file)
        now, pool = datetime.now(UTC), OneConnection(self.conn)
        async with household.as_resident(pool, home, member, now) as (who, there):
            out = _new(file)
            line = {"role": "operations", "what": "a copy of everything", "purpose": "asked for by letter"}
            await self._db.rows("access_add", home_id=home_id, who=by, **line)
            return await self._write(out, who, there)

    async def _export_past(self, home_id: int, member: str, file: Path) -> int:
        """Write the stays that are over. Who lives there now is told nothing: it is none of their time."""
        there = await self._db.one("past_home", home_id=home_id, resident_id=member)
        home = LivesIn(home_id, there["code"], there["label"])
        async with as_who_left(self.conn, home, member, there["name"]) as who:
            return await self._write(_new(file), who, home)

    async def _write(self, out: BinaryIO, who: Member, home: LivesIn) -> int:
        with out:
            async for piece in everything(who, home, kinds_of(self.settings)["frog"], datetime.now(UTC)):
                out.write(piece)
            return out.tell()

    async def forget_address(self, address: str, by: str) -> int:
        """Delete reminders under an address; return how many there were."""
        await self._note("privacy erase", by)
        async with self.conn.transaction():
            done = await self.conn.execute(
                "delete from bin_reminder where lower(address) = lower(%s)", (address.strip(),)
            )
        return done.rowcount

    async def forget(self, home: str, member: str, by: str) -> Mapping[str, int]:
        """Delete all of somebody's stay, and end it where it goes on; return what went."""
        home_id = await self._lives_or_lived(home, member)
        await self._note("privacy erase", by, f"home:{home_id}")
        book = gone_book(self.settings)
        await People(self._db, book).moved_out(home_id, member)
        eraser = Remembering(Erasure(self.dsn, kinds_of(self.settings)), book)
        deleted: Mapping[str, int] = (await eraser.erase(home_id, member, forget=True))["deleted"]
        return deleted

    async def leftovers(self, mark: str, by: str) -> list[Left]:
        """Return where a text is; the text itself is written down nowhere."""
        await self._note("privacy leftovers", by)
        async with self.conn.transaction():
            try:
                found = await in_tables(self.conn, mark)
            except ValueError as error:
                raise ConfigurationError(str(error)) from error
        folder = self.settings.data_dir
        if folder.is_dir():
            found += await asyncio.to_thread(in_files, folder, mark, OWN_FILES)
        return found

    async def _lives_or_lived(self, home: str, member: str) -> int:
        row = await self._db.row("homes_of", code=home)
        if row is None:
            raise ConfigurationError(f"there is no home {home!r} in the registry")
        there = await self._db.rows("people_ever", home_id=row["home_id"])
        if member not in {str(one["resident_id"]) for one in there}:
            raise ConfigurationError(
                f"{member!r} does not live there, nor did; `cityops homes members {home} --past` lists who does or did"
            )
        return int(row["home_id"])

    async def _note(self, action: str, by: str, about: str = "") -> None:
        """Write down who does what, before it is done; never of whom: that is what is to be forgotten."""
        await self._db.rows("privacy_noted", at_us=time.time_ns() // 1000, by=by, action=action, about=about)

    @property
    def _db(self) -> Db:
        return Db(OneConnection(self.conn))


def _new(file: Path) -> BinaryIO:
    """Return a new file that its owner alone reads."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


@asynccontextmanager
async def privacy_of(settings: Settings) -> AsyncIterator[PrivacyDoor]:
    """Lend the door on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    dsn = database(settings)
    async with await connect(dsn, application_name="cityops-privacy", autocommit=False) as conn:
        yield PrivacyDoor(conn, settings, dsn)
