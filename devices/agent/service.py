"""The agent as a service on a Raspberry Pi: one loop, one thread, the real clocks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from cityops.errors import ConfigurationError, TransientError
from devices.agent.agent import Agent, Identity
from devices.agent.broker import Will
from devices.agent.clock_state import ClockWatch, Moment
from devices.agent.config import AgentConfig, Sht4xSection
from devices.agent.frog import Frog, FrogParts
from devices.agent.frog_parts import make_frog, make_parts
from devices.agent.home_assistant import HomeAssistant
from devices.agent.outbox import OutboxError
from devices.agent.paho_link import PahoLink
from devices.agent.publisher import Limits, Publisher
from devices.agent.rotation import Rotation
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.agent.systemd import Notifier
from devices.contract.home_assistant import Subject
from devices.contract.kind import discover
from devices.drivers.base import Sensor
from devices.drivers.ds18b20 import Ds18b20
from devices.drivers.sht4x import Sht4x

log = structlog.get_logger(__name__)

FIRMWARE = "0.1.0"
OUTBOX_FILE = "outbox.db"
_TIMESYNC = Path("/run/systemd/timesync/synchronized")
_LONGEST_WAIT_S = 1.0


def make_sensors(config: AgentConfig) -> list[Sensor]:
    """Return the drivers that the configuration names.

    Raises:
        ConfigurationError: an I²C sensor without ``smbus2`` or without the bus.
    """
    sensors: list[Sensor] = []
    for section in config.sensors:
        if isinstance(section, Sht4xSection):
            sensors.append(_sht4x(section))
        else:
            sensors.append(Ds18b20(section.rom, section.field))
    return sensors


def _sht4x(section: Sht4xSection) -> Sensor:
    try:
        from devices.drivers.i2c import SmbusI2c

        return Sht4x(SmbusI2c(section.bus), section.address)
    except ImportError as e:
        raise ConfigurationError(
            "the driver sht4x needs the package smbus2: pip install 'cityops[pi]'"
        ) from e
    except OSError as e:
        raise ConfigurationError(
            f"I²C bus {section.bus}: {e.strerror}; switch it on with raspi-config, Interface Options"
        ) from e


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
        self._outbox = _open_outbox(Path(config.device.data_dir))
        self._watch = ClockWatch(self._outbox.last_wall_ms())
        rng = random.Random()
        identity = Identity(
            device=config.device.name,
            kind=kind.name,
            shard=config.shard,
            firmware=FIRMWARE,
            install=self._outbox.install_id,
        )
        self.agent = Agent(
            identity,
            Sampler(kind, sensors, config.device.cadence_s or kind.cadence_s, boot_time_s()),
            self._outbox,
            Publisher(Limits(), rng),
            time.monotonic,
        )
        will = Will(identity.topic("status"), identity.last_will())
        self._link = PahoLink(
            config.address(), config.device.name, will, self.agent, first_within_s=first_within_s
        )
        self._join_rotation()
        self.agent.start(self._link)
        self._frog = self._make_frog(parts)
        self._home_assistant = self._make_home_assistant()
        self._unstored = 0
        self._failures = 0

    def run(self, stop: Callable[[], bool]) -> None:
        """Measure and send until ``stop()``; then say goodbye and close the outbox."""
        log.info(
            "started", device=self._config.device.name, boot=self.agent.boot, waiting=self._outbox.depth()
        )
        if self._home_assistant is not None:
            self._home_assistant.start()
        self._notifier.ready()
        try:
            while not stop():
                self._turn()
        finally:
            self._notifier.stopping()
            if self._home_assistant is not None:
                self._home_assistant.close()
            if self._frog is not None:
                self._frog.close()
            self.agent.stop()
            log.info("stopped", device=self._config.device.name)

    def _turn(self) -> None:
        wait_s = self.agent.step(self._moment())
        if self._frog is not None:
            self._frog.turn(self._moment())
        self._link.service(min(max(wait_s, 0.0), _LONGEST_WAIT_S))
        self._report()
        if self.agent.counts.unstored == self._unstored:
            # A device that can't store is restarted by the watchdog rather than losing in silence.
            self._notifier.alive(time.monotonic())

    @property
    def frog(self) -> Frog | None:
        """Page, button and eyes; None for a device without any."""
        return self._frog

    def _join_rotation(self) -> None:
        server, path, name = self._config.server, self._config.broker.password_file, self._config.device.name
        if server is None or path is None or server.rotate_days == 0:
            return
        from devices.agent.rotate import rotate_password, sender

        send = sender(name, server.url, server.ca)
        self.agent.join(
            Rotation(Path(path), server.rotate_days, lambda: rotate_password(send, name, Path(path)))
        )

    def _make_frog(self, parts: FrogParts | None) -> Frog | None:
        parts = parts or make_parts(self._config, boot_time_s)
        if parts is None:
            return None
        return make_frog(self.agent, self._outbox, Path(self._config.device.data_dir), parts, boot_time_s)

    def _make_home_assistant(self) -> HomeAssistant | None:
        section, identity = self._config.home_assistant, self.agent.identity
        if section is None:
            return None
        subject = Subject(
            device=identity.device,
            kind=discover()[identity.kind],
            name=section.name,
            cadence_s=round(self.agent.sampler.cadence_s),
            firmware=FIRMWARE,
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
        sampler = self.agent.sampler
        if sampler.failures != self._failures:
            self._failures = sampler.failures
            log.warning("sensor failed", failures=sampler.failures, last=sampler.last_failure)


def _open_outbox(folder: Path) -> SqliteOutbox:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return SqliteOutbox(folder / OUTBOX_FILE)
    except OSError as e:
        raise ConfigurationError(f"device.data_dir {folder} can't be made: {e.strerror}") from e
    except OutboxError as e:
        raise TransientError(str(e)) from e


def boot_time_s() -> float:
    """Return seconds since the machine started, sleep included where the system counts it [s]."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
