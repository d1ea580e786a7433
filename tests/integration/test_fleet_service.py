"""From a change to a device and back: real broker, database, ingester, fleet service and agent."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityops.clock import SystemClock
from cityops.db.notify import listen
from cityops.db.pool import connect, open_pool
from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.process import free_ports
from cityops.runtime.stop import Stop
from cityops.runtime.supervisor import run_services
from cityops.settings import MqttSettings, Settings, load_settings
from devices.agent.config import load_config
from devices.agent.part import Part
from devices.agent.service import DeviceService
from devices.agent.settings_card import FileCard
from devices.agent.settling import Memory, Slot, Trial
from devices.contract.kind import discover
from devices.registry import Device, Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.service import Simulation, SimulationPlan, brokers
from firmware_sim.world.town import TownSizes, generate_town
from ingest.fleet.asks import Answer, Asking, Asks
from ingest.fleet.core.drift import judge
from ingest.fleet.desk import FleetDesk
from ingest.fleet.mqtt import FleetAddress, connected
from ingest.fleet.ports import OneDevice
from ingest.fleet.service import FleetParts, FleetService
from ingest.fleet.store import PgFleet
from ingest.fleet.turn import one_at_a_time
from ingest.registry_store import store_registry
from ops_api.wiring_ingest import build_ingest

NAMES = ("frog-1", "frog-2")
CONFIG = """
[device]
name = "{name}"
kind = "frog"
shard = 1
cadence_s = 1
data_dir = "{folder}"

[broker]
host = "{host}"
port = {port}

[[sensors]]
driver = "ds18b20"
rom = "28-0316a2798fff"
"""


class Room:
    def read(self) -> dict[str, float]:
        return {"temperature_c": 18.0, "humidity_pct": 50.0}


class Town:
    """What runs, and the desk."""

    def __init__(self, dsn: str, broker: EmbeddedMosquitto, pool: Any, asks: Asks) -> None:
        self.dsn, self.broker, self.asks = dsn, broker, asks
        self.book = PgFleet(pool, again_s=1.0)
        self.desk = FleetDesk(self.book, discover(), may_move=True)
        self.service = FleetService(
            FleetParts(
                book=self.book,
                connect=lambda: connected(FleetAddress(host=broker.host, port=broker.port)),
                turn=lambda: one_at_a_time(dsn),
                kinds=discover(),
                clock=SystemClock(),
                asks=asks,
                hints=lambda: listen(dsn, "cityops_fleet"),
                poll_s=0.3,
                confirm_within_s=10,
            )
        )

    async def set(self, device: str, **wanted: Any) -> None:
        named = {n.replace("__", "."): v for n, v in wanted.items()}
        await self.desk.make(await self.desk.preview("device", device, named), "ann", "a test")

    async def drift(self, device: str) -> str:
        return judge((await self.one(device)).standing.facts, datetime.now(UTC)).drift

    async def one(self, device: str) -> OneDevice:
        found = await self.book.device(device)
        assert found is not None
        return found

    async def until(self, ready: Callable[[], Awaitable[bool]], seconds: float = 30.0) -> None:
        end_s = time.monotonic() + seconds
        while not await ready():
            assert time.monotonic() < end_s, await self.one("frog-1")
            await asyncio.sleep(0.1)

    async def until_drift(self, device: str, wanted: str, seconds: float = 30.0) -> OneDevice:
        async def is_so() -> bool:
            return await self.drift(device) == wanted

        await self.until(is_so, seconds)
        return await self.one(device)


@asynccontextmanager
async def running(dsn: str, broker: EmbeddedMosquitto) -> AsyncIterator[Town]:
    settings: Settings = load_settings(
        db={"dsn": dsn},
        mqtt={"host": broker.host, "port": broker.port},
        ingest={"shards": "1", "batch_age_s": 0.02},
    )
    pool, stop = await open_pool(settings.db, application_name="test"), Stop()
    town = Town(dsn, broker, pool, Asks())
    services = {**build_ingest(settings), "fleet": town.service}
    task = asyncio.create_task(run_services(services, stop, 8.0))
    try:
        yield town
    finally:
        stop("the test is over")
        await task
        await pool.close()


@pytest.fixture
async def town(db_dsn: str, broker: EmbeddedMosquitto) -> AsyncIterator[Town]:
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    devices = tuple(Device(name=n, kind="frog", shard=1, installed_at=installed) for n in NAMES)
    async with await connect(db_dsn, application_name="test") as conn:
        await store_registry(conn, Registry(name="t", devices=devices))
    async with running(db_dsn, broker) as started:
        yield started


@contextmanager
def device(
    town: Town, folder: Path, name: str = "frog-1", part: Part | None = None
) -> Iterator[DeviceService]:
    """A real agent in a thread of its own, in which it is made, too: its outbox is that thread's."""
    file = folder / f"{name}.toml"
    file.write_text(
        CONFIG.format(name=name, folder=folder / name, host=town.broker.host, port=town.broker.port)
    )
    made: list[DeviceService] = []
    begun, ended = threading.Event(), threading.Event()

    def run() -> None:
        service = DeviceService(load_config(file), [Room()], synchronised=lambda: True, first_within_s=0.0)
        service.settings._lives_s = 1.0
        if part is not None:
            service.agent.join(part)
        made.append(service)
        begun.set()
        service.run(ended.is_set)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert begun.wait(20)
        yield made[0]
    finally:
        ended.set()
        thread.join(20)
        assert not thread.is_alive()


