"""Devices, messages and clocks for the ingest tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from cityops.clock import ManualClock
from devices.contract.codecs.json import encode_reading
from devices.contract.kind import Kind, discover
from devices.contract.topics import topic
from devices.registry import Device, Home, Registry
from ingest.core.decode import Decoder
from ingest.core.directory import Directory
from ingest.core.known_devices import KnownDevice
from ingest.registry_store import load_known_devices, store_registry

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
NOW_US = NOW_MS * 1000
INSTALLED = datetime(2026, 1, 1, tzinfo=UTC)

FROG = {"temperature_c": 20.5, "humidity_pct": 55.0}
ROAD = {"surface_temperature_c": -0.5, "air_temperature_c": 0.0, "humidity_pct": 97.0}
BIN = {"distance_mm": 640.0}

REGISTRY = Registry(
    name="test town",
    devices=(
        *(Device(name=f"frog-{i}", kind="frog", shard=i % 2, installed_at=INSTALLED) for i in range(10)),
        Device(name="road-0", kind="road", shard=0, installed_at=INSTALLED),
        Device(name="bin-0", kind="bin", shard=1, installed_at=INSTALLED),
    ),
    homes=(Home(code="home-code-0", label="1 High Street", devices=("frog-0", "frog-1")),),
)


def known_devices() -> list[KnownDevice]:
    """The registry as ingest would load it, without a database."""
    return [
        KnownDevice(
            device_id=number,
            name=d.name,
            kind=d.kind,
            shard=d.shard,
            installed_at_us=int(d.installed_at.timestamp() * 1e6),
            home_id=1 if d.name in REGISTRY.homes[0].devices else None,
        )
        for number, d in enumerate(REGISTRY.devices, start=1)
    ]


def reading(seq: int, fields: Mapping[str, float] = FROG, boot: int = 7, age_s: float | None = None) -> bytes:
    """One reading, by default one minute per sequence number after ten days ago."""
    ts_ms = NOW_MS - 864_000_000 + seq * 60_000 if age_s is None else NOW_MS - int(age_s * 1000)
    return encode_reading(ts_ms, boot, seq, fields)


def reading_topic(name: str) -> str:
    """The topic of a registered device's readings."""
    device = next(d for d in REGISTRY.devices if d.name == name)
    return topic(device.shard, device.kind, device.name, "reading")


def channel_topic(name: str, channel: Any) -> str:
    """The topic of another channel of a registered device."""
    device = next(d for d in REGISTRY.devices if d.name == name)
    return topic(device.shard, device.kind, device.name, channel)


def decoder(devices: Iterable[KnownDevice] | None = None, kinds: Mapping[str, Kind] | None = None) -> Decoder:
    """A decoder that knows ``devices``, by default the test registry's."""
    return Decoder(Directory(kinds or discover(), known_devices() if devices is None else devices))


def clock() -> ManualClock:
    """A clock at ``NOW``."""
    return ManualClock(NOW)


async def registered(conn: psycopg.AsyncConnection[Any]) -> list[KnownDevice]:
    """Put the test registry into the database, with partitions for its readings."""
    await store_registry(conn, REGISTRY)
    await conn.execute("select ensure_partitions(%s, %s)", (NOW - timedelta(days=40), NOW))
    return list((await load_known_devices(conn)).values())
