"""The fleet service's connection to the broker, with aiomqtt: the low-rate control plane."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import aiomqtt

from cityops.errors import ConfigurationError, TransientError
from devices.contract.topics import ASK, PREFIX

CLIENT_ID = "cityops-fleet"
TIMEOUT_S = 10.0
_FILTER = f"{PREFIX}/+/+/+/{ASK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetAddress:
    """Where to connect, and as whom."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    tls_ca: str | None = None
    keepalive_s: int = 30


class AioBroker:
    """Implements :class:`ingest.fleet.service.Broker` on a connected client."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Send at QoS 1; returns when the broker took it."""
        try:
            await self._client.publish(topic, payload, qos=1, retain=retain, timeout=TIMEOUT_S)
        except aiomqtt.MqttError as error:
            raise TransientError(f"broker: {error}") from error

    async def asks(self) -> AsyncIterator[tuple[str, bytes]]:
        """Yield topic and payload of what devices ask; what is retained is nobody's ask now."""
        try:
            async for message in self._client.messages:
                if not message.retain and isinstance(message.payload, bytes):
                    yield str(message.topic), message.payload
        except aiomqtt.MqttError as error:
            raise TransientError(f"broker: {error}") from error


@asynccontextmanager
async def connected(address: FleetAddress) -> AsyncIterator[AioBroker]:
    """Lend a connection that hears asks.

    Raises:
        TransientError: the broker does not answer, or refuses.
        ConfigurationError: the authority's file can't be read.
    """
    client = aiomqtt.Client(
        address.host,
        address.port,
        identifier=CLIENT_ID,
        username=address.username or None,
        password=address.password or None,
        protocol=aiomqtt.ProtocolVersion.V5,
        tls_context=_tls(address.tls_ca),
        keepalive=address.keepalive_s,
        timeout=TIMEOUT_S,
        max_queued_incoming_messages=1000,
    )
    try:
        await client.__aenter__()
    except aiomqtt.MqttError as error:
        raise TransientError(f"broker {address.host}:{address.port}: {error}") from error
    try:
        await client.subscribe(_FILTER, qos=1)
        yield AioBroker(client)
    except aiomqtt.MqttError as error:
        raise TransientError(f"broker: {error}") from error
    finally:
        with suppress(aiomqtt.MqttError):  # it is gone already
            await client.__aexit__(None, None, None)


def _tls(ca: str | None) -> ssl.SSLContext | None:
    if ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise ConfigurationError(f"mqtt.tls_ca {ca} can't be read: {error}") from error
