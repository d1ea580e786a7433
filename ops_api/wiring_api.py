"""Builds and runs the web application from settings."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Generator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import structlog
import uvicorn
from psycopg_pool import AsyncConnectionPool

from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import open_pool
from cityops.errors import ConfigurationError
from cityops.settings import Settings
from ops_api.app import create_app
from ops_api.audit.spool import Spool
from ops_api.audit.store import PostgresAudit, keep_telling
from ops_api.backup.again import gone_book
from ops_api.certificates import tell_ends
from ops_api.households.gone import Remembering
from ops_api.housing.team_door import TeamDoor
from ops_api.opendata.shelf import Shelf
from ops_api.queries import Db
from ops_api.rest.places import Places
from ops_api.role_pools import residents_apart, roles_apart
from ops_api.routers.context import Context, Officers
from ops_api.web.brand import Brand
from ops_api.winter_roads import Roads
from ops_api.wiring import kinds_of
from ops_api.wiring_bin_days import bin_desk
from ops_api.wiring_cab import plan_desk
from ops_api.wiring_cases import cases_on
from ops_api.wiring_codecs import codec_desk
from ops_api.wiring_crew import crew_desk
from ops_api.wiring_fleet import fleet_desk
from ops_api.wiring_front import front_door
from ops_api.wiring_http import certificate_watched, server_config
from ops_api.wiring_identity import doors_of
from ops_api.wiring_incidents import incident_desk
from ops_api.wiring_lorawan import lorawan_door
from ops_api.wiring_ops_tools import ops_tools
from ops_api.wiring_privacy import as_login, eraser_of
from ops_api.wiring_provisioning import device_door
from ops_api.wiring_rounds import round_desk
from ops_api.wiring_sta import sensorthings, sta_pool, start_telling
from ops_api.wiring_updates import UpdatesDoor
from ops_api.wiring_winter import kept_days, terms_of
from rules.catalogue.escalations import LiveEscalations
from rules.catalogue.store import PostgresCatalogueStore
from rules.desk.store import PostgresDesk
from rules.rounds.own_process import OwnProcess as RoundsProcess
from rules.winter.fleet.own_process import OwnProcess
from rules.winter.forecaster.store import PostgresRoadForecasts
from rules.winter.orders.store import PostgresOrders
from rules.winter.scores.store import PostgresScores
from rules.winter.weather.store import PostgresForecasts

log = structlog.get_logger(__name__)

CHANNELS = ("cityops_batch", "cityops_rules", "cityops_notify")
CHECKED_S = 1.0
"""A connection that worked so short a time ago is lent without being asked."""
LAST_WORDS_S = 1.0
"""So long what waits to be written down may take at the end, before connections close."""
API_ROLE = "cityops_api"
"""What the pages' and REST's own queries run as (docs/adr/028-roles.md)."""


class _Server(uvicorn.Server):
    """A server whose caller handles the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def run_api(
    settings: Settings,
    stop: asyncio.Event,
    *,
    started: Callable[[str], None] | None = None,
    warm: bool = True,
) -> None:
    """Serve pages and REST until ``stop``; ends within 3 s of it, open streams included.

    Args:
        settings: needs ``db.dsn`` and ``api``.
        stop: set it to end.
        started: called once with the address, when requests are accepted.
        warm: whether this is the process of the pages alone: the one that plans starts at once, not with the first plan, and what is there by now stays.

    Raises:
        ConfigurationError: the address is taken, or the database is not named.
        TransientError: the database does not answer.
    """
    settings = doors_of(as_login(settings))
    pool = await open_pool(
        settings.db,
        application_name="cityops-api",
        role=API_ROLE,
        statement_s=settings.api.statement_s,
        checked_s=CHECKED_S,
    )
    planner, rounds = OwnProcess(), RoundsProcess()
    asked = await sta_pool(settings, API_ROLE)
    # Of questions alone: they hold up no plan that counts, and begin with the first.
    asks, asks_rounds = OwnProcess(), RoundsProcess()
    audit = PostgresAudit(Db(pool), Spool(settings.data_dir))
    tasks: list[asyncio.Task[None] | None] = [
        asyncio.create_task(keep_telling(audit), name="audit-telling"),
        asyncio.create_task(audit.failures.keep_telling(), name="audit-failures"),
    ]
    if warm and settings.winter.password is not None:
        planner.start()  # only who has it has plans made here
    apart = contextlib.AsyncExitStack()
    try:
        await apart.enter_async_context(roles_apart(settings, pool))
        residents = await apart.enter_async_context(residents_apart(settings, pool))
        dsn = settings.db.dsn

        def hints() -> AsyncIterator[str]:
            return listen(dsn, *CHANNELS)

        book = gone_book(settings)
        desk, incidents = round_desk(settings, pool, rounds), incident_desk(settings, pool)
        officers = _officers(settings, pool, planner)
        assert officers.plans is not None
        codecs = codec_desk(settings, pool)
        apart.callback(codecs.close)
        things = sensorthings(settings, asked, asked if residents is pool else residents, kinds_of(settings))
        app = create_app(
            pool,
            desk=PostgresDesk(pool, LiveEscalations(PostgresCatalogueStore(pool), SystemClock())),
            residents=residents,
            eraser=Remembering(eraser_of(settings, pool), book),
            gone=book,
            hints=hints,
            brand=_brand(settings),
            kinds=kinds_of(settings),
            case_book=cases_on(settings),
            map_min_count=settings.housing.map_min_count,
            team=_team(settings),
            forecasts=PostgresForecasts(pool),
            officers=officers,
            bin_desk=bin_desk(settings, pool, desk),
            crew=crew_desk(settings, pool, desk),
            round_desk=desk,
            incidents=incidents,
            keep_s=settings.api.keep_s,
            export_places=Places(settings.open.exports_at_once, settings.open.exports_per_day),
            things=things,
            updates=UpdatesDoor(pool, kinds_of(settings).keys()),
            fleet=fleet_desk(pool, kinds_of(settings)),
            lorawan=lorawan_door(pool),
            codecs=codecs,
            tools=ops_tools(settings, pool, officers.plans, desk, asks, asks_rounds, incidents.door),
            shelf=Shelf(settings.open.licence, settings.open.contact),
            answer_s=settings.api.request_s,
            devices=device_door(settings, pool),
            front=replace(front_door(settings, pool), audit=audit),
        )
        tasks.append(start_telling(settings, things.reading, API_ROLE))
        tell_ends(app.state.context.metrics.registry, settings.api.certificates)
        if warm:
            _keep_what_stays()
        config = server_config(app, settings.api)
        with certificate_watched(config.ssl, settings.api, app.state.context.metrics.registry):
            await _serve(app.state.context, config, stop, started)
    finally:
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.wait([task for task in tasks if task is not None], timeout=LAST_WORDS_S)
        for process in (planner, rounds, asks, asks_rounds):
            process.close()
        await apart.aclose()
        await pool.close()
        await asked.close()


