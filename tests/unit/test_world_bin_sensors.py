"""Simulated bin sensors get wrong what published ones do, as often as the script says."""

from __future__ import annotations

import numpy as np
import pytest

from devices.registry import BinSite
from firmware_sim.world.bin_links import BinLinks, LinkScript
from firmware_sim.world.bin_sensors import NO_ECHO_MM, BinSensors
from firmware_sim.world.bins import BinModel
from firmware_sim.world.noise import bits, bits_of, gauss5, gauss_of, unit, unit_of
from firmware_sim.world.script import Bins

N = 400
SITES = [
    BinSite(bin_id=f"b{i}", label="Shops, x", street="x", device=f"b{i}", latitude_deg=52.0, longitude_deg=-1.0)
    for i in range(N)
]  # fmt: skip
ALL = slice(0, N)
CLEAN = {"no_echo_share": 0.0, "lid_echo_share": 0.0, "false_echo_share": 0.0}


def seen(
    script: Bins, times: int, air_c: float = 20.0, seed: int = 3
) -> tuple[np.ndarray, BinModel, BinSensors]:
    """Return readings (times, bins) of bins at rest [mm]."""
    model, sensors = BinModel(SITES, seed, script), BinSensors(SITES, seed, script)
    true_mm = model.distance_mm()
    rows = [sensors.read(ALL, 1_767_000_000_000 + 1_800_000 * i, model, true_mm, air_c) for i in range(times)]
    return np.array([r["distance_mm"] for r in rows]), model, sensors


def test_errors_are_as_frequent_as_the_script_says() -> None:
    script = Bins(no_echo_share=0.02, lid_echo_share=0.015, false_echo_share=0.01, start_fill_pct=(0.0, 20.0))
    found, model, _ = seen(script, 200)
    exact = model.distance_mm()
    assert (found == NO_ECHO_MM).mean() == pytest.approx(0.02, abs=0.002)
    assert (found < 180.0).mean() == pytest.approx(0.015, abs=0.002)
    wall = (found >= 180.0) & (found != NO_ECHO_MM) & (np.abs(found - exact) > 60.0)
    assert 0.006 < wall.mean() < 0.0105, "some walls are not nearer than the content"


def test_a_wall_echo_is_always_the_same_and_never_behind_the_content() -> None:
    script = Bins(**{**CLEAN, "false_echo_share": 1.0, "start_fill_pct": (0.0, 100.0)})
    found, model, _ = seen(script, 50)
    assert np.ptp(found, axis=0).max() < 45.0
    assert (found <= model.distance_mm() + 30.0).all()


def test_noise_and_steps_are_the_sensors_own() -> None:
    found, model, sensors = seen(Bins(**CLEAN, start_fill_pct=(20.0, 60.0)), 200)
    error = found - model.distance_mm()
    assert set(sensors.quantum_mm.tolist()) == {6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0}
    assert (found % sensors.quantum_mm == 0.0).all()
    assert error.std() == pytest.approx(np.sqrt(10.0**2 + np.mean(sensors.quantum_mm**2) / 12.0), rel=0.03)
    assert abs(error.mean()) < 0.5


@pytest.mark.parametrize(("air_c", "per_cent"), [(0.0, 3.6), (10.0, 1.8), (30.0, -1.65)])
def test_who_does_not_compensate_is_wrong_by_the_speed_of_sound(air_c: float, per_cent: float) -> None:
    script = Bins(**CLEAN, uncompensated_share=0.5, start_fill_pct=(0.0, 30.0))
    found, model, sensors = seen(script, 100, air_c)
    off = 100.0 * (found.mean(axis=0) / model.distance_mm() - 1.0)
    assert 0.4 < sensors.uncompensated.mean() < 0.6
    assert off[sensors.uncompensated].mean() == pytest.approx(per_cent, abs=0.1)
    assert abs(off[~sensors.uncompensated].mean()) < 0.1


def test_an_emptying_shows_as_one_to_three_readings_of_nonsense_and_a_tilt() -> None:
    script = Bins(**CLEAN, start_fill_pct=(70.0, 90.0))
    model, sensors = BinModel(SITES, 3, script), BinSensors(SITES, 3, script)
    at_s = 1_767_000_000.0
    for row in range(N):
        model.empty(row, at_s)
    true_mm = model.distance_mm()
    told = [
        sensors.read(ALL, int(1000 * (at_s + 1800.0 * i + 60.0)), model, true_mm, 8.0) for i in range(-1, 6)
    ]
    wrong = np.array([np.abs(t["distance_mm"] - true_mm) > 60.0 for t in told[1:]])
    assert not wrong[3:].any()
    assert wrong[0].mean() > 0.9
    assert 0.55 < wrong[1].mean() < 0.75
    assert 0.25 < wrong[2].mean() < 0.4
    assert (told[1]["tilt_deg"] > 45.0).all()
    assert (told[0]["tilt_deg"] < 15.0).all()
    assert (told[2]["tilt_deg"] < 15.0).all()
    assert 0.3 < (told[1]["distance_mm"] == NO_ECHO_MM).mean() < 0.5


def test_one_bin_is_read_as_it_is_among_all() -> None:
    model, sensors = BinModel(SITES, 3, Bins()), BinSensors(SITES, 3, Bins())
    for tick in (0, 1_767_000_000_123, 1_767_000_060_000):
        together = sensors.read(ALL, tick, model, model.distance_mm(), 4.0)
        for row in (0, 7, N - 1):
            alone = sensors.read(slice(row, row + 1), tick, model, model.distance_mm(), 4.0)
            assert {k: v.item() for k, v in alone.items()} == {k: v[row] for k, v in together.items()}


def test_many_lots_are_those_of_one() -> None:
    keys = np.array([1, 99, 2**64 - 1], dtype=np.uint64)
    for tick in (0, 5, 1_767_000_000_000):
        many = bits_of(keys, tick)
        one = [bits(int(k), tick) for k in keys]
        assert many.tolist() == one
        assert unit_of(many).tolist() == [unit(b) for b in one]
        for which in range(5):
            assert gauss_of(many, which).tolist() == [gauss5(b)[which] for b in one]


def test_links_lose_and_repeat_as_often_as_they_should_and_sensors_get_stuck() -> None:
    links = BinLinks(
        N, 3, LinkScript(loss=(0.05, 0.15), duplicates=0.02, stuck_a_week=0.5, stuck_h=(12.0, 24.0))
    )
    rng = np.random.default_rng(1)
    told, heard, twice = [], [], []
    for tick in range(48 * 14):
        t, h, w = links.pass_on(tick, 1800.0 * tick, 1800.0, rng.uniform(200.0, 900.0, N))
        told.append(t)
        heard.append(h)
        twice.append(w)
    lost = 1.0 - np.mean(heard, axis=0)
    assert lost.mean() == pytest.approx(0.1, abs=0.01)
    assert lost.min() > 0.02
    assert lost.max() < 0.2
    assert np.mean(twice) / np.mean(heard) == pytest.approx(0.02, abs=0.002)
    assert not (np.array(twice) & ~np.array(heard)).any()
    same = np.diff(np.array(told), axis=0) == 0.0
    runs_a_week = np.diff(np.vstack([np.zeros(N), same.astype(float)]), axis=0).clip(0.0).sum() / N / 2.0
    assert runs_a_week == pytest.approx(0.5, rel=0.2)
    assert same.sum() / (runs_a_week * N * 2.0) == pytest.approx(36.0, rel=0.15), "of 18 hours on the mean"
