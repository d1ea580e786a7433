"""One MQTT 5 connection with paho-mqtt, from CONNECT to its end.

Each connection gets a fresh paho client. Paho resends its own queue on a reconnect, past
the receive maximum and sometimes twice (eclipse-paho/paho.mqtt.python #492), and message
ids start again at 1, so that an old acknowledgement could meet a new message. Our queue is the
outbox; a client that is dropped with its connection has neither problem.

``clean_start`` is set for the same reason: this side keeps no session, and MQTT 5
(section 3.1.2.4) then asks for a clean start. What the broker queued for an earlier
connection were receipts, and the reconnect's resend is answered with new ones. The
session expiry is only as long as the will's delay, which it would otherwise cut short.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

from devices.agent.broker import BrokerAddress, Will
from devices.agent.link import LinkEvents, ServerLimits
from devices.agent.paho_light import (
    CallbackAPIVersion,
    Client,
    ConnectFlags,
    DisconnectFlags,
    MQTTErrorCode,
    MQTTMessage,
    MQTTv5,
    PacketTypes,
    Properties,
    ReasonCode,
    SubscribeOptions,
)

_NOT_WHO_IT_SAYS = (134, 135)
"""Bad user name or password; not authorised (MQTT 5, section 3.2.2.2)."""
_UNSPECIFIED = 0x80


class PahoSession:
    """One connection. After ``ended`` it is of no more use; once ``deaf`` it passes no message on.

    A name that is looked up may hang for half a minute, whatever timeouts there are, and a broker far away for some
    seconds: :meth:`open_aside` waits for them in a thread, which has the client to itself until :meth:`settle` finds
    it done. All that the session tells is told by the owner's own calls.

    Args:
        on_end: called once, with a reason for a person, when the connection is over.
        on_up: called when the broker accepted, before the events' ``on_connected``.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        will: Will,
        events: LinkEvents,
        on_up: Callable[[], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._broker = broker
        self._events = events
        self._on_up = on_up
        self._on_end = on_end
        self.accepted = False
        self.ended = False
        self.deaf = False
        self._lock = threading.Lock()
        self._opened = False
        self._settled = False
        self._fault: str | None = None
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5)
        self._prepare(will)

    def open(self) -> None:
        """Connect; blocks for TCP and TLS, at most the connect timeout.

        Failures end the session; they never raise.
        """
        self._connect()
        self.settle()

    def open_aside(self, done: Callable[[], None]) -> None:
        """Connect in a thread of its own, which calls ``done`` at its end; then :meth:`settle` is to be called."""

        def run() -> None:
            self._connect()
            done()

        try:
            threading.Thread(target=run, name="connecting", daemon=True).start()
        except RuntimeError as e:  # no thread to be had
            self._end(f"{self._broker.host}:{self._broker.port}: {e}")

    def settle(self) -> bool:
        """Return whether connecting is over; where it failed, the session has ended."""
        if self._settled or not self._opened:
            return self._settled
        self._settled = True
        if self._fault is None and self.client.socket() is None:
            self._fault = f"{self._broker.host}:{self._broker.port}: closed at once"
        if self._fault is not None:
            self._end(self._fault)
        self._listen()
        return True

    def _opens(self, client: Client, userdata: Any, sock: Any) -> None:
        """There is a socket, and CONNECT comes next: it would end a newer connection of ours, where there is one."""
        if self.ended:
            sock.close()
            raise OSError("left meanwhile")

    def _connect(self) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = self._broker.will_delay_s
        try:
            self.client.connect(
                self._broker.host,
                self._broker.port,
                keepalive=self._broker.keepalive_s,
                clean_start=True,
                properties=properties,
            )
        except (OSError, ValueError) as e:
            self._fault = f"{self._broker.host}:{self._broker.port}: {e}"
        with self._lock:
            self._opened = True
            is_late = self.ended
        if is_late and self._fault is None:
            self._leave()

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> int | None:
        """Hand a QoS 1 message to paho; return its id, or None where that failed."""
        if not self.accepted or self.ended:
            return None
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe at QoS 1."""
        if self.accepted and not self.ended:
            self.client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])

    def close(self) -> None:
        """Say goodbye and stop reporting."""
        with self._lock:
            had_ended, self.ended = self.ended, True
            is_ours = self._opened  # else the thread that connects sees the end, and leaves
        if is_ours and not had_ended:
            self._leave()

    def abandon(self, reason: str) -> None:
        """Drop the connection without a goodbye (a simulated loss of the uplink)."""
        sock = self.client.socket()
        self._end(reason)
        if isinstance(sock, socket.socket):
            sock.shutdown(socket.SHUT_RDWR)  # paho sees the end at its next read, and closes

    def _leave(self) -> None:
        self.client.disconnect()
        self.client.loop_write()

    def _prepare(self, will: Will) -> None:
        client, broker = self.client, self._broker
        client.on_socket_open = self._opens
        client.connect_timeout = broker.connect_timeout_s
        client.max_inflight_messages_set(0)  # the publisher's window is the limit
        will_properties = Properties(PacketTypes.WILLMESSAGE)  # type: ignore[no-untyped-call]
        will_properties.WillDelayInterval = broker.will_delay_s
        client.will_set(will.topic, will.payload, qos=1, retain=True, properties=will_properties)
        if broker.username is not None:
            kept = broker.credential
            client.username_pw_set(broker.username, broker.password if kept is None else kept.password())
        if broker.tls_ca is not None:
            client.tls_set(
                ca_certs=str(broker.tls_ca),
                certfile=str(broker.tls_cert) if broker.tls_cert else None,
                keyfile=str(broker.tls_key) if broker.tls_key else None,
            )

    def _listen(self) -> None:
        client = self.client
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = self._pubacked
        client.on_message = self._message

    def _end(self, reason: str) -> None:
        if self.ended:
            return
        self.ended = True
        self._on_end(reason)

    # -- paho's callbacks ----------------------------------------------------------

    def _connected(
        self,
        client: Client,
        userdata: Any,
        flags: ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self.ended:
            return
        if self._broker.credential is not None:
            if not code.is_failure:
                self._broker.credential.accepted()
            elif code.value in _NOT_WHO_IT_SAYS:
                self._broker.credential.refused()
        if code.is_failure:
            self._end(f"refused: {code}")
            return
        self.accepted = True
        self._on_up()
        self._events.on_connected(
            ServerLimits(
                receive_maximum=int(getattr(properties, "ReceiveMaximum", 65_535)),
                maximum_packet_bytes=int(getattr(properties, "MaximumPacketSize", 268_435_455)),
            )
        )

    def _disconnected(
        self,
        client: Client,
        userdata: Any,
        flags: DisconnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        # paho's own word for a line that ended without a word of the broker says nothing to who reads the log.
        self._end("the connection was lost" if code.value == _UNSPECIFIED else str(code))

    def _pubacked(
        self, client: Client, userdata: Any, mid: int, code: ReasonCode, properties: Properties
    ) -> None:
        if not self.ended:
            self._events.on_puback(mid, code.value)

    def _message(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        if not (self.ended or self.deaf):
            self._events.on_message(message.topic, bytes(message.payload))