async def test_set_applied_reported_in_step(town: Town, tmp_path: Path) -> None:
    await town.set("frog-1", cadence_s=15, calibration__temperature_c__offset=-0.5)
    with device(town, tmp_path) as frog:
        one = await town.until_drift("frog-1", "in_step")
        assert frog.agent.sampler.cadence_s == 15
        assert one.report is not None
        assert one.report.settings["calibration.temperature_c.offset"] == -0.5
        assert (one.report.version, one.report.boot) == (1, frog.agent.boot)
        await town.set("frog-1", cadence_s=20)
        await town.until(lambda: _is(lambda: frog.agent.sampler.cadence_s == 20))
        await town.until_drift("frog-1", "in_step")
        async with await connect(town.dsn, application_name="test") as conn:
            row = await (await conn.execute("select cadence_s from device where name = 'frog-1'")).fetchone()
        assert row == (20,), "silence is judged by what it says is in force"
    assert await town.drift("frog-2") == "as_installed"


async def test_what_the_firmware_does_not_allow_is_refused_with_its_reason(
    town: Town, tmp_path: Path
) -> None:
    """A server that knows more than the device: its limits are wider."""
    async with await connect(town.dsn, application_name="test") as conn:
        await conn.execute(
            "insert into setting_change (scope, target, settings, made_by)"
            " values ('device', 'frog-1', '{\"cadence_s\": 5, \"log.level\": \"info\"}', 'ann')"
        )
    with device(town, tmp_path) as frog:
        one = await town.until_drift("frog-1", "refused")
        assert one.report is not None
        assert one.report.reasons == ("cadence_s 5: must be a whole number from 10 to 86400 s",)
        assert frog.agent.sampler.cadence_s == 1
        await town.set("frog-1", cadence_s=30)
        await town.until_drift("frog-1", "in_step")


async def test_a_dead_broker_is_left_again(town: Town, tmp_path: Path) -> None:
    """The change that cuts a device off: it comes back by itself and says why."""
    [dead] = free_ports(1)
    with device(town, tmp_path) as frog:
        await town.until(lambda: _has_reported(town, "frog-1"))
        await town.set("frog-1", broker__port=dead)
        one = await town.until_drift("frog-1", "rolled_back", 45.0)
        assert one.report is not None
        assert one.report.reasons == ("not confirmed within 10 s",)
        assert (one.report.version, one.report.about) == (0, 1)
        assert one.report.settings["broker.port"] == town.broker.port
        before = frog.agent.counts.receipted
        await town.until(lambda: _is(lambda: frog.agent.counts.receipted > before))


