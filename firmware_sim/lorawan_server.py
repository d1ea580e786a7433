"""A simulated ChirpStack: some of the town's devices as LoRaWAN sensors behind it.

What the world says at a device becomes the bytes of a real sensor, an uplink event with what gateways heard, and is
published at QoS 0 as ChirpStack does, now and then twice. Downlinks are answered; one that sets a Milesight's reporting
interval is obeyed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import aiomqtt
import structlog

from cityops.errors import TransientError
from firmware_sim.service import Simulation
from firmware_sim.world.world import World

log = structlog.get_logger(__name__)

APPLICATION = "5a1b7c1e-0000-4000-8000-00000000c170"
LOOK_S, AGAIN_S = 0.5, 2.0
TWICE = 0.02
"""Share of events that are published twice, as a server does that hears of them twice."""
Make = Literal["em400", "dl-wrm"]
_PORTS: Mapping[Make, int] = {"em400": 85, "dl-wrm": 1}


@dataclass(slots=True, kw_only=True)
class LorawanSensor:
    """A device of the town behind the server.

    Attributes:
        device: its name in the registry.
        dev_eui: 16 hexadecimal digits.
        make: whose bytes it sends.
        cadence_s: how often [s].
        next_s, f_cnt: when it sends next [s since 1970], and its counter.
    """

    device: str
    dev_eui: str
    make: Make
    cadence_s: float
    next_s: float = 0.0
    f_cnt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LorawanBroker:
    """Where the server publishes, and as whom."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)


def frame(make: Make, values: Mapping[str, float]) -> bytes:
    """Return the bytes of a sensor that measures ``values``, by the maker's layout; empty where it measured nothing."""
    if make == "em400":
        if "distance_mm" not in values:
            return b""
        distance = max(0, min(round(values["distance_mm"]), 0xFFFE))
        celsius = round(values.get("temperature_c", 15.0) * 10)
        battery = max(0, min(round(values.get("battery_pct", 90.0)), 100))
        tilted = values.get("tilt_deg", 0.0) > 30.0
        return b"\x01\x75%b\x03\x67%b\x04\x82%b\x05\x00%b" % (
            bytes([battery]),
            celsius.to_bytes(2, "little", signed=True),
            distance.to_bytes(2, "little"),
            bytes([tilted]),
        )
    if not {"air_temperature_c", "humidity_pct", "surface_temperature_c"} <= values.keys():
        return b""
    words = (
        round((values["air_temperature_c"] + 45.0) / 175.0 * 65535.0),
        round(values["humidity_pct"] / 100.0 * 65535.0),
        round(values["surface_temperature_c"] * 10.0 + 1000.0),
        round(values["air_temperature_c"] * 10.0 + 1000.0),
        round(values.get("battery_v", 3.1) * 1000.0),
    )
    return b"\x02\x1a\x10\x00\x07" + b"".join(max(0, min(w, 0xFFFE)).to_bytes(2, "big") for w in words)


def uplink(sensor: LorawanSensor, payload: bytes, at: datetime, rng: random.Random) -> dict[str, Any]:
    """Return the event of a frame; a counter of 0 is left out, as protobuf does."""
    heard = [
        {
            "gatewayId": f"c170{n:012x}",
            "rssi": rng.randint(-118, -70),
            "snr": round(rng.uniform(-8.0, 11.0), 1),
        }
        for n in range(rng.randint(1, 3))
    ]
    event: dict[str, Any] = {
        **_head(sensor, at),
        "deduplicationId": f"{rng.getrandbits(128):032x}",
        "devAddr": f"01{sensor.dev_eui[-6:]}",
        "adr": True,
        "dr": 3,
        "fPort": _PORTS[sensor.make],
        "data": base64.b64encode(payload).decode(),
        "rxInfo": heard,
        "txInfo": {
            "frequency": 868_100_000,
            "modulation": {"lora": {"bandwidth": 125_000, "spreadingFactor": 9, "codeRate": "CR_4_5"}},
        },
    }
    if sensor.f_cnt:
        event["fCnt"] = sensor.f_cnt
    return event


