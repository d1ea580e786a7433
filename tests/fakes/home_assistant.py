"""A Home Assistant of tests: a subscriber that keeps what it is told, as the real one's MQTT integration does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion


class HomeAssistant:
    """Listens on a household's broker; a context manager.

    Attributes:
        entities: configurations by unique id; one goes where an empty message comes.
        states: newest state by topic, as JSON; ``available``: availability by topic.
        retained: topics that were there, retained, when it came.
    """

    def __init__(self, host: str, port: int) -> None:
        self.entities: dict[str, dict[str, Any]] = {}
        self.states: dict[str, dict[str, Any]] = {}
        self.available: dict[str, str] = {}
        self.retained: set[str] = set()
        self._by_topic: dict[str, str] = {}
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._message
        self._ready = threading.Event()
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._address = (host, port)

    def __enter__(self) -> HomeAssistant:
        self._client.connect(*self._address)
        self._client.loop_start()
        self._client.subscribe([("homeassistant/#", 1), ("cityops/#", 1)])
        assert self._ready.wait(10), "the broker takes no subscription"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def start_anew(self) -> None:
        """Forget everything and say that it has started, as after a restart."""
        self.states.clear()
        self._client.publish("homeassistant/status", "online", qos=1).wait_for_publish(10)

    def wait(self, until: Callable[[], bool], within_s: float = 15.0) -> None:
        """Wait until something is so."""
        end_s = time.monotonic() + within_s
        while not until():
            assert time.monotonic() < end_s, (self.entities, self.states, self.available)
            time.sleep(0.02)

    def shown(self, unique_id: str) -> Any:
        """Return what an entity shows: its state's field, by the template that it came with."""
        config = self.entities[unique_id]
        field = config["value_template"].split("'")[1]
        assert config["value_template"] == f"{{{{ value_json.get('{field}') }}}}"
        if self.available.get(config["availability"][0]["topic"]) != "online":
            return "unavailable"
        return self.states.get(config["state_topic"], {}).get(field, "unknown")

    def _message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        topic, payload = message.topic, bytes(message.payload)
        if message.retain:
            self.retained.add(topic)
        if topic.endswith("/config"):
            self._config(topic, payload)
        elif topic.endswith("/state"):
            self.states[topic] = json.loads(payload)
        elif topic.endswith("/availability"):
            self.available[topic] = payload.decode()

    def _config(self, topic: str, payload: bytes) -> None:
        if not payload:
            self.entities.pop(self._by_topic.pop(topic, ""), None)
            return
        config = json.loads(payload)
        self._by_topic[topic] = config["unique_id"]
        self.entities[config["unique_id"]] = config
