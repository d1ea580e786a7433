"""A fleet of real agents in one thread, faster than time, over a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityops.embedded.mosquitto import EmbeddedMosquitto
from cityops.runtime.backoff import Backoff
from devices.agent.broker import BrokerAddress
from devices.agent.publisher import Limits
from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.registry import Device
from firmware_sim.clock import SimulatedClock
from firmware_sim.fleet import Fleet, FleetOptions
from firmware_sim.history import History, read_history
from firmware_sim.shared_outbox import SharedOutbox
from tests.fakes.receipt_server import ReceiptServer

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS = FleetOptions(
    ramp_s=0.2,
    limits=Limits(interval_s=0.0, window=8, refused=Backoff(0.05, 0.2)),
    reconnect=Backoff(first_s=0.05, cap_s=0.5),
)


class FlatWorld:
    """Every room at 0 °C; the time last advanced to must never run backwards."""

    def __init__(self) -> None:
        self.now = SINCE
        self.emptied: list[str] = []

    def advance_to(self, time: datetime) -> None:
        assert time >= self.now
        self.now = time

    def sense(self, device: str, time: datetime) -> Mapping[str, float]:
        assert time == self.now
        return {} if device.endswith("-7") else {"temperature_c": 0.0, "humidity_pct": 61.23}


class CutOff:
    """frog-1 has no network for a while."""

    def __init__(self, from_s: float, to_s: float) -> None:
        self.span = (from_s, to_s)

    def uplink_up(self, device: str, time: datetime) -> bool:
        return device != "frog-1" or not self.span[0] <= time.timestamp() < self.span[1]

    def is_on(self, device: str, time: datetime) -> bool:
        return True

    def clock_offset_s(self, device: str, time: datetime) -> float:
        return 3600.0 if device == "frog-2" else 0.0

    def has_power(self, device: str, time: datetime) -> bool:
        return True

    def card_takes(self, device: str, time: datetime) -> bool:
        return True


def frogs(count: int) -> list[Device]:
    names = [f"frog-{i}" for i in range(count)]
    return [Device(name=n, kind="frog", shard=shard_of(n), installed_at=SINCE) for n in names]


@pytest.fixture
def make(broker: EmbeddedMosquitto, tmp_path: Path):
    fleets: list[Fleet] = []

    def build(count: int, hours: float, speed: float, **more) -> Fleet:
        now = time.time()
        fleets.append(
            Fleet(
                frogs(count),
                discover(),
                FlatWorld(),
                lambda _: BrokerAddress(host=broker.host, port=broker.port),
                SharedOutbox(tmp_path / "fleet.db"),
                SimulatedClock(now - hours * 3600, now, speed),
                options=more.pop("options", OPTIONS),
                **more,
            )
        )
        return fleets[-1]

    yield build
    for fleet in fleets:
        fleet.close()


def run(fleet: Fleet, until: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    fleet.run(lambda: until() or time.monotonic() > deadline)
    assert until(), f"not within {timeout_s} s: {fleet.statistics()}"


def test_two_hundred_devices_reach_the_present_and_lose_nothing(
    broker: EmbeddedMosquitto, make: Callable[..., Fleet], tmp_path: Path
) -> None:
    history = History(tmp_path / "history")
    with ReceiptServer(broker.host, broker.port) as server:
        fleet = make(200, hours=3, speed=3000.0, observer=history)
        run(fleet, lambda: fleet.statistics().live)
        assert fleet.drain(20)
        stats = fleet.statistics()
        assert stats.connected == 200
        assert stats.created == stats.receipted == len(server.held)
        assert 180 * 36 <= stats.created + stats.skipped <= 200 * 37
        assert (stats.outbox, stats.given_up, stats.unstored) == (0, 0, 0)
        assert stats.skipped > 0, "frog-7, 17, 27 ... have a broken sensor"
        assert server.conflicts == 0
        readings = [r["ts"] for (device, _, _), r in server.held.items() if device == "frog-3"]
        assert {
            round((b - a) / 1000) for a, b in zip(sorted(readings), sorted(readings)[1:], strict=False)
        } == {300}
        assert max(readings) <= time.time() * 1000
    history.close()
    for event in ("created", "puback", "receipt"):
        told = {
            (x.device, x.boot, s)
            for x in read_history(tmp_path / "history")
            if x.event == event
            for s in range(x.first, x.last + 1)
        }
        assert told == set(server.held), event


def test_a_broker_restart_loses_nothing(broker: EmbeddedMosquitto, make: Callable[..., Fleet]) -> None:
    with ReceiptServer(broker.host, broker.port) as server:
        fleet = make(50, hours=6, speed=2000.0)
        run(fleet, lambda: fleet.counts.receipted > 300)
        for _ in range(2):
            broker.kill()
            before = fleet.counts.created
            run(fleet, lambda enough=before + 200: fleet.counts.created > enough or fleet.statistics().live)
            broker.start()
            run(fleet, lambda: fleet.statistics().connected == 50)
        assert fleet.drain(40), fleet.statistics()
        assert fleet.counts.receipted == fleet.counts.created == len(server.held)
        assert fleet.counts.disconnects >= 100


def test_the_clock_waits_for_a_slow_server(broker: EmbeddedMosquitto, make: Callable[..., Fleet]) -> None:
    with ReceiptServer(broker.host, broker.port) as server:
        server.silent = True
        fleet = make(20, hours=200, speed=100_000.0)
        deadline = time.monotonic() + 4
        fleet.run(lambda: time.monotonic() > deadline)
        stats = fleet.statistics()
        assert 1_500 < stats.outbox <= 2_100, stats
        assert stats.pace < 0.1
        assert not stats.live
        server.silent = False
        run(fleet, lambda: fleet.counts.receipted > 5_000)
        assert fleet.counts.given_up == 0


def test_faults_of_network_and_clock(broker: EmbeddedMosquitto, make: Callable[..., Fleet]) -> None:
    with ReceiptServer(broker.host, broker.port) as server:
        now = time.time()
        fleet = make(5, hours=4, speed=4000.0, faults=CutOff(now - 3 * 3600, now - 3600))
        run(fleet, lambda: fleet._cut == {1}, timeout_s=10)
        run(fleet, lambda: fleet.statistics().live)
        assert fleet.drain(20)
        one = [r for (d, _, _), r in server.held.items() if d == "frog-1"]
        two = [r for (d, _, _), r in server.held.items() if d == "frog-2"]
        assert len(one) >= 47
        assert {r["clk"] for r in one} == {2}
        assert {r["clk"] for r in two} == {0}
        assert fleet.counts.disconnects >= 1
        assert max(server.batches) > 10, "what waited comes as arrays"
        ahead = max(r["ts"] - r["mono_ms"] for r in two) - max(r["ts"] - r["mono_ms"] for r in one)
        assert abs(ahead - 3_600_000) <= 2


def test_actions_from_other_threads_run_in_the_fleet(make: Callable[..., Fleet]) -> None:
    fleet = make(1, hours=0.01, speed=1.0)
    fleet.call(lambda: fleet.world.emptied.append("bin-1"))
    fleet.turn(0)
    assert fleet.world.emptied == ["bin-1"]
    assert fleet.agent("frog-0").identity.device == "frog-0"


class BadSupply(CutOff):
    """frog-1 has no power for an hour; frog-2's card takes nothing meanwhile."""

    def uplink_up(self, device: str, time: datetime) -> bool:
        return True

    def _within(self, time: datetime) -> bool:
        return self.span[0] <= time.timestamp() < self.span[1]

    def has_power(self, device: str, time: datetime) -> bool:
        return device != "frog-1" or not self._within(time)

    def card_takes(self, device: str, time: datetime) -> bool:
        return device != "frog-2" or not self._within(time)