async def test_devices_are_answered(town: Town, tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []

    async def answer(who: Asking, ask: Any) -> list[Answer]:
        asked.append((who.name, ask["part"]))
        return [Answer("firmware", b"piece %d" % ask["part"])]

    async def fail(who: Asking, ask: Any) -> list[Answer]:
        raise RuntimeError("a fault of a handler")

    town.asks.answer("piece", answer)
    town.asks.answer("broken", fail)

    class Asks_:
        hears = ("firmware",)
        heard_: list[bytes] = []  # noqa: RUF012

        def connected(self, voice: Any) -> None:
            for payload in (b"{", b'{"ask": "broken"}', b'{"ask": "nobody"}', b'{"ask": "piece", "part": 7}'):
                voice.say("ask", payload)

        def heard(self, channel: str, payload: bytes, voice: Any) -> None:
            self.heard_.append(payload)

        def turn(self, moment: Any, voice: Any) -> None: ...

    part = Asks_()
    await town.until(lambda: _ready(town))
    with device(town, tmp_path, "frog-2", part):
        await town.until(lambda: _is(lambda: bool(part.heard_)))
    assert part.heard_ == [b"piece 7"]
    assert asked == [("frog-2", 7)]
    value = town.service.metrics.registry.get_sample_value
    assert value("cityops_fleet_asks_total", {"ask": "broken", "outcome": "failed"}) == 1
    assert value("cityops_fleet_asks_total", {"ask": "unknown", "outcome": "not answered"}) == 1
    assert value("cityops_fleet_asks_total", {"ask": "unknown", "outcome": "bad"}) == 1


async def test_the_service_comes_back_after_the_broker(town: Town, tmp_path: Path) -> None:
    await town.until(lambda: _ready(town))
    await asyncio.to_thread(town.broker.kill)
    await asyncio.to_thread(town.broker.start)
    await town.set("frog-1", log__level="warning")
    with device(town, tmp_path):
        await town.until_drift("frog-1", "in_step", 45.0)


async def test_one_of_two_works(town: Town) -> None:
    await town.until(lambda: _ready(town))
    async with one_at_a_time(town.dsn) as mine:
        assert not mine


async def _has_reported(town: Town, name: str) -> bool:
    return (await town.one(name)).report is not None


async def _is(so: Callable[[], bool]) -> bool:
    return so()


async def _ready(town: Town) -> bool:
    return town.service._looked


async def test_simulated_devices_follow_too(town: Town, tmp_path: Path) -> None:
    """The demo's and the stack's town: the same agents, many in one thread."""
    installed = datetime(2026, 1, 1, tzinfo=UTC)
    registry = generate_town(1, TownSizes(homes=2, road_sensors=1, bins=2, segments=60, routes=1), installed)
    on_shard = [msgspec.structs.replace(d, shard=1) for d in registry.devices]
    registry = msgspec.structs.replace(registry, devices=tuple(on_shard))
    async with await connect(town.dsn, application_name="test") as conn:
        await store_registry(conn, registry)
    bins = [d.name for d in on_shard if d.kind == "bin"]
    simulation = Simulation(
        SimulationPlan(
            registry=registry,
            scenario=load_scenario("frost_night"),
            broker_of=brokers(MqttSettings(host=town.broker.host, port=town.broker.port)),
            outbox=tmp_path,
            start=datetime.now(UTC) - timedelta(minutes=5),
            speed=300.0,
        )
    )
    await asyncio.to_thread(simulation.start)
    try:
        await town.desk.make(await town.desk.preview("kind", "bin", {"cadence_s": 60}), "ann", "")
        for name in bins:
            one = await town.until_drift(name, "in_step", 45.0)
            assert one.report is not None
            assert (one.report.settings["cadence_s"], one.report.firmware) == (60, "sim-1")
    finally:
        await asyncio.to_thread(simulation.stop, 0.5)


async def test_a_setting_that_ends_the_process_at_its_start_is_taken_back(town: Town, tmp_path: Path) -> None:
    """A process as a device starts it, on a card whose version under trial ends it: a fourth start is on the good one."""
    file = tmp_path / "frog-1.toml"
    file.write_text(
        CONFIG.format(name="frog-1", folder=tmp_path, host=town.broker.host, port=town.broker.port)
    )
    # Of a firmware whose checks let pass what then ends the program.
    FileCard(tmp_path / "settings.json").write(Memory(trial=Trial(Slot(1, {"log.level": "debug"}))))
    start = (
        "import os, sys\n"
        "from devices.agent import service\n"
        "service.set_level = lambda level: os._exit(70)\n"
        "from devices.agent.__main__ import main\n"
        "sys.exit(main(['run', '--first-within-s', '0', '--config', sys.argv[1]]))\n"
    )
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", start, str(file), stderr=-3)
        assert await process.wait() == 70
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", start, str(file), stderr=-3)
    try:
        await town.until(lambda: _has_reported(town, "frog-1"))
        one = await town.one("frog-1")
        assert one.report is not None
        assert (one.report.version, one.report.about, one.report.state) == (0, 1, "rolled_back")
        assert "started 3 times" in one.report.reasons[0]
    finally:
        process.terminate()
        await process.wait()
