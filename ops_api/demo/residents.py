"""Residents of a simulated town: they report bins when the scenario says so."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog

from cityops.db.pool import connect
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from devices.registry import Registry
from firmware_sim.world.faults import together
from firmware_sim.world.script import Report
from ops_api.queries import OneConnection
from rules.collection_acts.ports import CollectionActs
from rules.collection_acts.store import PostgresActs
from rules.core.collection_acts.record import BIN, NewAct

log = structlog.get_logger(__name__)

POLL_S = 0.25
NAME = "a resident"


class Residents:
    """Write reports into the book, each once.

    Args:
        book: of what is said of bins.
        registry: of the town.
        reports: what is reported, and when.
        start_s: when the scenario began [s since 1970].
        now_s: returns the simulated time [s since 1970].
    """

    def __init__(
        self,
        book: CollectionActs,
        registry: Registry,
        reports: Sequence[Report],
        start_s: float,
        now_s: Callable[[], float],
    ) -> None:
        self._book, self._now_s, self._start_s = book, now_s, start_s
        self._waiting = sorted(reports, key=lambda r: r.hour)
        site = {b.device: b.bin_id for b in registry.bins}
        self._bins = [site[name] for name in together(registry.devices, "bin") if name in site]

    async def run(self, stop: asyncio.Event) -> None:
        """Report until ``stop``, or until all is said."""
        while self._waiting and not await sleep_until_stop(stop, POLL_S):
            with contextlib.suppress(TransientError):
                await self.step()

    async def step(self) -> int:
        """Say what is due; return how many bins were reported. What was said before is not said again."""
        said, now_s = 0, self._now_s()
        while self._waiting and self._start_s + 3600.0 * self._waiting[0].hour <= now_s:
            said += await self._say(self._waiting[0])
            self._waiting.pop(0)
        return said

    async def _say(self, report: Report) -> int:
        at_s = self._start_s + 3600.0 * report.hour
        for number, bin_id in enumerate(self._bins[: report.count]):
            new = NewAct(
                ref=f"{BIN}{bin_id}", what=report.what, at_s=at_s + 60.0 * number, by=NAME, role="resident", via="page",
                reason=report.note, request_id=f"demo-{report.hour:g}-{bin_id}",
            )  # fmt: skip
            await self._book.append(new)
            log.info("a resident reports", bin=bin_id, what=report.what)
        return min(report.count, len(self._bins))


@asynccontextmanager
async def residents(
    dsn: str,
    registry: Registry,
    reports: Sequence[Report],
    start_s: float,
    now_s: Callable[[], float],
    stop: asyncio.Event,
) -> AsyncIterator[None]:
    """Have residents report for as long as the context lasts, or until ``stop``; see :class:`Residents`."""
    if not reports:
        yield
        return
    async with await connect(dsn, application_name="cityops residents", autocommit=False) as conn:
        said = Residents(PostgresActs(OneConnection(conn)), registry, reports, start_s, now_s)
        task = asyncio.create_task(said.run(stop), name="residents")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
