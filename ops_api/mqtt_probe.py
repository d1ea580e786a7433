"""One MQTT 5 handshake, to see who answers. Packets after OASIS MQTT 5.0, sections 3.1 and 3.2."""

from __future__ import annotations

import asyncio
import ssl

from cityops.settings import MqttSettings

TIMEOUT_S = 5.0
_CONNACK = 0x20
_REASONS = {
    0x80: "unspecified error",
    0x84: "it does not speak MQTT 5",
    0x86: "bad user name or password",
    0x87: "not authorized",
    0x8A: "banned",
    0x9F: "too many connections",
}


async def probe(settings: MqttSettings) -> str:
    """Connect as a new client, leave again, and return what the broker said in words.

    Raises:
        OSError: where nothing answers, or something that is no MQTT broker.
        TimeoutError: where no answer comes within 5 s.
    """
    async with asyncio.timeout(TIMEOUT_S):
        reader, writer = await asyncio.open_connection(settings.host, settings.port, ssl=_tls(settings))
        try:
            writer.write(connect_packet(settings))
            await writer.drain()
            head = await reader.readexactly(4)
        except asyncio.IncompleteReadError as error:
            raise OSError(
                "it closed the connection at once: no MQTT broker, or one that wants TLS"
            ) from error
        finally:
            writer.close()
    return _verdict(head)


def connect_packet(settings: MqttSettings) -> bytes:
    """Return a CONNECT packet with clean start and an empty client id."""
    flags = 0x02
    payload = _text("")
    if settings.username is not None:
        flags |= 0x80
        payload += _text(settings.username)
    if settings.password is not None:
        flags |= 0x40
        payload += _text(settings.password.get_secret_value())
    body = _text("MQTT") + bytes((5, flags)) + (10).to_bytes(2, "big") + b"\x00" + payload
    return b"\x10" + _length(len(body)) + body


def _verdict(head: bytes) -> str:
    if head[0] != _CONNACK:
        raise OSError("what answers is no MQTT broker")
    reason = head[3]
    if reason == 0:
        return "answers, MQTT 5"
    return f"refused us: {_REASONS.get(reason, f'reason 0x{reason:02x}')}"


def _text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _length(value: int) -> bytes:
    """Return a variable byte integer (section 1.5.5)."""
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def _tls(settings: MqttSettings) -> ssl.SSLContext | None:
    return None if settings.tls_ca is None else ssl.create_default_context(cafile=str(settings.tls_ca))
