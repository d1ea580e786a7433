"""Events of a network server by MQTT 3.1.1, and downlinks to it.

The Things Stack speaks 3.1.1 with QoS 0 only; ChirpStack publishes so by default. Nothing is kept for us
there: what comes while we are away is gone, so that a connection is made again at once.
"""

from __future__ import annotations

import asyncio
import random
import ssl
from pathlib import Path

import aiomqtt
import structlog

from cityops.errors import ConfigurationError, TransientError
from cityops.runtime.backoff import Backoff
from cityops.runtime.stop import sleep_until_stop
from ingest.bridge.ports import Say, Source, Take
from ingest.core.lorawan.envelope import default_topics
from ingest.incident import Incident

log = structlog.get_logger(__name__)

AGAIN = Backoff(first_s=1.0, cap_s=60.0)
STEADY_S = 60.0
"""A connection that lasted so long did not fail by itself: the next one is tried at once."""


class MqttSource:
    """One server's connection.

    Args:
        source: the server.
        take: called with each event.
        say: called when the connection begins, fails or ends.
    """

    def __init__(self, source: Source, take: Take, say: Say) -> None:
        self.source = source
        self._take, self._say = take, say
        self._client: aiomqtt.Client | None = None
        self._trouble = Incident(
            log, "no connection to the LoRaWAN server", "connected to the LoRaWAN server again"
        )
        self._rng = random.Random()

    @property
    def connected(self) -> bool:
        """Whether events can arrive now."""
        return self._client is not None

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver events until ``stop``."""
        failures = 0
        while not stop.is_set():
            began_s = asyncio.get_running_loop().time()
            try:
                await self._session(stop)
            except (aiomqtt.MqttError, OSError, ValueError, ConfigurationError) as e:
                # ValueError: a host that is no name, a filter that is none
                lasted_s = asyncio.get_running_loop().time() - began_s
                failures = 0 if lasted_s > STEADY_S else failures + 1
                self._trouble.failed(self.source.name, str(e))
                await self._say(self.source.source_id, f"not connected: {e}"[:300])
                await sleep_until_stop(stop, AGAIN.delay(failures, self._rng))
            finally:
                self._client = None

    async def publish(self, topic: str, payload: bytes) -> None:
        """Send a message to the server.

        Raises:
            TransientError: there is no connection now.
        """
        client = self._client
        if client is None:
            raise TransientError(f"there is no connection to {self.source.name}")
        try:
            await client.publish(topic, payload, qos=0)
        except aiomqtt.MqttError as e:
            raise TransientError(f"{self.source.name} did not take it: {e}") from e

    async def _session(self, stop: asyncio.Event) -> None:
        async with self._made() as client:
            topics = topics_of(self.source)
            await client.subscribe([(topic, 0) for topic in topics])
            self._client = client
            self._trouble.works(self.source.name)
            await self._say(self.source.source_id, "connected")
            log.info("connected to a LoRaWAN server", source=self.source.name, topics=len(topics))
            ending = asyncio.create_task(stop.wait())
            reading = asyncio.create_task(self._read(client))
            try:
                await asyncio.wait({ending, reading}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    await reading  # with what ended it
            finally:
                for task in (ending, reading):
                    task.cancel()
                await asyncio.gather(ending, reading, return_exceptions=True)

    async def _read(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload
            body = payload if isinstance(payload, bytes) else str(payload or "").encode()
            await self._take(self.source, str(message.topic), body)

    def _made(self) -> aiomqtt.Client:
        told = self.source.settings
        return aiomqtt.Client(
            str(told.get("host", "")),
            int(told.get("port", 8883 if told.get("tls", True) else 1883)),
            username=told.get("username") or None,
            password=password_of(self.source),
            identifier=told.get("client_id") or None,
            protocol=aiomqtt.ProtocolVersion.V311,
            clean_session=True,
            keepalive=30,
            timeout=10,
            tls_context=_tls(self.source),
        )


def topics_of(source: Source) -> tuple[str, ...]:
    """Return what is subscribed to."""
    told = source.settings.get("topics")
    if told:
        return tuple(map(str, told))
    return default_topics(source.protocol, str(source.settings.get("application", "")))


def password_of(source: Source) -> str | None:
    """Return the password, from the file that the source names; read anew at each connection, so that it can be changed.

    Raises:
        ConfigurationError: it can't be read.
    """
    name = source.settings.get("password_file")
    if not name:
        return None
    try:
        return Path(str(name)).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigurationError(f"password_file {name} of source {source.name} can't be read: {e}") from e


def _tls(source: Source) -> ssl.SSLContext | None:
    told = source.settings
    if not told.get("tls", True):
        return None
    try:
        context = ssl.create_default_context(cafile=told.get("tls_ca") or None)
        if told.get("tls_cert"):
            context.load_cert_chain(str(told["tls_cert"]), told.get("tls_key") or None)
    except (OSError, ssl.SSLError) as e:
        raise ConfigurationError(f"certificates of source {source.name} can't be read: {e}") from e
    return context
