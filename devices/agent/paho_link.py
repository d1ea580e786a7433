"""The uplink of one real device: paho in the device's own loop; a thread only while it connects."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable

from cityops.runtime.backoff import Backoff
from devices.agent.broker import BrokerAddress, Reconnect, Will
from devices.agent.link import LinkEvents
from devices.agent.paho_session import PahoSession
from devices.agent.waker import Waker

RECONNECT = Backoff(first_s=1.0, cap_s=300.0)


class PahoLink:
    """Implements :class:`devices.agent.link.Link`; :meth:`service` is to be called for ever.

    Args:
        client_id: the device's name; a broker may insist that it equals the user name.
        reconnect: when to try again; by default full jitter up to 5 minutes.
        first_within_s: spread of the first connection after a start [s], by default a minute.
        waker: ends a wait in :meth:`service`; its owner closes it.
    """

    def __init__(
        self,
        broker: BrokerAddress,
        client_id: str,
        will: Will,
        events: LinkEvents,
        reconnect: Reconnect | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        first_within_s: float | None = None,
        waker: Waker | None = None,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._will = will
        self._events = events
        spread_s = 60.0 if first_within_s is None else first_within_s
        self._reconnect = reconnect or Reconnect(random.Random(), RECONNECT, spread_s)
        self._monotonic = monotonic
        self._session: PahoSession | None = None
        self._next_attempt_s = self._reconnect.first(monotonic())
        self._closed = self._attempted = self._moves = False
        self._waker = waker or Waker()
        self._owns_waker = waker is None
        self.last_reason = ""

    @property
    def connected(self) -> bool:
        """Whether a message can be published now."""
        return self._session is not None and self._session.accepted and not self._moves

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Send at QoS 1; return the message id, or None where it could not be sent."""
        if self._session is None or self._moves:
            return None
        return self._session.publish(topic, payload, retain=retain)

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe at QoS 1."""
        if self._session is not None:
            self._session.subscribe(topics)

    def service(self, timeout_s: float) -> None:
        """Do what the connection needs for at most about ``timeout_s`` [s], also while a name is looked up."""
        if self._moves:
            self._move()
        now_s = self._monotonic()
        if self._session is None and not self._closed and now_s >= self._next_attempt_s:
            self._open()
        if self._session is None:
            idle_s = timeout_s if self._closed else self._next_attempt_s - now_s
            self._waker.wait(min(timeout_s, max(0.0, idle_s)))
            return
        if not self._is_open(self._session, timeout_s):
            return
        client = self._session.client
        # Pings are paho's business in loop(), and so is a silent broker: look in often enough for both.
        longest_s = self._broker.keepalive_s / 4 if self._session.accepted else 1.0
        sock = client.socket()
        self._waker.wait(
            min(timeout_s, longest_s),
            sock if isinstance(sock, socket.socket) else None,
            writes=client.want_write(),
        )
        client.loop(0.0)

    def move(self, broker: BrokerAddress) -> None:
        """Say goodbye to this broker and connect to another, at the next :meth:`service`.

        Not at once: who asks for it may be a message of this very connection, within which paho can't close it.
        Until then nothing is sent any more, and nothing heard: a receipt of the old broker, read together with what
        asked for the move, would pass for one of the new.
        """
        self._broker = broker
        self._moves = True
        if self._session is not None:
            self._session.deaf = True

    def _move(self) -> None:
        self._moves = False
        session, self._session = self._session, None
        if session is not None:
            session.close()
            self.last_reason = "moved to another broker"
            self._events.on_disconnected(self.last_reason)
        if self._attempted:  # else the first one stays spread
            self._next_attempt_s = self._monotonic()

    def close(self) -> None:
        """Say goodbye; the broker then sends no last will."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            session.close()
        if self._owns_waker:
            self._waker.close()

    def _open(self) -> None:
        self._attempted = True
        try:
            session = PahoSession(
                self._broker, self._client_id, self._will, self._events, on_up=self._up, on_end=self._down
            )
        except (
            OSError,
            ValueError,
        ) as e:  # a certificate that can't be read: it measures on, and tries again
            self._down(f"{self._broker.host}:{self._broker.port}: {e}")
            return
        self._session = session
        session.open_aside(self._waker.wake)

    def _is_open(self, session: PahoSession, timeout_s: float) -> bool:
        """Wait for a session that connects; return whether it is one to be read from now."""
        if not session.settle():
            self._waker.wait(timeout_s)
            session.settle()
            return False  # what is due meanwhile comes first
        return not session.ended

    def _up(self) -> None:
        self._reconnect.up(self._monotonic())

    def _down(self, reason: str) -> None:
        self._session = None
        self.last_reason = reason
        self._next_attempt_s = self._reconnect.down(self._monotonic())
        self._events.on_disconnected(reason)