def test_a_device_without_power_starts_anew_and_one_with_a_full_card_goes_on(
    broker: EmbeddedMosquitto, make: Callable[..., Fleet]
) -> None:
    now = time.time()
    with ReceiptServer(broker.host, broker.port) as server:
        fleet = make(3, hours=3, speed=3000.0, faults=BadSupply(now - 7200, now - 3600))
        run(fleet, lambda: fleet.statistics().live)
        assert fleet.drain(20)
        stats = fleet.statistics()
        assert stats.created == stats.receipted == len(server.held)
        assert stats.unstored >= 11, "what frog-2 measured and could not keep is counted"
        boots = {device: {b for (d, b, _) in server.held if d == device} for device in ("frog-0", "frog-1")}
        assert (len(boots["frog-0"]), len(boots["frog-1"])) == (1, 2)
        hour = [r for (d, _, _), r in server.held.items() if d == "frog-1" and r["clk"] == 2]
        assert not [r for r in hour if now - 7100 < r["ts"] / 1000 < now - 3700], "it measured without power"
        second = min(
            (r for (d, b, _), r in server.held.items() if b == max(boots["frog-1"])),
            key=lambda r: r["mono_ms"],
        )
        assert second["mono_ms"] < 300_000, "its monotonic clock began again"
        assert second["clk"] in (1, 2), "a restored clock, until the network set it"
