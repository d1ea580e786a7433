"""Real Mosquittos with devices' logins: by password file, with dynamic security, and with certificates."""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cityops.embedded.account import own_directory, server_account
from cityops.embedded.mosquitto_binary import find_mosquitto
from cityops.embedded.process import ServerProcess, free_ports
from devices.contract.access import DEVICE_RIGHTS, PROVISIONING_RIGHTS
from devices.contract.topics import shard_of, topic
from ops_api.provisioning.brokers.password_file import reload_by_pid
from ops_api.provisioning.brokers.service_login import ServiceLogin
from ops_api.provisioning.ports import Signer
from tests.fakes.provisioned import Card

PLUGINS = ("/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/local/lib")
EMPTY = {
    "defaultACLAccess": {
        "publishClientSend": False, "publishClientReceive": True, "subscribe": False, "unsubscribe": True,
    }
}  # fmt: skip
SERVICE = Card(password="the keeper of logins")
HEARER = Card(password="hears everything")


def plugin() -> Path:
    """Return Mosquitto's plugin for dynamic security; skips where it is not installed."""
    found = [Path(p) / "mosquitto_dynamic_security.so" for p in PLUGINS]
    there = [path for path in found if path.exists()]
    if not there:
        pytest.skip("mosquitto_dynamic_security.so is not installed: dynamic security is not tested here")
    return there[0]


@dataclass
class Place:
    """A broker that runs: its folder, ports for services, devices and devices with certificates."""

    folder: Path
    services: int
    devices: int
    certified: int

    @property
    def passwords(self) -> Path:
        return self.folder / "passwords"

    @property
    def revocations(self) -> Path:
        return self.folder / "revoked.pem"

    @property
    def login(self) -> ServiceLogin:
        return ServiceLogin(
            host="localhost", port=self.services, username="devices", password=SERVICE.password
        )

    def reload(self) -> None:
        reload_by_pid(self.folder / "broker.pid")()


@contextmanager
def broker(
    server_dir: Path, name: str, *, dynamic: bool = False, tls: Mapping[str, Path] | None = None,
    signer: Signer | None = None,
) -> Iterator[Place]:  # fmt: skip
    """Run a Mosquitto whose logins are in files; ``tls``: certificate files of a listener for certificates."""
    folder = server_dir / name
    folder.mkdir()
    account = server_account(folder)
    place = Place(folder, *free_ports(3))
    rights = [f"topic {right}" for right in PROVISIONING_RIGHTS]
    acl = [
        "user devices",
        *rights,
        "",
        "user hearer",
        "topic read #",
        "",
        *(f"pattern {r}" for r in DEVICE_RIGHTS),
    ]
    place.passwords.write_text(f"devices:{SERVICE.verifier}\nhearer:{HEARER.verifier}\n")
    (folder / "acl").write_text("\n".join(acl) + "\n")
    lines = ["per_listener_settings false"]
    if dynamic:
        (folder / "dynamic.json").write_text(json.dumps(EMPTY))
        lines += [f"plugin {plugin()}", f"plugin_opt_config_file {folder}/dynamic.json"]
    lines += [
        "allow_anonymous false", f"password_file {place.passwords}", f"acl_file {folder}/acl",
        f"listener {place.services} 127.0.0.1", f"listener {place.devices} 127.0.0.1",
        "use_username_as_clientid true", "log_type notice", "log_type error", "log_type information", "log_dest stderr",
    ]  # fmt: skip
    if tls is not None and signer is not None:
        place.revocations.write_bytes(signer.revocations({}, datetime.now(UTC)))
        for key, path in tls.items():
            shutil.copy(path, folder / key)
        lines += [
            f"listener {place.certified} 127.0.0.1", f"cafile {folder}/ca.pem", f"certfile {folder}/server.pem",
            f"keyfile {folder}/server.key", f"crlfile {place.revocations}", "require_certificate true",
            "use_identity_as_username true", "use_username_as_clientid true",
        ]  # fmt: skip
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    own_directory(folder, account)
    for file in folder.iterdir():
        file.chmod(0o600)
        if account is not None:
            shutil.chown(file, account.uid, account.gid)
    found = find_mosquitto()
    process = ServerProcess(
        [found.path, "-c", folder / "mosquitto.conf"], account=account, log_file=server_dir / f"{name}.log",
        stop_signal=signal.SIGTERM, env=found.env,
    )  # fmt: skip
    try:
        until(lambda: " running" in process.last_words(), what=process.last_words)
        (folder / "broker.pid").write_text(f"{process.pid}\n")
        yield place
    finally:
        process.stop()


def until(done: Callable[[], bool], seconds: float = 10.0, what: Callable[[], str] = lambda: "") -> float:
    """Wait for something; return how long it took [s]."""
    began_s = time.monotonic()
    while not done():
        assert time.monotonic() - began_s < seconds, f"waited in vain {what()}"
        time.sleep(0.01)
    return time.monotonic() - began_s


class Speaker:
    """A device, or whoever has its credential, that goes on trying to connect and to speak."""

    def __init__(
        self, port: int, name: str, password: str = "", tls: tuple[Path, Path] | None = None
    ) -> None:
        self.codes: list[str] = []
        self.connected = False
        self.refused = False
        self.heard: list[bytes] = []
        self._topic = topic(shard_of(name), "frog", name, "reading")
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        if tls is None:
            self.client.username_pw_set(name, password)
        else:
            self.client.tls_set(str(tls[0]), certfile=str(tls[1]), keyfile=str(tls[1]))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda _c, _u, m: self.heard.append(bytes(m.payload))
        self.client.connect_async("localhost", port)
        self.client.loop_start()

    def _on_connect(self, _c: object, _u: object, _f: object, code: mqtt.ReasonCode, _p: object) -> None:
        self.codes.append(str(code))
        self.connected, self.refused = not code.is_failure, code.is_failure
        if self.connected and self._topic.split("/")[4] == "hearer":
            self.client.subscribe("cityops/#", qos=1)

    def _on_disconnect(self, *_: object) -> None:
        self.connected = False

    def say(self, text: bytes) -> None:
        """Publish; what is said while it is not connected waits."""
        self.client.publish(self._topic, text, qos=1)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def hearing(place: Place) -> Iterator[Speaker]:
    """Lend somebody who hears all that devices say."""
    made = Speaker(place.services, "hearer", HEARER.password)
    until(lambda: made.connected)
    time.sleep(0.1)
    yield made
    made.close()
