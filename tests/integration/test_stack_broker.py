"""The stack's broker files under a real Mosquitto: users, rights, listeners, certificates and their renewal."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from cityops.embedded.account import server_account
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.process import free_ports
from devices.contract.access import (
    ANYBODY_RIGHTS,
    DEVICE_RIGHTS,
    FLEET_RIGHTS,
    INGEST_RIGHTS,
    PROVISIONING_RIGHTS,
    STA_RIGHTS,
)
from devices.contract.topics import ASK, DOWN, PREFIX, SHARDS, UP

FOLDER = Path(__file__).parents[2] / "deploy" / "mosquitto"
TOPIC = f"{PREFIX}/00/road/{{}}/reading"
RECEIPT = f"{PREFIX}/00/road/{{}}/receipt"
# What Mosquitto 2.0 does not know; the stack's image is 2.1.
ONLY_2_1 = ("global_plugin", "plugin_opt_", "accept_protocol_versions")
DEADLINE_S = 5.0
MESSAGE_BYTES = 650
"""Memory of a queued reading in Mosquitto 2.1, measured: 0.5 KB and its payload."""
BROKER_MEMORY_BYTES = 2 * 1024**3
"""The container's limit in docker-compose.yml."""


PASSWORDS: dict[int, str] = {}
"""A device's password by the broker's port for devices, as its script printed it."""


@dataclass(frozen=True)
class Broker:
    """A running broker: a port for services, one for devices, its folder and process."""

    services: int
    devices: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def password(self) -> str:
        """Password of the device road-001."""
        return PASSWORDS[self.devices]


