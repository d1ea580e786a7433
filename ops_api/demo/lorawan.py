"""The demo's LoRaWAN: one bin and one road sensor of the town speak through a simulated ChirpStack."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cityops.db.pool import connect
from cityops.settings import Settings
from devices.registry import Registry
from firmware_sim.lorawan_server import LorawanBroker, LorawanSensor, LorawanServer
from firmware_sim.service import Simulation
from ingest.bridge.book import LorawanBook, NewSource
from ops_api.demo.stack import LORAWAN_USER, Stack
from ops_api.wiring import kinds_of

SOURCE = "demo-chirpstack"
BY = "cityops demo"
CODECS = {"em400": "milesight-distance", "dl-wrm": "decentlab-dl-wrm"}
BIN_EUI, ROAD_EUI = "24e1240000c17001", "70b3d50000c17002"


def lorawan_sensors(registry: Registry) -> list[LorawanSensor]:
    """Return the last bin and the last road sensor of the town as LoRaWAN sensors; of a town without them none."""
    bins = [d for d in registry.devices if d.kind == "bin"][-1:]
    roads = [d for d in registry.devices if d.kind == "road"][-1:]
    return [
        *(LorawanSensor(device=d.name, dev_eui=BIN_EUI, make="em400", cadence_s=d.cadence_s) for d in bins),
        *(
            LorawanSensor(device=d.name, dev_eui=ROAD_EUI, make="dl-wrm", cadence_s=d.cadence_s)
            for d in roads
        ),
    ]


async def bind_sensors(stack: Stack, folder: Path, settings: Settings, sensors: list[LorawanSensor]) -> None:
    """Add the simulated server and say which sensor is which device."""
    secret = folder / "lorawan-password"
    with os.fdopen(
        os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(stack.lorawan_password)
    told = {
        "host": stack.mosquitto.host, "port": stack.mosquitto.service_port, "tls": False, "username": LORAWAN_USER,
        "password_file": str(secret),
    }  # fmt: skip
    new = NewSource(name=SOURCE, protocol="chirpstack_v4", transport="mqtt", settings=told)
    async with await connect(stack.dsn, application_name="cityops demo") as conn, conn.transaction():
        book = LorawanBook(conn, kinds_of(settings))
        await book.add_source(new, BY)
        for sensor in sensors:
            await book.bind(sensor.dev_eui, sensor.device, CODECS[sensor.make], BY)


@asynccontextmanager
async def lorawan_server(
    stack: Stack, simulation: Simulation, sensors: list[LorawanSensor]
) -> AsyncIterator[None]:
    """Have the sensors send, for as long as the context lasts."""
    if not sensors:
        yield
        return
    broker = LorawanBroker(
        host=stack.mosquitto.host,
        port=stack.mosquitto.service_port,
        username=LORAWAN_USER,
        password=stack.lorawan_password,
    )
    stop = asyncio.Event()
    running = asyncio.create_task(LorawanServer(simulation, sensors, broker).run(stop), name="lorawan server")
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(running, return_exceptions=True)
