"""Load at protocol level: many readings for little CPU, and an exact account of each.

Not the real agent: no outbox, no sampler; but it keeps its promise: a reading stays
until its receipt, and is sent again after a reconnect, a refusal or ``resend_s``. So a run
that ends with nothing pending has lost nothing, and one that does not says what.
"""

from __future__ import annotations

import random
import selectors
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from devices.agent.broker import BrokerAddress
from devices.agent.counts import Observer
from devices.contract.topics import shard_of
from devices.registry import Device
from firmware_sim import load_wire as wire
from firmware_sim.load_connection import LoadConnection, LoadCounts, LoadDevice

_HOUSEKEEPING_S = 1.0
_BURST = 200
_TURN_S = 0.005


def load_devices(count: int, prefix: str = "load") -> list[Device]:
    """Return ``count`` frog boxes ``<prefix>-00000`` and so on, to be registered and played."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    names = [f"{prefix}-{i:05d}" for i in range(count)]
    return [Device(name=n, kind="frog", shard=shard_of(n), installed_at=since) for n in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """What load to make.

    Attributes:
        readings: how many to create; None goes on until stopped.
        rate: readings a second over all devices; None sends as fast as windows allow.
        connections: devices share these; with ``credentials`` each has its own.
        credentials: password by device, its user name.
        window: messages without PUBACK per connection, at most the broker's limit.
        resend_s: a reading without receipt for so long is sent again [s].
        boot: boot number of all devices; another one for another run.
    """

    broker: BrokerAddress
    devices: Sequence[Device]
    readings: int | None = None
    rate: float | None = None
    connections: int = 16
    credentials: Mapping[str, str] | None = None
    window: int = 1000
    resend_s: float = 60.0
    boot: int = 1
    client_prefix: str = "load"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a run did. ``per_device``: name to (created, PUBACKed messages, receipted)."""

    counts: LoadCounts
    pending: int
    seconds: float
    cpu_s: float
    per_device: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)


class LoadGenerator:
    """Plays a plan in the caller's thread.

    Attributes:
        limit: no more readings than this are created for now; another thread may raise it.
    """

    def __init__(self, plan: LoadPlan, observer: Observer | None = None, seed: int = 1) -> None:
        self._plan = plan
        self.counts = LoadCounts()
        self._devices = [LoadDevice(d, wire.publish_prefix(d), plan.boot) for d in plan.devices]
        self._rng = random.Random(seed)
        self._selector = selectors.DefaultSelector()
        self._connections = [
            LoadConnection(address, client_id, devices, self.counts, plan.window, observer, self._rng)
            for address, client_id, devices in self._share()
        ]
        self._next_care_s = 0.0
        self.limit: int | None = None
        self._finished = False

    @property
    def pending(self) -> int:
        """Readings without receipt."""
        return self.counts.created - self.counts.receipted

    def run(
        self, stop: Callable[[], bool] = lambda: False, drain_s: float = 0.0, connect_s: float = 0.0
    ) -> LoadResult:
        """Create the plan's readings, then wait up to ``drain_s`` for what is pending [s].

        Ends early when ``stop()``. Without ``drain_s`` it ends when the broker has
        acknowledged all (or at once where ``stop()``). The first reading waits up to
        ``connect_s`` for all connections [s].
        """
        end_s = time.monotonic() + connect_s
        while not stop() and not self._all_connected() and time.monotonic() < end_s:
            self._turn(None)
        started_s, cpu_s = time.monotonic(), time.process_time()
        while not stop() and not self._all_created():
            self._turn(started_s)
        end_s = time.monotonic() + drain_s
        while not stop() and (self._unacknowledged() or (self.pending and time.monotonic() < end_s)):
            self._turn(None)
        return LoadResult(
            replace(self.counts),
            self.pending,
            time.monotonic() - started_s,
            time.process_time() - cpu_s,
            {d.device.name: (d.next_seq, d.pubacked, d.receipted) for d in self._devices},
        )

    def finish(self) -> None:
        """Create nothing more: for a plan without end. Another thread may say so."""
        self._finished = True

    def close(self) -> None:
        """Disconnect."""
        for connection in self._connections:
            connection.close()
        self._selector.close()

    # -- inside --------------------------------------------------------------------

    def _share(self) -> list[tuple[BrokerAddress, str, list[LoadDevice]]]:
        plan = self._plan
        if plan.credentials is not None:
            return [
                (
                    replace(plan.broker, username=d.device.name, password=plan.credentials[d.device.name]),
                    d.device.name,
                    [d],
                )
                for d in self._devices
            ]
        count = max(1, min(plan.connections, len(self._devices)))
        return [(plan.broker, f"{plan.client_prefix}-{i}", self._devices[i::count]) for i in range(count)]

    def _all_created(self) -> bool:
        wanted = self._plan.readings
        return self._finished or (wanted is not None and self.counts.created >= wanted)

    def _all_connected(self) -> bool:
        return all(connection.ready for connection in self._connections)

    def _unacknowledged(self) -> bool:
        return self.counts.created > 0 and any(c.busy for c in self._connections)

    def _turn(self, started_s: float | None) -> None:
        now_s = time.monotonic()
        if now_s >= self._next_care_s:
            self._next_care_s = now_s + _HOUSEKEEPING_S
            self._care(now_s)
        allowed = self._allowed(now_s - started_s) if started_s is not None else 0
        ts_ms = int(time.time() * 1000)
        self._rng.shuffle(self._connections)
        for connection in self._connections:
            if connection.sock is None:
                self._open(connection, now_s)
                continue
            connection.resend(now_s)
            if allowed > 0:
                share = -(-allowed // len(self._connections)) if self._plan.rate is not None else _BURST
                allowed -= connection.create(min(share, allowed, _BURST), ts_ms, now_s)
            self._write(connection, now_s)
        eager = allowed > 0 and any(c.room > 0 for c in self._connections)
        self._listen(now_s, 0.0 if eager else _TURN_S)

    def _allowed(self, elapsed_s: float) -> int:
        plan, created = self._plan, self.counts.created
        left = plan.readings - created if plan.readings is not None else 1_000_000
        if self.limit is not None:
            left = min(left, self.limit - created)
        if plan.rate is None:
            return left
        return max(0, min(left, int(plan.rate * elapsed_s) - created))

    def _listen(self, now_s: float, timeout_s: float) -> None:
        for key, mask in self._selector.select(timeout_s):
            connection: LoadConnection = key.data
            if mask & selectors.EVENT_READ and not connection.readable(now_s):
                self._lost(connection, now_s)

    def _write(self, connection: LoadConnection, now_s: float) -> None:
        if not connection.flush(now_s):
            self._lost(connection, now_s)

    def _open(self, connection: LoadConnection, now_s: float) -> None:
        if now_s >= connection.next_attempt_s and connection.open(now_s) and connection.sock is not None:
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)

    def _lost(self, connection: LoadConnection, now_s: float) -> None:
        if connection.sock is not None:
            self._selector.unregister(connection.sock)
        connection.lost(now_s)

    def _care(self, now_s: float) -> None:
        for connection in self._connections:
            if connection.silent(now_s):
                self._lost(connection, now_s)
            connection.keep_alive(now_s)
            if connection.ready:
                connection.expire(now_s, self._plan.resend_s)
