"""The forecaster's service: every half hour of event time an issue, from what is stored then.

It runs beside the engine, which takes each issue as an input like any reading. It remembers nothing: an issue is made of
the readings of the last two days, the weather forecast, the thermal map and whose sensor was wrong, all
of which are in the database. Killed at any moment it makes the one that is due again; two of them at once write one.
"""

from __future__ import annotations

import asyncio

import structlog

from cityops.clock import Clock
from cityops.errors import TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.looking import keep_looking
from rules.core.context import Context
from rules.core.road_now.issue import Issue, issue, seed_of
from rules.core.road_now.looked import Given
from rules.core.road_now.parameters import SHIPPED, NowParameters
from rules.core.road_now.stretches import Stretches
from rules.core.road_now.weather import NothingKnownError
from rules.winter.forecaster.gathering import SHIPPED_CHOICE, WeatherChoice, chosen, observed, town_of
from rules.winter.forecaster.metrics import ForecasterMetrics
from rules.winter.forecaster.ports import Installed, Progress, RoadForecasts, Surroundings
from rules.winter.weather.ports import WeatherForecasts

log = structlog.get_logger(__name__)

RETRY = Backoff(first_s=1.0, cap_s=60.0)
EVERY_S = 1800.0
POLL_S = 2.0
KEPT_S = 30 * 86_400.0
"""Issues go after so long: decisions keep what they saw of theirs."""
HOUR_S = 3600.0


class RoadForecaster:
    """Makes road forecasts until asked to stop.

    Args:
        store: readings, and the forecasts made of them.
        weather: forecasts of the weather.
        surroundings: what is installed, and the live catalogue.
        clock: for the time that an issue takes.
        every_s: between two issues, of event time [s]; they are issued at its multiples.
        poll_s: between looks [s].
        kept_s: age of issues that are deleted [s].
        p: settings.
        metrics: counters to use.
    """

    def __init__(
        self,
        store: RoadForecasts,
        weather: WeatherForecasts,
        surroundings: Surroundings,
        clock: Clock,
        *,
        every_s: float = EVERY_S,
        poll_s: float = POLL_S,
        kept_s: float = KEPT_S,
        p: NowParameters = SHIPPED,
        choice: WeatherChoice = SHIPPED_CHOICE,
        metrics: ForecasterMetrics | None = None,
    ) -> None:
        self._store, self._weather, self._surroundings, self._clock = store, weather, surroundings, clock
        self._every_s, self._poll_s, self._kept_s, self._p = every_s, poll_s, kept_s, p
        self.metrics = ForecasterMetrics() if metrics is None else metrics
        self._choice = choice
        self._tried_s: float | None = None
        self._town: tuple[Context, Stretches] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; the issue at work is finished first."""
        await keep_looking(
            self.turn, stop, log, "road forecast", every_s=self._poll_s, retry=RETRY, failed=self._count
        )

    def _count(self, error: Exception) -> None:
        if not isinstance(error, TransientError):
            self.metrics.failed.inc()

    async def turn(self) -> int | None:
        """Make the issue that is due; return its number, None where none is.

        Raises:
            TransientError: the database does not answer; it is still due.
        """
        progress = await self._store.progress()
        if progress.event_s is None:
            return None
        if progress.issued_s is not None:
            self.metrics.age_s.set(progress.event_s - progress.issued_s)
        at_s = progress.event_s // self._every_s * self._every_s
        if (progress.issued_s is not None and at_s <= progress.issued_s) or at_s == self._tried_s:
            return None
        installed = await self._surroundings()
        self._tried_s = at_s
        if not installed.ctx.graph.segments:
            return None
        try:
            made = await self._make(at_s, progress, installed)
        except NothingKnownError as error:
            log.info("road forecast: none can be made", at_s=at_s, reason=str(error))
            return None
        except TransientError:
            self._tried_s = None
            raise
        return await self._publish(made)

    async def _make(self, at_s: float, progress: Progress, installed: Installed) -> Issue:
        town = await self._town_of(installed)
        if len(town) == 0:
            raise NothingKnownError("no road is near a weather station or a road sensor: see their positions")
        rows = await self._store.measured(at_s - self._p.past_h * HOUR_S, at_s)
        given = Given(
            at_s=at_s,
            town=town,
            observed=await asyncio.to_thread(observed, rows, town, installed.ctx),
            mapped=await self._store.mapped(town.ids),
            learnt_s=at_s - self._every_s if progress.issued_s is None else progress.issued_s,
            doubted=progress.wrong,
            forecast=chosen(await self._weather.newest(at_s), town, at_s, self._choice),
            p=self._p,
            seed=seed_of(at_s),
        )
        with self.metrics.seconds.time():
            # In a thread: a county takes seconds, and the engine must go on.
            return await asyncio.to_thread(issue, given)

    async def _town_of(self, installed: Installed) -> Stretches:
        if self._town is None or self._town[0] is not installed.ctx:
            self._town = installed.ctx, await asyncio.to_thread(town_of, installed)
        return self._town[1]

    async def _publish(self, made: Issue) -> int | None:
        f = made.forecast
        try:
            number = await self._store.publish(f, made.mapped)
        except TransientError:
            self._tried_s = None
            raise
        if number is None:
            return None
        self.metrics.issues.labels(f.weather.kind).inc()
        self.metrics.wrong.set(len(f.wrong))
        self.metrics.age_s.set(0.0)
        log.info(
            "road forecast: issued",
            forecast_id=number,
            issued_s=f.issued_s,
            segments=len(f.ids),
            weather=f.weather.kind,
            wrong=[s.device for s in f.wrong],
        )
        await self._store.forget(f.issued_s - self._kept_s)
        return number
