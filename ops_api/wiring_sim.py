"""Composition of the simulated town: registry, world, fleet and crews."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import structlog

from cityops.db.pool import connect
from cityops.errors import ConfigurationError, TransientError
from cityops.runtime.stop import Stop, sleep_until_stop
from cityops.settings import MqttSettings, Settings
from devices.registry import Registry
from firmware_sim.crew_voice import say_acts
from firmware_sim.fleet import FleetStatistics
from firmware_sim.fleet_updates import UpdatePlan
from firmware_sim.frog_page import FrogPagePlan
from firmware_sim.scenario import TOWN_ZONE, latest_start, load_scenario
from firmware_sim.service import Simulation, SimulationPlan, brokers
from firmware_sim.world.script import Scenario
from firmware_sim.world.town import TownSizes, generate_town
from ingest.registry_store import store_registry
from ops_api.bin_crews import BinCrews
from ops_api.crews import Crews
from ops_api.crews_book import CrewsBook
from ops_api.lab_link import LabLink
from ops_api.officer import SimulatedOfficer
from ops_api.queries import Db, OneConnection
from ops_api.wiring import kinds_of
from ops_api.wiring_forecasts import town_forecasts
from rules.catalogue.loader import load
from rules.collection_acts.store import PostgresActs
from rules.core.context import Context, build_context
from rules.core.network.network import Network
from rules.core.routing import Drive
from rules.rounds.store import PostgresRounds
from rules.winter.orders.store import PostgresOrders

log = structlog.get_logger(__name__)

INSTALLED_BEFORE = timedelta(days=7)
"""Devices are in place for a week when a scenario starts."""

REPORT_EVERY_S = 30.0
LAB_AGAIN_S = 5.0


def town_of(settings: Settings, start: datetime | None = None) -> Registry:
    """Return the registry of the settings' simulated town.

    Raises:
        ConfigurationError: a size that no town can have.
    """
    sim = settings.sim
    sizes: Mapping[str, int] = {
        "homes": sim.homes,
        "road_sensors": sim.road_sensors,
        "weather_stations": sim.weather_stations,
        "bins": sim.bins,
        "gritters": sim.gritters,
        "lorries": sim.lorries,
    }
    scenario = load_scenario(sim.scenario)
    installed_at = (start or datetime.now(UTC)) - INSTALLED_BEFORE
    try:
        return generate_town(
            sim.seed, TownSizes(**sizes), installed_at, damp_homes_share=scenario.damp_homes_share
        )
    except ValueError as e:
        raise ConfigurationError(f"sim: {e}") from e


def start_of(scenario: Scenario, speed: float, now: datetime) -> datetime:
    """Return the simulated start: now in real time, else the last time the scenario fitted in."""
    return now if speed <= 1 else latest_start(scenario, now)


def plan_of(
    settings: Settings,
    registry: Registry,
    start: datetime,
    *,
    mqtt: MqttSettings | None = None,
    credentials: Mapping[str, str] | None = None,
    end: datetime | None = None,
    frog_page: FrogPagePlan | None = None,
    elsewhere: frozenset[str] = frozenset(),
    updates: UpdatePlan | None = None,
) -> SimulationPlan:
    """Return the plan of a simulation with these settings.

    Args:
        settings: scenario, seed, speed, data directory, broker.
        registry: the town.
        start: simulated start.
        mqtt: where devices connect, where not the settings' broker.
        credentials: password by device; without, all use the broker's user.
        end: simulated end; None goes on live.
        frog_page: which frog serves its own page.
        elsewhere: devices whose readings go another way.
        updates: which devices take updates over the air.
    """
    return SimulationPlan(
        registry=registry,
        scenario=load_scenario(settings.sim.scenario),
        broker_of=brokers(mqtt or settings.mqtt, credentials),
        outbox=settings.data_dir / "devices",
        start=start,
        end=end,
        seed=settings.sim.seed,
        speed=settings.sim.speed,
        kinds=kinds_of(settings),
        frog_page=frog_page,
        elsewhere=elsewhere,
        updates=updates,
    )


async def run_town(settings: Settings, stop: Stop) -> None:
    """Play the settings' scenario with a town until ``stop``.

    Where a database is set, the town is registered there and its crews do what is decided.
    """
    start = start_of(load_scenario(settings.sim.scenario), settings.sim.speed, datetime.now(UTC))
    registry = town_of(settings, start)
    simulation = Simulation(plan_of(settings, registry, start))
    if settings.db.dsn:
        await _register(settings, registry)
    await asyncio.to_thread(simulation.start)
    try:
        async with asyncio.TaskGroup() as group:
            if settings.db.dsn:
                group.create_task(_crews(settings, registry, simulation, stop.event), name="crews")
                group.create_task(_weather(settings, registry, start, simulation, stop.event), name="weather")
                group.create_task(follow_lab(settings, simulation, stop.event), name="laboratory")
            group.create_task(_report(simulation, stop.event), name="town-report")
    finally:
        await asyncio.to_thread(simulation.stop)


async def _register(settings: Settings, registry: Registry) -> None:
    async with await connect(settings.db.dsn, application_name="cityops sim") as conn:
        changed = await store_registry(conn, registry)
    log.info("town registered", town=registry.name, **changed)


async def _crews(settings: Settings, registry: Registry, simulation: Simulation, stop: asyncio.Event) -> None:
    async with crews_of(settings.db.dsn, registry, simulation) as staff:
        await staff.run(stop)


@dataclass(frozen=True, slots=True)
class Staff:
    """People of a simulated town: drivers, the officer who confirms, and the book that bin crews write in."""

    crews: Crews
    officer: SimulatedOfficer
    bins: BinCrews
    book: CrewsBook

    async def run(self, stop: asyncio.Event) -> None:
        """Have them at work until ``stop``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.officer.run(stop), name="officer")
            group.create_task(self.crews.run(stop), name="crews-drive")
            group.create_task(say_acts(self.crews.simulation, self.book, stop), name="crews-say")


