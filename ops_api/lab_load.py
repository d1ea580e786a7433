"""Load at protocol level against the configured broker."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from cityops.db.pool import connect
from cityops.errors import TransientError
from cityops.settings import Settings
from devices.registry import Registry
from firmware_sim.load import LoadGenerator, LoadPlan, LoadResult, load_devices
from firmware_sim.service import brokers
from ingest.registry_store import store_registry

DRAIN_S = 30.0
CONNECT_S = 10.0
GIVE_UP_S = 20.0
"""Where the broker has taken nothing for so long from the start, nobody is there or the login is refused [s]."""


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """How many devices, how many readings a second over all of them, for how long [s], on how many connections."""

    devices: int
    rate: float
    seconds: float
    connections: int


async def run_load(settings: Settings, order: LoadOrder) -> dict[str, Any]:
    """Send the load and wait for receipts; return what became of it.

    Raises:
        TransientError: broker or database do not answer.
    """
    devices = load_devices(order.devices)
    if settings.db.dsn:
        async with await connect(settings.db.dsn, application_name="cityops load") as conn:
            await store_registry(conn, Registry(name="load", devices=tuple(devices)))
    plan = LoadPlan(
        broker=brokers(settings.mqtt)(devices[0]),
        devices=devices,
        readings=max(1, round(order.rate * order.seconds)),
        rate=order.rate,
        connections=order.connections,
        boot=int(time.time()),
    )
    return _told(await asyncio.to_thread(_play, plan))


def _play(plan: LoadPlan) -> LoadResult:
    generator, began_s = LoadGenerator(plan), time.monotonic()

    def hopeless() -> bool:
        return generator.counts.pubacked == 0 and time.monotonic() > began_s + GIVE_UP_S

    try:
        result = generator.run(stop=hopeless, drain_s=DRAIN_S, connect_s=CONNECT_S)
    finally:
        generator.close()
    if result.counts.pubacked == 0:
        where = f"{plan.broker.host}:{plan.broker.port}"
        raise TransientError(
            f"the broker at {where} took nothing: is it there, and do CITYOPS_MQTT__HOST, __USERNAME and __PASSWORD fit?"
        )
    return result


def _told(result: LoadResult) -> dict[str, Any]:
    c = result.counts
    return {
        "created": c.created,
        "acknowledged": sum(pubacked for _, pubacked, _ in result.per_device.values()),
        "receipted": c.receipted,
        "pending": result.pending,
        "seconds": round(result.seconds, 2),
        "cpu_s": round(result.cpu_s, 2),
        "cpu_us_a_reading": round(1e6 * result.cpu_s / max(1, c.created), 1),
    }
