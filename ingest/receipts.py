"""Receipts to the devices, after COMMIT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from devices.contract.messages import BootReceipt, Receipt, encode
from devices.contract.topics import topic
from ingest.core.known_devices import KnownDevice
from ingest.ports import KeyReceipt, MessageSource


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
        """Send the receipts, one message per device; return how many devices were told."""
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
                told += source.publish(self._topic(device), encode(Receipt(tuple(boots))))
        return told

    def _topic(self, device: KnownDevice) -> str:
        known = self._topics.get(device.device_id)
        if known is None or known[0] is not device:
            text = topic(device.shard, device.kind, device.name, "receipt")
            known = self._topics[device.device_id] = (device, text)
        return known[1]
