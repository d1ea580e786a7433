"""Events over a window are the events of the whole series, whatever the window and the order of readings."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.moisture_events import drying
from rules.core.moisture_events.find import find, look_ahead_s, look_back_s
from rules.core.moisture_events.grid import Outdoor
from rules.core.moisture_events.parameters import MoistureParameters
from rules.core.psychrometrics import Floats
from tests.fakes.moist_room import Release, humidity_pct, room_vapour_g_m3, series

P = MoistureParameters()
DAYS = 4
releases = st.builds(
    Release,
    st.floats(0.0, DAYS * 86_400.0),
    st.sampled_from([300.0, 900.0, 2700.0]),
    st.floats(50.0, 900.0),
)
some = st.lists(releases, max_size=12)


def home(water: list[Release], seed: int, days: int = DAYS) -> tuple[Floats, Floats, Floats, Outdoor]:
    rng = np.random.default_rng(seed)
    at_s = series(24.0 * days) + rng.uniform(-100.0, 100.0, 288 * days)
    kept = rng.uniform(size=len(at_s)) > 0.1
    at_s = at_s[kept]
    level = 7.0 + np.sin(at_s / 20_000.0)
    airing = (at_s % 86_400.0 > 30_000.0) & (at_s % 86_400.0 < 31_500.0)
    vapour = level + room_vapour_g_m3(at_s, water, volume_m3=160.0, per_hour=1.5, level_g_m3=0.0)
    vapour = vapour - 1.2 * airing
    air = np.round(19.0 + rng.normal(0.0, 0.05, len(at_s)), 2)
    humidity = np.round(humidity_pct(vapour, air) + rng.normal(0.0, 0.3, len(at_s)), 1)
    return at_s, air, humidity, Outdoor(at_s, np.full(len(at_s), 670.0))


@settings(max_examples=25, deadline=None)
@given(some, st.integers(0, 99), st.floats(0.0, DAYS * 86_400.0), st.floats(3600.0, 86_400.0))
def test_a_window_with_enough_around_it_gives_the_same(
    water: list[Release], seed: int, from_s: float, length_s: float
) -> None:
    at_s, air, humidity, outdoor = home(water, seed)
    until_s = from_s + length_s
    whole = find(at_s, air, humidity, P, outdoor, from_s=from_s, until_s=until_s)
    near = (at_s >= from_s - look_back_s(P)) & (at_s < until_s + look_ahead_s(P))
    part = find(at_s[near], air[near], humidity[near], P, outdoor, from_s=from_s, until_s=until_s)
    assert part == whole


@settings(max_examples=10, deadline=None)
@given(some, st.integers(0, 99))
def test_the_order_of_the_readings_says_nothing(water: list[Release], seed: int) -> None:
    at_s, air, humidity, outdoor = home(water, seed, 2)
    order = np.random.default_rng(seed).permutation(len(at_s))
    shuffled = find(at_s[order], air[order], humidity[order], P, outdoor)
    straight = find(at_s, air, humidity, P, outdoor)
    assert [e.start_s for e in shuffled.events] == [e.start_s for e in straight.events]


@settings(max_examples=20, deadline=None)
@given(some, st.integers(0, 99))
def test_events_are_in_order_apart_and_physical(water: list[Release], seed: int) -> None:
    at_s, air, humidity, outdoor = home(water, seed, 2)
    events = find(at_s, air, humidity, P, outdoor).events
    for e in events:
        assert e.start_s < e.peak_s <= e.end_s
        assert 0.0 < e.grams.low <= e.grams.middle <= e.grams.high
        assert e.half_min is None or e.clear_min is None or e.half_min <= e.clear_min
        assert 0.0 <= e.confidence <= 1.0
    assert all(a.peak_s <= b.start_s for a, b in pairwise(events))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 99), st.integers(13, 15))
def test_drying_over_a_window_is_that_of_the_whole(seed: int, day: int) -> None:
    rng = np.random.default_rng(seed)
    loads = [
        Release(d * 86_400.0 + rng.uniform(9, 20) * 3600.0, 36_000.0, 1800.0) for d in (3, 9, 13, 14, 15)
    ]
    at_s, air, humidity, outdoor = home(loads, seed, 17)
    from_s, until_s = day * 86_400.0, (day + 1) * 86_400.0
    whole = drying.find_drying(at_s, air, humidity, P, outdoor, from_s=from_s, until_s=until_s)
    near = (at_s >= from_s - drying.look_back_s(P)) & (at_s < until_s + drying.look_ahead_s(P))
    part = drying.find_drying(
        at_s[near], air[near], humidity[near], P, outdoor, from_s=from_s, until_s=until_s
    )
    assert part == whole
