"""Composition of weather forecasts for commands, the API's gauge and the simulated town."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from cityops.clock import SystemClock
from cityops.db.pool import connect, open_pool
from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from cityops.settings import Settings
from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.forecast import TownForecaster
from ops_api.cli_db import database
from ops_api.queries import Db, OneConnection
from ops_api.queries.town import town_now
from ops_api.town_forecasts import TownForecasts
from rules.winter.weather.inbox import Inbox
from rules.winter.weather.ports import WeatherForecasts
from rules.winter.weather.store import PostgresForecasts

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ForecastDoor:
    """Forecasts for a command, and the zone in which it says times."""

    store: WeatherForecasts
    zone: ZoneInfo


@asynccontextmanager
async def forecasts_of(settings: Settings) -> AsyncIterator[ForecastDoor]:
    """Lend what commands need, on the settings' database (or the embedded one that runs).

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-forecast"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        yield ForecastDoor(PostgresForecasts(OneConnection(conn)), ZoneInfo(settings.api.time_zone))


@asynccontextmanager
async def reading(settings: Settings) -> AsyncIterator[tuple[Db, datetime]]:
    """Lend what the API reads by, and the town's time, to a command.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    name = "cityops-forecast"
    async with await connect(database(settings), application_name=name, autocommit=False) as conn:
        db = Db(OneConnection(conn))
        yield db, await town_now(db, SystemClock().now())


@asynccontextmanager
async def watching(settings: Settings) -> AsyncIterator[WeatherForecasts]:
    """Lend the store for long: its connections are made anew where the database comes back.

    Raises:
        ConfigurationError: without a database.
        TransientError: it does not answer.
    """
    there = settings.db.model_copy(update={"dsn": database(settings), "pool_max": 1, "pool_min": 1})
    pool = await open_pool(there, application_name="cityops-forecast")
    try:
        yield PostgresForecasts(pool)
    finally:
        await pool.close()


async def follow(inbox: Inbox, stop: asyncio.Event, every_s: float) -> None:
    """Take what is put into a folder until ``stop``; a database that does not answer is asked again.

    Raises:
        ConfigurationError: the folder is not there.
    """
    while True:
        try:
            for taken in await inbox.look():
                if taken.wrong:
                    log.warning("forecast file refused", file=str(taken.path), why=taken.wrong)
                else:
                    new = sum(a.is_new for a in taken.added)
                    log.info("forecast file taken", file=str(taken.path), forecasts=len(taken.added), new=new)
        except TransientError as error:
            log.warning("forecasts wait", why=str(error))
        if await sleep_until_stop(stop, every_s):
            return


@asynccontextmanager
async def town_forecasts(
    settings: Settings, dsn: str, registry: Registry, start: datetime
) -> AsyncIterator[TownForecasts]:
    """Lend the simulated town's weather service on a database; what is issued by the start is in.

    Raises:
        TransientError: the database does not answer.
    """
    forecaster = town_forecaster(settings, registry, start.timestamp())
    async with await connect(dsn, application_name="cityops town forecasts", autocommit=False) as conn:
        service = TownForecasts.from_start(
            forecaster, PostgresForecasts(OneConnection(conn)), start.timestamp()
        )
        await service.up_to(start.timestamp())
        yield service


def town_forecaster(settings: Settings, registry: Registry, start_s: float) -> TownForecaster:
    """Return what forecasts the weather of the settings' simulated town."""
    heights = sorted(s.altitude_m for s in registry.segments)
    middle = heights[len(heights) // 2] if heights else 0.0
    return TownForecaster(
        load_scenario(settings.sim.scenario), settings.sim.seed, start_s, registry.name, middle
    )
