"""Plays rows through MQTT with the device's own publisher, receipts and all.

The rows of a device are numbered as they are played and sent under a boot number
made from the file's content: playing the same file again stores nothing twice.
"""

from __future__ import annotations

import math
import random
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cityops.errors import ConfigurationError, TransientError
from devices.agent.agent import Agent, Identity
from devices.agent.broker import BrokerAddress, Will
from devices.agent.clock_state import Moment
from devices.agent.counts import Counts
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.contract.kind import Kind
from devices.contract.topics import is_device_name
from devices.registry import Device
from firmware_sim.paho_fleet_link import FleetHub
from firmware_sim.replay.rows import RowReader
from firmware_sim.replay.table import Table

_ON_THEIR_WAY = 2_000
_FIRMWARE = "replay-1"


@dataclass(frozen=True, slots=True)
class Track:
    """One device, or a template of devices, to play from each row."""

    kind: Kind
    reader: RowReader


@dataclass(frozen=True, slots=True)
class Row:
    """One reading to play."""

    device: str
    kind: Kind
    ts: int | str
    fields: Mapping[str, float | str]


@dataclass
class Player:
    """Sends rows as their devices.

    Attributes:
        devices: registered devices by name.
        broker_of: where and as whom a device connects.
        boot: boot number of all devices, see :func:`boot_of`.
        together_s: rows further apart than this [s] are never on their way at once: the second
            is sent when the server has the first. So no device gets ahead of another by more.
        on_row: called with the number of rows played so far.
        counts: totals over all devices.
    """

    devices: Mapping[str, Device]
    broker_of: Callable[[Device], BrokerAddress]
    boot: int
    together_s: float = math.inf
    on_row: Callable[[int], None] = lambda _: None
    counts: Counts = field(default_factory=Counts)
    _agents: dict[str, Agent] = field(default_factory=dict)

    def play(self, rows: Iterable[Row], speed: float | None, stop: Callable[[], bool]) -> int:
        """Play ``rows`` in their order and wait until the server has them all.

        Args:
            rows: in the order in which they are sent.
            speed: seconds of the file per second; None plays as fast as the server takes it.
            stop: asked between rows; True ends the play early.

        Returns:
            Rows played.

        Raises:
            TransientError: no receipts for a minute.
        """
        hub = FleetHub(time.monotonic, random.Random(self.boot), ramp_s=0.0)
        played = 0
        try:
            pace, group = _Pace(speed), _Together(self.together_s)
            for row in rows:
                if stop():
                    break
                if group.ends_before(row.ts):
                    self._drain(hub)
                agent = self._agent(row, hub)
                while (wait_s := pace.wait_s(row.ts)) > 0 and not stop():
                    hub.poll(min(wait_s, 0.1))
                agent.report(_moment(row.ts), _document(row))
                played += 1
                if played % 50 == 0 or pace.paced:
                    self._pump(hub)
                    self.on_row(played)
            self._drain(hub)
        finally:
            for agent in self._agents.values():
                agent.stop()
            hub.close()
        self.on_row(played)
        return played

    @property
    def unreceipted(self) -> int:
        """Rows whose receipt has not come."""
        return self.counts.created - self.counts.receipted

    def _agent(self, row: Row, hub: FleetHub) -> Agent:
        known = self._agents.get(row.device)
        if known is not None:
            return known
        device = self.devices[row.device]
        agent = Agent(
            Identity(device=device.name, kind=row.kind.name, shard=device.shard, firmware=_FIRMWARE),
            Sampler(row.kind, [], device.cadence_s, 0.0),
            MemoryOutbox(capacity=10 * _ON_THEIR_WAY, boots=self.boot - 1),
            Publisher(Limits(interval_s=0.0, window=8), random.Random(self.boot)),
            time.monotonic,
            self.counts,
        )
        will = Will(agent.identity.topic("status"), agent.identity.last_will())
        agent.start(hub.link(self.broker_of(device), device.name, will, agent, agent.pump))
        self._agents[row.device] = agent
        return agent

    def _pump(self, hub: FleetHub) -> None:
        """Send what is new; wait while much is on its way, so that rows stay in order."""
        for agent in self._agents.values():
            agent.pump()
        hub.poll(0.0)
        self._wait(hub, lambda: self.unreceipted < _ON_THEIR_WAY and not self._waiting())

    def _waiting(self) -> bool:
        return any(a.publisher.waiting > 50 for a in self._agents.values())

    def _drain(self, hub: FleetHub) -> None:
        for agent in self._agents.values():
            agent.pump()
        self._wait(hub, lambda: self.unreceipted == 0)

    def _wait(self, hub: FleetHub, until: Callable[[], bool], patience_s: float = 60.0) -> None:
        seen, deadline_s = self.counts.receipted, time.monotonic() + patience_s
        while not until():
            hub.poll(0.01)
            if self.counts.receipted != seen:
                seen, deadline_s = self.counts.receipted, time.monotonic() + patience_s
            elif time.monotonic() > deadline_s:
                raise TransientError(
                    f"no receipt for {patience_s:g} s, {self.unreceipted} readings on their way: is the ingester "
                    "running, and does the broker let the device use its topics?"
                )


