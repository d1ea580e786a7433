"""Reading sensors on time, rounding, skipping what failed; and the device's clocks."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from cityops.runtime.backoff import Backoff
from devices.agent.agent import Agent, Identity
from devices.agent.broker import Reconnect
from devices.agent.clock_state import Clk, ClockWatch, Moment
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.contract.kind import discover
from devices.drivers.base import SensorError
from firmware_sim.clock import SimulatedClock, pace_for

KINDS = discover()


class Says:
    def __init__(self, answer: Callable[[], Mapping[str, float]]) -> None:
        self.read = answer


def gives(**values: float) -> Says:
    return Says(lambda: values)


def fails() -> Says:
    def read() -> Mapping[str, float]:
        raise SensorError("bad CRC")

    return Says(read)


def sampler(kind: str, *sensors: Says) -> Sampler:
    return Sampler(KINDS[kind], sensors, 300.0, 0.0)


def test_values_are_rounded_to_what_they_mean() -> None:
    got = sampler("frog", gives(temperature_c=-0.0049, humidity_pct=61.2499, battery_v=3.0149)).read()
    assert got == {"temperature_c": 0.0, "humidity_pct": 61.2, "battery_v": 3.01}
    got = sampler("gritter", gives(latitude_deg=51.45451234, longitude_deg=-2.58791234, speed_m_s=0.0)).read()
    assert got == {"latitude_deg": 51.454512, "longitude_deg": -2.587912, "speed_m_s": 0.0}


def test_a_failed_sensor_is_skipped_and_counted() -> None:
    s = sampler("frog", gives(temperature_c=20.0, humidity_pct=50.0), fails())
    assert s.read() == {"temperature_c": 20.0, "humidity_pct": 50.0}
    assert (s.failures, s.last_failure) == (1, "bad CRC")


def test_no_reading_without_what_the_kind_requires() -> None:
    assert sampler("frog", fails(), gives(battery_v=3.0)).read() is None
    assert sampler("frog", gives(temperature_c=float("nan"), humidity_pct=50.0)).read() is None
    assert sampler("bin", gives(battery_pct=90.0)).read() is None
    assert sampler("bin", gives(fill_pct=0.0)).read() == {"fill_pct": 0.0}


def test_fields_that_the_kind_does_not_know_stay_out() -> None:
    got = sampler("frog", gives(temperature_c=1.0, humidity_pct=2.0, smell=3.0)).read()
    assert got is not None
    assert "smell" not in got


def test_due_times_do_not_drift_and_are_not_bunched() -> None:
    s = sampler("frog")
    s.advance(0.4)
    assert s.due_s == 300.0
    s.advance(1_000.0)
    assert s.due_s == 1_200.0
    s.advance(1_200.0)
    assert s.due_s == 1_500.0
    with pytest.raises(ValueError, match="cadence"):
        Sampler(KINDS["frog"], [], 0.0, 0.0)


def test_how_far_a_clock_can_be_believed() -> None:
    watch = ClockWatch(last_known_ms=1_000_000)
    assert watch.moment(5, 5, synchronised=False).clk == Clk.NEVER_SET
    assert watch.moment(1_000_010, 10, synchronised=False).clk == Clk.STEPPED
    assert watch.moment(1_000_020, 20, synchronised=True).clk == Clk.SYNCHRONISED
    assert ClockWatch(1_000).moment(2_000, 0, synchronised=False).clk == Clk.RESTORED
    assert ClockWatch(None).moment(2_000, 0, synchronised=False).clk == Clk.NEVER_SET


def test_clocks_read_one_after_the_other_make_no_unequal_intervals() -> None:
    watch = ClockWatch(None)
    walls = [watch.moment(w, m, synchronised=True).wall_ms for w, m in ((1000, 0), (301_001, 300_000))]
    assert walls == [1000, 301_000]
    assert watch.moment(601_020, 600_000, synchronised=True).wall_ms == 601_020, "the clock was set"


def test_a_reading_on_time_carries_the_time_at_which_it_was_due() -> None:
    frog = sampler("frog", gives(temperature_c=1.0, humidity_pct=2.0))
    outbox = MemoryOutbox()
    identity = Identity(device="frog-1", kind="frog", shard=0)
    agent = Agent(identity, frog, outbox, Publisher(Limits(), random.Random(1)), lambda: 0.0)
    for late_ms in (0, 7, 100, 101, 20_000):
        due_ms = round(frog.due_s * 1000)
        agent.step(Moment(1_000_000 + due_ms + late_ms, due_ms + late_ms))
    entries = outbox.load([(agent.boot, seq) for seq in range(5)])
    assert [e.mono_ms for e in entries] == [0, 300_000, 600_000, 900_101, 1_220_000]
    assert {e.wall_ms - e.mono_ms for e in entries} == {1_000_000}


def test_the_simulated_clock_hurries_waits_and_arrives() -> None:
    clock = SimulatedClock(start_s=0.0, wall_s=1_000.0, speed=100.0)
    assert clock.advance(1_001.0) == 100.0
    assert clock.advance(1_002.0, pace=0.0) == 100.0
    assert clock.advance(1_003.0, pace=0.5) == 150.0
    assert clock.advance(990.0) == 150.0, "a wall clock that steps back moves nothing"
    for wall in range(1_004, 1_030):
        clock.advance(float(wall))
    assert clock.live
    assert clock.now_s == 1_029.0
    clock.advance(1_029.5)
    assert clock.now_s == 1_029.5
    with pytest.raises(ValueError, match="future"):
        SimulatedClock(2.0, 1.0, 1.0)


def test_pace_falls_as_the_outboxes_fill() -> None:
    assert [pace_for(n, 100) for n in (0, 50, 75, 100, 200)] == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_reconnects_back_off_until_a_connection_has_held() -> None:
    class Longest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    r = Reconnect(Longest(), Backoff(1.0, 300.0), first_within_s=60.0, good_s=60.0)
    assert r.first(5.0) == 65.0
    assert [r.down(0.0) for _ in range(4)] == [1.0, 2.0, 4.0, 8.0]
    r.up(0.0)
    assert r.down(10.0) == 26.0, "ten seconds are no good connection"
    r.up(100.0)
    assert r.down(160.0) == 161.0


def test_a_drivers_own_mistake_ends_nothing_that_the_others_measure() -> None:
    def broken() -> Mapping[str, float]:
        return {"wall_temperature_c": 1.0 / 0.0}

    both = sampler("frog", Says(broken), gives(temperature_c=0.0, humidity_pct=50.0))
    assert both.read() == {"temperature_c": 0.0, "humidity_pct": 50.0}
    assert (both.failures, both.last_failure) == (1, "ZeroDivisionError in a driver: float division by zero")
