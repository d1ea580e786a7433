"""A simulated town on a broker: world, fleet and clock in a thread of their own.

``cityops sim run``, the demo and the compose file's town all start here. Nothing of the
fleet is touched from another thread except through :meth:`Simulation.call`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cityops.errors import ConfigurationError, TransientError
from cityops.settings import MqttSettings
from devices.agent.broker import BrokerAddress
from devices.contract.kind import Kind, discover
from devices.registry import Device, Registry
from firmware_sim.clock import SimulatedClock
from firmware_sim.fleet import Fleet, FleetOptions, FleetStatistics
from firmware_sim.fleet_updates import UpdatePlan
from firmware_sim.frog_page import FrogPage, FrogPagePlan
from firmware_sim.history import History
from firmware_sim.shared_outbox import SharedOutbox
from firmware_sim.world.script import Scenario
from firmware_sim.world.world import World

T = TypeVar("T")
OUTBOX_FILE = "fleet.db"
_DRAIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPlan:
    """What to simulate and where to send it.

    Attributes:
        start: simulated time at the beginning, aware and not in the future.
        end: simulated time at which devices stop measuring; None goes on for ever.
        broker_of: where and as whom each device connects; :func:`brokers` makes one.
        outbox: folder of the fleet's file, made where missing; what an earlier run left
            there unreceipted is sent first.
        kinds: by name; the built-in ones where empty.
        history: file for a checker, None writes none.
        frog_page: which frog serves its own page, None where none does.
        elsewhere: devices that are in the world and not in the fleet: their readings go another way (LoRaWAN).
        updates: which devices take updates over the air, None for none.
    """

    registry: Registry
    scenario: Scenario
    broker_of: Callable[[Device], BrokerAddress]
    outbox: Path
    start: datetime
    end: datetime | None = None
    seed: int = 1
    speed: float = 1.0
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    options: FleetOptions = field(default_factory=FleetOptions)
    history: Path | None = None
    frog_page: FrogPagePlan | None = None
    elsewhere: frozenset[str] = frozenset()
    updates: UpdatePlan | None = None


def brokers(
    mqtt: MqttSettings, credentials: Mapping[str, str] | None = None
) -> Callable[[Device], BrokerAddress]:
    """Return where each device connects.

    Args:
        mqtt: the broker; its user, if any, is what all devices share.
        credentials: password by device, which then is its user name. A device without
            one is refused.
    """
    shared = mqtt.password.get_secret_value() if mqtt.password is not None else None

    def of(device: Device) -> BrokerAddress:
        username, password = mqtt.username, shared
        if credentials is not None:
            if device.name not in credentials:
                raise ConfigurationError(f"device {device.name} has no credential for the broker")
            username, password = device.name, credentials[device.name]
        return BrokerAddress(
            host=mqtt.host,
            port=mqtt.port,
            username=username,
            password=password,
            tls_ca=mqtt.tls_ca,
            keepalive_s=mqtt.keepalive_s,
        )

    return of


def usual_start(scenario: Scenario, speed: float, now: datetime) -> datetime:
    """Return when a scenario starts: now in real time, else so that it ends now."""
    return now if speed <= 1 else now - timedelta(hours=scenario.duration_h)


class Simulation:
    """A running plan. :meth:`start` it once; :meth:`stop` waits for its thread."""

    def __init__(self, plan: SimulationPlan) -> None:
        self._plan = plan
        self._thread = threading.Thread(target=self._main, name="simulated-town", daemon=True)
        self._ready = threading.Event()
        self._stop = threading.Event()
        self._measured = threading.Event()
        self._drain_s = 0.0
        self._fleet: Fleet | None = None
        self._world: World | None = None
        self._page: FrogPage | None = None
        self._failure: BaseException | None = None
        self._last: FleetStatistics | None = None
        self.drained = False

    def start(self) -> None:
        """Build world and fleet, and go; returns when devices begin to connect.

        Raises:
            ConfigurationError: the plan can't be played.
        """
        self._thread.start()
        self._ready.wait()
        self._raise()

    @property
    def running(self) -> bool:
        """Whether devices still measure or send."""
        return self._thread.is_alive()

    @property
    def measured(self) -> bool:
        """Whether the plan's end is reached: no device measures any more."""
        return self._measured.is_set()

    @property
    def frog_port(self) -> int | None:
        """Port of the frog's own page on the loopback address; None where none is served."""
        return None if self._page is None else self._page.port

    def statistics(self) -> FleetStatistics:
        """Return the totals, also after the end; TransientError where it has failed."""
        self._raise()
        if self._last is not None:
            return self._last
        if self._fleet is None:
            raise TransientError("the simulation has not been started")
        return self._fleet.statistics()

    def call(self, action: Callable[[World], T]) -> Future[T]:
        """Have ``action`` change or read the world between two of its moments.

        ``simulation.call(lambda world: world.treat("gritter-1", segments, 20.0))``.
        The future carries the result or the exception.
        """
        future: Future[T] = Future()
        fleet, world = self._fleet, self._world
        if fleet is None or world is None or not self.running:
            future.set_exception(TransientError("the simulation is not running"))
            return future

        def act() -> None:
            try:
                future.set_result(action(world))
            except Exception as e:
                future.set_exception(e)

        fleet.call(act)
        return future

    def no_faster(self, speed: float | None) -> None:
        """Let simulated time pass at most at ``speed`` from now on, until it is live; None: at the plan's own."""
        fleet = self._fleet
        if fleet is not None and self.running:
            fleet.call(lambda: fleet.no_faster(speed))

    def stop(self, drain_s: float = _DRAIN_S) -> bool:
        """Stop measuring, wait up to ``drain_s`` for receipts, disconnect [s].

        Returns whether the server has everything; what it has not stays in the file.
        """
        self._drain_s = drain_s
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._raise()
        return self.drained

    def _raise(self) -> None:
        if isinstance(self._failure, ConfigurationError):
            raise self._failure
        if self._failure is not None:
            raise TransientError(f"the simulated town has failed: {self._failure!r}") from self._failure

    # -- in the thread -------------------------------------------------------------

    def _main(self) -> None:
        try:
            with contextlib.ExitStack() as stack:
                fleet = self._build(stack)
                self._ready.set()
                self._play(fleet)
        except BaseException as e:
            self._failure = e
        finally:
            self._measured.set()
            self._ready.set()

    def _build(self, stack: contextlib.ExitStack) -> Fleet:
        plan = self._plan
        wall_s = time.time()
        if plan.start.timestamp() > wall_s:
            raise ConfigurationError(f"the simulation can't start in the future: {plan.start.isoformat()}")
        world = World(plan.registry, plan.scenario, plan.seed, plan.start)
        plan.outbox.mkdir(parents=True, exist_ok=True)
        history = stack.enter_context(contextlib.closing(History(plan.history))) if plan.history else None
        fleet = Fleet(
            [d for d in plan.registry.devices if d.name not in plan.elsewhere],
            plan.kinds or discover(),
            world,
            plan.broker_of,
            SharedOutbox(plan.outbox / OUTBOX_FILE),
            SimulatedClock(plan.start.timestamp(), wall_s, plan.speed),
            seed=plan.seed,
            options=plan.options,
            faults=world,
            observer=history,
            updates=plan.updates,
        )
        stack.callback(fleet.close)
        self._world, self._fleet = world, fleet
        if plan.frog_page is not None:
            self._page = FrogPage(fleet, plan.frog_page, plan.outbox)
            stack.callback(self._page.close)
            self._page.turn()
        return fleet

    def _play(self, fleet: Fleet) -> None:
        end = self._plan.end
        fleet.run(self._turned, None if end is None else end.timestamp())
        self._measured.set()
        while not self._stop.is_set():
            fleet.idle()
        self.drained = fleet.drain(self._drain_s)
        self._last = fleet.statistics()

    def _turned(self) -> bool:
        """Between two turns of the fleet: answer the frog's page; return whether to stop."""
        if self._page is not None:
            self._page.turn()
        return self._stop.is_set()


async def run_simulation(
    plan: SimulationPlan,
    stop: asyncio.Event,
    report: Callable[[FleetStatistics], None] | None = None,
    report_every_s: float = 5.0,
    drain_s: float = _DRAIN_S,
) -> FleetStatistics:
    """Play ``plan`` until ``stop`` is set or, where the plan has an end, all is receipted.

    ``report`` is given the totals every ``report_every_s`` [s]; ``drain_s`` is how long to
    wait for outstanding receipts after ``stop`` [s].

    Raises:
        ConfigurationError: the plan can't be played.
        TransientError: the simulation failed.
    """
    simulation = Simulation(plan)
    await asyncio.to_thread(simulation.start)
    next_report_s = 0.0
    try:
        while not stop.is_set() and simulation.running:
            now_s = time.monotonic()
            statistics = simulation.statistics()
            if report is not None and now_s >= next_report_s:
                report(statistics)
                next_report_s = now_s + report_every_s
            if simulation.measured and statistics.outbox == 0:
                break
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.2):
                    await stop.wait()
    finally:
        await asyncio.to_thread(simulation.stop, drain_s)
    return simulation.statistics()
