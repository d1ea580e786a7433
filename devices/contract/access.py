"""Who may say what on the broker, as lines of a Mosquitto ACL without the keyword.

``%u`` stands for the user name, which is the device: a credential allows a device its own
topics and nothing else. The ingester checks topic, shard and sender again.
"""

from __future__ import annotations

from devices.contract.topics import DOWN, PREFIX, UP

DEVICE_RIGHTS: tuple[str, ...] = (
    *(f"write {PREFIX}/+/+/%u/{channel}" for channel in sorted(UP)),
    *(f"read {PREFIX}/+/+/%u/{channel}" for channel in sorted(DOWN)),
)
"""Rights of each device."""

INGEST_RIGHTS: tuple[str, ...] = (
    *(f"read {PREFIX}/+/+/+/{channel}" for channel in sorted(UP)),
    f"write {PREFIX}/+/+/+/receipt",
)
"""Rights of the ingester."""

LORAWAN_RIGHTS: tuple[str, ...] = ("readwrite application/#",)
"""Rights of a simulated ChirpStack, and of who listens to it."""

STA_RIGHTS: tuple[str, ...] = ("write v1.1/#",)
"""Rights of whoever publishes observations for SensorThings (docs/sensorthings.md)."""

ANYBODY_RIGHTS: tuple[str, ...] = ("read v1.1/#",)
"""Rights of listeners without a name, on a port of their own, and of every login: what is open is all that is published there."""
