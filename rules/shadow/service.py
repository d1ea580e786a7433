"""The shadow: another catalogue's engine beside the live one, over the same batches, in tables of its own.

It must never be in the live engine's way: it takes no hint, so that the live engine has a batch first; it works
at most half of the time; and whatever fails is its own failure, which is logged, kept and ends in a pause.
"""

from __future__ import annotations

import asyncio
import random
import traceback
from collections.abc import Callable
from pathlib import Path

import structlog

from cityops.clock import Clock
from cityops.errors import ConfigurationError, TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from rules.catalogue.ports import CatalogueStore
from rules.ports import CursorMovedError
from rules.service import RulesService
from rules.shadow.metrics import ShadowMetrics
from rules.shadow.ports import Chosen, ShadowChoice, ShadowGoneError, ShadowTables
from rules.shadow.rulebook import rulebook_of
from rules.waker import HintWaker

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
POLL_S = 2.0
BATCH_LIMIT = 50
"""Batches in one step at most: a step holds the interpreter, which the live engine needs too."""
REST_S = 0.05


class ShadowService:
    """Runs the catalogue that is in shadow, as long as one is, until asked to stop.

    Args:
        choice: tells which catalogue is in shadow.
        tables: the shadow's own.
        catalogues: where stored catalogues and overrides are.
        clock: wall clock.
        lateness_s: as of the live engine.
        poll_s: seconds between looks when there is nothing to do.
        metrics: gauges to use.
        hint: called when the shadow has written: batches that came meanwhile can be read only now.
        forecasts_expected: as of the live engine.
    """

    def __init__(
        self,
        choice: ShadowChoice,
        tables: ShadowTables,
        catalogues: CatalogueStore,
        clock: Clock,
        *,
        lateness_s: float = 0.0,
        poll_s: float = POLL_S,
        metrics: ShadowMetrics | None = None,
        hint: Callable[[], None] = lambda: None,
        forecasts_expected: bool = False,
    ) -> None:
        self._choice, self._tables, self._catalogues, self._clock = choice, tables, catalogues, clock
        self._lateness_s, self._poll_s = lateness_s, poll_s
        self._forecasts_expected = forecasts_expected
        self.metrics = ShadowMetrics() if metrics is None else metrics
        self._hint = hint
        self._chosen: Chosen | None = None
        self._engine: RulesService | None = None
        self._is_cleared = False

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; the turn under way is finished first."""
        structlog.contextvars.bind_contextvars(shadow=True)
        failures, rng = 0, random.Random()
        while not stop.is_set():
            try:
                wait_s, failures = await self.turn(), 0
            except Exception as error:  # whatever is wrong with the shadow, the live engine goes on
                self._engine = None
                wait_s, failures = RETRY.delay(failures, rng), failures + 1
                how = None if isinstance(error, TransientError) else error
                log.warning("shadow: trying again", error=str(error), retry_s=wait_s, exc_info=how)
            await sleep_until_stop(stop, wait_s)

    async def turn(self) -> float:
        """Look whether a catalogue is in shadow and take the next batches through it; return the seconds to rest.

        Where it fails it is paused, and that is kept with the reason.

        Raises:
            TransientError: nothing is lost; try again.
            CityopsError: it failed, and that could not be kept.
        """
        try:
            return await self._turn()
        except TransientError:
            raise
        except (ShadowGoneError, CursorMovedError) as error:
            log.info("shadow: beginning again", reason=str(error))
            self._engine = None
            return REST_S
        except Exception as error:
            await self._pause(error)
            return self._poll_s

    async def _turn(self) -> float:
        chosen = await self._choice.chosen()
        if chosen is None:
            await self._end()
            return self._poll_s
        if self._engine is None or self._chosen is None or self._chosen.start_id != chosen.start_id:
            self._chosen, self._is_cleared = chosen, False
            self._engine = await self._take_up(chosen)
        self.metrics.tell(runs=self._engine is not None, is_paused=self._engine is None)
        if self._engine is None:
            return self._poll_s
        began_s = self._clock.monotonic()
        try:
            took = await self._engine.turn()
        finally:
            self._hint()
        return max(REST_S, self._clock.monotonic() - began_s) if took else self._poll_s

    async def _take_up(self, chosen: Chosen) -> RulesService | None:
        """Return the engine of a shadow; None where it is paused."""
        standing = await self._tables.begin(chosen.start_id)
        self._hint()
        if standing.error is not None:
            return None
        rulebook, catalogue = await rulebook_of(self._catalogues, chosen.catalogue_id)
        log.info("shadow: running", catalogue=chosen.catalogue_id, label=chosen.label, by=chosen.by)
        return RulesService(
            self._tables.rules(chosen.start_id),
            HintWaker(),
            self._clock,
            catalogue,
            batch_limit=BATCH_LIMIT,
            lateness_s=self._lateness_s,
            rulebook=rulebook,
            forecasts_expected=self._forecasts_expected,
        )

    async def _end(self) -> None:
        """Drop what an ended shadow has left."""
        if not self._is_cleared:
            await self._tables.clear()
            self._hint()
            if self._engine is not None:
                log.info("shadow: ended")
        self._chosen, self._engine, self._is_cleared = None, None, True
        self.metrics.tell(runs=False, is_paused=False)

    async def _pause(self, error: Exception) -> None:
        """Keep why it does not go on, until it is started again."""
        self._engine = None
        self.metrics.tell(runs=False, is_paused=True)
        if self._chosen is None or not await self._tables.pause(self._chosen.start_id, reason_of(error)):
            raise error
        log.error("shadow: paused", error=str(error), exc_info=error)


def reason_of(error: Exception) -> str:
    """Return why, for people: of our own errors the words, else where it was, as the words may hold a home's code."""
    if isinstance(error, ConfigurationError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}; the log of the rules service has the rest"
