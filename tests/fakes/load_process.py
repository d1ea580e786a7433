"""The load as a process: ``python -m tests.fakes.load_process PORT DEVICES READINGS RATE DRAIN_S``.

Prints the totals when every reading has its receipt, or DRAIN_S after the last was created.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from devices.agent.broker import BrokerAddress
from firmware_sim.load import LoadGenerator, LoadPlan, load_devices


def main(arguments: Sequence[str]) -> None:
    port, devices, readings, rate, drain_s = map(int, arguments)
    plan = LoadPlan(
        broker=BrokerAddress(host="127.0.0.1", port=port),
        devices=load_devices(devices),
        readings=readings,
        rate=rate,
        # Nothing gets lost on the way here: what has no receipt yet waits at the broker.
        resend_s=3600.0,
    )
    generator, parent = LoadGenerator(plan), os.getppid()
    result = generator.run(stop=lambda: os.getppid() != parent, drain_s=drain_s)
    generator.close()
    print(json.dumps({**asdict(result.counts), "pending": result.pending}))


if __name__ == "__main__":
    main(sys.argv[1:])
