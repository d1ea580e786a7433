"""A quarter of bins alone: the same for the same seed, fair to every way of emptying, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.registry import BinSite
from firmware_sim.world.bin_links import LinkScript
from firmware_sim.world.bin_town import BinReadings, BinTown, Emptying
from firmware_sim.world.script import Bins

START = 1_772_409_600.0  # a Monday at midnight
PLACES = ("Market place", "Take-away", "Shops", "Bus stop", "Park gate", "School", "Street")
SITES = tuple(
    BinSite(bin_id=f"b{i}", label=f"{PLACES[i % 7]}, x", street="x", device=f"b{i}", latitude_deg=52.0, longitude_deg=-1.0)
    for i in range(60)
)  # fmt: skip
Policy = Callable[[BinTown], list[Emptying]]


def play(seed: int, steps: int, policy: Policy, **more: object) -> tuple[BinTown, list[BinReadings]]:
    town = BinTown(SITES, seed, START, **more)  # type: ignore[arg-type]
    return town, [town.step(policy(town)) for _ in range(steps)]


def never(_: BinTown) -> list[Emptying]:
    return []


def at_seven(town: BinTown) -> list[Emptying]:
    """Everything, every second day."""
    local = town.local(town.now_s)
    due = local.hour == 7.0 and local.day % 2 == 0
    return [Emptying(b.bin_id, town.now_s + 900.0) for b in town.bins] if due else []


def full_ones(town: BinTown) -> list[Emptying]:
    due = town.local(town.now_s).hour == 7.0
    full = np.flatnonzero(town.model.fill > 0.7).tolist() if due else []
    return [Emptying(town.bins[i].bin_id, town.now_s + 60.0 * (1 + k % 29)) for k, i in enumerate(full)]


@given(st.integers(0, 2**40), st.integers(1, 300))
@settings(max_examples=15, deadline=None)
def test_nothing_is_lost_and_policies_meet_the_same_demand(seed: int, steps: int) -> None:
    towns = [play(seed, steps, policy)[0] for policy in (never, at_seven, full_ones)]
    totals = [town.totals() for town in towns]
    for t in totals:
        assert t.held_l + t.beside_l + t.lifted_l == pytest.approx(t.put_l)
        assert (t.spilt_l >= t.beside_l - 1e-9).all()
        assert np.array_equal(t.put_l, totals[0].put_l)
    assert totals[0].emptied.sum() == 0.0
    assert (totals[1].overflow_s <= totals[0].overflow_s).all()


@given(st.integers(0, 2**40))
@settings(max_examples=5, deadline=None)
def test_the_same_seed_is_the_same_town(seed: int) -> None:
    (_, once), (_, again) = (play(seed, 60, full_ones) for _ in range(2))
    (_, other) = play(seed + 1, 60, full_ones)
    for a, b in zip(once, again, strict=True):
        for name in BinReadings.__slots__:
            assert np.array_equal(getattr(a, name), getattr(b, name))
    assert any(not np.array_equal(a.distance_mm, b.distance_mm) for a, b in zip(once, other, strict=True))


def test_weekdays_and_hours_are_the_towns() -> None:
    town = BinTown(SITES, 1, START + 18 * 3600.0, weekday=5, start_hour_local=18.0)
    assert (town.local(town.now_s).hour, town.local(town.now_s).weekday, town.local(town.now_s).day) == (
        18.0,
        5,
        0,
    )
    later = town.local(town.now_s + 7 * 3600.0)
    assert (later.hour, later.weekday, later.day) == (1.0, 6, 1)
    afternoon = [town.air_c(START + 86_400.0 * d + 15 * 3600.0) for d in range(60)]
    dawn = [town.air_c(START + 86_400.0 * d + 3 * 3600.0) for d in range(60)]
    assert np.mean(np.subtract(afternoon, dawn)) == pytest.approx(8.0)


def test_readings_show_the_emptying_and_lose_what_links_lose() -> None:
    quiet = LinkScript(loss=(0.0, 0.0), duplicates=0.0, stuck_a_week=0.0)
    clean = Bins(
        no_echo_share=0.0,
        lid_echo_share=0.0,
        false_echo_share=0.0,
        start_fill_pct=(80.0, 90.0),
        deposits_factor=0.0,
    )
    town, found = play(4, 12, never, links=quiet, script=clean)
    assert all(r.heard.all() and not r.twice.any() for r in found)
    before = found[-1].distance_mm
    town.step([Emptying(b.bin_id, town.now_s + 600.0) for b in SITES])
    for _ in range(4):
        after = town.step()
    assert (after.distance_mm > before + 300.0).all()
    _, lossy = play(4, 200, never)
    assert np.mean([r.heard for r in lossy]) == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize("at_s", [START, START + 1801.0])
def test_an_emptying_outside_the_step_is_refused(at_s: float) -> None:
    with pytest.raises(ValueError, match="b3 is emptied at"):
        BinTown(SITES, 1, START).step([Emptying("b3", at_s)])
    with pytest.raises(KeyError):
        BinTown(SITES, 1, START).step([Emptying("none", START + 5.0)])


def test_a_quarter_takes_seconds_and_policies_differ() -> None:
    """13 weeks of 60 bins by half-hours: measured 2 s of CPU; at most 20 here, beside everything else."""
    begun = time.process_time()
    town, _ = play(2, 13 * 7 * 48, full_ones)
    assert time.process_time() - begun < 20.0
    often, _ = play(2, 13 * 7 * 48, at_seven)
    some, all_ = town.totals(), often.totals()
    assert some.emptied.sum() < 0.5 * all_.emptied.sum()
    assert some.lifted_kg.sum() == pytest.approx(all_.lifted_kg.sum(), rel=0.05)
    assert some.overflow_s.sum() > all_.overflow_s.sum()