def _head(sensor: LorawanSensor, at: datetime) -> dict[str, Any]:
    return {
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%f") + "123Z",
        "deviceInfo": {
            "applicationId": APPLICATION,
            "applicationName": "a town",
            "deviceName": sensor.device,
            "devEui": sensor.dev_eui,
        },
    }


class LorawanServer:
    """Publishes until it is stopped.

    Args:
        simulation: the town.
        sensors: those behind the server; they begin with the first look.
        broker: where to.
        seed: of chance.
    """

    def __init__(
        self, simulation: Simulation, sensors: Sequence[LorawanSensor], broker: LorawanBroker, seed: int = 1
    ) -> None:
        self._simulation, self._sensors, self._broker = simulation, list(sensors), broker
        self._rng = random.Random(seed)
        self.published = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``; a broker that is away is tried again, and what was measured meanwhile is lost, as on air."""
        while not stop.is_set():
            try:
                async with aiomqtt.Client(
                    self._broker.host,
                    self._broker.port,
                    username=self._broker.username or None,
                    password=self._broker.password or None,
                    protocol=aiomqtt.ProtocolVersion.V311,
                ) as client:
                    await client.subscribe("application/+/device/+/command/down")
                    await self._serve(client, stop)
            except (aiomqtt.MqttError, OSError, TransientError) as e:
                log.debug("simulated LoRaWAN server has no broker", error=str(e))
                await _pause(stop, AGAIN_S)

    async def _serve(self, client: aiomqtt.Client, stop: asyncio.Event) -> None:
        answering = asyncio.create_task(self._answer(client))
        try:
            while not stop.is_set() and not answering.done():
                await self._look(client)
                await _pause(stop, LOOK_S)
            if answering.done():
                answering.result()
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _look(self, client: aiomqtt.Client) -> None:
        now_s = self._simulation.statistics().simulated_s
        for sensor in self._sensors:
            if now_s < sensor.next_s:
                continue
            sensor.next_s = now_s + sensor.cadence_s
            at = datetime.fromtimestamp(now_s, UTC)
            values = await asyncio.wrap_future(self._simulation.call(partial(_sensed, sensor.device, at)))
            payload = frame(sensor.make, values)
            if payload:
                await self._publish(client, sensor, "up", uplink(sensor, payload, at, self._rng))
            sensor.f_cnt += 1  # also of a frame that nobody heard

    async def _publish(
        self, client: aiomqtt.Client, sensor: LorawanSensor, name: str, event: Mapping[str, Any]
    ) -> None:
        topic = f"application/{APPLICATION}/device/{sensor.dev_eui}/event/{name}"
        for _ in range(2 if self._rng.random() < TWICE else 1):
            await client.publish(topic, json.dumps(event), qos=0)
        self.published += 1

    async def _answer(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            sensor = next((s for s in self._sensors if f"/{s.dev_eui}/" in str(message.topic)), None)
            if sensor is None or not isinstance(message.payload, bytes):
                continue
            try:
                command = json.loads(message.payload)
                payload = base64.b64decode(command.get("data", ""))
            except (ValueError, AttributeError):
                continue
            if sensor.make == "em400" and payload[:2] == b"\xff\x03" and len(payload) == 4:
                sensor.cadence_s = float(int.from_bytes(payload[2:], "little"))
            at = datetime.fromtimestamp(self._simulation.statistics().simulated_s, UTC)
            told = {**_head(sensor, at), "queueItemId": command.get("id", ""), "fCntDown": sensor.f_cnt}
            await self._publish(client, sensor, "txack", {**told, "gatewayId": "c170000000000000"})
            if command.get("confirmed"):
                ack = {**told, "deduplicationId": f"{self._rng.getrandbits(128):032x}", "acknowledged": True}
                await self._publish(client, sensor, "ack", ack)


def _sensed(device: str, at: datetime, world: World) -> Mapping[str, float]:
    return world.sense(device, at)


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
