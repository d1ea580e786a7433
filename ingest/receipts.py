"""Receipts to the devices, after COMMIT.

At one reading per device and batch this is done once per message, so it is kept lean: one
look-up, one encoding, and what goes to one broker session is handed over together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from devices.contract.messages import BootReceipt, Receipt, encode
from devices.contract.topics import topic
from ingest.core.known_devices import KnownDevice
from ingest.ports import KeyReceipt, MessageSource

RANGES_PER_MESSAGE = 500
"""Some 10 kB; a device's broker may take no larger messages, and its memory is small."""


class MqttReceipts:
    """A :class:`ingest.ports.ReceiptSender` over the shards' own sessions.

    Receipts go at QoS 0: one that is lost is repeated when the device sends again.

    Args:
        sources: by shard, as they are now.
        device: returns a device by its id, None where it is gone.
    """

    def __init__(
        self, sources: Mapping[int, MessageSource], device: Callable[[int], KnownDevice | None]
    ) -> None:
        self._sources = sources
        self._device = device
        self._topics: dict[int, tuple[KnownDevice, str]] = {}

    def send(self, receipts: Iterable[KeyReceipt]) -> int:
        """Send the receipts, as a rule one message per device; return how many messages went out."""
        boots_of: defaultdict[int, list[BootReceipt]] = defaultdict(list)
        for device_id, boot, ranges in receipts:
            boots_of[device_id].append(BootReceipt(boot, ranges))
        messages: defaultdict[int, list[tuple[str, bytes]]] = defaultdict(list)
        for device_id, boots in boots_of.items():
            device = self._device(device_id)
            if device is not None:
                address = self._topic(device)
                messages[device.shard] += [(address, encode(part)) for part in _messages(boots)]
        sources = [(self._sources.get(shard), of_shard) for shard, of_shard in messages.items()]
        return sum(source.publish_all(of_shard) for source, of_shard in sources if source is not None)

    def _topic(self, device: KnownDevice) -> str:
        known = self._topics.get(device.device_id)
        if known is None or known[0] is not device:
            text = topic(device.shard, device.kind, device.name, "receipt")
            known = self._topics[device.device_id] = (device, text)
        return known[1]


def _messages(boots: list[BootReceipt]) -> Iterable[Receipt]:
    """Share the ranges of a device out to messages: almost always one."""
    if len(boots) == 1 and len(boots[0].ranges) <= RANGES_PER_MESSAGE:
        return (Receipt(tuple(boots)),)
    if sum(len(boot.ranges) for boot in boots) <= RANGES_PER_MESSAGE:
        return (Receipt(tuple(boots)),)
    return _cut(boots)


def _cut(boots: list[BootReceipt]) -> Iterator[Receipt]:
    for boot in boots:
        for start in range(0, len(boot.ranges), RANGES_PER_MESSAGE):
            yield Receipt((BootReceipt(boot.boot, boot.ranges[start : start + RANGES_PER_MESSAGE]),))
