"""The load, as a process of its own: ``python -m bench.generator PORT DEVICES READINGS BOOT DRAIN_S``.

Prints one JSON object when every message is acknowledged by the broker, and with DRAIN_S
above 0 when every reading has its receipt or so many seconds have passed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence

from devices.agent.broker import BrokerAddress
from firmware_sim.load import LoadGenerator, LoadPlan, load_devices

PREFIX = "bench"
RESEND_S = 3600.0
"""Nothing is sent twice for being slow: each message is to be counted once."""


def main(arguments: Sequence[str]) -> None:
    """Play the load; ends with the process that started it."""
    port, devices, readings, boot, drain_s = map(int, arguments)
    plan = LoadPlan(
        broker=BrokerAddress(host="127.0.0.1", port=port),
        devices=load_devices(devices, PREFIX),
        readings=readings,
        boot=boot,
        resend_s=RESEND_S,
    )
    generator, parent = LoadGenerator(plan), os.getppid()
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
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(sys.argv[1:])
