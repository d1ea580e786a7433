"""A private broker: it starts, keeps sessions, keeps devices to their own topics, and ends."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cityops.embedded.mosquitto import PID_FILE, EmbeddedMosquitto
from cityops.embedded.mosquitto_binary import Binary
from cityops.embedded.mosquitto_files import Access, ServiceUser
from cityops.errors import ConfigurationError


class Client:
    """A paho client that remembers what it received."""

    def __init__(self, client_id: str, user: str | None = None, password: str | None = None) -> None:
        self.received: list[tuple[str, bytes]] = []
        self.pubacks: dict[int, str] = {}
        self.connect_reason = ""
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, manual_ack=False
        )
        if user is not None:
            self.paho.username_pw_set(user, password)
        self.paho.on_connect = lambda _c, _u, _f, reason, _p: setattr(self, "connect_reason", str(reason))
        self.paho.on_message = lambda _c, _u, m: self.received.append((m.topic, m.payload))
        self.paho.on_publish = lambda _c, _u, mid, reason, _p: self.pubacks.__setitem__(mid, str(reason))

    def connect(self, host: str, port: int, *, keep_session: bool = False) -> Client:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600 if keep_session else 0
        self.paho.connect(host, port, clean_start=not keep_session, properties=properties)
        self.paho.loop_start()
        until(lambda: self.connect_reason != "")
        return self

    def subscribe(self, topic: str) -> Client:
        granted: list[bool] = []
        self.paho.on_subscribe = lambda *_: granted.append(True)
        self.paho.subscribe(topic, qos=1)
        until(lambda: bool(granted))
        return self

    def publish(self, topic: str, payload: bytes) -> str:
        info = self.paho.publish(topic, payload, qos=1)
        until(lambda: info.mid in self.pubacks)
        return self.pubacks[info.mid]

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


def until(condition: object, timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def clients() -> Iterator[list[Client]]:
    made: list[Client] = []
    yield made
    for client in made:
        client.close()


ACCESS = Access(
    devices={"box-1": "secret-1", "box-2": "secret-2"},
    device_rights=["write town/%u/up", "read town/%u/down"],
    services={"ingest": ServiceUser("pw", ("read town/+/up", "write town/+/down"))},
)


@pytest.fixture
def guarded(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    with EmbeddedMosquitto(server_dir / f"guarded-{os.getpid()}", access=ACCESS) as started:
        yield started


def test_it_speaks_mqtt_5_and_delivers(broker: EmbeddedMosquitto, clients: list[Client]) -> None:
    clients.append(Client("a").connect(broker.host, broker.port).subscribe("t/#"))
    assert clients[0].publish("t/1", b"hello") == "Success"
    until(lambda: clients[0].received == [("t/1", b"hello")])


def test_a_device_publishes_its_own_topics_only(guarded: EmbeddedMosquitto, clients: list[Client]) -> None:
    clients.append(
        Client("x", "ingest", "pw").connect(guarded.host, guarded.service_port).subscribe("town/+/up")
    )
    clients.append(Client("any", "box-1", "secret-1").connect(guarded.host, guarded.port))
    assert clients[1].publish("town/box-1/up", b"mine") == "Success"
    assert clients[1].publish("town/box-2/up", b"not mine") == "Not authorized"
    assert clients[1].publish("town/box-1/down", b"not for me") == "Not authorized"
    until(lambda: clients[0].received == [("town/box-1/up", b"mine")])


def test_a_device_hears_its_own_topics_only(guarded: EmbeddedMosquitto, clients: list[Client]) -> None:
    clients.append(Client("any", "box-1", "secret-1").connect(guarded.host, guarded.port).subscribe("#"))
    clients.append(Client("x", "ingest", "pw").connect(guarded.host, guarded.service_port))
    clients[1].publish("town/box-2/down", b"for another")
    clients[1].publish("town/box-1/down", b"for me")
    until(lambda: clients[0].received == [("town/box-1/down", b"for me")])


def test_wrong_password_and_no_user_are_refused(guarded: EmbeddedMosquitto, clients: list[Client]) -> None:
    clients.append(Client("box-1", "box-1", "secret-2").connect(guarded.host, guarded.port))
    clients.append(Client("nobody").connect(guarded.host, guarded.port))
    assert [client.connect_reason for client in clients] == ["Not authorized", "Not authorized"]


def test_a_device_cannot_take_over_a_session_by_its_client_id(
    guarded: EmbeddedMosquitto, clients: list[Client]
) -> None:
    clients.append(Client("box-2", "box-2", "secret-2").connect(guarded.host, guarded.port))
    gone: list[bool] = []
    clients[0].paho.on_disconnect = lambda *_: gone.append(True)
    clients.append(Client("box-2", "box-1", "secret-1").connect(guarded.host, guarded.port))
    assert clients[1].publish("town/box-1/up", b"x") == "No matching subscribers"
    assert clients[0].publish("town/box-2/up", b"x") == "No matching subscribers"
    assert gone == []


def test_users_can_be_added_while_it_runs(guarded: EmbeddedMosquitto, clients: list[Client]) -> None:
    more = dict(ACCESS.devices) | {"box-3": "secret-3"}
    guarded.set_access(Access(more, ACCESS.device_rights, ACCESS.services))

    def allowed() -> bool:
        clients.append(Client("box-3", "box-3", "secret-3").connect(guarded.host, guarded.port))
        return clients[-1].connect_reason == "Success"

    until(allowed)


def test_sessions_survive_an_orderly_restart_beyond_the_usual_limit(
    broker: EmbeddedMosquitto, clients: list[Client]
) -> None:
    port = broker.port
    sleeper = Client("sleeper").connect(broker.host, port, keep_session=True).subscribe("t/#")
    sleeper.close()
    sender = Client("sender").connect(broker.host, port)
    for number in range(1500):  # the default keeps 1,000 and drops the rest in silence
        sender.paho.publish("t/x", str(number), qos=1)
    until(lambda: len(sender.pubacks) == 1500, 20)
    sender.close()
    broker.stop()
    broker.start()
    assert broker.port == port
    clients.append(Client("sleeper").connect(broker.host, port, keep_session=True))
    until(lambda: len(clients[0].received) == 1500, 20)
    assert [int(payload) for _, payload in clients[0].received] == list(range(1500))


def test_stop_and_kill_leave_no_process(broker: EmbeddedMosquitto) -> None:
    first = broker.pid
    assert first is not None
    broker.kill()
    assert broker.pid is None
    assert not psutil.pid_exists(first)
    broker.start()
    second = broker.pid
    assert second is not None
    broker.stop()
    assert not psutil.pid_exists(second)


def test_one_that_ended_by_itself_comes_back_with_its_ports_and_the_logins_that_others_added(
    guarded: EmbeddedMosquitto, clients: list[Client], server_dir: Path
) -> None:
    assert not guarded.revive(), "it runs"
    ports, pid = (guarded.port, guarded.service_port), guarded.pid
    folder = server_dir / f"guarded-{os.getpid()}" / "broker"
    logins = folder / "passwords"
    logins.write_text(logins.read_text() + "later:$7$101$AAAA$AAAA\n")
    assert pid is not None
    os.kill(pid, 9)
    deadline = time.monotonic() + 10.0
    while guarded.pid is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert guarded.revive()
    assert guarded.pid not in (None, pid)
    assert (guarded.port, guarded.service_port) == ports
    assert "later:" in logins.read_text()
    assert int((folder / PID_FILE).read_text()) == guarded.pid
    guarded.stop()
    assert not guarded.revive(), "it was stopped"


def test_a_taken_port_is_named(broker: EmbeddedMosquitto, server_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"port {broker.port} on 127.0.0.1 is in use"):
        EmbeddedMosquitto(server_dir / "second", broker.port).start()


def test_open_brokers_stay_on_loopback(server_dir: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs users"):
        EmbeddedMosquitto(server_dir / "open", listen="0.0.0.0")


def test_a_file_that_a_full_disk_cut_short_is_set_aside(server_dir: Path, clients: list[Client]) -> None:
    """2.0 puts such a file in the place of the good one, without a word, and never starts from it."""
    folder = server_dir / f"cut-{os.getpid()}"
    with EmbeddedMosquitto(folder) as it:
        Client("sleeper").connect(it.host, it.port, keep_session=True).subscribe("t/#").close()
        clients.append(Client("sender").connect(it.host, it.port))
        clients[0].publish("t/x", b"x" * 100)
    store = folder / "broker" / "mosquitto.db"
    os.truncate(store, store.stat().st_size - 5)
    with EmbeddedMosquitto(folder) as it:
        assert it.pid is not None
        assert store.with_suffix(".unreadable").exists()
        it.stop()
        it.start()  # from a file of its own again
        assert store.exists()


def test_asked_to_end_as_it_begins_it_still_saves(server_dir: Path) -> None:
    """Mosquitto notes that it shall go on after it has said that it runs: what asks it to end in between is forgotten."""
    folder = server_dir / f"forgetful-{os.getpid()}"
    folder.mkdir(0o755)
    program = folder / "mosquitto"
    program.write_text(FORGETFUL)
    program.chmod(0o755)
    with EmbeddedMosquitto(folder, binary=Binary(program, (2, 0, 11), {})):
        pass
    assert (folder / "broker" / "saved").exists()


FORGETFUL = """#!/bin/sh
cd "${2%/*}"
trap '[ -e asked ] && : > saved && exit; : > asked' TERM
echo "mosquitto version 2.0.11 running"
while :; do sleep 0.05; done
"""
