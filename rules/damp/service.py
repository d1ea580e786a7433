"""The analyst's service: an hour of event time after the last, homes in portions, a short transaction each.

It runs beside the engine and takes nothing from it. What is due is marked in the database before it
is worked out, and unmarked with the rows it led to: killed at any moment it goes on where it was.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Sequence

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking
from cityops.runtime.stop import sleep_until_stop
from rules.core.analyst.analyse import analyse
from rules.core.analyst.days import begins_s, ends_s
from rules.core.analyst.model import HomeResult
from rules.core.analyst.outdoors import Outdoors, outdoors_of
from rules.core.analyst.plan import Waits, outdoor_span_s, waits
from rules.core.analyst.rules import DampRules
from rules.damp.metrics import DampMetrics
from rules.damp.ports import DampStore, Done, Due, Progress, Surroundings

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
EVERY_S = 3600.0
POLL_S = 10.0
HOMES = 50
"""Homes at a time: what is in memory of them, and how long a transaction takes."""
BATCHES = 100
"""Batches looked at in one transaction: while it lasts the rules see none that came after it began."""
NOTHING_WAITS = Waits(None, None, None)


class DampAnalyst:
    """Works out homes' days until asked to stop.

    Args:
        store: readings, and what is made of them.
        surroundings: the live catalogue with its overrides.
        clock: for the time on the wall: where event time stands, what came late is worked out all the same.
        every_s: between two passes, of event time or on the wall [s].
        poll_s: between looks [s].
        homes: at a time.
        share: of the time that is worked at most; the rest is the engine's.
        metrics: counters to use.
    """

    def __init__(
        self,
        store: DampStore,
        surroundings: Surroundings,
        clock: Clock,
        *,
        every_s: float = EVERY_S,
        poll_s: float = POLL_S,
        homes: int = HOMES,
        share: float = 0.5,
        metrics: DampMetrics | None = None,
    ) -> None:
        self._store, self._surroundings, self._clock = store, surroundings, clock
        self._every_s, self._poll_s, self._homes, self._share = every_s, poll_s, homes, share
        self.metrics = DampMetrics() if metrics is None else metrics
        self._passed_at_s: float | None = None
        self._outdoors: tuple[float, float, Outdoors] | None = None
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; the homes at work are finished first."""
        self._stop = stop
        await keep_looking(self.turn, stop, log, "damp", every_s=self._poll_s, retry=RETRY)

    async def turn(self) -> bool:
        """Look what came, and work it out where it is time to; return whether it was.

        Raises:
            TransientError: the database does not answer; what was written stays, the rest is still due.
        """
        rules = await self._surroundings()
        progress = await self._store.mark(rules, BATCHES)
        while progress.more and not self._stop.is_set():
            progress = await self._store.mark(rules, BATCHES)
        if progress.event_s is None or self._stop.is_set():
            return False
        self.metrics.behind_s.set(progress.event_s - (progress.passed_s or progress.event_s))
        if not self._is_time(progress, progress.event_s):
            return False
        await self.work(rules, progress.event_s)
        return True

    def _is_time(self, progress: Progress, event_s: float) -> bool:
        if progress.passed_s is None or event_s - progress.passed_s >= self._every_s:
            return True
        now_s = self._clock.monotonic()
        return progress.waits > 0 and (
            self._passed_at_s is None or now_s - self._passed_at_s >= self._every_s
        )

    async def work(self, rules: DampRules, event_s: float) -> int:
        """Work out all that is due at an event time [s since 1970]; return the rows that are new or other ones."""
        self._outdoors = None
        rows, failed = 0, set[int]()
        again = True
        while again and not self._stop.is_set():
            again, after = False, 0  # a second round takes the days of homes with more than one portion
            while (ids := await self._store.due(after, self._homes)) and not self._stop.is_set():
                after = ids[-1]
                wanted = [i for i in ids if i not in failed]
                began_s = time.monotonic()
                done = await self._some(wanted, rules, event_s, failed)
                rows += await self._store.write(done)
                again = again or any(d.waits.due_from is not None for d in done)
                await self._leave_time(time.monotonic() - began_s)
        if not self._stop.is_set():
            await self._store.passed(event_s)
            self._passed_at_s = self._clock.monotonic()
        self.metrics.rows.inc(rows)
        return rows

    async def _some(
        self, ids: Sequence[int], rules: DampRules, event_s: float, failed: set[int]
    ) -> list[Done]:
        """Work out some homes; one that can't be is left, and told, and the others are not."""
        due = await self._store.homes(ids, rules, event_s)
        try:
            return await self._done(due, rules, event_s)
        except TransientError:
            raise
        except Exception:
            done = []
            for one in due:
                try:
                    done += await self._done([one], rules, event_s)
                except TransientError:
                    raise
                except Exception:
                    failed.add(one.home_id)
                    self.metrics.failed.inc()
                    # As text: a traceback with the values of its frames would be some megabytes of readings.
                    trace = traceback.format_exc(limit=-3)
                    log.error("damp: a home can't be worked out", home_id=one.home_id, trace=trace)
            return done

    async def _done(self, due: Sequence[Due], rules: DampRules, event_s: float) -> list[Done]:
        plans = [d.plan for d in due if d.plan is not None]
        inputs = [d.home for d in due if d.home is not None]
        results = {}
        if plans:
            span = outdoor_span_s(min(p.due for p in plans), max(p.last for p in plans), rules)
            outdoors = await self._of_town(*span)
            found = await asyncio.to_thread(analyse, inputs, outdoors, rules)
            results = {r.home.home_id: r for r in found}
        self.metrics.homes.inc(len(results))
        return [_one(d, results.get(d.home_id), rules, event_s) for d in due]

    async def _of_town(self, from_s: float, to_s: float) -> Outdoors:
        """Return outdoors, as read once a pass where it is wide enough."""
        if self._outdoors is None or not self._outdoors[0] <= from_s <= to_s <= self._outdoors[1]:
            stations = await self._store.stations(from_s, to_s)
            found = await asyncio.to_thread(outdoors_of, stations, from_s, to_s)
            self._outdoors = from_s, to_s, found
        return self._outdoors[2]

    async def _leave_time(self, worked_s: float) -> None:
        await sleep_until_stop(self._stop, worked_s * (1.0 - self._share) / self._share)


def _one(due: Due, result: HomeResult | None, rules: DampRules, event_s: float) -> Done:
    if due.plan is None:
        return Done(due, None, NOTHING_WAITS)
    from_s, to_s = begins_s(due.plan.due, rules.zone), ends_s(due.plan.last, rules.zone)
    return Done(due, result, waits(due.plan, event_s, rules), from_s, to_s)
