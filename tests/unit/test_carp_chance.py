"""Both generators of the lorries' searches: any order is as likely as any other, and a seed gives the same again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import factorial
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import chi2

from rules.core.carp import carry, chance, recreate, solve
from rules.core.fleet import begin, search

P_LEAST = 1e-6
"""So unlikely a count is no chance. Seeds are fixed: a test that passes passes always."""
GENERATORS = pytest.mark.parametrize("generator", [chance, carry], ids=["chance", "carry"])
SEEDS = st.integers(-(2**70), 2**70)


def is_even(
    counts: Sequence[float] | NDArray[np.int64], freedom: int | None = None, factor: float = 1.0
) -> bool:
    """Whether counts of equally likely things are neither too uneven nor too even (chi-squared, times a factor)."""
    seen = np.asarray(counts, dtype=float).ravel()
    expected = seen.sum() / len(seen)
    found = float(((seen - expected) ** 2).sum() / expected)
    low, high = chi2.ppf([P_LEAST, 1.0 - P_LEAST], freedom or len(seen) - 1)
    return bool(low < factor * found < high)


def test_the_searches_draw_from_these_two() -> None:
    assert (search.shuffle, search.below, search.share) == (chance.shuffle, chance.below, chance.share)
    assert begin.seeded is chance.seeded
    assert (recreate.shuffle, solve.seeded) == (carry.shuffle, carry.seeded)


@GENERATORS
@given(seed=SEEDS, length=st.integers(0, 40), share=st.floats(0.0, 1.0))
def test_a_shuffle_only_changes_the_order_and_only_of_the_first(
    generator: ModuleType, seed: int, length: int, share: float
) -> None:
    items, n = list(range(100, 100 + length)), int(share * length)
    before = list(items)
    generator.shuffle(items, n, generator.seeded(seed))
    assert sorted(items[:n]) == before[:n]
    assert items[n:] == before[n:]


@GENERATORS
@given(seed=SEEDS)
def test_a_seed_gives_the_same_again_in_lists_and_arrays(generator: ModuleType, seed: int) -> None:
    rows = list(range(50)), list(range(50)), np.arange(50, dtype=np.int64)
    states = generator.seeded(seed), generator.seeded(seed), np.array(generator.seeded(seed), dtype=np.int64)
    for items, state in zip(rows, states, strict=True):
        generator.shuffle(items, 50, state)
    assert rows[0] == rows[1] == rows[2].tolist()
    assert states[0] == states[1] == states[2].tolist()


@GENERATORS
def test_seeds_give_orders_of_their_own(generator: ModuleType) -> None:
    orders = set()
    for seed in range(-500, 500):
        items = list(range(50))
        generator.shuffle(items, 50, generator.seeded(seed))
        orders.add(tuple(items))
    assert len(orders) == 1000


@GENERATORS
@pytest.mark.parametrize("seed", [1, 2, 12_345])
def test_every_order_is_as_likely_as_any_other(generator: ModuleType, seed: int) -> None:
    state, n = generator.seeded(seed), 5
    seen = Counter(_shuffled(generator, n, state) for _ in range(100 * factorial(n)))
    assert len(seen) == factorial(n)
    assert is_even(list(seen.values()))


@GENERATORS
def test_so_is_the_first_order_of_each_seed(generator: ModuleType) -> None:
    """Runs are told apart by their seeds: 1, 2, 3 …"""
    n = 4
    seen = Counter(_shuffled(generator, n, generator.seeded(seed)) for seed in range(200 * factorial(n)))
    assert len(seen) == factorial(n)
    assert is_even(list(seen.values()))


@GENERATORS
def test_every_item_comes_to_every_place_as_often(generator: ModuleType) -> None:
    state, n = generator.seeded(7), 30
    at = np.zeros((n, n), dtype=np.int64)
    for _ in range(6000):
        at[np.arange(n), _shuffled(generator, n, state)] += 1
    # Every order fills each row and each column of the table once: the sum is n / (n - 1) times chi-squared of (n - 1)².
    assert is_even(at, freedom=(n - 1) ** 2, factor=(n - 1) / n)


@GENERATORS
@pytest.mark.parametrize("n", [2, 11, 97])
def test_a_number_below_another_is_any(generator: ModuleType, n: int) -> None:
    state = generator.seeded(3)
    drawn = [generator.below(state, n) for _ in range(400 * n)]
    assert set(drawn) == set(range(n))
    assert is_even(np.bincount(drawn))
    # One tells nothing of the next.
    pairs = np.array(drawn[::2]) * n + np.array(drawn[1::2])
    assert n > 11 or is_even(np.bincount(pairs, minlength=n * n))


@GENERATORS
def test_a_share_is_strictly_between_nothing_and_all(generator: ModuleType) -> None:
    state = generator.seeded(5)
    drawn = np.array([generator.share(state) for _ in range(50_000)])
    assert (drawn > 0.0).all()
    assert (drawn < 1.0).all()
    assert is_even(np.histogram(drawn, bins=100, range=(0.0, 1.0))[0])


def _shuffled(generator: ModuleType, n: int, state: list[int]) -> tuple[int, ...]:
    items = list(range(n))
    generator.shuffle(items, n, state)
    return tuple(items)
