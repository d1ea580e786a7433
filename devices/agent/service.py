"""The agent as a service on a Raspberry Pi: one loop, one thread, the real clocks."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from devices.agent.agent import Agent, Identity
from devices.agent.broker import Will
from devices.agent.card_outbox import CardOutbox
from devices.agent.clock_state import Clk, ClockWatch, Moment
from devices.agent.config import AgentConfig
from devices.agent.link_log import LinkLog
from devices.agent.only_one import OnlyOne
from devices.agent.paho_link import PahoLink
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.sensor_build import build_sensors
from devices.agent.settings_build import make_settings
from devices.agent.systemd import Notifier
from devices.agent.waker import Waker
from devices.contract.kind import discover
from devices.drivers.base import Sensor
from devices.log import get_logger, level_now, set_level

if TYPE_CHECKING:  # imported by those devices only that have them
    from devices.agent.frog import Frog, FrogParts
    from devices.agent.home_assistant import HomeAssistant
    from devices.agent.update.part import Updates

log = get_logger(__name__)

FIRMWARE = "0.1.0"
"""Of an agent as it was installed; one out of a slot says its bundle's version."""
OUTBOX_FILE = "outbox.db"
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_LONGEST_WAIT_S = 30.0
_UNSET_WAIT_S = 2.0
"""While the clock is not set: the server is told soon after it is."""
_FROG_WAIT_S = 1.0
"""With a page, a button or eyes: whoever presses wants an answer."""


def make_sensors(config: AgentConfig) -> list[Sensor]:
    """Return the sensors that the configuration names.

    Raises:
        ConfigurationError: a bus that can't be opened, or a library that is missing.
    """
    built = build_sensors(config.sensors, discover()[config.device.kind])
    return [sensor.sensor for sensor in built]


