"""Builds and runs the rules service, and beside it the alarm desk, the reopener and a shadow, from settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import open_pool
from cityops.runtime.health import HealthServer
from cityops.settings import Settings
from devices.registry import Registry
from ops_api.wiring import kinds_of
from ops_api.wiring_bins_ledger import statement_keeper
from ops_api.wiring_closing import automatic_plans
from ops_api.wiring_damp import damp_analyst
from ops_api.wiring_forecaster import road_forecaster
from ops_api.wiring_incidents import incident_service
from ops_api.wiring_shadow import beside_the_rules
from ops_api.wiring_winter import record_keeper, unanswered
from rules.catalogue.escalations import LiveEscalations
from rules.catalogue.loader import load
from rules.catalogue.ports import CatalogueStore
from rules.catalogue.rulebook import StoredRulebook, readable
from rules.catalogue.store import PostgresCatalogueStore
from rules.catalogue.watches import LiveWatch
from rules.core.context import Context, build_context
from rules.core.overrides import Override, prepare
from rules.core.parameters import Catalogue
from rules.damp.metrics import DampMetrics
from rules.desk.metrics import DeskMetrics
from rules.desk.service import DeskService
from rules.desk.store import PostgresDesk
from rules.desk.telling import Teller
from rules.notify.people_store import PostgresPeople
from rules.reopen.metrics import ReopenMetrics
from rules.reopen.service import Reopener
from rules.reopen.store import PostgresLateWindows
from rules.replay.reader import PostgresReadings
from rules.service import RulesService
from rules.store import PostgresRuleStore
from rules.waker import HintWaker
from rules.watch.service import WatchMetrics, WatchService
from rules.watch.store import PostgresWatch
from rules.winter.forecaster.metrics import ForecasterMetrics

CHANNEL = "cityops_batch"
DESK_CHANNEL = "cityops_rules"

Run = Callable[[asyncio.Event], Awaitable[None]]


async def run_rules(settings: Settings, stop: asyncio.Event) -> None:
    """Evaluate readings and look after alarms until ``stop``; what is under way is finished first.

    Args:
        settings: the groups ``db`` and ``rules`` are used.
        stop: set to end.

    Raises:
        ConfigurationError: no database is set, or a rule's file is wrong.
        TransientError: the database does not answer at the start.
    """
    pool = await open_pool(settings.db, application_name="cityops-rules")
    try:
        catalogues = PostgresCatalogueStore(pool)
        rulebook = StoredRulebook(catalogues)
        catalogue = await rulebook.start()
        waker, desk_waker = HintWaker(), HintWaker()
        engine = RulesService(
            PostgresRuleStore(pool),
            waker,
            SystemClock(),
            catalogue,
            poll_s=settings.rules.poll_s,
            batch_limit=settings.rules.batch_limit,
            lateness_s=settings.rules.lateness_s,
            rulebook=rulebook,
            forecasts_expected=settings.rules.road_forecast,
        )
        desk = _desk(pool, desk_waker, catalogues, DeskMetrics(engine.metrics.registry))
        reopener = _reopener(settings, pool, catalogues, ReopenMetrics(engine.metrics.registry))
        damp = damp_analyst(pool, catalogues, DampMetrics(engine.metrics.registry))
        roads = road_forecaster(pool, catalogues, ForecasterMetrics(engine.metrics.registry), settings.rules)
        clock = SystemClock()
        watch = WatchService(
            PostgresWatch(pool),
            clock,
            LiveWatch(catalogues, clock),
            metrics=WatchMetrics(engine.metrics.registry),
        )
        async with automatic_plans(settings, pool) as plans, asyncio.TaskGroup() as group:
            hints = [
                group.create_task(waker.feed(listen(settings.db.dsn, CHANNEL)), name="rules-listen"),
                group.create_task(desk_waker.feed(listen(settings.db.dsn, DESK_CHANNEL)), name="desk-listen"),
            ]
            if settings.rules.health_port:
                health = HealthServer(
                    settings.rules.health_port,
                    lambda: engine.ready() | desk.ready() | watch.ready(),
                    engine.metrics.registry,
                    settings.health_host,
                )
                group.create_task(health.run(stop), name="rules-health")
            # Before the engine's first step: after an outage it finds silent all that have not come back yet.
            await watch.look()
            shadow = beside_the_rules(settings, engine.metrics.registry, waker)
            orders = unanswered(pool, catalogues, engine.metrics.registry)
            records = record_keeper(settings, pool, engine.metrics.registry)
            statements = statement_keeper(settings, pool, catalogues, engine.metrics.registry)
            incidents = incident_service(pool, catalogues, engine.metrics.registry)
            runs = [
                engine.run, desk.run, reopener.run, watch.run, shadow, damp.run, orders.run, records.run,
                statements.run, incidents.run,
            ]  # fmt: skip
            if settings.rules.road_forecast:
                runs.append(roads.run)
            runs += plans
            await _until_all_end(stop, *runs)
            for task in hints:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
    finally:
        await pool.close()


async def _until_all_end(stop: asyncio.Event, *runs: Run) -> None:
    async with asyncio.TaskGroup() as group:
        for run in runs:
            group.create_task(_as_coroutine(run, stop))


async def _as_coroutine(run: Run, stop: asyncio.Event) -> None:
    await run(stop)


def _desk(
    pool: AsyncConnectionPool[Any], waker: HintWaker, catalogues: CatalogueStore, metrics: DeskMetrics
) -> DeskService:
    clock = SystemClock()
    escalations = LiveEscalations(catalogues, clock)
    store = PostgresDesk(pool, escalations)

    async def town_now() -> float:
        return await store.town_now_s(clock.now().timestamp())

    teller = Teller(PostgresPeople(pool), clock)
    return DeskService(store, waker, clock, town_now, escalations, prepare=teller, metrics=metrics)


def _reopener(
    settings: Settings, pool: AsyncConnectionPool[Any], catalogues: CatalogueStore, metrics: ReopenMetrics
) -> Reopener:
    store = PostgresRuleStore(pool)

    async def surroundings() -> tuple[int | None, Context]:
        live, overrides = await catalogues.live(), await catalogues.overrides()
        catalogue = load() if live is None else readable(live)
        registry = await store.registry()
        taken = [o.override for o in overrides if o.is_taken]
        ctx = await asyncio.to_thread(_context, registry, catalogue, taken, settings.rules.road_forecast)
        return None if live is None else live.catalogue_id, ctx

    source = PostgresReadings(settings.db.dsn, tuple(kinds_of(settings)))
    return Reopener(PostgresLateWindows(pool), source, surroundings, SystemClock(), metrics=metrics)


def _context(registry: Registry, catalogue: Catalogue, overrides: list[Override], expected: bool) -> Context:
    zone = ZoneInfo(catalogue.gritting.parameters.time_zone)
    taken = prepare(catalogue, overrides)
    return build_context(registry, catalogue, zone, overrides=taken, forecasts_expected=expected)
