"""One TCP connection to an MQTT 5 broker: frames, hand-shake, keep-alive, flow.

It lives as long as the connection does; ``mqtt_session`` makes the next one.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar, cast

import mqtt5
from mqtt5 import ConnAckPacket, DisconnectPacket, Packet, SubAckPacket

from cityops.errors import TransientError
from ingest.mqtt_gate import ReadGate
from ingest.mqtt_options import SessionOptions
from ingest.mqtt_wire import MalformedPacketError, PacketReader, pubacks, publish_qos0

Deliver = Callable[[list[str], list[bytes], list[int]], None]
"""Called with topics, payloads and packet ids (0 for QoS 0) of messages that came together."""

WRITE_LIMIT_BYTES = 1_000_000
"""Waiting to be sent beyond which ``publish_all`` drops: receipts can be repeated, memory can't."""

GOODBYE_S = 1.0
"""How long the broker has to hang up after our good-bye."""

_Answer = TypeVar("_Answer", ConnAckPacket, SubAckPacket)

SESSION_TAKEN_OVER = 0x8E
"""Another client connected under our client id (MQTT 5, section 3.14.2.1)."""

FIRST_REFUSAL = 0x80
"""Reason codes from here on are refusals (MQTT 5, section 2.4)."""


class Connection(asyncio.Protocol):
    """The asyncio protocol of one connection."""

    def __init__(self, options: SessionOptions, deliver: Deliver) -> None:
        self._options = options
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._reader = PacketReader(options.max_packet_bytes)
        self._transport: asyncio.Transport | None = None
        self._connack: asyncio.Future[ConnAckPacket] = self._loop.create_future()
        self._suback: asyncio.Future[SubAckPacket] = self._loop.create_future()
        self._out = bytearray()
        self._writable = asyncio.Event()
        self._writable.set()
        self._timer: asyncio.TimerHandle | None = None
        self._last_heard_s = self._loop.time()
        self._gate = ReadGate(self._loop)
        self._leaving = False
        self.lost = asyncio.Event()
        self.why_lost = ""
        self.taken_over = False

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send CONNECT."""
        self._transport = cast("asyncio.Transport", transport)
        self._gate.attach(self._transport)
        o = self._options
        self._transport.write(
            mqtt5.ConnectPacket(
                o.client_id,
                username=o.username,
                password=o.password,
                clean_start=False,
                keep_alive=o.keepalive_s,
                session_expiry_interval=o.session_expiry_s,
                receive_max=o.receive_maximum,
                max_packet_size=o.max_packet_bytes,
            ).write()
        )

    def data_received(self, data: bytes) -> None:
        """Deliver the messages in ``data`` together and act on the other packets."""
        self._last_heard_s = self._loop.time()
        if self._leaving:
            return  # not acknowledged, so it comes again
        try:
            found = self._reader.feed(data)
        except MalformedPacketError as e:
            self.abort(f"malformed packet: {e}")
            return
        for packet in found.others:
            self._control(packet)
        if found.topics and not self.lost.is_set():
            self._gate.note_data(self._last_heard_s)
            self._deliver(found.topics, found.payloads, found.packet_ids)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._gate.close()
        if self._timer is not None:
            self._timer.cancel()
        self.why_lost = self.why_lost or (str(exc) if exc else "closed by the broker")
        self.lost.set()
        self._writable.set()
        for waiting in (self._connack, self._suback):
            if not waiting.done():
                waiting.set_exception(TransientError(f"connection lost: {self.why_lost}"))
                waiting.exception()  # nobody need ask for it

    def pause_writing(self) -> None:
        """The peer reads slowly."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._writable.set()

    # For the session

    async def handshake(self, filters: Sequence[str]) -> bool:
        """Finish connecting and subscribe; return whether the broker had kept the session.

        Raises:
            TransientError: refused, or no answer in time.
        """
        connack = await self._answer(self._connack, "CONNACK")
        if int(connack.reason_code) >= FIRST_REFUSAL:
            raise TransientError(f"the broker refuses the connection: {_words(connack)}")
        keepalive_s = connack.server_keep_alive
        self._keep_alive(self._options.keepalive_s if keepalive_s is None else keepalive_s)
        # Subscribing to what is subscribed already loses nothing, and asking for retained
        # messages of new subscriptions only repeats none.
        wanted = [
            mqtt5.TopicFilter(
                f,
                max_qos=mqtt5.QoS.AT_LEAST_ONCE,
                retain_handling=mqtt5.RetainHandling.SEND_IF_SUBSCRIPTION_NOT_EXISTS,
            )
            for f in filters
        ]
        self._write(mqtt5.SubscribePacket(1, wanted).write())
        suback = await self._answer(self._suback, "SUBACK")
        if any(int(code) >= FIRST_REFUSAL for code in suback.reason_codes):
            raise TransientError(f"the broker refuses the subscription: {_words(suback)}")
        return connack.session_present

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        """Send PUBACKs in this order."""
        self._write(pubacks(packet_ids))

    def publish_all(self, messages: Sequence[tuple[str, bytes]]) -> int:
        """Send (topic, payload) at QoS 0 in order; return how many, fewer where too much waits already."""
        if self._transport is None or self.lost.is_set():
            return 0
        waiting = len(self._out) + self._transport.get_write_buffer_size()
        packets = [publish_qos0(topic, payload) for topic, payload in messages]
        ends = list(accumulate(map(len, packets), initial=waiting))
        fit = min(bisect_right(ends, WRITE_LIMIT_BYTES), len(packets))
        self._write(b"".join(packets[:fit]))
        return fit

    def pause_reading(self) -> None:
        """Leave what comes in the socket; the broker then has to wait."""
        self._gate.pause()

    def resume_reading(self) -> None:
        """Read again."""
        if self._gate.paused:
            self._last_heard_s = self._loop.time()
            self._gate.resume()

    async def disconnect(self) -> None:
        """Send what waits, say good-bye and close; the broker keeps the session."""
        if self._transport is None or self.lost.is_set():
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._writable.wait()
        except TimeoutError:
            self.abort("the broker takes nothing any more")
            await self.lost.wait()
            return
        self.why_lost = "we disconnected"
        self._write(mqtt5.DisconnectPacket().write())
        self._flush()
        # A socket closed with bytes unread is reset, and the reset overtakes the PUBACKs before the
        # good-bye: the broker would send again what is stored. So the broker hangs up, not we.
        self._leaving = True
        self._gate.wake()
        self.resume_reading()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self.lost.wait()
        except TimeoutError:
            self._transport.close()
            await self.lost.wait()

    def abort(self, why: str) -> None:
        """Drop the connection at once."""
        self.why_lost = self.why_lost or why
        if self._transport is not None:
            self._transport.abort()

    def _write(self, data: bytes) -> None:
        """Send with everything else of this turn of the event loop: a system call each costs most."""
        if not data:
            return
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out += data

    def _flush(self) -> None:
        if self._out and self._transport is not None and not self.lost.is_set():
            self._transport.write(bytes(self._out))
        self._out.clear()

    async def _answer(self, future: asyncio.Future[_Answer], name: str) -> _Answer:
        try:
            async with asyncio.timeout(self._options.timeout_s):
                return await asyncio.shield(future)
        except TimeoutError as e:
            raise TransientError(f"no {name} within {self._options.timeout_s:g} s") from e

    def _control(self, packet: Packet) -> None:
        if isinstance(packet, ConnAckPacket) and not self._connack.done():
            self._connack.set_result(packet)
        elif isinstance(packet, SubAckPacket) and not self._suback.done():
            self._suback.set_result(packet)
        elif isinstance(packet, DisconnectPacket):
            self.taken_over = int(packet.reason_code) == SESSION_TAKEN_OVER
            self.abort(f"the broker disconnects us: {_words(packet)}")

    def _keep_alive(self, keepalive_s: int) -> None:
        """Ping twice per keep-alive; a peer that is silent for 1.25 times it is gone."""
        if keepalive_s == 0:
            return
        if self._loop.time() - self._last_heard_s > keepalive_s and not self._gate.paused:
            self.abort(f"the broker has been silent for {keepalive_s} s")
            return
        self._write(mqtt5.PingReqPacket().write())
        self._timer = self._loop.call_later(keepalive_s / 4, self._keep_alive, keepalive_s)


def _words(packet: ConnAckPacket | SubAckPacket | DisconnectPacket) -> str:
    codes = packet.reason_codes if isinstance(packet, SubAckPacket) else [packet.reason_code]
    # The codec's enumerations print as numbers; their repr is <Class.NAME: number>.
    names = {repr(code).split(".")[-1].split(":")[0].replace("_", " ").lower() for code in codes}
    words = ", ".join(sorted(names))
    return f"{words} ({packet.reason_str})" if packet.reason_str is not None else words