@asynccontextmanager
async def crews_of(dsn: str, registry: Registry, simulation: Simulation) -> AsyncIterator[Staff]:
    """Lend those who carry out what is decided and planned, and who confirm what is proposed."""
    gritters = [d.name for d in registry.devices if d.kind == "gritter"]

    @cache
    def context() -> Context:
        return build_context(registry, load(), TOWN_ZONE)

    def drive_of(route_id: str, segments: tuple[str, ...]) -> Drive:
        return context().drive(route_id, segments)

    async with (
        await connect(dsn, application_name="cityops crews") as conn,
        await connect(dsn, application_name="cityops officer", autocommit=False) as desk,
        await connect(dsn, application_name="cityops bin crews", autocommit=False) as rounds,
        await connect(dsn, application_name="cityops crews' book", autocommit=False) as acts,
    ):
        officer = SimulatedOfficer(
            PostgresOrders(OneConnection(desk)), lambda: simulation.statistics().simulated_s
        )
        bins = BinCrews(simulation, PostgresRounds(OneConnection(rounds)), registry, TOWN_ZONE)
        crews = Crews(conn, simulation, gritters, TOWN_ZONE, drive_of, Network.of(registry), bins)
        yield Staff(crews, officer, bins, CrewsBook(PostgresActs(OneConnection(acts)), bins.version_of))


async def _weather(
    settings: Settings, registry: Registry, start: datetime, simulation: Simulation, stop: asyncio.Event
) -> None:
    async with town_forecasts(settings, settings.db.dsn, registry, start) as service:
        await service.follow(simulation, settings.sim.speed, stop)


async def follow_lab(settings: Settings, simulation: Simulation, stop: asyncio.Event, dsn: str = "") -> None:
    """Have faults switched on the page of the laboratory reach the town, until ``stop``.

    A database that goes away ends nothing: it is asked again, and the faults go on as they are.
    """
    link = LabLink(simulation, settings.sim.scenario)
    while simulation.running and not stop.is_set():
        try:
            async with await connect(
                dsn or settings.db.dsn, application_name="cityops laboratory", autocommit=False
            ) as conn:
                await link.run(Db(OneConnection(conn)), stop)
        except TransientError as error:
            log.warning("the laboratory's switches can't be looked at", reason=str(error))
            await sleep_until_stop(stop, LAB_AGAIN_S)


async def _report(simulation: Simulation, stop: asyncio.Event) -> None:
    while not stop.is_set():
        s: FleetStatistics = simulation.statistics()
        log.info(
            "town",
            simulated=datetime.fromtimestamp(s.simulated_s, UTC).isoformat(timespec="seconds"),
            connected=s.connected,
            created=s.created,
            receipted=s.receipted,
            outbox=s.outbox,
        )
        await sleep_until_stop(stop, REPORT_EVERY_S)
