"""The server's side of updates for a laboratory: answers what devices ask, gives receipts, rolls out."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from types import TracebackType

import aiomqtt
import msgspec

from cityops.clock import SystemClock
from devices.contract.messages import BootReceipt, Receipt, encode
from devices.contract.topics import PREFIX, Topic, parse, topic
from ingest.fleet.asks import Answer, Asking, Asks
from ingest.fleet.updates.desk import UpdatesDesk
from ingest.fleet.updates.ports import UpdateStore

LOOK_S = 0.2


class OtaServer:
    """The desk of updates behind a broker, in a thread of its own; a context manager.

    Args:
        store: keeps the roll-outs.
        host: of the broker.
        port: of the broker.
    """

    def __init__(self, store: UpdateStore, host: str, port: int) -> None:
        self._desk = UpdatesDesk(store, SystemClock(), every_s=LOOK_S)
        self._asks = Asks()
        self._desk.join(self._asks)
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._client: aiomqtt.Client | None = None
        self._ready = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None
        self.asked: dict[str, int] = {}

    def __enter__(self) -> OtaServer:
        """Start; returns when it listens."""
        self._thread.start()
        if not self._ready.wait(10) or self.error is not None:
            raise RuntimeError("the server of updates did not start") from self.error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        if self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(10)

    async def tell(self, device: Asking, answer: Answer) -> bool:
        """Say something to a device."""
        assert self._client is not None
        await self._client.publish(device.topic(answer.channel), answer.payload, qos=1, retain=answer.retain)
        return True

    def _live(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        except BaseException as e:
            self.error = e
        finally:
            self._ready.set()
            self._loop.close()

    async def _serve(self) -> None:
        host, port = self._address
        async with aiomqtt.Client(host, port, max_queued_outgoing_messages=0) as client:
            self._client = client
            await client.subscribe([(f"{PREFIX}/+/+/+/{channel}", 1) for channel in ("ask", "reading")])
            self._ready.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look())
                async for message in client.messages:
                    found = parse(str(message.topic))
                    if found is not None and isinstance(message.payload, bytes):
                        await self._heard(found, message.payload)

    async def _look(self) -> None:
        while True:
            await self._desk.look(self)
            await asyncio.sleep(LOOK_S)

    async def _heard(self, found: Topic, payload: bytes) -> None:
        assert self._client is not None
        if found.channel == "reading":
            back = topic(found.shard, found.kind, found.device, "receipt")
            await self._client.publish(back, encode(_receipt(payload)), qos=1)
            return
        device = Asking(name=found.device, kind=found.kind, shard=found.shard)
        with contextlib.suppress(ValueError):
            what, answers = await self._asks.ask(device, payload)
            self.asked[what] = self.asked.get(what, 0) + 1
            for answer in answers:
                await self.tell(device, answer)


def _receipt(payload: bytes) -> Receipt:
    document = msgspec.json.decode(payload)
    rows: list[Mapping[str, int]] = document if isinstance(document, list) else [document]
    return Receipt(tuple(BootReceipt(row["boot"], ((row["seq"], row["seq"]),)) for row in rows))