def devices_sh(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script that gives devices their logins."""
    environment = {**os.environ, "PASSWORDS": str(folder / "passwords")}
    command = ["sh", str(FOLDER / "devices.sh"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def certs_sh(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script that makes and renews the certificate."""
    environment = {**os.environ, "SECRETS": str(folder)}
    command = ["sh", str(FOLDER.parent / "certs.sh"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def _logins(folder: Path) -> str:
    """Run the stack's own scripts as its one-shot does, then add a device as an operator does."""
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (Debian: package mosquitto)")
    for user in ("ingest", "town", "sta", "fleet"):
        (folder / f"mqtt_{user}_password").write_text(f"{user}-password")
    file = folder / "passwords"
    environment = {**os.environ, "PASSWORDS": str(file), "SECRETS": str(folder), "ACL": str(FOLDER / "acl")}
    for _ in range(2):  # the stack runs it at each start
        subprocess.run(["sh", str(FOLDER / "users.sh")], env=environment, check=True, capture_output=True)
    added = devices_sh(folder, "add", "road-001")
    names = [line.split(":")[0] for line in file.read_text().splitlines()]
    assert sorted(names) == ["fleet", "ingest", "road-001", "sta", "town"]
    name, password = added.stdout.split()
    assert name == "road-001"
    assert len(password) == 48
    return password


def _configuration(folder: Path, ports: Broker, file: str) -> str:
    text = (FOLDER / file).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(ONLY_2_1)]
    return (
        "\n".join(lines)
        .replace("/mosquitto/data", str(folder))
        .replace("/mosquitto/config", str(folder))
        .replace("/run/secrets", str(folder))
        .replace("listener 1883", f"listener {ports.services} 127.0.0.1")
        .replace("listener 8883", f"listener {ports.devices} 127.0.0.1")
    )


@pytest.fixture(scope="module", params=["mosquitto.conf", "mosquitto-2.0.conf"])
def stack_broker(server_dir: Path, request: pytest.FixtureRequest) -> Iterator[Broker]:
    folder = server_dir / f"stack-{request.param}"
    folder.mkdir(mode=0o711)
    password = _logins(folder)
    assert certs_sh(folder, "init", "mqtt.example.org").returncode == 0
    ports = Broker(*free_ports(2), folder)
    PASSWORDS[ports.devices] = password
    (folder / "mosquitto.conf").write_text(_configuration(folder, ports, request.param))
    account = server_account(folder)
    if account is not None:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid)
    process = subprocess.Popen(
        [find_mosquitto(None).path, "-c", str(folder / "mosquitto.conf")],
        user=None if account is None else account.uid,
        group=None if account is None else account.gid,
        extra_groups=None if account is None else (),
        stdout=(folder / "log").open("w"),
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for(ports.services, process, folder / "log")
        yield Broker(ports.services, ports.devices, folder, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(log.read_text())


class Client:
    """A connected MQTT 5 client which remembers what it was told."""

    def __init__(
        self, port: int, user: str | None, password: str | None, client_id: str = "", ca: Path | None = None
    ) -> None:
        self.connected: list[str] = []
        self.acknowledged: dict[int, int] = {}
        self.subscribed: list[int] = []
        self.received: list[tuple[str, bytes]] = []
        self.paho: Any = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5
        )
        if user is not None:
            self.paho.username_pw_set(user, password)
        if ca is not None:
            self.paho.tls_set(ca_certs=str(ca))
        self.gone: list[str] = []
        self.paho.on_disconnect = lambda _c, _u, _f, reason, _p: self.gone.append(str(reason))
        self.paho.on_connect = lambda _c, _u, _f, reason, _p: self.connected.append(str(reason))
        self.paho.on_publish = lambda _c, _u, mid, reason, _p: self.acknowledged.update({mid: reason.value})
        self.paho.on_subscribe = lambda _c, _u, mid, _r, _p: self.subscribed.append(mid)
        self.paho.on_message = lambda _c, _u, m: self.received.append((m.topic, m.payload))
        self.paho.connect("127.0.0.1", port)
        self.until(lambda: bool(self.connected))

    def until(self, done: Any) -> None:
        end = time.monotonic() + DEADLINE_S
        while not done() and time.monotonic() < end:
            self.paho.loop(0.05)
        assert done(), "the broker did not answer"

    def publish(self, topic: str) -> int:
        """Return the reason code of the PUBACK."""
        mid = self.paho.publish(topic, b"{}", qos=1).mid
        self.until(lambda: mid in self.acknowledged)
        return self.acknowledged[mid]

    def subscribe(self, topic: str) -> None:
        _, mid = self.paho.subscribe(topic, qos=1)
        self.until(lambda: mid in self.subscribed)


def device(
    broker: Broker, name: str = "road-001", password: str | None = None, client_id: str = ""
) -> Client:
    """Connect as a device does: with TLS and the authority's certificate."""
    ca = broker.folder / "mqtt_ca_crt"
    return Client(broker.devices, name, password or broker.password, client_id, ca)


SUCCESS, NOBODY, REFUSED = 0x00, 0x10, 0x87


def test_nobody_enters_without_a_password(stack_broker: Broker) -> None:
    ca = stack_broker.folder / "mqtt_ca_crt"
    for port, authority in ((stack_broker.services, None), (stack_broker.devices, ca)):
        assert Client(port, None, None, ca=authority).connected == ["Not authorized"]
        assert Client(port, "ingest", "guessed", ca=authority).connected == ["Not authorized"]


def test_nobody_enters_the_devices_port_without_tls_or_with_an_old_one(stack_broker: Broker) -> None:
    with socket.create_connection(("127.0.0.1", stack_broker.devices), DEADLINE_S) as plain:
        plain.sendall(bytes.fromhex("101000044d5154540502003c00000300000000"))  # CONNECT of MQTT 5
        plain.settimeout(DEADLINE_S)
        with contextlib.suppress(ConnectionError):
            assert not plain.recv(4).startswith(b"\x20")  # no CONNACK
    old = ssl.create_default_context(cafile=stack_broker.folder / "mqtt_ca_crt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    assert _handshake(stack_broker, old) == "refused"
    assert _handshake(stack_broker, ssl.create_default_context()) == "refused"  # another's authorities
    good = ssl.create_default_context(cafile=stack_broker.folder / "mqtt_ca_crt")
    assert _handshake(stack_broker, good) == "TLSv1.3"
    assert _handshake(stack_broker, good, "mqtt.example.com") == "refused"  # a name that it has not


def _handshake(broker: Broker, context: ssl.SSLContext, name: str = "mqtt.example.org") -> str | None:
    with socket.create_connection(("127.0.0.1", broker.devices), DEADLINE_S) as raw:
        try:
            with context.wrap_socket(raw, server_hostname=name) as secured:
                return secured.version()
        except (ssl.SSLError, ConnectionError):
            return "refused"


def _serial(broker: Broker) -> str:
    context = ssl.create_default_context(cafile=broker.folder / "mqtt_ca_crt")
    with (
        socket.create_connection(("127.0.0.1", broker.devices), DEADLINE_S) as raw,
        context.wrap_socket(raw, server_hostname="mqtt.example.org") as secured,
    ):
        certificate = secured.getpeercert()
        assert certificate is not None
        return str(certificate["serialNumber"])


def _reload(broker: Broker) -> None:
    assert broker.process is not None
    broker.process.send_signal(signal.SIGHUP)


def test_a_certificate_is_renewed_without_a_restart_and_without_cutting_devices_off(
    stack_broker: Broker,
) -> None:
    connected, old = device(stack_broker), _serial(stack_broker)
    assert "is good for more" in certs_sh(stack_broker.folder, "renew").stdout
    assert certs_sh(stack_broker.folder, "check", "500").returncode == 1
    renewed = certs_sh(stack_broker.folder, "renew", "500")
    assert "for mqtt.example.org broker localhost 127.0.0.1" in renewed.stdout, renewed.stderr
    assert _serial(stack_broker) == old  # not before it is told
    _reload(stack_broker)
    end = time.monotonic() + DEADLINE_S
    while _serial(stack_broker) == old and time.monotonic() < end:
        time.sleep(0.05)
    assert _serial(stack_broker) != old
    assert connected.publish(TOPIC.format("road-001")) in (SUCCESS, NOBODY)
    assert connected.gone == []
    assert device(stack_broker).connected == ["Success"]


def test_a_device_is_let_in_and_shut_out_without_a_restart(stack_broker: Broker) -> None:
    folder = stack_broker.folder
    added = devices_sh(folder, "add", "road-009", "bin-3")
    assert [line.split()[0] for line in added.stdout.splitlines()] == ["road-009", "bin-3"]
    password = added.stdout.split()[1]
    _reload(stack_broker)
    end = time.monotonic() + DEADLINE_S
    while (one := device(stack_broker, "road-009", password)).connected != ["Success"]:
        assert time.monotonic() < end, one.connected
    assert one.publish(TOPIC.format("road-009")) in (SUCCESS, NOBODY)
    assert devices_sh(folder, "remove", "road-009").returncode == 0
    assert devices_sh(folder, "list").stdout.split() == ["road-001", "bin-3"]
    _reload(stack_broker)
    one.until(lambda: bool(one.gone))  # the one that is connected, too
    assert device(stack_broker, "road-009", password).connected == ["Not authorized"]
    for wrong in (
        ("add", "road-001"),
        ("add", "ingest"),
        ("add", "sta"),
        ("add", "road 1"),
        ("remove", "nobody"),
        ("add",),
    ):
        before = (folder / "passwords").read_text()
        assert devices_sh(folder, *wrong).returncode == 1, wrong
        assert (folder / "passwords").read_text() == before


def test_what_the_authority_signs_fits_strict_clients(stack_broker: Broker) -> None:
    ca, crt = stack_broker.folder / "mqtt_ca_crt", stack_broker.folder / "mqtt_server_crt"
    done = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, crt],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_device_speaks_for_itself_only(stack_broker: Broker) -> None:
    one = device(stack_broker, client_id="another-id")
    assert one.connected == ["Success"]
    assert one.publish(TOPIC.format("road-001")) in (SUCCESS, NOBODY)
    assert one.publish(TOPIC.format("road-002")) == REFUSED
    assert one.publish(RECEIPT.format("road-001")) == REFUSED


def test_the_ingester_reads_all_and_writes_receipts_only(stack_broker: Broker) -> None:
    ingester = Client(stack_broker.services, "ingest", "ingest-password", "ing00")
    ingester.subscribe(f"{PREFIX}/00/+/+/reading")
    one = device(stack_broker)
    one.subscribe(RECEIPT.format("road-001"))
    assert one.publish(TOPIC.format("road-001")) == SUCCESS
    ingester.until(lambda: bool(ingester.received))
    assert ingester.received[0][0] == TOPIC.format("road-001")
    assert ingester.publish(RECEIPT.format("road-001")) == SUCCESS
    one.until(lambda: bool(one.received))
    assert ingester.publish(TOPIC.format("road-001")) == REFUSED


def test_the_town_speaks_for_its_devices_and_hears_no_other(stack_broker: Broker) -> None:
    town = Client(stack_broker.services, "town", "town-password", "road-007")
    town.subscribe("#")
    assert town.publish(TOPIC.format("road-007")) in (SUCCESS, NOBODY)
    assert town.publish(RECEIPT.format("road-007")) == REFUSED
    town.paho.loop(0.3)
    assert town.received == []


def test_the_website_tells_what_is_public_and_nothing_else(stack_broker: Broker) -> None:
    """SensorThings over MQTT (docs/sensorthings.md): a login hears it; its user says and hears nothing of devices."""
    listener = device(stack_broker)
    listener.subscribe("v1.1/#")
    assert listener.publish("v1.1/Observations") == REFUSED
    sta = Client(stack_broker.services, "sta", "sta-password")
    assert sta.connected == ["Success"]
    sta.subscribe("#")
    assert sta.publish("v1.1/Datastreams(7)/Observations") == SUCCESS
    listener.until(lambda: bool(listener.received))
    assert listener.received[0][0] == "v1.1/Datastreams(7)/Observations"
    assert sta.publish(TOPIC.format("road-001")) == REFUSED
    assert sta.publish(RECEIPT.format("road-001")) == REFUSED
    sta.paho.loop(0.3)
    assert [topic for topic, _ in sta.received if topic.startswith(PREFIX)] == []


def test_the_rights_are_those_of_the_contract() -> None:
    text = (FOLDER / "acl").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    town = [f"topic write {PREFIX}/+/+/+/{c}" for c in sorted(UP | {ASK})]
    town += [f"topic read {PREFIX}/+/+/+/{c}" for c in sorted(DOWN)]
    ingest = [f"topic {right}" for right in INGEST_RIGHTS]
    fleet = [f"topic {right}" for right in FLEET_RIGHTS]
    sta = [f"topic {right}" for right in STA_RIGHTS]
    devices = [f"pattern {right}" for right in (*ANYBODY_RIGHTS, *DEVICE_RIGHTS)]
    keeper = ["user devices", *(f"topic {right}" for right in PROVISIONING_RIGHTS)]
    services = ["user ingest", *ingest, "user fleet", *fleet, *keeper, "user town", *town, "user sta", *sta]
    assert lines == [*services, *devices]


def _lines(file: str) -> list[str]:
    lines = (FOLDER / file).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_queue_survives_a_crash_and_is_not_cut_at_a_thousand() -> None:
    lines = _lines("mosquitto.conf")
    assert {"plugin_opt_flush_period 0", "plugin_opt_sync full"} <= set(lines)
    assert not [line for line in lines if line.startswith(("persistence true", "autosave"))]
    assert "autosave_on_changes true" in _lines("mosquitto-2.0.conf")  # what 2.0 has instead


@pytest.mark.parametrize("file", ["mosquitto.conf", "mosquitto-2.0.conf"])
def test_limits_and_identities(file: str) -> None:
    lines = _lines(file)
    assert {
        "allow_anonymous false",
        "max_inflight_messages 0",
        "max_packet_size 70000",
        "persistent_client_expiration 14d",
    } <= set(lines)
    assert not [line for line in lines if line.startswith("max_queued_bytes")]
    queued = next(int(line.split()[1]) for line in lines if line.startswith("max_queued_messages "))
    assert queued >= 100_000
    assert SHARDS * queued * MESSAGE_BYTES < 0.85 * BROKER_MEMORY_BYTES  # a limit counts for each session
    services, devices = " ".join(lines).split("listener ")[1:]
    assert "use_username_as_clientid" not in services  # an ingester has a client id per shard
    assert "use_username_as_clientid true" in devices
    assert "max_connections 90000" in devices


def test_both_versions_are_the_same_but_for_the_queue() -> None:
    new, old = set(_lines("mosquitto.conf")), set(_lines("mosquitto-2.0.conf"))
    assert all(line.startswith((*ONLY_2_1, "persistence_location")) for line in new - old)
    assert all(line.startswith(("persistence", "autosave")) for line in old - new)


def test_no_password_is_on_a_command_line(tmp_path: Path) -> None:
    """Everybody on the machine sees those; and a password of an operator's own choice is taken as it is."""
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (Debian: package mosquitto)")
    odd = "p:a ss'\"$`\\wörd%s"
    log, real = tmp_path / "arguments", shutil.which("mosquitto_passwd")
    spy = tmp_path / "bin" / "mosquitto_passwd"
    spy.parent.mkdir()
    spy.write_text(f"#!/bin/sh\necho \"$*\" >> '{log}'\nexec '{real}' \"$@\"\n")
    spy.chmod(0o755)
    for user in ("ingest", "town", "sta", "fleet"):
        (tmp_path / f"mqtt_{user}_password").write_text(odd + "\n")
    environment = {
        **os.environ, "PATH": f"{spy.parent}:{os.environ['PATH']}", "SECRETS": str(tmp_path), "ACL": str(FOLDER / "acl"),
        "PASSWORDS": str(tmp_path / "passwords"),
    }  # fmt: skip
    subprocess.run(["sh", str(FOLDER / "users.sh")], env=environment, check=True, capture_output=True)
    added = subprocess.run(
        ["sh", str(FOLDER / "devices.sh"), "add", "road-1"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    name, password = added.stdout.split()
    assert name == "road-1"
    seen = log.read_text()
    assert len(seen.splitlines()) == 5
    assert password not in seen
    assert "ss'" not in seen
    assert _verifies(tmp_path / "passwords", "ingest", odd)
    assert _verifies(tmp_path / "passwords", "road-1", password)
    assert not _verifies(tmp_path / "passwords", "road-1", odd)
    assert (tmp_path / "acl").read_text() == (FOLDER / "acl").read_text()
    assert (tmp_path / "acl").stat().st_mode & 0o077 == 0
    assert (
        tmp_path / "passwords"
    ).stat().st_mode & 0o777 == 0o660  # the ingester's too, which is in the broker's group


def _verifies(file: Path, user: str, password: str) -> bool:
    """Check a line ``user:$7$iterations$salt$hash`` as the broker does: PBKDF2 of SHA-512."""
    line = next(line for line in file.read_text().splitlines() if line.startswith(f"{user}:"))
    _, kind, iterations, salt, digest = line.split(":", 1)[1].split("$")
    assert kind == "7"
    made = hashlib.pbkdf2_hmac("sha512", password.encode(), base64.b64decode(salt), int(iterations))
    return made == base64.b64decode(digest)