class _Pace:
    """When a row is due, for a play slower than the server could take it."""

    def __init__(self, speed: float | None) -> None:
        self._speed = speed
        self._start: tuple[float, int] | None = None
        self.paced = speed is not None

    def wait_s(self, ts: int | str) -> float:
        """Return the seconds until a row of time ``ts`` [ms] is due."""
        if self._speed is None or isinstance(ts, str):
            return 0.0
        if self._start is None:
            self._start = (time.monotonic(), ts)
        started_s, first_ms = self._start
        return started_s + (ts - first_ms) / 1000.0 / self._speed - time.monotonic()


class _Together:
    """Which rows may be on their way at once."""

    def __init__(self, together_s: float) -> None:
        self._together_ms = together_s * 1000.0
        self._first_ms: int | None = None

    def ends_before(self, ts: int | str) -> bool:
        """Whether a row of time ``ts`` [ms] must wait for all before it; it then begins a new group."""
        if isinstance(ts, str):
            return False
        if self._first_ms is not None and abs(ts - self._first_ms) <= self._together_ms:
            return False
        begins, self._first_ms = self._first_ms is not None, ts
        return begins


def rows_of(table: Table, tracks: Sequence[Track]) -> Iterator[Row]:
    """Yield the readings of each row of the file, one per track.

    Raises:
        ConfigurationError: a row whose device template gives no device name.
    """
    for line, values in table.rows():
        for track in tracks:
            device, ts, fields = track.reader.read(values)
            if not is_device_name(device):
                raise ConfigurationError(
                    f"{table.path}, line {line}: {device!r} can't be a device: lower case letters, digits, -"
                )
            yield Row(device, track.kind, ts, fields)


def in_time(rows: Iterable[Row]) -> list[Row]:
    """Return the rows in order of time, as the devices would have sent them.

    A row without a readable time stays behind the row before it.
    """
    keyed: list[tuple[int, int, Row]] = []
    last = 0
    for number, row in enumerate(rows):
        last = row.ts if isinstance(row.ts, int) else last
        keyed.append((last, number, row))
    return [row for _, _, row in sorted(keyed, key=lambda k: k[:2])]


def boot_of(path: Path, salt: str) -> int:
    """Return the boot number of a play: the same for the same content and ``salt``."""
    checksum = zlib.crc32(salt.encode())
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            checksum = zlib.crc32(block, checksum)
    return checksum or 1


def _moment(ts: int | str) -> Moment:
    wall_ms = 0 if isinstance(ts, str) else ts
    return Moment(wall_ms, 0)


def _document(row: Row) -> dict[str, float | str]:
    return dict(row.fields) if isinstance(row.ts, int) else {**row.fields, "ts": row.ts}
