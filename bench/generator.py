"""The load, as a process of its own: ``python -m bench.generator PORT DEVICES READINGS BOOT DRAIN_S RATE``.

RATE is in readings a second, 0 as fast as the broker takes them. Prints one JSON object
when every message is acknowledged by the broker, and with DRAIN_S above 0 when every
reading has its receipt or so many seconds have passed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence

from bench.latency import percentiles
from devices.agent.broker import BrokerAddress
from devices.agent.entry import Key, Run
from firmware_sim.load import LoadGenerator, LoadPlan, load_devices

PREFIX = "bench"
RESEND_S = 3600.0
"""Nothing is sent twice for being slow: each message is to be counted once."""


class ReceiptTimes:
    """How long each reading waits for its receipt; a :class:`devices.agent.counts.Observer`.

    Attributes:
        latencies_ms: from the reading's creation to its receipt [ms].
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._created_s: dict[tuple[str, Key], float] = {}
        self.latencies_ms: list[float] = []

    def created(self, device: str, key: Key) -> None:
        """A reading is made."""
        self._created_s[device, key] = self._now_s()

    def pubacked(self, device: str, keys: Sequence[Key]) -> None:
        """The broker's word is not what is measured."""

    def receipted(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The server confirmed these."""
        now_s = self._now_s()
        for first, last in runs:
            for seq in range(first, last + 1):
                created_s = self._created_s.pop((device, (boot, seq)), None)
                if created_s is not None:
                    self.latencies_ms.append(1e3 * (now_s - created_s))


def main(arguments: Sequence[str]) -> None:
    """Play the load; ends with the process that started it."""
    port, devices, readings, boot, drain_s, rate = map(int, arguments)
    plan = LoadPlan(
        broker=BrokerAddress(host="127.0.0.1", port=port),
        devices=load_devices(devices, PREFIX),
        readings=readings,
        rate=None if rate == 0 else rate,
        boot=boot,
        resend_s=RESEND_S,
    )
    times = None if rate == 0 else ReceiptTimes()  # at full speed it would cost the generator a tenth
    generator, parent = LoadGenerator(plan, times), os.getppid()
    started_s = time.time()
    result = generator.run(stop=lambda: os.getppid() != parent, drain_s=drain_s)
    generator.close()
    counts = result.counts
    report = {
        "started_s": started_s,
        "seconds": result.seconds,
        "cpu_s": result.cpu_s,
        "created": counts.created,
        "pubacked": counts.pubacked,
        "receipted": counts.receipted,
        "resent": counts.resent,
        "receipt_ms": None if times is None else percentiles(times.latencies_ms),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
