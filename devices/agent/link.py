"""The port of the uplink: one device's connection to a broker.

A link keeps itself connected and tells its owner what happens. It keeps no message
queue: the outbox is the queue, and whatever has no receipt is sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ServerLimits:
    """What the broker announced when it accepted the connection."""

    receive_maximum: int = 65_535
    maximum_packet_bytes: int = 268_435_455


class LinkEvents(Protocol):
    """What a link tells its owner, always from within the owner's own loop."""

    def on_connected(self, limits: ServerLimits) -> None:
        """The broker accepted a new connection."""
        ...

    def on_disconnected(self, reason: str) -> None:
        """The connection, or an attempt at one, ended."""
        ...

    def on_puback(self, mid: int, code: int) -> None:
        """The broker answered message ``mid`` of this connection with a reason code."""
        ...

    def on_message(self, topic: str, payload: bytes) -> None:
        """A message came down."""
        ...


class Link(Protocol):
    """A connection as its owner uses it."""

    @property
    def connected(self) -> bool:
        """Whether a message can be published now."""
        ...

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Send at QoS 1; return its message id, or None where it could not be sent."""
        ...

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe to ``topics`` at QoS 1 on this connection."""
        ...

    def close(self) -> None:
        """Say goodbye; the broker then sends no last will."""
        ...
