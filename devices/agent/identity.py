"""Who a device is on the wire."""

from __future__ import annotations

from dataclasses import dataclass

from devices.contract.messages import Status, encode
from devices.contract.topics import topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the device is on the wire; ``install`` names its card."""

    device: str
    kind: str
    shard: int
    firmware: str = ""
    install: str = ""

    def topic(self, channel: str) -> str:
        """Return the topic of one of its channels."""
        return topic(self.shard, self.kind, self.device, channel)  # type: ignore[arg-type]

    def last_will(self) -> bytes:
        """Return what the broker announces, retained, when the device vanishes."""
        return encode(Status(online=False, firmware=self.firmware))
