"""The uplinks of a whole fleet: one paho client per device, one selector, one thread.

Paho's external-loop interface is used: its socket callbacks register with a selector
(epoll or kqueue: ``select`` ends at file descriptor 1024), reads happen on readiness, and
writes go out together at the end of a turn, so that a turn costs one ``send`` per device.
"""

from __future__ import annotations

import contextlib
import heapq
import random
import selectors
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client

from cityops.runtime.backoff import Backoff
from devices.agent.broker import BrokerAddress, Reconnect, Will
from devices.agent.link import LinkEvents
from devices.agent.paho_session import PahoSession

_HOUSEKEEPING_S = 5.0
_CONNECTS_PER_TURN = 20


class FleetHub:
    """Drives the links made by :meth:`link`.

    Args:
        monotonic: real seconds.
        ramp_s: first connections are spread over this [s].
        reconnect: waits after a lost connection.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        rng: random.Random,
        ramp_s: float = 1.0,
        reconnect: Backoff | None = None,
    ) -> None:
        self.monotonic = monotonic
        self._rng = rng
        self._ramp_s = ramp_s
        self._backoff = reconnect or Backoff(first_s=0.5, cap_s=30.0)
        self._selector = selectors.DefaultSelector()
        self._links: list[FleetLink] = []
        self._due: list[tuple[float, int]] = []
        self._writers: dict[FleetLink, None] = {}
        self._kept_from_s = 0.0
        self._next_kept = 0
        self._pause_until_s = 0.0

    @property
    def connected(self) -> int:
        """How many links are up."""
        return sum(1 for link in self._links if link.connected)

    def link(
        self, broker: BrokerAddress, client_id: str, will: Will, events: LinkEvents, idle: Callable[[], None]
    ) -> FleetLink:
        """Return a new link; it connects by itself within the ramp.

        ``idle`` is called every few seconds, for what is due without any event.
        """
        reconnect = Reconnect(self._rng, self._backoff, first_within_s=self._ramp_s)
        link = FleetLink(self, len(self._links), broker, client_id, will, events, idle, reconnect)
        self._links.append(link)
        self._schedule(link, reconnect.first(self.monotonic()))
        return link

    def poll(self, timeout_s: float) -> None:
        """Connect, write, read; waits at most ``timeout_s`` for something to happen [s]."""
        self._connect_due()
        self._flush()
        for key, mask in self._selector.select(timeout_s):
            link, client = key.data
            if mask & selectors.EVENT_WRITE:
                self._writers[link] = None
            if mask & selectors.EVENT_READ:
                client.loop_read()
        self._flush()
        self._housekeep()

    def close(self) -> None:
        """Say goodbye on every link."""
        for link in self._links:
            link.close()
        self._selector.close()

    # -- for the links -------------------------------------------------------------

    def wants_write(self, link: FleetLink) -> None:
        """``link`` has something to send at the end of this turn."""
        self._writers[link] = None

    def register(self, sock: Any, link: FleetLink, client: Client) -> None:
        """A connection has opened."""
        self._selector.register(sock, selectors.EVENT_READ, (link, client))

    def await_writable(self, sock: Any, *, wanted: bool) -> None:
        """Wait, or no longer, for room in a socket's send buffer."""
        events = selectors.EVENT_READ | selectors.EVENT_WRITE if wanted else selectors.EVENT_READ
        self._selector.modify(sock, events, self._selector.get_key(sock).data)

    def unregister(self, sock: Any) -> None:
        """A connection is about to close."""
        with contextlib.suppress(KeyError):  # the hub itself has been closed
            self._selector.unregister(sock)

    def lost(self, link: FleetLink, at_s: float) -> None:
        """``link`` has no connection and wants a new one at ``at_s``."""
        self._writers.pop(link, None)
        self._schedule(link, at_s)

    # -- inside --------------------------------------------------------------------

    def _schedule(self, link: FleetLink, at_s: float) -> None:
        heapq.heappush(self._due, (at_s, link.number))

    def _connect_due(self) -> None:
        now_s = self.monotonic()
        for _ in range(_CONNECTS_PER_TURN):
            if not self._due or self._due[0][0] > now_s or now_s < self._pause_until_s:
                return
            link = self._links[heapq.heappop(self._due)[1]]
            link.open()
            took_s = self.monotonic() - now_s
            if took_s > 0.5:
                # An unreachable broker must not hold the loop for one time-out per device.
                self._pause_until_s = now_s + took_s + self._rng.uniform(1.0, 3.0)
                return

    def _flush(self) -> None:
        while self._writers:
            writers, self._writers = self._writers, {}
            for link in writers:
                link.write()

    def _housekeep(self) -> None:
        """Let a part of the links check their keep-alive, each once in a few seconds."""
        now_s = self.monotonic()
        passed_s = now_s - self._kept_from_s
        share = min(len(self._links), int(len(self._links) * passed_s / _HOUSEKEEPING_S))
        if share == 0 and passed_s < 1.0:
            return
        self._kept_from_s = now_s
        for _ in range(share):
            self._next_kept = (self._next_kept + 1) % len(self._links)
            self._links[self._next_kept].housekeep()


