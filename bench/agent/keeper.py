"""A server for one device: keeps what it sends in memory, once by boot and sequence, and answers with receipts."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import msgspec
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.agent.entry import Key, runs_of
from devices.contract.messages import BootReceipt, Receipt, encode
from devices.contract.topics import Topic, parse, topic


class Keeper:
    """Subscribes to all devices; receipts leave when a message has been taken in.

    Attributes:
        held: readings by (boot, seq).
        deliveries: readings that came, again and again included.
        conflicts: readings that came again with other words.
    """

    def __init__(self, host: str, port: int) -> None:
        self.held: dict[Key, dict[str, Any]] = {}
        self.deliveries = 0
        self.conflicts = 0
        self._address = (host, port)
        self._subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="keeper", protocol=MQTTv5)
        self._client.on_connect = lambda client, *_: client.subscribe("cityops/v1/+/+/+/+", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take

    def __enter__(self) -> Keeper:
        self._client.connect(*self._address)
        self._client.loop_start()
        if not self._subscribed.wait(10):
            raise RuntimeError("the broker does not answer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _take(self, client: Client, _: object, message: MQTTMessage) -> None:
        at = parse(message.topic)
        if at is None or at.channel not in ("reading", "diary"):
            return
        document = msgspec.json.decode(message.payload)
        readings = document if isinstance(document, list) else [document]
        boots: dict[int, set[int]] = {}
        for reading in readings:
            self.deliveries += 1
            key = (int(reading["boot"]), int(reading["seq"]))
            self.conflicts += self.held.setdefault(key, reading) != reading
            boots.setdefault(key[0], set()).add(key[1])
        self._receipt(client, at, boots)

    def _receipt(self, client: Client, at: Topic, boots: dict[int, set[int]]) -> None:
        parts = tuple(BootReceipt(boot, tuple(runs_of(sorted(s)))) for boot, s in boots.items())
        client.publish(topic(at.shard, at.kind, at.device, "receipt"), encode(Receipt(parts)), qos=1)
