"""The frog in the household's own Home Assistant: a second connection, to their broker, in a thread of its own.

Whatever goes wrong there, measuring and sending to the town go on: the agent only ever puts a reading into a queue.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from time import monotonic

from devices.agent.broker import BrokerAddress, Will
from devices.agent.clock_state import Moment
from devices.agent.entry import Key
from devices.agent.link import ServerLimits
from devices.agent.paho_link import PahoLink
from devices.agent.waker import Waker
from devices.contract import home_assistant as ha
from devices.contract.messages import Activity
from devices.log import get_logger

log = get_logger(__name__)

Reading = tuple[Mapping[str, float], datetime]

_TURN_S = 30.0
"""The longest sleep of the thread; a reading and the end wake it."""
_WAITING = 8
"""Readings that wait for the thread; older ones go: only the newest is shown."""


class HomeAssistant:
    """Tells the household's Home Assistant what the device measures. Implements the agent's ``Witness``.

    Args:
        subject: the device.
        broker: the household's.
        enabled: False takes what was announced away, and then says nothing.
        first_within_s: the first connection is spread over this [s].
    """

    def __init__(
        self, subject: ha.Subject, broker: BrokerAddress, *, enabled: bool = True, first_within_s: float = 0.0
    ) -> None:
        self._subject = subject
        self._enabled = enabled
        self._readings: queue.Queue[Reading] = queue.Queue(_WAITING)
        self._fields: frozenset[str] = frozenset()
        self._latest: Reading | None = None
        self._latest_s = 0.0
        self._waker = Waker()
        gone = ha.availability(subject, online=False)
        self._link = PahoLink(
            broker,
            f"cityops-{subject.device}",
            Will(gone.topic, gone.payload if enabled else b""),
            self,
            first_within_s=first_within_s,
            waker=self._waker,
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="home-assistant", daemon=True)

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def close(self) -> None:
        """Say that nothing comes any more, and end."""
        self._stop.set()
        self._waker.wake()
        self._thread.join(timeout=5.0)
        self._waker.close()

    # -- what the agent tells, in its thread -----------------------------------------

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was taken."""
        del key
        at = datetime.fromtimestamp(moment.wall_ms / 1000, UTC)
        if self._readings.full():
            with suppress(queue.Empty):
                self._readings.get_nowait()
        with suppress(queue.Full):
            self._readings.put_nowait((dict(fields), at))
        self._waker.wake()

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """A diary entry was kept: it stays in the diary."""

    # -- what the link tells, in our thread -------------------------------------------

    def on_connected(self, limits: ServerLimits) -> None:
        """Announce the device, or take it away."""
        del limits
        if not self._enabled:
            self._send(*ha.removal(self._subject))
            return
        self._link.subscribe([ha.status_topic(self._subject.prefix)])
        self._announce()

    def on_disconnected(self, reason: str) -> None:
        """The link comes back by itself."""
        log.info("home assistant's broker is away", reason=reason)

    def on_puback(self, mid: int, code: int) -> None:
        """A message was taken, or refused: a refused one is said again with the next announcement."""
        del mid
        if code >= 0x80:
            log.warning("home assistant's broker refuses a message", code=code)

    def on_message(self, topic: str, payload: bytes) -> None:
        """Home Assistant has started: announce all again."""
        if topic == ha.status_topic(self._subject.prefix) and payload == ha.ONLINE:
            self._announce()

    # -- inside -----------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn(_TURN_S)
            self._goodbye()
        except Exception:
            log.exception("home assistant is told nothing any more; the device goes on")

    def _turn(self, wait_s: float) -> None:
        with suppress(queue.Empty):
            while True:
                self._take(self._readings.get_nowait())
        self._link.service(wait_s)

    def _take(self, reading: Reading) -> None:
        self._latest, self._latest_s = reading, monotonic()
        if not self._enabled or not self._link.connected:
            return
        if ha.present(self._subject, reading[0]) <= self._fields:
            self._send(ha.state(self._subject, *reading))
        else:
            self._announce()

    def _announce(self) -> None:
        """Say what there is, that it comes, and the newest unless it is old; nothing before the first reading."""
        if self._latest is None:
            return
        self._fields |= ha.present(self._subject, self._latest[0])
        self._send(*ha.discovery(self._subject, self._fields), ha.availability(self._subject, online=True))
        if monotonic() - self._latest_s <= ha.MISSED * self._subject.cadence_s:
            self._send(ha.state(self._subject, *self._latest))

    def _send(self, *messages: ha.Message) -> None:
        for message in messages:
            self._link.publish(message.topic, message.payload, retain=message.retain)

    def _goodbye(self) -> None:
        if self._enabled and self._link.connected and self._latest is not None:
            self._send(ha.availability(self._subject, online=False))
        for _ in range(4):
            self._link.service(0.05)
        self._link.close()
