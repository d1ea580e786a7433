"""The rules service: batches in receive order, one pure step, one transaction; again.

Killed at any moment it loses and doubles nothing: effects, memory and cursor move
together, and a cursor that is not where it was left means starting again from the store.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import replace
from zoneinfo import ZoneInfo

import msgspec
import structlog

from cityops import tracing
from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from devices.registry import Registry
from rules.catalogue.ports import InUse, Rulebook
from rules.catalogue.rulebook import FixedRulebook
from rules.core import checkpoint, late
from rules.core.context import Context, build_context
from rules.core.engine import step
from rules.core.forget import forget, no_longer_work
from rules.core.memory import EngineState, changed_rows
from rules.core.overrides import prepare
from rules.core.parameters import Catalogue
from rules.core.patience import NOTHING, still_waiting
from rules.core.readings import ReadingBatch
from rules.core.reconcile import reconcile
from rules.core.treatment_log import pass_lines
from rules.metrics import RulesMetrics
from rules.pause import pause
from rules.ports import Change, CursorMovedError, Fetched, Resumed, RuleStore, Waker
from rules.waiting import WaitingSpans, is_anything_due

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=0.2, cap_s=15.0)
REGISTRY_AGE_S = 30.0


class RulesService:
    """Reads, decides and writes until asked to stop.

    Args:
        store: where readings come from and effects go to.
        waker: hint that new batches are there; polling is the truth.
        clock: wall clock; event time never runs ahead of it.
        catalogue: rules and parameters.
        poll_s: seconds between looks without a hint.
        batch_limit: batches taken in one step.
        lateness_s: how long a reading waits for those measured before it: in event time, and on
            the clock where nothing more comes.
        metrics: counters to use.
        rulebook: tells of another catalogue and of overrides; without it ``catalogue`` is for ever.
        forecasts_expected: whether somebody makes road forecasts: that none ever comes is an alarm then.
    """

    def __init__(
        self,
        store: RuleStore,
        waker: Waker,
        clock: Clock,
        catalogue: Catalogue,
        *,
        poll_s: float = 1.0,
        batch_limit: int = 200,
        lateness_s: float = 0.0,
        metrics: RulesMetrics | None = None,
        rulebook: Rulebook | None = None,
        forecasts_expected: bool = False,
    ) -> None:
        self._store, self._waker, self._clock = store, waker, clock
        self._rulebook: Rulebook = FixedRulebook(catalogue) if rulebook is None else rulebook
        self._in_use: InUse | None = None
        self._poll_s, self._batch_limit, self._lateness_s = poll_s, batch_limit, lateness_s
        self._forecasts_expected = forecasts_expected
        self.metrics = RulesMetrics() if metrics is None else metrics
        self._standing: Resumed | None = None
        self._context: Context | None = None
        self._registry: Registry | None = None
        self._context_at_s = 0.0
        self._strangers: frozenset[str] = frozenset()
        self._turned_at_s: float | None = None
        self._spans = WaitingSpans(None, NOTHING)
        self._fetched_at_s = clock.monotonic()

    def ready(self) -> dict[str, bool]:
        """Whether the service stands somewhere and has looked for batches lately."""
        now = self._clock.monotonic()
        looked = self._turned_at_s is not None and now - self._turned_at_s < 30.0 + 2 * self._poll_s
        return {"resumed": self._standing is not None, "turning": looked}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; the turn under way is finished first."""
        failures, rng = 0, random.Random()
        while not stop.is_set():
            try:
                took = await self.turn()
                failures = 0
            except CursorMovedError as error:
                log.warning("rules: starting again from the store", reason=str(error))
                self._standing, took = None, True
                self.metrics.retries.inc()
            except TransientError as error:
                delay_s = RETRY.delay(failures, rng)
                failures += 1
                self._standing = None  # the commit may have happened
                self.metrics.retries.inc()
                log.warning("rules: trying again", error=str(error), retry_s=delay_s)
                await sleep_until_stop(stop, delay_s)
                continue
            await pause(stop, self._waker, self._poll_s, took=took)

    async def turn(self) -> bool:
        """Take the next batches through one step; return whether there were any.

        Raises:
            CursorMovedError, TransientError: nothing is lost; resume and try again.
        """
        if self._standing is None:
            self._standing = await self._resume()
        standing = self._standing
        fetched = await self._store.fetch(standing.cursor, self._batch_limit)
        self._turned_at_s = self._clock.monotonic()
        context = await self._context_for({} if fetched is None else fetched.readings, standing)
        if context is None:
            return True
        if fetched is None:
            if await self._is_over(standing):
                await self._step(standing, standing.cursor, {}, context, everything=True)
            return False
        if fetched.readings_n:  # batches of dead letters and duplicates alone keep nothing waiting
            self._fetched_at_s = self._turned_at_s
        received_s = fetched.received_s
        change = await self._step(standing, fetched.cursor, fetched.readings, context, received_s=received_s)
        self._count(fetched, change)
        return True

    async def _context_for(self, readings: ReadingBatch, standing: Resumed) -> Context | None:
        """Return the context; None where catalogue or registry are others: alarms that are up must fit them first."""
        catalogue_id, registry = self._catalogue_id, self._registry
        context = await self._surroundings(readings, standing.state.settled_s)
        if self._catalogue_id == catalogue_id and self._registry is registry:
            return context
        self._standing = None
        return None

    async def _is_over(self, standing: Resumed) -> bool:
        """Whether nothing is to be waited for any more: it is quiet, or somebody knows.

        It is not quiet while batches are stored that can't be read yet: their order is not final.
        """
        quiet_s = self._clock.monotonic() - self._fetched_at_s
        is_quiet = quiet_s > self._lateness_s and is_anything_due(standing.state)
        if is_quiet and not await self._store.pending(standing.cursor):
            return True
        return await self._store.settle_wanted(standing.cursor)

    async def _step(
        self,
        standing: Resumed,
        cursor: int,
        readings: ReadingBatch,
        context: Context,
        *,
        everything: bool = False,
        received_s: float = math.inf,
    ) -> Change:
        """Take readings through one step, write what it gives, and stand there."""
        with tracing.span("rules.step", from_cursor=standing.cursor, to_cursor=cursor) as span:
            change = await self._stepped(standing, cursor, readings, context, everything, received_s)
            span.set_attribute("effects", len(change.effects))
        return change

    async def _stepped(
        self,
        standing: Resumed,
        cursor: int,
        readings: ReadingBatch,
        context: Context,
        everything: bool,
        received_s: float,
    ) -> Change:
        # Not beyond their receipt either: after an outage the clock is far ahead of a backlog, and
        # one device that is ahead of its time would make all the others late.
        now_s = _event_time(standing, readings, min(received_s, self._clock.now().timestamp()))
        with self.metrics.step_s.time():
            # In a thread: a step can take long, and health and notifications must go on.
            state, effects = await asyncio.to_thread(
                step, standing.state, readings, now_s, context, everything=everything
            )
        rows = tuple(changed_rows(standing.state, state))
        if readings:
            self._spans.note(standing.cursor, readings)
        change = Change(
            standing.cursor, cursor, state.seen_s, state.settled_s, rows, effects,
            waiting_from=self._spans.since(state.waiting), everything=everything, catalogue_id=self._catalogue_id,
            checkpoint=_kept(standing.state, state),
            from_settled_s=standing.state.settled_s,
            passes=pass_lines(
                standing.state.treated, state.treated,
                context.catalogue.gritting.parameters.treatment.passes_kept_s,
            ),
        )  # fmt: skip
        await self._store.commit(change)
        self._standing = Resumed(state, cursor)
        return change

    async def _resume(self) -> Resumed:
        """Return where the service stands, once the alarms fit what the engine remembers."""
        self._fetched_at_s = self._clock.monotonic()  # while the database was away nothing could come
        resumed = await self._store.resume()
        waiting = still_waiting(resumed.since, resumed.state.settled_s, self._lateness_s)
        resumed = replace(resumed, state=msgspec.structs.replace(resumed.state, waiting=waiting), since={})
        self._spans = WaitingSpans(resumed.waiting_from, waiting)
        cursor = resumed.cursor
        context = await self._surroundings({}, resumed.state.settled_s)
        state, gone = forget(resumed.state, context)
        over = no_longer_work(resumed.state, gone)
        effects = (*reconcile(state, resumed.open_alarms, context), *over)
        if not effects and not resumed.outdated and not gone:
            return resumed
        rows = tuple(changed_rows(EngineState(), state)) if resumed.outdated else ()
        change = Change(
            cursor, cursor, state.seen_s, state.settled_s, rows, effects,
            waiting_from=resumed.waiting_from, catalogue_id=self._catalogue_id, from_settled_s=state.settled_s,
            gone=gone,
        )  # fmt: skip
        await self._store.commit(change)
        log.info("rules: alarms and memory made to fit", effects=len(effects), rows=len(rows), gone=len(gone))
        self.metrics.count(effects)
        return Resumed(state, cursor)

    @property
    def _catalogue_id(self) -> int | None:
        return None if self._in_use is None else self._in_use.catalogue_id

    def _count(self, fetched: Fetched, change: Change) -> None:
        self.metrics.readings.inc(fetched.readings_n)
        self.metrics.batches.inc(fetched.batches)
        self.metrics.lag_s.set(self._clock.now().timestamp() - fetched.received_s)
        self.metrics.count(change.effects)

    async def _surroundings(self, readings: ReadingBatch, settled_s: float | None) -> Context:
        """Return the context, read again when it is old or a batch names an unknown device."""
        devices = {d for kind, r in readings.items() if kind not in late.WHEN_THEY_COME for d in r.device}
        now = self._clock.monotonic()
        context = self._context
        young = now - self._context_at_s < REGISTRY_AGE_S
        strangers = self._strangers if young else frozenset()
        if context is not None and young and devices <= context.devices.keys() | strangers:
            return context
        registry = await self._store.registry()
        in_use = await self._rulebook.in_use(settled_s)
        if context is None or registry != self._registry or in_use != self._in_use:
            context = await asyncio.to_thread(
                _build, registry, in_use, self._lateness_s, self._forecasts_expected
            )
            self._in_use = in_use
            self._registry = self._registry if registry == self._registry else registry
        self._context, self._context_at_s = context, now
        self._strangers = (strangers | devices) - context.devices.keys()
        return context


def _build(registry: Registry, in_use: InUse, lateness_s: float, forecasts_expected: bool) -> Context:
    zone = ZoneInfo(in_use.catalogue.gritting.parameters.time_zone)
    overrides = prepare(in_use.catalogue, in_use.overrides)
    return build_context(
        registry, in_use.catalogue, zone, overrides=overrides, lateness_s=lateness_s,
        forecasts_expected=forecasts_expected,
    )  # fmt: skip


def _kept(before: EngineState, after: EngineState) -> bytes | None:
    is_due = checkpoint.is_due(before.settled_s, after.settled_s)
    return checkpoint.packed(after) if is_due else None


def _event_time(standing: Resumed, readings: ReadingBatch, wall_s: float) -> float:
    """Return event time after the readings: the latest one, never beyond the wall clock.

    Never before the latest one seen earlier: event time does not run backwards.
    """
    latest = [float(r.ts_s[(r.quality & 2) == 0].max(initial=0.0)) for r in readings.values()]
    mark = standing.state.seen_s
    now_s = min(wall_s, max(latest, default=0.0))
    return now_s if mark is None else max(mark, now_s)
