"""One device of a fleet: its agent, card and link, and when it was last started."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from devices.agent.agent import Agent
from devices.agent.clock_state import Clk, Moment
from devices.agent.update.part import Updates
from devices.registry import Device
from firmware_sim.paho_fleet_link import FleetLink
from firmware_sim.shared_outbox import DeviceOutbox


@dataclass(frozen=True, slots=True)
class Started:
    """What a start of a device makes: its agent, what is called every few seconds, and what takes updates."""

    agent: Agent
    idle: Callable[[], None]
    updates: Updates | None = None


@dataclass(slots=True)
class FleetDevice:
    """A device that runs, or has no power just now.

    Attributes:
        start_agent: makes an agent on its card as the firmware does when power comes; due next at the
            time that it is given [s].
        started_s: simulated time of its last start, where its monotonic clock is 0 [s].
        slow_s: how far its wall clock stood still while it had no power [s]; 0 once the network has set it.
        off_since_s: since when it has no power [s], None while it has.
        updates: its part that takes updates, None where it takes none.
    """

    device: Device
    outbox: DeviceOutbox
    link: FleetLink
    agent: Agent
    start_agent: Callable[[float], Started]
    started_s: float
    slow_s: float = 0.0
    off_since_s: float | None = None
    updates: Updates | None = None

    @property
    def name(self) -> str:
        """The device's name."""
        return self.device.name

    def lose_power(self, at_s: float) -> None:
        """The supply is gone: the connection ends without a goodbye."""
        self.off_since_s = at_s
        self.link.bar(barred=True)

    def get_power(self, at_s: float) -> None:
        """Start anew on the same card: another boot, and a clock that stood still meanwhile."""
        assert self.off_since_s is not None, "it had no power"
        self.slow_s += at_s - self.off_since_s
        self.off_since_s, self.started_s = None, at_s
        due_s = self.agent.sampler.due_s
        started = self.start_agent(due_s)
        self.agent, self.updates = started.agent, started.updates
        self.link.serve(self.agent, started.idle)
        self.agent.start(self.link)

    def moment(self, at_s: float, wrong_s: float) -> Moment:
        """Return the instant on the device's clocks.

        Args:
            at_s: simulated time [s].
            wrong_s: how far a fault has set its wall clock wrong [s].
        """
        if self.slow_s > 0.0 and self.link.connected:
            self.slow_s = 0.0  # a network sets the clock
        state = Clk.RESTORED if self.slow_s > 0.0 else Clk.SYNCHRONISED
        if wrong_s != 0.0:
            state = Clk.NEVER_SET
        wall_s = at_s + wrong_s - self.slow_s
        return Moment(round(wall_s * 1000), round((at_s - self.started_s) * 1000), state)
