"""``python -m bench.agent.child CONFIG --cadence-s S [--history FILE] [--until-empty]``: the agent's own service, faster.

The service, its outbox, its link and its loop are the product's; the sensor is made up, and a reading
comes every ``S`` seconds, below the second that a configuration allows. Each reading that the outbox has
taken is a line of the history file, written before the process can be killed for it.
"""

from __future__ import annotations

import argparse
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

from devices.agent.clock_state import Moment
from devices.agent.config import load_config
from devices.agent.entry import Key
from devices.agent.service import DeviceService
from devices.agent.systemd import Notifier
from devices.contract.messages import Activity
from devices.log import configure


class Room:
    """A sensor that always answers."""

    def __init__(self) -> None:
        self._reads = 0

    def read(self) -> Mapping[str, float]:
        """Return another temperature each time [°C], and a humidity of this process [%]: no two measure the same."""
        self._reads += 1
        return {"temperature_c": self._reads % 5000 / 100, "humidity_pct": 10.0 + os.getpid() % 800 / 10}


class History:
    """A witness that writes down each reading which the outbox has taken."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """One ``write``: it is with the kernel, whatever happens to this process."""
        os.write(self._file, f"{key[0]} {key[1]} {moment.mono_ms}\n".encode())

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """There is no diary here."""


def main() -> None:
    """Run until SIGTERM, or until everything has its receipt."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("--cadence-s", type=float, required=True)
    parser.add_argument("--history", type=Path)
    parser.add_argument("--readings", type=int, default=0, help="stop after so many have their receipt")
    parser.add_argument("--until-empty", action="store_true")
    options = parser.parse_args()
    configure({"CITYOPS_LOG__LEVEL": "error"})
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    notifier = Notifier(os.environ)
    service = DeviceService(
        load_config(options.config),
        [Room()],
        notifier=notifier,
        synchronised=lambda: True,
        first_within_s=0.0,
    )
    service.agent.sampler.cadence_s = options.cadence_s
    if options.history is not None:
        service.agent.tell(History(options.history))
    counts, deadline_s = service.agent.counts, time.monotonic() + 600

    def stop() -> bool:
        if options.until_empty:
            done = counts.created > 0 and service.agent.publisher.unreceipted == 0
            return done or time.monotonic() > deadline_s
        return bool(stopping) or 0 < options.readings <= counts.receipted

    service.run(stop, signals=not options.until_empty)


if __name__ == "__main__":
    main()
