from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from devices.contract.messages import Receipt
from ingest.core.known_devices import KnownDevice
from ingest.ports import KeyReceipt
from ingest.receipts import RANGES_PER_MESSAGE, MqttReceipts

DEVICE = KnownDevice(device_id=1, name="frog-0", kind="frog", shard=0, installed_at_us=0)


@dataclass
class Outgoing:
    sent: list[tuple[str, Receipt]] = field(default_factory=list)

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        self.sent += [(topic, msgspec.json.decode(payload, type=Receipt)) for topic, payload in messages]
        return len(messages)


def test_boots_of_a_device_share_a_message_and_one_with_very_many_ranges_gets_several() -> None:
    source = Outgoing()
    receipts = MqttReceipts({0: source}, {1: DEVICE}.get)  # type: ignore[dict-item]
    assert receipts.send([KeyReceipt(1, 7, ((0, 3),)), KeyReceipt(1, 8, ((0, 0), (2, 2)))]) == 1
    ((topic, both),) = source.sent
    assert topic == "cityops/v1/00/frog/frog-0/receipt"
    assert [(b.boot, b.ranges) for b in both.received] == [(7, ((0, 3),)), (8, ((0, 0), (2, 2)))]

    source.sent.clear()
    many = tuple((s, s) for s in range(0, 5 * RANGES_PER_MESSAGE, 2))
    assert receipts.send([KeyReceipt(1, 7, many)]) == len(source.sent) == 3
    assert [r for _, receipt in source.sent for b in receipt.received for r in b.ranges] == list(many)
    assert all(len(b.ranges) <= RANGES_PER_MESSAGE for _, receipt in source.sent for b in receipt.received)


def test_a_device_that_is_gone_is_not_told() -> None:
    source = Outgoing()
    assert MqttReceipts({0: source}, {1: DEVICE}.get).send([KeyReceipt(2, 7, ((0, 3),))]) == 0  # type: ignore[dict-item]
    assert source.sent == []
