"""A tiny server: keeps what devices send in memory and answers with receipts."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import msgspec
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from devices.agent.entry import runs_of
from devices.contract.messages import BootReceipt, Receipt, encode
from devices.contract.topics import parse, topic


class ReceiptServer:
    """Subscribes to everything and receipts per device, a batch at a time.

    ``silent`` keeps what comes but sends no receipt; ``deaf`` loses what comes.
    """

    def __init__(self, host: str, port: int, batch_s: float = 0.02) -> None:
        self.held: dict[tuple[str, int, int], dict] = {}
        self.diary: list[dict] = []
        self.statuses: list[tuple[str, dict]] = []
        self.deliveries = 0
        self.conflicts = 0
        self.lost = 0
        self.batches: list[int] = []
        self.silent = False
        self.deaf = False
        self._new: dict[tuple[int, str, str], dict[int, set[int]]] = {}
        self._batch_s = batch_s
        self._stop = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="fake-server", protocol=MQTTv5)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda c, *_: c.subscribe("cityops/v1/+/+/+/+", qos=1)
        self._client.on_message = self._on_message
        self._address = (host, port)
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def __enter__(self) -> ReceiptServer:
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect(*self._address)
        self._client.loop_start()
        assert subscribed.wait(10), "the fake server could not subscribe"
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, e: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def sequences(self, device: str) -> list[tuple[int, int]]:
        """Return (boot, seq) held of a device, ascending."""
        with self._lock:
            return sorted((boot, seq) for name, boot, seq in self.held if name == device)

    def _on_message(self, client: Client, userdata: object, message: MQTTMessage) -> None:
        parsed = parse(message.topic)
        assert parsed is not None
        if parsed.channel not in (
            "reading",
            "diary",
            "status",
        ):  # what it says of its settings is not asked here
            return
        if self.deaf:
            self.lost += 1
            return
        document = msgspec.json.decode(message.payload)
        if parsed.channel == "status":
            self.statuses.append((parsed.device, document))
            return
        if parsed.channel not in ("reading", "diary"):
            return  # what it says of settings and updates
        readings = document if isinstance(document, list) else [document]
        with self._lock:
            self.batches.append(len(readings))
            for reading in readings:
                self._keep(parsed.shard, parsed.kind, parsed.device, reading)
            if parsed.channel == "diary":
                self.diary += readings

    def _keep(self, shard: int, kind: str, device: str, reading: dict) -> None:
        key = (device, reading["boot"], reading["seq"])
        self.deliveries += 1
        if self.held.setdefault(key, reading) != reading:
            self.conflicts += 1
        self._new.setdefault((shard, kind, device), {}).setdefault(key[1], set()).add(key[2])

    def _answer(self) -> None:
        while not self._stop.is_set():
            time.sleep(self._batch_s)
            if self.silent:
                continue
            with self._lock:
                new, self._new = self._new, {}
            for (shard, kind, device), boots in new.items():
                parts = tuple(BootReceipt(boot, tuple(runs_of(sorted(s)))) for boot, s in boots.items())
                self._client.publish(topic(shard, kind, device, "receipt"), encode(Receipt(parts)), qos=0)
