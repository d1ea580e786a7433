"""Receipts to the devices, after COMMIT."""

from __future__ import annotations

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
        """Send the receipts, as a rule one message per device; return how many devices were told."""
        by_device: dict[int, list[BootReceipt]] = {}
        for receipt in receipts:
            boot = BootReceipt(receipt.boot, receipt.ranges)
            boots = by_device.get(receipt.device_id)
            if boots is None:
                by_device[receipt.device_id] = [boot]
            else:
                boots.append(boot)
        told = 0
        for device_id, boots in by_device.items():
            device = self._device(device_id)
            source = None if device is None else self._sources.get(device.shard)
            if device is not None and source is not None:
                topic = self._topic(device)
                told += all(source.publish(topic, encode(part)) for part in _messages(boots))
        return told

    def _topic(self, device: KnownDevice) -> str:
        known = self._topics.get(device.device_id)
        if known is None or known[0] is not device:
            text = topic(device.shard, device.kind, device.name, "receipt")
            known = self._topics[device.device_id] = (device, text)
        return known[1]


def _messages(boots: list[BootReceipt]) -> Iterator[Receipt]:
    """Share the ranges of a device out to messages: almost always one."""
    if sum(len(boot.ranges) for boot in boots) <= RANGES_PER_MESSAGE:
        yield Receipt(tuple(boots))
        return
    for boot in boots:
        for start in range(0, len(boot.ranges), RANGES_PER_MESSAGE):
            yield Receipt((BootReceipt(boot.boot, boot.ranges[start : start + RANGES_PER_MESSAGE]),))
