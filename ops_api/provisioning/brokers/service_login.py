"""What is done at the broker on a service's login: ending a session by taking it over, and dynamic security's commands."""

from __future__ import annotations

import json
import queue
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from cityops.errors import TransientError

CONTROL = "$CONTROL/dynamic-security/v1"
WAIT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLogin:
    """A broker's listener for services, and a login that may choose its client id there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)
    tls_ca: Path | None = None


class _Session:
    """One short connection, in the caller's thread."""

    def __init__(self, login: ServiceLogin, client_id: str) -> None:
        self._login = login
        self.answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._state: list[Any] = []
        self._subscribed: list[Any] = []
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5)
        self.client.username_pw_set(login.username, login.password)
        if login.tls_ca is not None:
            self.client.tls_set(ca_certs=str(login.tls_ca))
        self.client.on_connect = lambda _c, _u, _f, code, _p: self._state.append(code)
        self.client.on_subscribe = lambda _c, _u, _m, codes, _p: self._subscribed.append(codes)
        self.client.on_message = lambda _c, _u, message: self.answers.put(bytes(message.payload))

    def __enter__(self) -> _Session:
        try:
            self.client.connect_timeout = WAIT_S
            self.client.connect(self._login.host, self._login.port)
        except (OSError, ValueError) as e:
            raise TransientError(f"the broker at {self._login.host}:{self._login.port}: {e}") from e
        self.until(lambda: bool(self._state), "does not answer")
        if self._state[0].is_failure:
            raise TransientError(f"the broker refuses the login {self._login.username!r}: {self._state[0]}")
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_write()

    def subscribe(self, topic: str) -> None:
        self.client.subscribe(topic, qos=1)
        self.until(lambda: bool(self._subscribed), "does not take a subscription")
        if any(code.is_failure for code in self._subscribed[0]):
            raise TransientError(f"the broker lets {self._login.username!r} not read {topic}")

    def until(self, done: Callable[[], bool], what: str) -> None:
        end_s = time.monotonic() + WAIT_S
        while not done():
            if time.monotonic() > end_s:
                raise TransientError(f"the broker at {self._login.host}:{self._login.port} {what}")
            self.client.loop(0.1)


def take_over(login: ServiceLogin, client_id: str) -> None:
    """End a live session by connecting with its client id (MQTT 5, section 3.1.4).

    Raises:
        TransientError: the broker does not answer, or refuses the login.
    """
    with _Session(login, client_id):
        pass


DONE_BEFORE = {("createClient", "Client already exists"), ("deleteClient", "Client not found")}
"""What the plugin refuses because it is so already: another process of ours was faster."""


def command(login: ServiceLogin, commands: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Have the plugin for dynamic security do something; return its answers in order.

    Raises:
        TransientError: it does not answer, or says that one of them failed.
    """
    number = secrets.token_hex(8)
    sent = [{**one, "correlationData": f"{number}-{at}"} for at, one in enumerate(commands)]
    found: dict[str, dict[str, Any]] = {}
    with _Session(login, f"cityops-devices-{number}") as session:
        session.subscribe(f"{CONTROL}/response")
        session.client.publish(CONTROL, json.dumps({"commands": sent}), qos=1)

        def all_answered() -> bool:
            while not session.answers.empty():
                for answer in json.loads(session.answers.get()).get("responses", []):
                    found[answer.get("correlationData", "")] = answer
            return all(one["correlationData"] in found for one in sent)

        session.until(all_answered, f"does not answer on {CONTROL}: has it the plugin for dynamic security?")
    answers = [found[one["correlationData"]] for one in sent]
    for one, answer in zip(sent, answers, strict=True):
        if "error" in answer and (one["command"], answer["error"]) not in DONE_BEFORE:
            raise TransientError(f"dynamic security, {one['command']}: {answer['error']}")
    return answers
