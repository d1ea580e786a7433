"""The reopener: takes the windows of late readings that have rested, judges their time again, writes marks.

It runs beside the engine and takes nothing from it: it reads in transactions of their own, plays
in a thread that pauses as long as it works, and writes in one short transaction at the end. A
window is open until then, so killed at any moment it begins again and loses nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, replace

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from rules.core.checkpoint import unpacked
from rules.core.context import Context
from rules.core.memory import EngineState
from rules.core.reopen import Again, LateWindow, concerned, horizon_s, is_final, judge_again
from rules.core.replayed import Replayed
from rules.core.would_differ import Findings, find, from_then_on
from rules.reopen.metrics import ReopenMetrics
from rules.reopen.ports import Asked, Due, Judged, LateWindows, Past, State, Surroundings, Verdict
from rules.replay.ports import ReadingSource
from rules.replay.runner import Beginning, go_on, widths_m

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
RESTED_S = 60.0
POLL_S = 10.0
BEYOND_S = 3600.0
"""Played so far beyond the span: its last decision falls with the reading that passes its time [s]."""
NEXT_S = 1e-6
"""Times are stored to the microsecond."""
NOTHING = Findings((), frozenset(), ())


class _StoppedError(Exception):
    """The service ends; what was played is thrown away."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look: what to judge, and by what."""

    again: Again
    settled_s: float
    catalogue_id: int | None
    ctx: Context

    def verdict(self, window: LateWindow, found: Findings) -> Verdict:
        final = is_final(window, self.settled_s, horizon_s(self.ctx))
        differs = window.window_id in found.differing
        state: State = "open" if not final else "differs" if differs else "same"
        marked = sum(
            1 for m in found.marks if m.would_differ and window.window_id in m.would_differ["windows"]
        )
        missed = [
            {"rule_id": d.rule_id, "subject_kind": d.subject_kind, "at_s": d.at_s} for d in found.missed
        ]
        times = {"from_s": self.again.from_s, "to_s": self.again.to_s}
        return Verdict(window, state, {**times, "marked": marked, "never_raised": missed if differs else []})


class Reopener:
    """Judges windows again until asked to stop.

    Args:
        store: windows, checkpoints, and what was decided.
        source: stored readings.
        surroundings: the live catalogue, with what is installed and the overrides.
        clock: tells when a mark was found.
        rested_s: a window is taken when nothing was added to it for so long.
        poll_s: seconds between looks.
        metrics: counters to use.
    """

    def __init__(
        self,
        store: LateWindows,
        source: ReadingSource,
        surroundings: Surroundings,
        clock: Clock,
        *,
        rested_s: float = RESTED_S,
        poll_s: float = POLL_S,
        metrics: ReopenMetrics | None = None,
    ) -> None:
        self._store, self._source, self._surroundings, self._clock = store, source, surroundings, clock
        self._rested_s, self._poll_s = rested_s, poll_s
        self.metrics = ReopenMetrics() if metrics is None else metrics
        self._after_s = 0.0
        self._stopping = False
        self._worked_from_s = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; what is being played then is given up."""
        failures, rng = 0, random.Random()
        ends = asyncio.create_task(self._end_with(stop))
        try:
            while not stop.is_set():
                try:
                    took, failures = await self.turn(), 0
                except TransientError as error:
                    delay_s, failures = RETRY.delay(failures, rng), failures + 1
                    log.warning("late readings: trying again", error=str(error), retry_s=delay_s)
                    await sleep_until_stop(stop, delay_s)
                    continue
                except _StoppedError:
                    return
                except Exception as error:  # whatever is wrong with a look back, the engine goes on
                    delay_s, failures = RETRY.delay(failures, rng), failures + 1
                    log.exception("late readings: can't be judged", error=str(error), retry_s=delay_s)
                    await sleep_until_stop(stop, delay_s)
                    continue
                await sleep_until_stop(stop, 0.0 if took else self._poll_s)
        finally:
            ends.cancel()

    async def turn(self) -> bool:
        """Judge the oldest windows that have rested again; return whether there were any.

        Raises:
            TransientError: nothing was written, or everything; try again.
        """
        due = await self._store.due(self._rested_s)
        if due.settled_s is None or judge_again(due.windows, due.settled_s, self._after_s) is None:
            return False
        look = await self._look(due, due.settled_s)
        if look is None:
            return False
        found = NOTHING
        if look.again.windows:
            judged = await self._judged(look)
            if judged is None:  # nothing is known of the time before the oldest window
                oldest = look.again.windows[:1]
                again = replace(look.again, windows=(), too_late=(*look.again.too_late, *oldest))
                look = replace(look, again=again)
            else:
                found = judged
        await self._close(look, found)
        return True

    async def _look(self, due: Due, settled_s: float) -> _Look | None:
        catalogue_id, ctx = await self._surroundings()
        self._after_s = horizon_s(ctx)
        again = judge_again(due.windows, settled_s, self._after_s)
        return None if again is None else _Look(again, settled_s, catalogue_id, replace(ctx, lateness_s=0.0))

    async def _judged(self, look: _Look) -> Findings | None:
        """Return what would differ; None where no checkpoint is old enough."""
        about = concerned(look.ctx, look.again.windows)
        if not about:
            return NOTHING
        kept = await self._store.checkpoint(look.again.from_s)
        state = None if kept is None else await asyncio.to_thread(unpacked, kept.data, kept.settled_s)
        if kept is None or state is None:
            return None
        again, widths = look.again, widths_m(look.ctx)
        asked = Asked(kept.settled_s, again.from_s, again.to_s, look.catalogue_id, widths)
        past = await self._store.past(asked)
        replayed = await asyncio.to_thread(self._play, look, state, kept.settled_s, past)
        stored, standing = from_then_on(past.stored, past.standing, past.other_s)
        return find(stored, standing, replayed, about, self._clock.now().timestamp(), past.other_s)

    async def _close(self, look: _Look, found: Findings) -> None:
        late = (Verdict(w, "too_late", {}) for w in look.again.too_late)
        verdicts = (*late, *(look.verdict(w, found) for w in look.again.windows))
        marks = await self._store.close(Judged(verdicts, found.marks, look.settled_s))
        self.metrics.marks.inc(marks)
        for verdict in verdicts:
            self.metrics.windows.labels(verdict.state).inc()
        log.info(
            "late readings: looked again",
            windows=len(verdicts),
            too_late=len(look.again.too_late),
            marks=marks,
            never_raised=len(found.missed),
        )

    def _play(self, look: _Look, state: EngineState, begin_s: float, past: Past) -> Replayed:
        """Run the engine over the readings now stored. In a thread."""
        again = look.again
        end_s = min(look.settled_s, again.to_s + BEYOND_S) + NEXT_S
        self._worked_from_s = time.monotonic()
        beginning = Beginning(state, begin_s + NEXT_S, past.up)
        return go_on(
            self._source, look.ctx, beginning, again.from_s, end_s, self._breathe, until_s=again.to_s
        )

    def _breathe(self, at_s: float, readings: int) -> None:
        """Leave the processor to the engine for as long as it was used here."""
        if self._stopping:
            raise _StoppedError
        time.sleep(min(1.0, time.monotonic() - self._worked_from_s))
        self._worked_from_s = time.monotonic()

    async def _end_with(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
