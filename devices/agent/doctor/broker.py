"""The way to the broker, step by step: name, TCP, TLS, login, own topics. Each failure names the step."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.subscribeoptions import SubscribeOptions

from cityops.errors import ConfigurationError
from devices.agent.broker import BrokerAddress
from devices.agent.config import AgentConfig
from devices.agent.doctor.broker_address import effective
from devices.agent.doctor.finding import Finding, fail, ok, warn
from devices.agent.identity import Identity

_PATIENCE_S = 5.0
_SOON_S = 30 * 86_400
_NETWORK = "is the network up? ip route; ping -c1 the router; the readings wait in the outbox meanwhile"


def broker(config: AgentConfig, *, connect: bool) -> Iterator[Finding]:
    """Yield what is found on the way to the broker that the agent uses; the first step that fails ends it.

    ``connect``: log in, too. A broker ends the agent's own connection for it where that runs.
    """
    try:
        address, said = effective(config)
    except ConfigurationError as e:
        yield fail("broker", str(e), "sudo deploy/agent/install.sh, or put the file there; owner: the agent")
        return
    yield said
    yield from _certificates(address)
    steps = (_resolved, _reached, _encrypted)
    for step in steps:
        finding = step(address)
        if finding is None:
            continue
        yield finding
        if finding.level == "fail":
            return
    if connect:
        yield from _logged_in(config, address)
    else:
        yield ok(
            "login",
            "not tried: the agent runs, and would be put off for it; its log says whether it is connected (journalctl -u cityops-agent); "
            "--connect tries all the same",
        )


def _resolved(address: BrokerAddress) -> Finding | None:
    found: list[Any] = []

    def resolve() -> None:
        with contextlib.suppress(OSError):
            found.extend(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))

    worker = threading.Thread(target=resolve, daemon=True)  # a resolver without network may hang for long
    worker.start()
    worker.join(_PATIENCE_S)
    if not found:
        return fail("name", f"{address.host} is not found", _NETWORK)
    return ok("name", f"{address.host} is {found[0][4][0]}")


def _reached(address: BrokerAddress) -> Finding | None:
    try:
        with socket.create_connection((address.host, address.port), _PATIENCE_S):
            return ok("tcp", f"{address.host}:{address.port} answers")
    except OSError as e:
        return fail("tcp", f"{address.host}:{address.port}: {e.strerror or e}", _NETWORK)


def _encrypted(address: BrokerAddress) -> Finding | None:
    if address.tls_ca is None:
        if address.host in ("localhost", "127.0.0.1", "::1"):
            return None
        return warn("tls", "is off: the password goes in the clear", "broker.tls_ca and port 8883")
    try:
        context = ssl.create_default_context(cafile=str(address.tls_ca))
        if address.tls_cert is not None:
            context.load_cert_chain(str(address.tls_cert), str(address.tls_key) if address.tls_key else None)
        with (
            socket.create_connection((address.host, address.port), _PATIENCE_S) as raw,
            context.wrap_socket(raw, server_hostname=address.host) as secure,
        ):
            certificate = secure.getpeercert() or {}
            version = secure.version()
    except ssl.SSLCertVerificationError as e:
        fix = "the clock of this device, or the broker's certificate; broker.tls_ca must be its authority"
        return fail("tls", f"the broker's certificate is refused: {e.verify_message}", fix)
    except (OSError, ValueError) as e:
        return fail("tls", f"no handshake: {e}", "broker.port: is it the one with TLS, mostly 8883?")
    return _until("tls", f"{version}, the broker's certificate", certificate, "the council renews it")


def _certificates(address: BrokerAddress) -> Iterator[Finding]:
    """Yield how long the files of this device are good for; that needs no network."""
    decode = getattr(ssl, "_ssl", None)
    for name, path in (("authority", address.tls_ca), ("own certificate", address.tls_cert)):
        if path is None:
            continue
        try:
            certificate = decode._test_decode_cert(str(path)) if decode is not None else {}
        except (OSError, ssl.SSLError) as e:
            yield fail(name, f"{path} is no certificate: {e}", "put the PEM file there again")
            continue
        yield _until(name, str(Path(path).name), certificate, "ask the council for a new one")


def _until(name: str, what: str, certificate: dict[str, Any], fix: str) -> Finding:
    end = certificate.get("notAfter")
    if not isinstance(end, str):
        return ok(name, what)
    left_s = ssl.cert_time_to_seconds(end) - time.time()
    if left_s < 0:
        return fail(name, f"{what} has expired on {end}", f"{fix}; or this device's clock is wrong")
    if left_s < _SOON_S:
        return warn(name, f"{what} is good until {end}", fix)
    return ok(name, f"{what} is good until {end}")


class _Login:
    """One connection with the device's own name and rights."""

    def __init__(self, config: AgentConfig, address: BrokerAddress) -> None:
        name = config.device.name
        self._identity = Identity(device=name, kind=config.device.kind, shard=config.shard)
        self.connected: str | None = None
        self.heard: dict[str, str] = {}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5)
        self._client.on_connect = lambda c, u, f, code, p: setattr(
            self, "connected", "" if not code.is_failure else str(code)
        )
        self._client.on_subscribe = lambda c, u, m, codes, p: self.heard.update(receipt=_refused(codes[0]))
        self._client.on_publish = lambda c, u, m, code, p: self.heard.update(ask=_refused(code))
        if address.username is not None:
            self._client.username_pw_set(address.username, address.password)
        if address.tls_ca is not None:
            cert, key = (str(f) if f else None for f in (address.tls_cert, address.tls_key))
            self._client.tls_set(ca_certs=str(address.tls_ca), certfile=cert, keyfile=key)
        self._client.connect_timeout = _PATIENCE_S
        self._address = address

    def run(self) -> None:
        """Connect, subscribe and publish what nobody keeps; OSError where the connection fails."""
        self._client.connect(self._address.host, self._address.port, clean_start=True)
        until_s = time.monotonic() + _PATIENCE_S
        asked = False
        while time.monotonic() < until_s and len(self.heard) < 2 and self.connected in (None, ""):
            self._client.loop(0.1)
            if self.connected == "" and not asked:
                asked = True
                self._client.subscribe(self._identity.topic("receipt"), options=SubscribeOptions(qos=1))
                self._client.publish(self._identity.topic("ask"), b"{}", qos=1)
        self._client.disconnect()
        self._client.loop(0.1)


def _refused(code: Any) -> str:
    """Return why, "" where it was taken; that nobody listens (0x10) is no refusal."""
    return str(code) if code.is_failure else ""


def _logged_in(config: AgentConfig, address: BrokerAddress) -> Iterator[Finding]:
    login = _Login(config, address)
    try:
        login.run()
    except (OSError, ValueError) as e:
        yield fail("login", f"the connection ended: {e}", _NETWORK)
        return
    if login.connected is None:
        yield fail("login", "the broker does not answer to CONNECT", "does it speak MQTT 5 on this port?")
        return
    if login.connected:
        fix = "name and password as registered: device.name, broker.password_file; was the device revoked?"
        yield fail("login", f"refused: {login.connected}", fix)
        return
    yield ok("login", f"accepted as {address.username or config.device.name}")
    for channel, verb in (("ask", "publish on"), ("receipt", "subscribe to")):
        why = login.heard.get(channel)
        if why == "":
            yield ok("topics", f"may {verb} its channel {channel}")
        else:
            fix = "device.kind and device.shard as registered; the broker's rights: docs/access.md"
            yield fail("topics", f"may not {verb} its channel {channel}: {why or 'no answer'}", fix)
