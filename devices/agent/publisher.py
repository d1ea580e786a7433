"""What to send next, and what is still not safe: the state machine of the uplink.

Pure: time [s, monotonic] and randomness are arguments. It knows keys only, no payload,
no broker, no file. An entry is, from :meth:`Publisher.add` until a receipt names it or
the outbox gives it up, in exactly one of two states: waiting, or in a flight (one
message sent). A flight ends by receipts, a refusal, a lost connection or its timer; what
is left of it waits again. Nothing else ever leaves.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cityops.runtime.backoff import Backoff
from devices.agent.entry import EntryChannel, Key, Run, runs_of
from devices.agent.resend import ResendPolicy, UsualLatency


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How fast and how much a device sends.

    Attributes:
        batch: readings in one message at most.
        window: messages that wait for the broker's acknowledgement at most.
        unreceipted: readings sent but not receipted at most, so that a backlog of ten
            thousand readings never sits in a broker's queue, where it may be lost.
        interval_s: least time between two messages while a backlog is sent [s].
        gap_s: least time between any two messages [s]; what comes meanwhile shares one.
    """

    batch: int = 50
    window: int = 4
    unreceipted: int = 500
    interval_s: float = 0.2
    gap_s: float = 0.0
    resend: ResendPolicy = field(default_factory=ResendPolicy)
    refused: Backoff = field(default_factory=lambda: Backoff(first_s=1.0, cap_s=60.0))


@dataclass(slots=True, eq=False)
class _Flight:
    keys: set[Key]
    sent_s: float
    due_s: float
    attempt: int

    def __lt__(self, other: _Flight) -> bool:
        return self.due_s < other.due_s


@dataclass(frozen=True, slots=True)
class Parcel:
    """Keys to send in one message, oldest first, all of one channel."""

    channel: EntryChannel
    keys: tuple[Key, ...]
    again: int
    """How many of them have been sent before."""


