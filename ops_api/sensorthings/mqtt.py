"""Publishes new observations: ``v1.1/Datastreams(id)/Observations`` and ``v1.1/Observations``, QoS 0, never retained.

One process of many does, under an advisory lock; another takes over where it ends. OGC 18-088 §14.2.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import aiomqtt
import psycopg
import structlog

from cityops.errors import TransientError
from devices.contract.kind import Kind
from ops_api.sensorthings import documents
from ops_api.sensorthings.core.schema import OBSERVATION
from ops_api.sensorthings.nodes import Node
from ops_api.sensorthings.store import Row
from ops_api.sensorthings.telling import News, newest_of_each

log = structlog.get_logger(__name__)

STEP_S, AGAIN_S = 0.5, 5.0
"""Between looks, and before a new try where broker or database do not answer or another process tells."""
Connect = Callable[[], AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to publish, and as whom."""

    host: str
    port: int
    username: str
    password: str
    tls_ca: str | None = None

    def client(self) -> aiomqtt.Client:
        """Return a client that is not connected yet."""
        context = None if self.tls_ca is None else ssl.create_default_context(cafile=self.tls_ca)
        return aiomqtt.Client(
            self.host,
            self.port,
            username=self.username or None,
            password=self.password or None,
            protocol=aiomqtt.ProtocolVersion.V5,
            tls_context=context,
        )


class Teller:
    """Publishes until it is cancelled.

    Args:
        connect: makes a database connection in autocommit, as :class:`News` needs it.
        broker: where to.
        kinds: kinds of device.
        fresh: sees to it that new devices have their datastreams.
        base: address of the service, for links.
        per_s: messages a second; above it only the newest of each datastream.
    """

    def __init__(
        self,
        connect: Connect,
        broker: Broker,
        kinds: Mapping[str, Kind],
        fresh: Callable[[], Any],
        base: str,
        per_s: int,
    ) -> None:
        self._connect, self._broker, self._kinds = connect, broker, kinds
        self._fresh, self._base, self._per_s = fresh, base, per_s
        self.told = self.left_out = 0

    async def run(self) -> None:
        """Publish for ever; what fails is tried again."""
        while True:
            try:
                async with self._connect() as connection:
                    news = News(connection, self._kinds)
                    if await news.begin():
                        await self._tell(news)
            except (aiomqtt.MqttError, psycopg.Error, TransientError, OSError) as error:
                log.warning("observations not published", error=" ".join(str(error).split())[:200])
            await asyncio.sleep(AGAIN_S)

    async def _tell(self, news: News) -> None:
        async with self._broker.client() as client:
            log.info("observations published", broker=f"{self._broker.host}:{self._broker.port}")
            while True:
                began_s = monotonic()
                await self._fresh()
                for row in self._thinned(await news.step()):
                    await self._publish(client, row)
                await asyncio.sleep(max(0.0, STEP_S - (monotonic() - began_s)))

    def _thinned(self, found: list[Row]) -> list[Row]:
        """Return what goes out of one step."""
        if len(found) <= self._per_s * STEP_S:
            return found
        kept = newest_of_each(found)
        self.left_out += len(found) - len(kept)
        return kept

    async def _publish(self, client: aiomqtt.Client, row: Row) -> None:
        payload = documents.document(self._base, OBSERVATION, Node(row))
        for topic in (f"v1.1/Datastreams({row['datastream_id']})/Observations", "v1.1/Observations"):
            await client.publish(topic, payload, qos=0, retain=False)
        self.told += 1