class DeviceService:
    """One device.

    Args:
        sensors: what it measures with.
        synchronised: whether the time service says that the wall clock is right.
        first_within_s: the first connection is spread over this [s], so that a street
            whose power comes back does not connect at once.
        parts: page, button and eyes; by default what the configuration names.
    """

    def __init__(
        self,
        config: AgentConfig,
        sensors: Sequence[Sensor],
        *,
        notifier: Notifier | None = None,
        synchronised: Callable[[], bool] = _TIMESYNC.exists,
        first_within_s: float | None = None,
        parts: FrogParts | None = None,
    ) -> None:
        kind = discover()[config.device.kind]
        self._config = config
        self._notifier = notifier or Notifier({})
        self._synchronised = synchronised
        self._waker = Waker()
        self._only_one = OnlyOne(Path(config.device.data_dir))
        self._outbox = CardOutbox(Path(config.device.data_dir) / OUTBOX_FILE)
        self._watch = ClockWatch(self._outbox.last_wall_ms())
        rng = random.Random()
        self._updates = self._make_updates(kind.name)
        on_trial = self._updates is not None and self._updates.on_trial
        identity = Identity(
            device=config.device.name,
            kind=kind.name,
            shard=config.shard,
            firmware=(self._updates.version if self._updates is not None else "") or FIRMWARE,
            install=self._outbox.install_id,
        )
        cadence_s = config.device.cadence_s or kind.cadence_s
        self.agent = Agent(
            identity,
            Sampler(kind, sensors, cadence_s, boot_time_s()),
            self._outbox,
            Publisher(Limits(), rng),
            time.monotonic,
            trouble=self._outbox.trouble,
            observer=self._updates if on_trial else None,
            recalls_at_once=False,
        )
        if self._updates is not None:
            self.agent.join(self._updates)
            self.agent.tell(self._updates)
        will = Will(identity.topic("status"), identity.last_will())
        self._link = PahoLink(
            config.address(),
            config.device.name,
            will,
            self.agent,
            first_within_s=first_within_s,
            waker=self._waker,
        )
        self._join_rotations()
        self.agent.start(self._link)
        self._frog = self._make_frog(parts)
        self.settings = make_settings(
            config, kind, self.agent, sensors, self._frog, move=self._link.move, set_level=set_level, level=level_now(),
            up_s=boot_time_s, tell=lambda line: log.info("settings", said=line), is_blamed=not on_trial,
            launcher=launcher_version(os.environ),
        )  # fmt: skip
        self.agent.join(self.settings)
        self._home_assistant = self._make_home_assistant()
        self._failures = 0
        self._link_log = LinkLog(log)
        self._longest_s = 1.0

    def run(self, stop: Callable[[], bool], *, signals: bool = False) -> None:
        """Measure and send until ``stop()``; then say goodbye and close the outbox.

        ``signals``: ``stop`` is asked when a signal comes, and the loop may sleep long; else every second.
        """
        if signals:
            self._waker.wake_on_signals()
            self._longest_s = _LONGEST_WAIT_S
        log.info("started", device=self._config.device.name, boot=self.agent.boot)
        if self._home_assistant is not None:
            self._home_assistant.start()
        self._notifier.ready()
        try:
            while not (stop() or (self._updates is not None and self._updates.restart_wanted)):
                self._turn()
        finally:
            self._notifier.stopping()
            if self._updates is not None:
                self._updates.stop()
            if self._home_assistant is not None:
                self._home_assistant.close()
            if self._frog is not None:
                self._frog.close()
            self.agent.stop()
            self._waker.close()
            self._only_one.close()
            log.info("stopped", device=self._config.device.name)

    def _turn(self) -> None:
        moment = self._moment()
        self.agent.step(moment)
        if self._frog is not None:
            self._frog.turn(self._moment())
        due_in_s = self.agent.sampler.due_s - boot_time_s()  # sensors may have taken seconds
        self._link.service(max(0.0, min(due_in_s, self.agent.wake_in_s(), self._patience_s(moment))))
        self._report()
        self._notifier.alive(time.monotonic())

    def _patience_s(self, moment: Moment) -> float:
        """Return how long the loop may sleep where no reading and no message is due [s]."""
        own_s = _FROG_WAIT_S if self._frog is not None else self._longest_s
        clock_s = _LONGEST_WAIT_S if moment.clk == Clk.SYNCHRONISED else _UNSET_WAIT_S
        return min(own_s, clock_s, self._notifier.patience_s)

    @property
    def frog(self) -> Frog | None:
        """Page, button and eyes; None for a device without any."""
        return self._frog

    def _join_rotations(self) -> None:
        if self._config.server is not None:
            from devices.agent.rotation_build import make_rotations

            for rotation in make_rotations(self._config, self._config.server):
                self.agent.join(rotation)

    def _make_updates(self, kind: str) -> Updates | None:
        if self._config.update is None:
            return None
        from devices.agent.update.join import make_updates

        return make_updates(
            self._config.update,
            kind,
            lambda: self.agent.sampler.cadence_s,
            os.environ,
            lambda line: log.info("update", said=line),
        )

    def _make_frog(self, parts: FrogParts | None) -> Frog | None:
        if parts is None and not self._config.is_frog:
            return None
        from devices.agent.frog_parts import make_frog, make_parts

        parts = parts or make_parts(self._config, boot_time_s)
        if parts is None:
            return None
        return make_frog(self.agent, self._outbox, Path(self._config.device.data_dir), parts, boot_time_s)

    def _make_home_assistant(self) -> HomeAssistant | None:
        section, identity = self._config.home_assistant, self.agent.identity
        if section is None:
            return None
        from devices.agent.home_assistant import HomeAssistant
        from devices.contract.home_assistant import Subject

        subject = Subject(
            device=identity.device,
            kind=discover()[identity.kind],
            name=section.name,
            cadence_s=round(self.agent.sampler.cadence_s),
            firmware=identity.firmware,
            prefix=section.prefix,
        )
        made = HomeAssistant(subject, section.address(), enabled=section.enabled)
        self.agent.tell(made)
        return made

    def _moment(self) -> Moment:
        return self._watch.moment(
            round(time.time() * 1000), round(boot_time_s() * 1000), synchronised=self._synchronised()
        )

    def _report(self) -> None:
        self._link_log.look(self._link.connected, self._link.last_reason)
        sampler = self.agent.sampler
        if sampler.failures != self._failures:
            self._failures = sampler.failures
            log.warning("sensor failed", failures=sampler.failures, last=sampler.last_failure)


def launcher_version(environment: Mapping[str, str]) -> int:
    """Return the version of the launcher that started this process; 0: none, or one that says nothing."""
    said = environment.get("CITYOPS_LAUNCHER", "")
    return int(said) if said.isascii() and said.isdecimal() else 0


def boot_time_s() -> float:
    """Return seconds since the machine started, sleep included where the system counts it [s]."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
