"""The queue of downlinks to their servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from cityops.errors import TransientError
from cityops.runtime.stop import sleep_until_stop
from ingest.bridge.metrics import BridgeMetrics
from ingest.bridge.ports import Connection, Downlinks, QueuedDownlink
from ingest.core.lorawan.downlinks import Message, publish
from ingest.core.lorawan.events import EnvelopeError

log = structlog.get_logger(__name__)

EVERY_S = 2.0
AGAIN_S = 30.0
MOST = 20


class Sending:
    """Publishes what waits.

    Args:
        queue: the messages.
        source_of: the connection of a source by its number; None where this process has none.
        metrics: counters.
    """

    def __init__(
        self, queue: Downlinks, source_of: Callable[[int], Connection | None], metrics: BridgeMetrics
    ) -> None:
        self._queue, self._source_of, self._metrics = queue, source_of, metrics

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``."""
        while not await sleep_until_stop(stop, EVERY_S):
            try:
                await self.step()
            except TransientError as e:
                log.debug("downlinks wait", error=str(e))

    async def step(self) -> None:
        """Publish what is due; TransientError where the database can't be asked."""
        for message in await self._queue.queued(MOST):
            await self._send(message)

    async def _send(self, queued: QueuedDownlink) -> None:
        try:
            if queued.source is None or queued.sender is None:
                raise EnvelopeError("the sensor was never heard, so that nobody knows its server")
            if queued.source.transport != "mqtt":
                raise EnvelopeError(
                    f"source {queued.source.name} is a webhook, which has no way back; add an MQTT source of the same server"
                )
            found = publish(
                queued.source.protocol,
                queued.sender,
                str(queued.source.settings.get("application", "")).replace("+", ""),
                Message(f_port=queued.f_port, payload=queued.payload, what=queued.what),
                queued.confirmed,
                queued.correlation,
            )
        except EnvelopeError as e:
            await self._queue.failed(queued.downlink_id, str(e))
            self._metrics.downlinks.labels("failed").inc()
            return
        connection = self._source_of(queued.source.source_id)
        try:
            if connection is None:
                raise TransientError(f"there is no connection to {queued.source.name}")
            await connection.publish(found.topic, found.payload)
        except TransientError as e:
            await self._queue.postpone_downlink(queued.downlink_id, str(e), AGAIN_S)
        else:
            await self._queue.sent(queued.downlink_id)
            self._metrics.downlinks.labels("sent").inc()
            log.info("downlink sent", downlink_id=queued.downlink_id, what=queued.what)
