"""Updates over the air of a fleet with faults: how many devices are bricked, whether it halts, and how it would be in place.

Every device is the real part, state machine, launcher and files over a real broker (``firmware_sim/lab``). The
baseline writes the new version over the old one, as a script with ``scp`` does, on the same cards with the same faults.
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import structlog

from bench.machine import machine
from bench.ota_server import OtaServer
from bench.stack import broker, say
from devices.agent.broker import BrokerAddress
from devices.agent.update.files import RealFiles
from devices.contract.topics import shard_of
from devices.contract.update.manifest import Manifest, read_keys
from firmware_sim.lab.power_cuts import CutCard, PowerCut
from firmware_sim.lab.update_device import LabTimes
from firmware_sim.lab.update_faults import Fault, draw
from firmware_sim.lab.update_fleet import Ending, UpdateFleet, prepare_card
from ingest.fleet.asks import Asking
from ingest.fleet.bundles.build import Opened, Wanted, build, open_bundle
from ingest.fleet.bundles.keys import make_key, make_list
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_share, parse_stages
from ingest.fleet.updates.memory import MemoryUpdates
from ingest.fleet.updates.ports import Bundle, Start

MADE_AT = 1_790_000_000
BUNDLE_BYTES = 120_000
OLD = b"old version " * 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Two versions, and keys."""

    old: Opened
    old_body: bytes
    new: Opened
    new_body: bytes
    contents: Mapping[str, bytes]
    keys: bytes
    other_keys: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A roll-out over a fleet."""

    state: str
    stage: int
    ending: Ending
    faults: Mapping[str, int]
    offered: int
    failed: int


def make_release(seed: int = 1) -> Release:
    """Return a version 1 and a version 2 of the agent, signed."""
    root, release, other = make_key(), make_key(), make_key()
    keys = make_list(1, MADE_AT, [root.key], [release.key], [root])
    stranger = make_list(1, MADE_AT, [root.key], [other.key], [root])
    listed = read_keys(keys.text.encode())
    bodies, opened, contents = [], [], {}
    for serial in (1, 2):
        noise = random.Random(f"{seed}:{serial}").randbytes(BUNDLE_BYTES)
        contents = {
            "code/devices/agent/__main__.py": f"VERSION = {serial}\n".encode(),
            "site/library.so": noise,
        }
        wanted = Wanted(
            name="agent",
            version=f"1.{serial}",
            serial=serial,
            made_at=MADE_AT,
            expires_at=MADE_AT + 10 * 365 * 86_400,
        )
        bodies.append(build(contents, wanted, release))
        opened.append(open_bundle(bodies[-1], listed))
    return Release(
        old=opened[0],
        old_body=bodies[0],
        new=opened[1],
        new_body=bodies[1],
        contents=contents,
        keys=msgspec.json.encode(keys),
        other_keys=msgspec.json.encode(stranger),
    )


def roll_out(
    release: Release,
    folder: Path,
    devices: int,
    share: float,
    stages: str,
    halt_at: float,
    seed: int,
    most_s: float,
) -> Run:
    """Roll version 2 out to a fleet; return how it ended."""
    names = [f"frog-{n:04d}" for n in range(devices)]
    faults = draw(names, share, random.Random(seed))
    bundle, card = folder / "old.bundle", folder / "card"
    bundle.write_bytes(release.old_body)
    prepare_card(card, bundle, release.old.bundle_id, release.keys)
    store = _store(release, names)
    limits = Limits(halt_at=halt_at, tries=1, abreast=max(10, devices // 8))
    with ExitStack() as stack:
        mosquitto = stack.enter_context(broker(folder))
        stack.enter_context(OtaServer(store, "127.0.0.1", mosquitto.port))
        address = BrokerAddress(port=mosquitto.port)
        # Two cores stand in for hundreds: the more devices, the more time each has.
        times = LabTimes(cadence_s=max(1.0, devices / 30), confirm_within_s=max(8.0, devices / 5))
        fleet = UpdateFleet(folder, card, release.other_keys, faults, address, 2, seed, times)
        stack.callback(fleet.close)
        fleet.run(lambda: len(store.said) == devices, most_s)
        start = Start(bundle_id=release.new.bundle_id, stages=parse_stages(stages, 0.5), limits=limits)
        number = store.start(start, datetime.now(UTC))
        took_s = fleet.run(lambda: store.rollout(number).state != "running", most_s)
        ending = fleet.ending(took_s)
    members = store.ended(number)
    return Run(
        state=store.rollout(number).state,
        stage=store.rollout(number).course.stage + 1,
        ending=ending,
        faults=dict(Counter(faults.values())),
        offered=len(members),
        failed=sum(state == "failed" for state in members.values()),
    )


def _store(release: Release, names: Sequence[str]) -> MemoryUpdates:
    store = MemoryUpdates([Asking(name=name, kind="frog", shard=shard_of(name)) for name in names])
    manifest: Manifest = release.new.manifest
    store.add(
        Bundle(
            bundle_id=release.new.bundle_id,
            serial=manifest.serial,
            version=manifest.version,
            size=release.new.size,
            unpacked=manifest.unpacked_bytes,
        ),
        release.new_body,
    )
    return store


def in_place(release: Release, folder: Path, faults: Mapping[str, Fault], seed: int) -> int:
    """Return how many devices are bricked where the new version is written over the old one and started."""
    bricked = 0
    for name, fault in faults.items():
        card = folder / "in-place" / name
        whole = _written_over(release, card, fault, random.Random(f"{seed}:{name}"))
        # A version that does not start, or does not reach anybody, is there to stay; whose signature is wrong runs, too.
        bricked += not whole or fault in (
            "crash_at_start",
            "hangs",
            "no_sensor",
            "no_network",
            "wrong_signature",
        )
        shutil.rmtree(card)
    return bricked


def _written_over(release: Release, card: Path, fault: Fault, rng: random.Random) -> bool:
    files = CutCard(RealFiles(), 0, rng)
    for path in release.contents:
        files.make_folder((card / path).parent)
        files.write(card / path, OLD)
        files.sync(card / path)
    try:
        if fault == "power_cut":
            files.cut_in(rng.randint(1, 2 * len(release.contents)))
        for path, body in release.contents.items():
            given = bytes([body[0] ^ 1]) + body[1:] if fault == "bad_chunk" else body
            files.write(card / path, given[: len(given) // 2] if fault == "full_disk" else given)
        for path in release.contents:
            files.sync(card / path)
    except PowerCut:
        pass
    there = {path: (card / path).read_bytes() for path in release.contents}
    return there == release.contents or all(body == OLD for body in there.values())


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare what can be chosen."""
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument(
        "--faults", type=parse_share, default=0.1, help="share of devices with a fault, as 10%%"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-s", type=float, default=600.0, help="give up after so long [s]")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Return the report of a roll-out that goes on, one that halts, and the baseline."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    release = make_release(options.seed)
    runs: dict[str, Run] = {}
    with scratch() as folder:
        for label, halt in (("halt_at_50_pct", 0.5), ("halt_at_2_pct", 0.02)):
            say(f"ota: {options.devices} devices, {label}")
            place = folder / label
            place.mkdir()
            place.chmod(0o755)
            runs[label] = roll_out(
                release,
                place,
                options.devices,
                options.faults,
                "1%,10%,100%",
                halt,
                options.seed,
                options.most_s,
            )
        names = [f"frog-{n:04d}" for n in range(options.devices)]
        faults = draw(names, options.faults, random.Random(options.seed))
        baseline = in_place(release, folder, faults, options.seed)
    bricked = sum(len(run.ending.bricked) for run in runs.values())
    return {
        "benchmark": "ota",
        "machine": machine(),
        "devices": options.devices,
        "faulty": sum(fault != "none" for fault in faults.values()),
        "runs": {label: asdict(run) | {"bricked": len(run.ending.bricked)} for label, run in runs.items()},
        "bricked": bricked,
        "bricked_in_place": baseline,
        "correct": bricked == 0
        and runs["halt_at_50_pct"].state == "finished"
        and all(run.ending.measuring == options.devices for run in runs.values()),
    }


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that the broker's account may enter, in memory where there is room."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
