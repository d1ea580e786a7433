"""Options of an MQTT session."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field

from cityops.runtime.backoff import Backoff

WEEK_S = 7 * 86_400

RECONNECT = Backoff(first_s=0.2, cap_s=4.0)
"""A few workers are no storm, and a broker that comes back shall be served within 5 s whatever happened before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """How a session connects and how much it holds.

    Attributes:
        host, port: the broker.
        client_id: fixed per shard; the broker keeps subscriptions and queue under it.
        username, password: None connects anonymously.
        tls: context for TLS, None for plain TCP.
        keepalive_s: MQTT keep-alive; a dead peer is noticed within 1.25 times it.
        receive_maximum: QoS 1 messages that the broker may have in flight to us.
        window_messages, window_bytes: messages held unsettled at which the socket is no
            longer read; the same bound again on our side, since brokers miscount theirs
            (Mosquitto before 2.0.13) and QoS 0 has none.
        max_packet_bytes: largest packet that the broker may send us; it drops larger ones
            silently, so limit publishers at the broker first.
        session_expiry_s: how long the broker keeps the session of a gone client.
        backoff: between attempts to connect.
        timeout_s: for connecting, and for each answer while connecting.
        taken_over_s: after the broker dropped us for another client of our client id, the least
            time until we connect again: long enough to learn that our lease is gone, else two
            would throw each other out without end.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: bytes | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    keepalive_s: int = 30
    receive_maximum: int = 4000
    window_messages: int = 5000
    window_bytes: int = 8_000_000
    max_packet_bytes: int = 4_000_000
    session_expiry_s: int = WEEK_S
    backoff: Backoff = RECONNECT
    timeout_s: float = 10.0
    taken_over_s: float = 10.0
