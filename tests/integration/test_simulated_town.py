"""The whole simulated town: world, fleet and clock, over a real broker."""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.embedded.mosquitto_files import Access
from cityops.errors import ConfigurationError
from cityops.settings import MqttSettings
from devices.contract.access import DEVICE_RIGHTS
from devices.registry import Registry
from firmware_sim.fleet import FleetStatistics
from firmware_sim.frog_page import FrogPagePlan
from firmware_sim.scenario import TOWN_ZONE, load_scenario
from firmware_sim.service import Simulation, SimulationPlan, brokers, run_simulation, usual_start
from firmware_sim.world.town import TownSizes, generate_town
from tests.fakes.receipt_server import ReceiptServer

SIZES = TownSizes(homes=10, road_sensors=6, weather_stations=1, bins=8, gritters=2, segments=120, routes=2)


@pytest.fixture(scope="module")
def town() -> Registry:
    return generate_town(1, SIZES, datetime(2026, 1, 1, tzinfo=UTC))


def plan(town: Registry, mqtt: MqttSettings, folder: Path, hours: float, **more) -> SimulationPlan:
    now = datetime.now(UTC)
    return SimulationPlan(
        registry=town,
        scenario=load_scenario("frost_night"),
        broker_of=brokers(mqtt, more.pop("credentials", None)),
        outbox=folder,
        start=now - timedelta(hours=hours),
        speed=more.pop("speed", 3000.0),
        **more,
    )


async def test_a_town_plays_to_its_end_and_the_server_has_everything(
    broker: EmbeddedMosquitto, town: Registry, tmp_path: Path
) -> None:
    mqtt = MqttSettings(host=broker.host, port=broker.port)
    reports: list[FleetStatistics] = []
    with ReceiptServer(broker.host, broker.port) as server:
        end = datetime.now(UTC) - timedelta(seconds=1)
        stats = await run_simulation(
            plan(town, mqtt, tmp_path, hours=3, end=end), asyncio.Event(), reports.append, report_every_s=0.5
        )
        assert stats.created == stats.receipted == len(server.held) > 300
        assert (stats.outbox, stats.given_up, stats.skipped) == (0, 0, 0)
        assert reports
        kinds = {device.split("-")[0] for device, _, _ in server.held}
        assert len({d.kind for d in town.devices}) == 6 == len(kinds)
        assert {d for d, _, _ in server.held} == {d.name for d in town.devices}


def test_actions_reach_the_world_and_their_results_come_back(
    broker: EmbeddedMosquitto, town: Registry, tmp_path: Path
) -> None:
    simulation = Simulation(
        plan(town, MqttSettings(host=broker.host, port=broker.port), tmp_path, hours=2, speed=60)
    )
    simulation.start()
    gritter = next(d.name for d in town.devices if d.kind == "gritter")
    route = [s.segment_id for s in town.segments if s.route_id is not None][:3]
    back = simulation.call(lambda world: world.treat(gritter, route, 20.0)).result(5)
    assert back > datetime.now(UTC) - timedelta(hours=3)
    assert not simulation.call(lambda world: world.gritter_free(gritter, world.now)).result(5)
    simulation.call(lambda world: world.empty_bins([town.bins[0].bin_id])).result(5)
    with pytest.raises(ValueError, match="rate"):
        simulation.call(lambda world: world.treat(gritter, route, -1.0)).result(5)
    deadline = time.monotonic() + 15
    while simulation.statistics().created == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    started = time.monotonic()
    assert simulation.stop(drain_s=0.2) is False, "nobody sends receipts here"
    assert time.monotonic() - started < 3
    assert simulation.statistics().outbox == simulation.statistics().created > 0
    late = simulation.call(lambda world: world.now)
    assert "not running" in str(late.exception(5))


def test_a_simulated_frog_serves_its_own_page(
    broker: EmbeddedMosquitto, town: Registry, tmp_path: Path
) -> None:
    frog = town.homes[0].devices[0]
    page = FrogPagePlan(device=frog, room="Attic", zone=TOWN_ZONE)
    mqtt = MqttSettings(host=broker.host, port=broker.port)
    with ReceiptServer(broker.host, broker.port) as server:
        simulation = Simulation(plan(town, mqtt, tmp_path, hours=6, frog_page=page))
        simulation.start()
        deadline = time.monotonic() + 60
        while "In this room now" not in (text := asked(simulation)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "Attic" in text
        token = re.search(r'name="token" value="([^"]+)"', text)
        assert token is not None
        assert "Saved: Cooking" in asked(simulation, f"activity=cooking&token={token[1]}")
        while not server.diary and time.monotonic() < deadline:
            time.sleep(0.05)
        simulation.stop(drain_s=0.0)
        assert [(d["activity"], d["source"]) for d in server.diary] == [("cooking", "page")]
    assert simulation.frog_port is None


def asked(simulation: Simulation, form: str | None = None) -> str:
    address = f"http://127.0.0.1:{simulation.frog_port}{'/diary' if form else '/'}"
    with urllib.request.urlopen(address, form.encode() if form else None, timeout=60) as answer:
        return answer.read().decode()


async def test_devices_show_their_own_credentials(town: Registry, server_dir: Path, tmp_path: Path) -> None:
    credentials = {d.name: f"secret-{d.name}" for d in town.devices}
    folder = server_dir / "credentials"
    folder.mkdir(mode=0o711)
    access = Access(devices=credentials, device_rights=DEVICE_RIGHTS, services={})
    with EmbeddedMosquitto(folder, access=access) as guarded:
        mqtt = MqttSettings(host=guarded.host, port=guarded.port)
        simulation = Simulation(plan(town, mqtt, tmp_path, hours=0.1, speed=1, credentials=credentials))
        simulation.start()
        deadline = time.monotonic() + 15
        while simulation.statistics().connected < len(town.devices) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert simulation.statistics().connected == len(town.devices)
        simulation.stop(drain_s=0.0)


def test_a_device_without_credential_is_named(town: Registry, tmp_path: Path) -> None:
    simulation = Simulation(plan(town, MqttSettings(), tmp_path, hours=1, credentials={}))
    with pytest.raises(ConfigurationError, match=town.devices[0].name):
        simulation.start()


def test_a_plan_in_the_future_is_refused(town: Registry, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="future"):
        Simulation(plan(town, MqttSettings(), tmp_path, hours=-1)).start()


def test_when_a_scenario_usually_starts() -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    frost = load_scenario("frost_night")
    assert usual_start(frost, 1.0, now) == now
    assert usual_start(frost, 500.0, now) == now - timedelta(hours=frost.duration_h)
