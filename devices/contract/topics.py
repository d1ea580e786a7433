"""MQTT topics: ``cityops/v1/<shard>/<kind>/<device>/<channel>``.

The shard is two hex digits, given to the device at registration; it decides which
ingest session receives the device, so that order per device is kept.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import Literal

PREFIX = "cityops/v1"
SHARDS = 16

Channel = Literal["reading", "diary", "status", "reported", "ask", "receipt", "desired", "firmware"]
UP: frozenset[str] = frozenset({"reading", "diary", "status", "reported"})
"""What devices send to be stored: the ingester listens to these."""
ASK = "ask"
"""What a device asks the fleet service for (pieces of an update); nothing of it is stored."""
DOWN: frozenset[str] = frozenset({"receipt", "desired", "firmware"})

_DEVICE = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
_SHARD = re.compile(r"^[0-9a-f]{2}$")


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    shard: int
    kind: str
    device: str
    channel: str


def shard_of(device: str) -> int:
    """Return the shard that registration gives ``device``, 0..15 (CRC-32 modulo 16)."""
    return zlib.crc32(device.encode()) % SHARDS


def topic(shard: int, kind: str, device: str, channel: Channel) -> str:
    """Return the topic of a device's channel."""
    return f"{PREFIX}/{shard:02x}/{kind}/{device}/{channel}"


def shard_filters(shard: int) -> tuple[str, ...]:
    """Return the subscription filters that cover everything devices of a shard send."""
    return tuple(f"{PREFIX}/{shard:02x}/+/+/{channel}" for channel in sorted(UP))


def is_device_name(name: str) -> bool:
    """Whether ``name`` may be a device: lower case letters, digits, hyphens, at most 63."""
    return _DEVICE.match(name) is not None


def shard_in(text: str) -> int | None:
    """Return the shard that a topic of ours names, also where the rest of it is wrong; else None."""
    parts = text.split("/", 3)
    if len(parts) < 3 or f"{parts[0]}/{parts[1]}" != PREFIX or not _SHARD.match(parts[2]):
        return None
    return int(parts[2], 16)


def parse(text: str) -> Topic | None:
    """Return the parts of a topic, or None where it is not one of ours."""
    parts = text.split("/")
    if len(parts) != 6 or f"{parts[0]}/{parts[1]}" != PREFIX:
        return None
    _, _, shard, kind, device, channel = parts
    if not _SHARD.match(shard) or not _DEVICE.match(device) or channel not in UP | DOWN | {ASK}:
        return None
    return Topic(int(shard, 16), kind, device, channel)
