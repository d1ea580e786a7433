"""What a pass of the fleet service costs over many devices: composing their layers, judging them, reading what they said.

``python -m bench.fleet_settings [devices]`` prints JSON: microseconds of CPU a device, and against plainly parsing the
documents as JSON in the same run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from devices.contract.kind import discover
from devices.contract.settings.declared import settings_of
from ingest.fleet.core.drift import Facts, judge
from ingest.fleet.core.layers import Layer, Layers, Member
from ingest.fleet.core.reports import understand
from ingest.fleet.keeping import next_version
from ingest.fleet.ports import Told

LAYERS: Layers = {
    ("fleet", ""): Layer(scope="fleet", settings={"log.level": "warning"}, change_id=1),
    ("kind", "frog"): Layer(scope="kind", target="frog", settings={"cadence_s": 300, "eyes.dark_from_h": 21}, change_id=2),
    ("group", "north"): Layer(scope="group", target="north", settings={"judge.cold_c": 15.0}, change_id=3),
}  # fmt: skip


def cpu_us(work: Callable[[], object], times: int) -> float:
    """Return the CPU of one of ``times`` [µs]."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / times * 1e6


def main(devices: int) -> dict[str, float]:
    """Measure and return the figures."""
    frog, now = settings_of(discover()["frog"]), datetime.now(UTC)
    told = [
        Told(device_id=n, member=Member(f"frog-{n}", "frog", frozenset({"north"})), shard=n % 16)
        for n in range(devices)
    ]
    in_force = {n: s.default for n, s in frog.items() if s.default is not None} | {"cadence_s": 300}
    document = {"version": 3, "settings": in_force, "firmware": "1.2.0", "boot": 7}
    raw = msgspec.json.encode(document)
    facts = Facts(
        desired=3,
        published=3,
        published_at=now,
        reported=3,
        about=3,
        state="applied",
        online=True,
        heard_at=now,
    )
    parse = cpu_us(lambda: [msgspec.json.decode(raw) for _ in range(devices)], devices)
    read = cpu_us(
        lambda: [understand(document, frog, {3: {"cadence_s": 300}}) for _ in range(devices)], devices
    )
    return {
        "devices": devices,
        "compose_us": cpu_us(lambda: [next_version(t, LAYERS, frog) for t in told], devices),
        "judge_us": cpu_us(lambda: [judge(facts, now) for _ in range(devices)], devices),
        "understand_us": read,
        "parse_us": parse,
        "understand_to_parse": read / parse,
    }


if __name__ == "__main__":
    found = main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    sys.stdout.write(json.dumps({name: round(value, 2) for name, value in found.items()}) + "\n")
