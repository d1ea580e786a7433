"""Keeps the broker's logins as the database has them, and looks for copied identities."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any

import psycopg
import structlog
from psycopg.types.json import Jsonb

from cityops.errors import TransientError
from devices.contract.provisioning import is_verifier
from ops_api.provisioning.core.clones import Run, find_clone
from ops_api.provisioning.desk import TAKEN, DeviceDesk
from ops_api.provisioning.ports import BrokerAccess, Changes, Login, Revoked, Wanted
from ops_api.queries import Db

log = structlog.get_logger(__name__)

EVERY_S = 30.0
"""How often everything is looked at anew; what changes is told in between [s]."""
WATCH = "the clone watch"


async def sync(db: Db, access: BrokerAccess, *, adopt: bool = True) -> Changes:
    """Make the broker's logins what the database says.

    Args:
        db: the owner's.
        access: the broker's logins.
        adopt: take over logins of registered devices that the database lacks, first. Not those of a private broker: it
            makes new ones at each start.

    Raises:
        TransientError: broker or database does not answer.
    """
    known = await access.known() if adopt else {}
    lines = [
        {"name": name, "verifier": verifier}
        for name, verifier in known.items()
        if name not in TAKEN and is_verifier(verifier)
    ]
    if lines:
        await db.rows("broker_adopt", rows=Jsonb(lines))
    return await access.make_so(await wanted(db))


async def wanted(db: Db) -> Wanted:
    """Return what the broker is to know."""
    rows = await db.rows("broker_logins")
    logins = {r["name"]: Login(r["kind"], r["verifier"]) for r in rows if r["verifier"] is not None}
    revoked = {r["serial"]: Revoked(r["name"], r["at"]) for r in await db.rows("revoked_certificates")}
    return Wanted(logins, frozenset(r["name"] for r in rows) - logins.keys(), revoked)


async def quarantine_clones(db: Db, desk: DeviceDesk) -> list[str]:
    """Quarantine every device under whose name two live; return their names."""
    found = []
    for row in await db.rows("devices_to_judge"):
        finding = find_clone([_run(run) for run in row["runs"]], row["keep"])
        if finding is not None and await desk.quarantine(row["name"], WATCH, finding.reason):
            log.warning("two devices under one name: quarantined", device=row["name"], why=finding.reason)
            found.append(row["name"])
    return found


def _run(values: list[Any]) -> Run:
    install, boot, started_ms, first, last = values
    return Run(install, boot, started_ms, datetime.fromisoformat(first), datetime.fromisoformat(last))


Opened = Callable[[], AbstractAsyncContextManager[tuple[Db, DeviceDesk]]]
"""Lends the owner's database and the desk on it, for one look."""


class Keeper:
    """A service: looks at every hint, and every ``EVERY_S`` in any case.

    Args:
        opened: lends what a look needs.
        access: the broker's logins; None: they are not kept by us.
        hints: yields when something may have changed.
        changed: told of each hint: whoever else knows devices looks again.
        adopt: see :func:`sync`.
    """

    def __init__(
        self,
        opened: Opened,
        access: BrokerAccess | None,
        hints: Callable[[], AsyncIterator[str]],
        changed: Callable[[], None] = lambda: None,
        *,
        adopt: bool = True,
    ) -> None:
        self._opened = opened
        self._access = access
        self._hints = hints
        self._changed = changed
        self._adopt = adopt
        self._look = asyncio.Event()
        self._failed = False
        self._looked = False

    def ready(self) -> Mapping[str, bool]:
        """Return whether the last look went well; for /readyz."""
        return {"logins": self._looked and not self._failed}

    async def run(self, stop: asyncio.Event) -> None:
        """Keep until ``stop``."""
        listening = asyncio.create_task(self._listen(), name="device changes")
        stopping = asyncio.create_task(stop.wait(), name="device keeper stop")
        try:
            while not stop.is_set():
                self._look.clear()
                await self._once()
                looking = asyncio.create_task(self._look.wait(), name="device keeper look")
                await asyncio.wait({looking, stopping}, timeout=EVERY_S, return_when=asyncio.FIRST_COMPLETED)
                looking.cancel()
        finally:
            listening.cancel()
            stopping.cancel()

    async def _listen(self) -> None:
        async for _ in self._hints():
            self._changed()
            self._look.set()

    async def _once(self) -> None:
        try:
            async with self._opened() as (db, desk):
                await quarantine_clones(db, desk)
                changes = (
                    Changes() if self._access is None else await sync(db, self._access, adopt=self._adopt)
                )
        except (TransientError, psycopg.Error) as e:
            if not self._failed:
                log.warning("devices' identities can't be kept; tried again", error=str(e).strip())
            self._failed = True
            return
        if self._failed:
            log.info("devices' identities are kept again")
        self._failed, self._looked = False, True
        if changes:
            numbers = {name: len(getattr(changes, name)) for name in ("added", "changed", "removed")}
            log.info("the broker's logins changed", **numbers)