def _keep_what_stays() -> None:
    """Leave out of each look for cycles what stays until the end: a quarter of a large answer's time went into finding none there."""
    gc.collect()
    gc.freeze()


def _team(settings: Settings) -> TeamDoor | None:
    password = settings.housing.password
    return None if password is None else TeamDoor(password.get_secret_value())


def _officers(settings: Settings, pool: AsyncConnectionPool[Any], planner: OwnProcess) -> Officers:
    password, desk = settings.winter.password, PostgresOrders(pool, terms_of(settings))
    door = None if password is None else TeamDoor(password.get_secret_value(), "winter")
    roads, plans = Roads(PostgresRoadForecasts(pool)), plan_desk(settings, pool, desk, planner)
    scores = PostgresScores(pool, desk, kept_days(settings), ZoneInfo(settings.api.time_zone))
    return Officers(desk, door, scores, roads, plans)


def _brand(settings: Settings) -> Brand:
    api = settings.api
    return Brand(council=api.council, time_zone=ZoneInfo(api.time_zone), sample_home=api.sample_home)


async def _serve(
    context: Context,
    config: uvicorn.Config,
    stop: asyncio.Event,
    started: Callable[[str], None] | None,
) -> None:
    server = _Server(config)
    serving = asyncio.create_task(_answering_exit(server, config), name="api-server")
    watching = asyncio.create_task(_announce(server, config, started), name="api-started")
    stopping = asyncio.create_task(stop.wait(), name="api-stop")
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        context.hub.close()
        context.feed.close()
        if context.readings is not None:
            context.readings.close()
        server.should_exit = True
        await serving
    finally:
        for task in (serving, watching, stopping):
            task.cancel()


async def _answering_exit(server: uvicorn.Server, config: uvicorn.Config) -> None:
    try:
        await server.serve()
    except SystemExit as e:  # uvicorn's answer to an address it can't have
        raise ConfigurationError(
            f"api: can't listen on {config.host}:{config.port}; is it taken? "
            "Set CITYOPS_API__PORT to a free port, or 0 for any."
        ) from e


async def _announce(
    server: uvicorn.Server, config: uvicorn.Config, started: Callable[[str], None] | None
) -> None:
    while not server.started:  # noqa: ASYNC110  # uvicorn has a flag only, no event
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"{'http' if config.ssl is None else 'https'}://{config.host}:{port}"
    log.info("api listening", address=address)
    if started is not None:
        started(address)
