"""A town's devices in one process: the real agents on simulated sensors.

Hundreds or thousands of :class:`devices.agent.agent.Agent` share one thread, one SQLite
file and one selector. Two clocks: readings are due and stamped by the simulated clock,
which may hurry; the network lives in real time. When the server falls behind, the
simulated clock waits for it.
"""

from __future__ import annotations

import heapq
import math
import queue
import random
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cityops.runtime.backoff import Backoff
from devices.agent.agent import Agent, Identity
from devices.agent.broker import BrokerAddress, Will
from devices.agent.clock_state import Moment
from devices.agent.counts import Counts, Observer
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.settings_part import SettingsPart
from devices.contract.kind import Kind
from devices.registry import Device
from firmware_sim.clock import SimulatedClock, pace_for
from firmware_sim.drivers import FaultView, NoFaults, SimulatedTime, WorldSensor, WorldView
from firmware_sim.file_limit import raise_file_limit
from firmware_sim.fleet_device import FleetDevice, Started
from firmware_sim.fleet_settings import settings_of
from firmware_sim.fleet_updates import EVERY_S, Cards, UpdatePlan, observers
from firmware_sim.paho_fleet_link import FleetHub
from firmware_sim.shared_outbox import SharedOutbox

FIRMWARE = "sim-1"
_SAMPLES_PER_TURN = 1000
_HURRY_TIMEOUT_S = 0.01
_PUMP_EVERY_S = 0.05
_LIVE_TIMEOUT_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """How a fleet behaves.

    Attributes:
        ramp_s: first connections are spread over this [s].
        gather_s: a simulated clock in a hurry stands until all are connected, so long at most [s]: to the
            rules what the last of them measured meanwhile would be late.
        backlog_per_device: readings on their way per device at which the simulated clock
            stands still; at least 2,000 for the whole fleet.
        limits: of each device's publisher. Half a second between messages means nothing to
            devices in real time, and lets those in a hurry send several readings in one.
        reconnect: waits after a lost connection.
    """

    ramp_s: float = 1.0
    gather_s: float = 10.0
    backlog_per_device: int = 8
    limits: Limits = field(default_factory=lambda: Limits(interval_s=0.0, gap_s=0.5, window=8))
    reconnect: Backoff = field(default_factory=lambda: Backoff(first_s=0.5, cap_s=30.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetStatistics:
    """Totals since the start, and how things stand.

    ``created = receipted + outbox + given_up`` for a fleet that started with an empty
    outbox. ``messages`` and ``pubacked`` count MQTT messages, everything else entries.
    """

    devices: int
    connected: int
    created: int
    messages: int
    sent: int
    resent: int
    pubacked: int
    refused: Mapping[int, int]
    receipted: int
    outbox: int
    given_up: int
    unstored: int
    skipped: int
    simulated_s: float
    live: bool
    pace: float


class Fleet:
    """All devices of ``devices`` with their links.

    Args:
        kinds: by name, from ``devices.contract.kind.discover``.
        world: what the sensors see.
        broker_of: where and as whom a device connects.
        outbox: the file with all outboxes; closed with the fleet.
        clock: simulated time.
        faults: cut uplinks, wrong clocks, devices that are switched off.
        observer: told of each entry's life.
        updates: which devices take updates over the air, None for none.
    """

    def __init__(
        self,
        devices: Sequence[Device],
        kinds: Mapping[str, Kind],
        world: WorldView,
        broker_of: Callable[[Device], BrokerAddress],
        outbox: SharedOutbox,
        clock: SimulatedClock,
        *,
        seed: int = 1,
        options: FleetOptions | None = None,
        faults: FaultView | None = None,
        observer: Observer | None = None,
        updates: UpdatePlan | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        raise_file_limit(len(devices) + 200)
        self.world = world
        self.counts = Counts()
        self._options = options or FleetOptions()
        self._outbox = outbox
        self._clock = clock
        self._faults = faults or NoFaults()
        self._observer = observer
        self._wall = wall
        self._monotonic = monotonic
        self._rng = random.Random(seed)
        self._hub = FleetHub(monotonic, self._rng, self._options.ramp_s, self._options.reconnect)
        self._time = SimulatedTime(_utc(clock.now_s))
        self._start_s = clock.now_s
        self._calls: queue.SimpleQueue[Callable[[], object]] = queue.SimpleQueue()
        self._pace = 1.0
        self._gather_until_s: float | None = None  # from the first turn on
        self._to_send: dict[int, None] = {}
        self._next_pump_s = 0.0
        self._cards = None if updates is None else Cards(updates, self._rng, monotonic)
        self._next_updates_s = 0.0
        self._devices = [self._made(device, kinds[device.kind], broker_of(device)) for device in devices]
        self._number = {made.name: number for number, made in enumerate(self._devices)}
        self._updated = [n for n, made in enumerate(self._devices) if made.updates is not None]
        self._cut: set[int] = set()
        self._due = [(made.agent.sampler.due_s, number) for number, made in enumerate(self._devices)]
        heapq.heapify(self._due)
        self._left_over = sum(made.agent.publisher.unreceipted for made in self._devices)
        self._limit = max(2_000, self._options.backlog_per_device * len(devices))

    @property
    def unreceipted(self) -> int:
        """Entries of the whole fleet that no receipt has named."""
        c = self.counts
        return self._left_over + c.created - c.receipted - c.given_up

    def statistics(self) -> FleetStatistics:
        """Return totals and standing."""
        c = self.counts
        return FleetStatistics(
            devices=len(self._devices),
            connected=self._hub.connected,
            created=c.created,
            messages=c.messages,
            sent=c.sent,
            resent=c.resent,
            pubacked=c.pubacked,
            refused=dict(c.refused),
            receipted=c.receipted,
            outbox=self.unreceipted,
            given_up=c.given_up,
            unstored=c.unstored,
            skipped=c.skipped,
            simulated_s=self._clock.now_s,
            live=self._clock.live,
            pace=self._pace,
        )

    def call(self, action: Callable[[], object]) -> None:
        """Have ``action`` run in the fleet's thread at its next turn; safe from any thread.

        For what changes the world from outside: ``fleet.call(lambda: world.treat(...))``.
        """
        self._calls.put(action)

    def agent(self, device: str) -> Agent:
        """Return the agent of a device; KeyError where there is none."""
        return self._devices[self._number[device]].agent

    def wake(self, device: str) -> None:
        """Have a device send at the next turn what it holds; ValueError where there is none."""
        if device not in self._number:
            raise ValueError(f"there is no device {device!r}")
        self._to_send[self._number[device]] = None

    def moment(self) -> Moment:
        """Return the simulated instant, on clocks that are right and started with the fleet."""
        now_s = self._clock.now_s
        return Moment(round(now_s * 1000), round((now_s - self._start_s) * 1000))

    # -- running -------------------------------------------------------------------

    def turn(self, timeout_s: float | None = None) -> None:
        """Sample what is due, commit, send, and listen for at most ``timeout_s`` [s]."""
        self._answer_calls()
        self._advance()
        self._sample()
        self._outbox.commit()
        self._pump()
        self._update()
        self._listen(timeout_s)

    def run(self, stop: Callable[[], bool], until_s: float | None = None) -> None:
        """Take turns until ``stop()``, or until the simulated time reaches ``until_s`` [s]."""
        while not stop() and (until_s is None or self._clock.now_s < until_s or self._behind()):
            self.turn()

    def idle(self) -> None:
        """Measure nothing; send and listen for a moment."""
        self._answer_calls()
        self._outbox.commit()
        self._pump()
        self._listen(_HURRY_TIMEOUT_S)

    def drain(self, timeout_s: float) -> bool:
        """Measure no more, and wait until the server has everything.

        Cut uplinks come back for it. Returns whether every entry was receipted within
        ``timeout_s`` of real time.
        """
        for number in tuple(self._cut):
            self._set_cut(number, cut=False)
        deadline_s = self._monotonic() + timeout_s
        self._to_send.update(dict.fromkeys(range(len(self._devices))))
        while self.unreceipted and self._monotonic() < deadline_s:
            self.idle()
        self._outbox.commit()
        return self.unreceipted == 0

    def close(self) -> None:
        """Take leave of the broker and close the file; what is unreceipted stays in it."""
        self._answer_calls()
        for made in self._devices:
            made.agent.stop()
        self._hub.close()
        self._outbox.close()

    # -- inside --------------------------------------------------------------------

    def _made(self, device: Device, kind: Kind, broker: BrokerAddress) -> FleetDevice:
        sensor = WorldSensor(self.world, device.name, self._time)
        identity = Identity(device=device.name, kind=device.kind, shard=device.shard, firmware=FIRMWARE)
        box = self._outbox.of(device.name)

        def start(due_s: float) -> Started:
            sampler = Sampler(kind, [sensor], device.cadence_s, due_s)
            publisher = Publisher(self._options.limits, self._rng)
            cards = self._cards
            takes = cards is not None and cards.takes(device.name)
            updates = cards.start(device, lambda: sampler.cadence_s) if cards is not None and takes else None
            observer = observers(self._observer, updates)
            now = identity if updates is None else replace(identity, firmware=updates.version or FIRMWARE)
            agent = Agent(now, sampler, box, publisher, self._monotonic, self.counts, observer)
            part = settings_of(agent, kind, lambda: self._clock.now_s, self._monotonic)
            agent.join(part)
            if updates is not None:
                agent.join(updates)
                agent.tell(updates)
            return Started(agent, lambda: self._idle(agent, part), updates)

        offset_s = zlib.crc32(device.name.encode()) % (device.cadence_s * 1000) / 1000.0
        started = start(self._clock.now_s + offset_s)
        agent = started.agent
        will = Will(identity.topic("status"), identity.last_will())
        link = self._hub.link(broker, device.name, will, agent, started.idle)
        agent.start(link)
        return FleetDevice(device, box, link, agent, start, self._start_s, updates=started.updates)

    def _update(self) -> None:
        """Let devices that take updates go on with them, and start anew where that is wanted."""
        now_s = self._monotonic()
        if not self._updated or now_s < self._next_updates_s:
            return
        self._next_updates_s = now_s + EVERY_S
        for number in self._updated:
            made = self._devices[number]
            if made.off_since_s is not None or made.updates is None:
                continue
            made.agent.turn(self.moment())
            if made.updates.restart_wanted:
                made.lose_power(self._clock.now_s)
                made.get_power(self._clock.now_s)
                self._cut.discard(number)

    def _idle(self, agent: Agent, part: SettingsPart) -> None:
        """What is due of a device without any event: every few seconds."""
        agent.pump()
        if part.is_busy:
            agent.turn(self.moment())

    def no_faster(self, speed: float | None) -> None:
        """Let simulated time pass at most at ``speed``; None: at its own. In the fleet's thread only."""
        self._clock.no_faster(speed)

    def _answer_calls(self) -> None:
        while not self._calls.empty():
            self._calls.get()()

    def _behind(self) -> bool:
        return bool(self._due) and self._due[0][0] <= self._clock.now_s

    def _advance(self) -> None:
        cut = sum(self._devices[n].agent.publisher.unreceipted for n in self._cut)
        stands = self._behind() or self._is_gathering()
        self._pace = 0.0 if stands else pace_for(self.unreceipted - cut, self._limit)
        self._clock.advance(self._wall(), self._pace)

    def _is_gathering(self) -> bool:
        """Whether devices connect for the first time; once that is over, it is over."""
        now_s = self._monotonic()
        if self._gather_until_s is None:
            self._gather_until_s = now_s + self._options.gather_s
        missing = len(self._devices) - len(self._cut) - self._hub.connected
        if now_s < self._gather_until_s and missing > 0 and not self._clock.live:
            return True
        self._gather_until_s = -math.inf
        return False

    def _pump(self) -> None:
        """Let devices with something to send do so, as far as their limits allow now."""
        now_s = self._monotonic()
        if now_s < self._next_pump_s:
            return
        self._next_pump_s = now_s + _PUMP_EVERY_S
        for number in tuple(self._to_send):
            made = self._devices[number]
            made.agent.pump()
            if made.agent.publisher.waiting == 0 or not made.link.connected:
                del self._to_send[number]

    def _sample(self) -> None:
        """Take the readings that are due, in the order of time."""
        now_s, due = self._clock.now_s, self._due
        for _ in range(_SAMPLES_PER_TURN):
            if not due or due[0][0] > now_s:
                break
            at_s, number = due[0]
            self._take(number, at_s)
            sampler = self._devices[number].agent.sampler
            sampler.advance(at_s)
            heapq.heapreplace(due, (sampler.due_s, number))
            self._to_send[number] = None

    def _take(self, number: int, at_s: float) -> None:
        made, faults = self._devices[number], self._faults
        name, at = made.name, _utc(at_s)
        self._time.now = at
        self.world.advance_to(at)
        if not self._powered(made, number, at, at_s):
            return
        cut = not faults.uplink_up(name, at)
        if cut != (number in self._cut):
            self._set_cut(number, cut=cut)
        made.outbox.full = not faults.card_takes(name, at)
        if faults.is_on(name, at):
            made.agent.sample(made.moment(at_s, faults.clock_offset_s(name, at)))

    def _powered(self, made: FleetDevice, number: int, at: datetime, at_s: float) -> bool:
        """Whether a device has power; it stops and starts with its supply."""
        powered = self._faults.has_power(made.name, at)
        if powered and made.off_since_s is not None:
            made.get_power(at_s)
            self._cut.discard(number)
        elif not powered and made.off_since_s is None:
            made.lose_power(at_s)
            self._cut.add(number)
        return powered

    def _set_cut(self, number: int, *, cut: bool) -> None:
        (self._cut.add if cut else self._cut.discard)(number)
        self._devices[number].link.bar(barred=cut)

    def _listen(self, timeout_s: float | None) -> None:
        if timeout_s is None:
            hurry = not self._clock.live or self._behind()
            timeout_s = _HURRY_TIMEOUT_S if hurry else _LIVE_TIMEOUT_S
        self._hub.poll(timeout_s)


def _utc(time_s: float) -> datetime:
    return datetime.fromtimestamp(time_s, UTC)
