"""Back-off is a value: bounded, growing, spread."""

from __future__ import annotations

import random

import pytest

from cityops.runtime.backoff import Backoff

BACKOFF = Backoff(first_s=0.5, cap_s=30.0)


def test_the_ceiling_doubles_up_to_the_cap_and_never_overflows() -> None:
    assert [BACKOFF.ceiling(n) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert BACKOFF.ceiling(100_000) == 30.0


def test_delays_fill_the_whole_range_below_the_ceiling() -> None:
    rng = random.Random(1)
    delays = [BACKOFF.delay(3, rng) for _ in range(2000)]
    assert 0 <= min(delays) < 0.1
    assert 3.9 < max(delays) <= 4.0
    assert sum(delays) / len(delays) == pytest.approx(2.0, abs=0.1)


def test_the_same_seed_gives_the_same_delays() -> None:
    assert BACKOFF.delay(4, random.Random(7)) == BACKOFF.delay(4, random.Random(7))


@pytest.mark.parametrize(("first_s", "cap_s"), [(0.0, 1.0), (2.0, 1.0), (-1.0, 1.0)])
def test_nonsense_is_refused(first_s: float, cap_s: float) -> None:
    with pytest.raises(ValueError, match="first_s"):
        Backoff(first_s, cap_s)