class Publisher:
    """Decides for one device. Times are monotonic seconds of one clock."""

    def __init__(self, limits: Limits, rng: random.Random) -> None:
        self._limits = limits
        self._rng = rng
        self._state: dict[Key, _Flight | None] = {}
        self._attempts: dict[Key, int] = {}
        self._waiting: deque[Key] = deque()
        self._diary: deque[Key] = deque()
        self._diary_keys: set[Key] = set()
        self._flights: list[_Flight] = []
        self._by_mid: dict[int, _Flight] = {}
        self._in_flight = 0
        self._latency = UsualLatency()
        self._window = limits.window
        self._refusals = 0
        self._hold_until_s = 0.0
        self._last_sent_s = float("-inf")
        self._newest_next = True
        self._online = False

    @property
    def unreceipted(self) -> int:
        """Entries that no receipt has named."""
        return len(self._state)

    @property
    def waiting(self) -> int:
        """Entries that are not on their way."""
        return len(self._state) - self._in_flight

    @property
    def oldest(self) -> Key | None:
        """The oldest unreceipted entry."""
        return min(self._state, default=None)

    @property
    def unreceipted_diary(self) -> frozenset[Key]:
        """Diary entries that no receipt has named."""
        return frozenset(self._diary_keys)

    # -- what the device measures ------------------------------------------------

    def add(self, key: Key, channel: str) -> None:
        """A new entry is in the outbox; keys come in ascending order."""
        self._state[key] = None
        if channel == "diary":
            self._diary_keys.add(key)
            self._diary.append(key)
        else:
            self._waiting.append(key)

    def forget(self, keys: Iterable[Key]) -> None:
        """The outbox has given these entries up."""
        for key in keys:
            self._leave(key)

    # -- the connection ----------------------------------------------------------

    def connected(self, receive_maximum: int) -> None:
        """A connection is up; the broker takes ``receive_maximum`` messages at a time."""
        self._online = True
        self._window = min(self._limits.window, receive_maximum)
        self._hold_until_s = 0.0
        self._refusals = 0

    def disconnected(self) -> None:
        """The connection is gone: what has no receipt is sent again on the next one."""
        self._online = False
        self._by_mid.clear()
        flights, self._flights = self._flights, []
        self._ground(flights, penalty=0)

    # -- sending -----------------------------------------------------------------

    def take(self, now_s: float) -> Parcel | None:
        """Return what to send now, or None. The caller calls :meth:`sent` or :meth:`put_back`."""
        if not self._may_send(now_s):
            return None
        diary = _pop(self._diary, 1, self._state, newest=False)
        if diary:
            return self._parcel("diary", diary)
        room = min(self._limits.batch, self._limits.unreceipted - self._in_flight)
        backlog = len(self._waiting) > self._limits.batch
        if room <= 0 or (backlog and now_s - self._last_sent_s < self._limits.interval_s):
            return None
        keys = _pop(self._waiting, room, self._state, newest=backlog and self._newest_next)
        if backlog:
            self._newest_next = not self._newest_next
        return self._parcel("reading", keys) if keys else None

    def sent(self, mid: int, keys: Sequence[Key], now_s: float) -> None:
        """The message ``mid`` with ``keys`` is on its way."""
        attempt = max((self._attempts.get(key, 0) for key in keys), default=0)
        wait_s = self._limits.resend.wait_s(attempt, self._latency.mean_s, self._rng)
        flight = _Flight(set(keys), now_s, now_s + wait_s, attempt)
        for key in keys:
            self._state[key] = flight
        self._in_flight += len(keys)
        self._by_mid[mid] = flight
        heapq.heappush(self._flights, flight)
        self._last_sent_s = now_s

    def put_back(self, keys: Iterable[Key]) -> None:
        """These taken keys were not sent after all."""
        waiting = [key for key in keys if key in self._state]
        self._requeue([key for key in waiting if key not in self._diary_keys])
        self._diary.extendleft(reversed([key for key in waiting if key in self._diary_keys]))

    def expire(self, now_s: float) -> None:
        """Let flights whose timer has run out wait for being sent again."""
        due = []
        while self._flights and (self._flights[0].due_s <= now_s or not self._flights[0].keys):
            due.append(heapq.heappop(self._flights))
        self._ground([flight for flight in due if flight.keys], penalty=1)

    # -- what comes back ---------------------------------------------------------

    def puback(self, mid: int, code: int, now_s: float) -> bool | None:
        """The broker acknowledged ``mid`` with a reason code; return whether it took it.

        None where the message was not one with entries (a status). 0x10 (no matching subscribers: it went nowhere) and codes from 0x80 (refused) are
        not delivered: the entries wait, and everything holds off for a while.
        """
        flight = self._by_mid.pop(mid, None)
        if flight is None:
            return None
        if code < 0x80 and code != 0x10:
            self._refusals = 0
            return True
        wait_s = self._limits.refused.delay(self._refusals, self._rng)
        self._refusals += 1
        self._hold_until_s = max(self._hold_until_s, now_s + wait_s)
        self._ground([flight], penalty=0)
        return False

    def receipt(self, boot: int, ranges: Iterable[Run], now_s: float) -> list[Run]:
        """The server holds ``ranges`` of ``boot``: forget them; return what was ours of it."""
        held: list[int] = []
        for first, last in ranges:
            held += self._covered(boot, first, last)
        for seq in held:
            flight = self._state.get((boot, seq))
            if flight is not None and flight.attempt == 0:
                self._latency.observe(now_s - flight.sent_s)
            self._leave((boot, seq))
        while self._flights and not self._flights[0].keys:
            heapq.heappop(self._flights)
        return runs_of(sorted(set(held)))

    def wake_s(self) -> float | None:
        """Return when something is due by itself, or None while only events matter."""
        due = [self._flights[0].due_s] if self._flights else []
        may_go = self.waiting and (self._diary_waits or self._in_flight < self._limits.unreceipted)
        if self._online and may_go and len(self._by_mid) < self._window:
            pause_s = max(self._limits.interval_s, self._limits.gap_s)
            due.append(max(self._hold_until_s, self._last_sent_s + pause_s))
        return min(due, default=None)

    # -- inside ------------------------------------------------------------------

    @property
    def _diary_waits(self) -> bool:
        return any(key in self._state for key in self._diary)

    def _may_send(self, now_s: float) -> bool:
        return (
            self._online
            and len(self._by_mid) < self._window
            and now_s >= self._hold_until_s
            and now_s - self._last_sent_s >= self._limits.gap_s
        )

    def _parcel(self, channel: EntryChannel, keys: list[Key]) -> Parcel:
        again = sum(1 for key in keys if key in self._attempts) if self._attempts else 0
        return Parcel(channel, tuple(keys), again)

    def _covered(self, boot: int, first: int, last: int) -> list[int]:
        if last - first < len(self._state):
            return [seq for seq in range(first, last + 1) if (boot, seq) in self._state]
        return [seq for b, seq in self._state if b == boot and first <= seq <= last]

    def _leave(self, key: Key) -> None:
        flight = self._state.pop(key, None)
        if flight is not None:
            flight.keys.discard(key)
            self._in_flight -= 1
        self._attempts.pop(key, None)
        self._diary_keys.discard(key)

    def _ground(self, flights: Iterable[_Flight], penalty: int) -> None:
        """Everything still in these flights waits again; ``penalty`` lengthens its next timer."""
        readings: list[Key] = []
        for flight in flights:
            for key in flight.keys:
                self._state[key] = None
                self._attempts[key] = flight.attempt + penalty
                (self._diary if key in self._diary_keys else readings).append(key)
            self._in_flight -= len(flight.keys)
            flight.keys = set()
        if readings:
            self._requeue(readings)

    def _requeue(self, keys: list[Key]) -> None:
        still = [key for key in self._waiting if key in self._state]
        self._waiting = deque(sorted([*still, *keys]))


def _pop(queue: deque[Key], count: int, state: dict[Key, _Flight | None], *, newest: bool) -> list[Key]:
    """Take up to ``count`` waiting keys from one end of ``queue``; return them ascending."""
    taken: list[Key] = []
    while queue and len(taken) < count:
        key = queue.pop() if newest else queue.popleft()
        if key in state:
            taken.append(key)
    if newest:
        taken.reverse()
    return taken
