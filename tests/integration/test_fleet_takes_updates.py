"""A simulated town whose devices take an update over the air, as the demo's do; on one of them the new version does not start."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from bench.ota_server import OtaServer
from cityops.embedded.mosquitto import EmbeddedMosquitto
from devices.agent.broker import BrokerAddress
from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.registry import Device
from firmware_sim.clock import SimulatedClock
from firmware_sim.fleet import FIRMWARE, Fleet, FleetOptions
from firmware_sim.shared_outbox import SharedOutbox
from ingest.fleet.asks import Asking
from ingest.fleet.core.rollout import Limits
from ingest.fleet.core.stages import parse_stages
from ingest.fleet.updates.memory import MemoryUpdates
from ingest.fleet.updates.ports import Bundle, Start
from ops_api.demo.updates import make_release

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = [f"bin-{n}" for n in range(5)]
TAKES = NAMES[:4]


class Bins:
    """A world in which every bin is half full."""

    def advance_to(self, time: datetime) -> None:
        """Nothing moves."""

    def sense(self, device: str, time: datetime) -> dict[str, float]:
        return {"distance_mm": 500.0, "battery_pct": 90.0}


def test_a_few_first_then_all_and_the_one_that_does_not_start_goes_back(
    broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    release = make_release(tmp_path, TAKES, int(time.time()))
    assert release is not None
    manifest = release.opened.manifest
    store = MemoryUpdates([Asking(name=n, kind="bin", shard=shard_of(n)) for n in TAKES])
    bundle = Bundle(
        bundle_id=release.opened.bundle_id, serial=2, version="1.1", size=release.opened.size,
        unpacked=manifest.unpacked_bytes, kinds=manifest.kinds,
    )  # fmt: skip
    store.add(bundle, release.body)
    now = time.time()
    fleet = Fleet(
        [Device(name=n, kind="bin", shard=shard_of(n), installed_at=SINCE) for n in NAMES],
        discover(),
        Bins(),
        lambda _: BrokerAddress(host=broker.host, port=broker.port),
        SharedOutbox(tmp_path / "fleet.db"),
        SimulatedClock(now - 7 * 86_400, now, 1800.0),
        options=FleetOptions(ramp_s=0.1),
        updates=release.plan,
    )
    with OtaServer(store, broker.host, broker.port):
        deadline_s = time.monotonic() + 60.0
        fleet.run(lambda: len(store.said) == len(TAKES) or time.monotonic() > deadline_s)
        assert {said.version for said in store.said.values()} == {"1.0"}
        start = Start(bundle_id=bundle.bundle_id, stages=parse_stages("1,100%", 0.1), limits=Limits(tries=1))
        number = store.start(start, datetime.now(UTC))
        fleet.run(lambda: store.rollout(number).state != "running" or time.monotonic() > deadline_s)
        ended = store.ended(number)
        firmware = {name: fleet.agent(name).identity.firmware for name in NAMES}
        boots = {name: fleet.agent(name).boot for name in NAMES}
    fleet.close()
    bad = TAKES[-1]
    assert store.rollout(number).state == "finished"
    assert ended == {name: "failed" if name == bad else "confirmed" for name in TAKES}
    assert store.reasons[number, bad].startswith("starts: it did not prove itself in 3 starts")
    assert firmware == dict.fromkeys(TAKES, "1.1") | {bad: "1.0", NAMES[-1]: FIRMWARE}
    assert len(set(boots.values())) > 1, "who took it has started anew"


def test_a_town_without_such_devices_has_no_release(tmp_path: Path) -> None:
    assert make_release(tmp_path, [], 0) is None
    assert list(tmp_path.iterdir()) == []
