"""A broker that does what a test tells it to: MQTT 5 on asyncio streams."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from types import TracebackType

import mqtt5


class Peer:
    """One client's connection, seen from the broker.

    Attributes:
        connect: the CONNECT packet.
        subscriptions: filters subscribed to.
        acknowledged: packet ids of PUBACKs, in order.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._buffer = b""
        self.connect: mqtt5.ConnectPacket | None = None
        self.subscriptions: list[str] = []
        self.acknowledged: list[int] = []
        self.published: list[mqtt5.PublishPacket] = []
        self.disconnected = False
        self.pings = 0
        self.answers_pings = True
        self.gone = asyncio.Event()
        self.subscribed = asyncio.Event()

    def send(self, *packets: mqtt5.Packet | bytes) -> None:
        for packet in packets:
            self._writer.write(packet if isinstance(packet, bytes) else packet.write())

    def deliver(self, first_id: int, count: int, topic: str = "t", size: int = 1) -> None:
        """Send QoS 1 messages with packet ids from ``first_id``."""
        for packet_id in range(first_id, first_id + count):
            payload = b"%d" % packet_id
            self.send(
                mqtt5.PublishPacket(
                    topic, payload.ljust(size), qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id
                )
            )

    def cut(self) -> None:
        """Drop the connection as a network would."""
        self._writer.transport.abort()

    async def serve(self, session_present: bool) -> None:
        try:
            while data := await self._reader.read(65_536):
                self._buffer += data
                for packet in self._packets():
                    self._act(packet, session_present)
        except ConnectionError:
            pass
        finally:
            self.gone.set()
            self._writer.close()

    def _packets(self) -> Iterator[mqtt5.Packet]:
        try:
            while self._buffer:
                packet, used = mqtt5.read(memoryview(self._buffer))
                self._buffer = self._buffer[used:]
                yield packet
        except IndexError:
            return  # the last one is not complete

    def _act(self, packet: mqtt5.Packet, session_present: bool) -> None:
        if isinstance(packet, mqtt5.ConnectPacket):
            self.connect = packet
            self.send(mqtt5.ConnAckPacket(session_present=session_present))
        elif isinstance(packet, mqtt5.SubscribePacket):
            self.subscriptions += [f.pattern for f in packet.topic_filters]
            codes = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(packet.topic_filters)
            self.send(mqtt5.SubAckPacket(packet.packet_id, codes))
            self.subscribed.set()
        elif isinstance(packet, mqtt5.PubAckPacket):
            self.acknowledged.append(packet.packet_id)
        elif isinstance(packet, mqtt5.PublishPacket):
            self.published.append(packet)
        elif isinstance(packet, mqtt5.PingReqPacket):
            self.pings += 1
            if self.answers_pings:
                self.send(mqtt5.PingRespPacket())
        elif isinstance(packet, mqtt5.DisconnectPacket):
            self.disconnected = True


class ScriptedBroker:
    """Accepts connections one after another; ``peer()`` waits for the next subscribed one.

    Attributes:
        session_present: what CONNACK says.
    """

    def __init__(self) -> None:
        self.session_present = False
        self.peers: list[Peer] = []
        self._arrived: asyncio.Queue[Peer] = asyncio.Queue()
        self.port = 0

    async def peer(self) -> Peer:
        async with asyncio.timeout(10):
            peer = await self._arrived.get()
            await peer.subscribed.wait()
            return peer

    async def __aenter__(self) -> ScriptedBroker:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for peer in self.peers:
            peer.cut()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        self._arrived.put_nowait(peer)
        await peer.serve(self.session_present)
