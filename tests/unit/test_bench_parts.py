"""The benchmarks' inputs: the frost night is cut without loss."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import pytest

from bench import replay, rules
from bench.fleet import real_time_rate
from bench.frost_night import DELAY_S, Night, batches, frost_night
from devices.registry import Device, Registry
from firmware_sim.world.town import TownSizes
from rules.core.effects import Decision

SMALL = TownSizes(segments=120, homes=8, road_sensors=6, weather_stations=2, bins=5, gritters=1, routes=2)


@pytest.fixture(scope="module")
def night() -> Night:
    return frost_night(2.0, SMALL)


def test_a_night_comes_in_order_of_arrival(night: Night) -> None:
    arrivals = [r[0] for r in night.readings]
    assert arrivals == sorted(arrivals)
    assert all(0 <= r[0] - r[1] <= DELAY_S for r in night.readings)
    assert {r[2] for r in night.readings} == {d.kind for d in night.registry.devices}


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_batches_hold_every_reading_once_in_order(night: Night, size: int) -> None:
    seen: list[tuple[float, str]] = []
    latest_s = 0.0
    for batch, upto_s in batches(night.readings, size):
        rows = [
            (int(p), float(t), d)
            for r in batch.values()
            for p, t, d in zip(r.position, r.ts_s, r.device, strict=True)
        ]
        assert [p for p, _, _ in sorted(rows)] == list(range(len(rows)))
        seen += [(t, d) for _, t, d in sorted(rows)]
        latest_s = max(latest_s, *(t for _, t, _ in rows))
        assert upto_s == latest_s
    assert seen == [(r[1], r[3]) for r in night.readings]


def test_however_the_night_is_cut_the_outcome_is_the_same(night: Night) -> None:
    one, many = rules.one_pass(night, 1), rules.one_pass(night, 500)
    assert one.steps == len(night.readings)
    assert many.steps == -(-len(night.readings) // 500)
    assert (one.outcome, one.late) == (many.outcome, many.late)
    assert any(isinstance(e, Decision) for e in one.outcome)
    assert many.cpu_s > 0.0


def test_the_rules_report_is_complete(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    monkeypatch.setattr(rules, "frost_night", lambda _: night)
    report = rules.run(argparse.Namespace(hours=2.0, step=[200], repeats=1))
    assert report["correct"]
    assert report["conditions"]["readings"] == len(night.readings)
    assert report["baseline"]["readings_per_step"] == 1
    assert report["baseline"]["ratio"] == 1.0
    (figures,) = report["figures"]
    assert figures["cpu_us_per_reading"] > 0
    assert figures["ratio"] == pytest.approx(
        report["baseline"]["cpu_us_per_reading"] / figures["cpu_us_per_reading"], rel=0.02
    )


def test_the_real_rate_of_a_town_adds_its_cadences() -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    kinds = [("a", 300), ("b", 600), ("c", 60)]
    devices = [Device(name=n, kind="frog", shard=0, cadence_s=c, installed_at=since) for n, c in kinds]
    assert real_time_rate(Registry(name="t", devices=tuple(devices))) == pytest.approx(0.0217, abs=1e-4)


def test_the_replay_report_is_complete(monkeypatch: pytest.MonkeyPatch, night: Night) -> None:
    monkeypatch.setattr(replay, "frost_night", lambda _: night)
    report = replay.run(argparse.Namespace(hours=2.0, repeats=1))
    assert report["correct"]
    [figures] = report["figures"]
    assert figures["readings_per_cpu_second"] > 0
    assert figures["months_of_1000_devices_per_cpu_minute"] > 0
    devices = len(night.registry.devices)
    month = len(night.readings) * 30 * 12 * 1000 / devices
    assert figures["readings_of_a_month"] == pytest.approx(month, rel=1e-6)