class FleetLink:
    """One device's uplink in a hub; implements :class:`devices.agent.link.Link`."""

    def __init__(
        self,
        hub: FleetHub,
        number: int,
        broker: BrokerAddress,
        client_id: str,
        will: Will,
        events: LinkEvents,
        idle: Callable[[], None],
        reconnect: Reconnect,
    ) -> None:
        self.number = number
        self._hub = hub
        self._broker = broker
        self._client_id = client_id
        self._will = will
        self._events = events
        self._idle = idle
        self._reconnect = reconnect
        self._session: PahoSession | None = None
        self._closed = False
        self._barred = False
        self._blocked = False

    @property
    def connected(self) -> bool:
        """Whether a message can be published now."""
        return self._session is not None and self._session.accepted

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """Send at QoS 1; return the message id, or None where it could not be sent."""
        return self._session.publish(topic, payload, retain=retain) if self._session is not None else None

    def subscribe(self, topics: list[str]) -> None:
        """Subscribe at QoS 1."""
        if self._session is not None:
            self._session.subscribe(topics)

    def close(self) -> None:
        """Say goodbye; the broker then sends no last will."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def serve(self, events: LinkEvents, idle: Callable[[], None]) -> None:
        """Belong to another agent from the next connection on: its device has started anew."""
        self.bar(barred=True)
        self._events, self._idle = events, idle
        self.bar(barred=False)

    def bar(self, *, barred: bool) -> None:
        """Cut the device's uplink, or give it back (a simulated fault)."""
        self._barred = barred
        if barred and self._session is not None:
            self._session.abandon("uplink cut")

    # -- for the hub ---------------------------------------------------------------

    def open(self) -> None:
        """Connect, unless closed or cut off."""
        if self._closed or self._session is not None:
            return
        if self._barred:
            self._hub.lost(self, self._hub.monotonic() + 0.5)
            return
        session = PahoSession(
            self._broker, self._client_id, self._will, self._events, on_up=self._up, on_end=self._down
        )
        client = session.client
        client.on_socket_open = self._socket_open
        client.on_socket_close = self._socket_close
        client.on_socket_register_write = self._socket_wants_write
        client.on_socket_unregister_write = self._socket_written
        self._session = session
        self._blocked = False
        session.open()

    def write(self) -> None:
        """Send what is queued; what does not fit waits for the socket."""
        session = self._session
        if session is None:
            return
        session.client.loop_write()
        if self._session is session and session.client.want_write() and not self._blocked:
            self._blocked = True
            self._hub.await_writable(session.client.socket(), wanted=True)

    def housekeep(self) -> None:
        """Check the keep-alive, and whether something is to be sent again."""
        if self._session is not None:
            self._session.client.loop_misc()
        self._idle()

    def _up(self) -> None:
        self._reconnect.up(self._hub.monotonic())

    def _down(self, reason: str) -> None:
        self._session = None
        at_s = self._reconnect.down(self._hub.monotonic())
        self._events.on_disconnected(reason)
        if not self._closed:
            self._hub.lost(self, at_s)

    def _socket_open(self, client: Client, userdata: Any, sock: Any) -> None:
        self._hub.register(sock, self, client)

    def _socket_close(self, client: Client, userdata: Any, sock: Any) -> None:
        self._hub.unregister(sock)

    def _socket_wants_write(self, client: Client, userdata: Any, sock: Any) -> None:
        if self._session is not None and client is self._session.client and not self._blocked:
            self._hub.wants_write(self)

    def _socket_written(self, client: Client, userdata: Any, sock: Any) -> None:
        if self._blocked and self._session is not None and client is self._session.client:
            self._blocked = False
            self._hub.await_writable(sock, wanted=False)
