"""After a restore: whoever moved out or deleted something since the back-up is let go and deleted again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from psycopg import sql

from cityops.db.migrate import status
from cityops.db.pool import connect
from cityops.settings import Settings
from devices.contract.kind import Kind
from ingest.erasure import Erasure
from ops_api.backup.retention import Keep
from ops_api.households.gone import FOLDER, Gone, GoneBook
from ops_api.households.people import People
from ops_api.queries import Db, OneConnection

_KNOWN = sql.SQL("select 1 from home where home_id = %(home_id)s")


def gone_book(settings: Settings) -> GoneBook:
    """Return this installation's book; it keeps as long as back-ups are kept, and a day."""
    backup = settings.backup
    longest = Keep(backup.keep_daily, backup.keep_weekly, backup.keep_monthly).longest
    return GoneBook(settings.data_dir / FOLDER, longest + timedelta(days=1))


async def again(dsn: str, kinds: Mapping[str, Kind], lines: Sequence[Gone]) -> int:
    """Do ``lines`` again in a database that was restored, before anybody uses it; return how many there were.

    All that is in the database came before: what is deleted is what was deleted then.
    """
    erasure, done = Erasure(dsn, kinds), 0
    async with await connect(dsn, application_name="cityops-restore", autocommit=False) as conn:
        db = Db(OneConnection(conn))
        people = People(db)
        for line in lines:
            if not await db.fetch(_KNOWN, {"home_id": line.home_id}):
                continue  # it came after the back-up, with all that was its
            if line.what == "moved out":
                await people.moved_out(line.home_id, line.resident_id, line.ended or line.at)
            else:
                await erasure.erase(line.home_id, line.resident_id, forget=line.what == "everything")
            done += 1
    return done


def again_in(settings: Settings, dsn: str, kinds: Mapping[str, Kind], since: datetime) -> str:
    """Do again what came after ``since``, and say so; of a database of another version only what is to be done."""

    async def run() -> str:
        lines = gone_book(settings).since(since)
        if not lines:
            return f"nobody moved out or deleted anything since the back-up (by {settings.data_dir / FOLDER})"
        async with await connect(dsn) as conn:
            if not (await status(conn)).current:
                return f"{len(lines)} moves and deletions since the back-up: `cityops db upgrade`, then `cityops backup again`"
        return f"{await again(dsn, kinds, lines)} moves and deletions since the back-up were made again"

    return asyncio.run(run())
