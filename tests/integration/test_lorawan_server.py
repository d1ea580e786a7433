"""The simulated ChirpStack: its sensors' bytes are those that the decoders read, its events those that the bridge takes."""

from __future__ import annotations

import asyncio
import json
import random
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiomqtt
import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from firmware_sim.lorawan_server import (
    APPLICATION,
    LorawanBroker,
    LorawanSensor,
    LorawanServer,
    frame,
    uplink,
)
from ingest.core.lorawan.envelope import parse
from ingest.core.lorawan.events import Uplink
from ingest.core.lorawan.native.catalogue import decode

ROAD = {"surface_temperature_c": -3.2, "air_temperature_c": -1.25, "humidity_pct": 96.5, "battery_v": 3.05}


def test_bytes_are_the_makers() -> None:
    values = {"distance_mm": 640.0, "temperature_c": -2.5, "battery_pct": 71.0, "tilt_deg": 45.0}
    found = decode("milesight-distance", frame("em400", values), 85, {})
    assert found.samples[0].fields == {"battery_pct": 71.0, "temperature_c": -2.5, "distance_mm": 640.0}
    assert found.facts["position"] == "tilt"
    road = decode("decentlab-dl-wrm", frame("dl-wrm", ROAD), 1, {}).samples[0].fields
    assert road == {k: pytest.approx(v, abs=0.01) for k, v in ROAD.items()}


def test_what_measured_nothing_sends_nothing() -> None:
    assert frame("em400", {"temperature_c": 3.0}) == b""
    assert frame("dl-wrm", {"surface_temperature_c": 3.0}) == b""


def test_an_event_is_chirpstacks() -> None:
    sensor = LorawanSensor(device="bin-1", dev_eui="24e1240000c17001", make="em400", cadence_s=600)
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    event = parse("chirpstack_v4", "", json.dumps(uplink(sensor, b"\x01", at, random.Random(1))).encode())
    assert isinstance(event, Uplink)
    assert (event.f_cnt, event.at, event.payload) == (0, at, b"\x01")


@dataclass
class Statistics:
    simulated_s: float


class Town:
    """What the server needs of a simulation, whose clock stands until it is told."""

    def __init__(self) -> None:
        self.now_s = 1_763_640_000.0

    def statistics(self) -> Statistics:
        return Statistics(self.now_s)

    def call(self, action: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(action(self))
        return future

    def sense(self, device: str, time: datetime) -> dict[str, float]:
        del device, time
        return {"distance_mm": 640.0}


async def test_it_sends_when_due_and_obeys(broker: EmbeddedMosquitto) -> None:
    town = Town()
    sensor = LorawanSensor(device="bin-1", dev_eui="24e1240000c17001", make="em400", cadence_s=600)
    place = LorawanBroker(host=broker.host, port=broker.port)
    server, stop = LorawanServer(town, [sensor], place), asyncio.Event()  # type: ignore[arg-type]
    base = f"application/{APPLICATION}/device/{sensor.dev_eui}"
    async with aiomqtt.Client(broker.host, broker.port) as client:
        await client.subscribe(f"{base}/event/+")
        running = asyncio.create_task(server.run(stop))
        messages = aiter(client.messages)
        async with asyncio.timeout(20):
            assert str((await anext(messages)).topic).endswith("/up")
            command = {
                "id": "abc",
                "devEui": sensor.dev_eui,
                "confirmed": True,
                "fPort": 85,
                "data": "/wNYAg==",
            }
            await client.publish(f"{base}/command/down", json.dumps(command))
            names = [str((await anext(messages)).topic).rsplit("/", 1)[1] for _ in range(2)]
        assert set(names) <= {"txack", "ack", "up"}
        assert "txack" in names
        assert sensor.cadence_s == 600.0  # ff 03 58 02
        town.now_s += 601
        async with asyncio.timeout(20):
            while not str((await anext(messages)).topic).endswith("/up"):
                pass
        assert sensor.f_cnt == 2
        stop.set()
        await asyncio.wait_for(running, 10)
