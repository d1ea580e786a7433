"""A fast MQTT 5 publisher for tests: plain sockets on the ``mqtt5`` codec, QoS 1, bounded in flight."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import mqtt5


class Blaster:
    """One connection; ``send`` returns when every message is acknowledged by the broker.

    Attributes:
        reason_codes: of the PUBACKs, counted: 0 taken, 0x10 nobody subscribed.
    """

    def __init__(self, host: str, port: int, client_id: str, window: int = 500) -> None:
        self._window = window
        self._sock = socket.create_connection((host, port), timeout=30)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._next_id = 0
        self.reason_codes: dict[int, int] = {}
        self._sock.sendall(mqtt5.ConnectPacket(client_id, clean_start=True, receive_max=100).write())
        connack = self._packets()[0]
        assert isinstance(connack, mqtt5.ConnAckPacket)
        assert int(connack.reason_code) == 0, connack.reason_code
        self._window = min(window, connack.receive_max)

    def send(self, messages: Iterable[tuple[str, bytes]], retain: bool = False) -> int:
        """Publish and wait for all acknowledgements; return how many were sent."""
        flying = sent = 0
        out = bytearray()
        for topic, payload in messages:
            self._next_id = self._next_id % 65_535 + 1
            out += mqtt5.PublishPacket(
                topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=self._next_id, retain=retain
            ).write()
            flying += 1
            sent += 1
            if flying >= self._window:
                self._sock.sendall(out)
                out.clear()
                while flying > self._window // 2:
                    flying -= self._acknowledged()
        self._sock.sendall(out)
        while flying:
            flying -= self._acknowledged()
        return sent

    def close(self) -> None:
        self._sock.sendall(mqtt5.DisconnectPacket().write())
        self._sock.close()

    def _acknowledged(self) -> int:
        count = 0
        for packet in self._packets():
            if isinstance(packet, mqtt5.PubAckPacket):
                code = int(packet.reason_code)
                self.reason_codes[code] = self.reason_codes.get(code, 0) + 1
                count += 1
        return count

    def _packets(self) -> list[mqtt5.Packet]:
        found: list[mqtt5.Packet] = []
        while not found:
            data = self._sock.recv(65_536)
            if not data:
                raise ConnectionError("the broker closed the connection")
            self._buffer += data
            try:
                while self._buffer:
                    packet, used = mqtt5.read(memoryview(self._buffer))
                    self._buffer = self._buffer[used:]
                    found.append(packet)
            except IndexError:
                pass
        return found
