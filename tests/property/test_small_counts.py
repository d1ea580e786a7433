"""What is told of wards, put together in every way, is about at least the minimum of homes."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.small_counts import Count, Published, published

COUNTS = st.lists(
    st.integers(0, 60).flatmap(lambda total: st.tuples(st.just(total), st.integers(0, total))),
    min_size=1,
    max_size=7,
).map(lambda pairs: [Count(f"w{n}", total, part) for n, (total, part) in enumerate(pairs)])
LEAST = st.integers(1, 12)


def atoms(told: Published) -> list[tuple[int, int]]:
    """Smallest groups of homes whose numbers can be worked out: every sum and difference is a union of them."""
    rest = [] if told.rest is None else [(told.rest.total, told.rest.part)]
    return [(c.total, c.part) for c in told.shown] + rest


@given(COUNTS, LEAST)
def test_no_number_sum_or_difference_is_about_fewer_homes(counts: list[Count], least: int) -> None:
    groups = atoms(published(counts, least))
    for size in range(1, len(groups) + 1):
        for some in combinations(groups, size):
            at_risk, not_at_risk = sum(p for _, p in some), sum(t - p for t, p in some)
            assert at_risk >= least
            assert not_at_risk >= least
    for (t1, p1), (t2, p2) in combinations(groups, 2):
        assert t1 + t2 >= 2 * least
        assert p1 + p2 >= 2 * least


@given(COUNTS, LEAST)
def test_who_knows_the_sum_of_all_finds_no_ward_that_is_not_told(counts: list[Count], least: int) -> None:
    told = published(counts, least)
    shown = {c.area for c in told.shown}
    hidden = [c for c in counts if c.area not in shown]
    if told.rest is None:
        assert not hidden or not told.shown  # nothing to subtract from the sum
        return
    assert (told.rest.total, told.rest.part) == (sum(c.total for c in hidden), sum(c.part for c in hidden))
    assert len(hidden) > 1
    totals = dict(told.totals)
    for c in hidden:
        if c.area in totals:  # so much is known of it, and what the others could have at most and at least
            others = told.rest.total - totals[c.area]
            least_here, most_here = max(0, told.rest.part - others), min(totals[c.area], told.rest.part)
            assert least_here <= c.part <= most_here
            assert most_here - least_here >= least


@given(COUNTS, LEAST)
def test_totals_hide_small_wards_too(counts: list[Count], least: int) -> None:
    told = published(counts, least)
    totals = dict(told.totals)
    assert all(total >= least for total in totals.values())
    assert {c.area for c in told.shown} <= set(totals)
    left = [c.total for c in counts if c.area not in totals]
    assert not left or len(counts) == len(left) or (len(left) > 1 and sum(left) >= least)


@given(COUNTS, LEAST)
def test_what_is_told_is_so(counts: list[Count], least: int) -> None:
    told = published(counts, least)
    known = {c.area: c for c in counts}
    assert all(known[c.area] == c for c in told.shown)
    assert all(known[area].total == total for area, total in told.totals)


def test_large_wards_are_told_and_a_single_small_one_takes_another_with_it() -> None:
    large = [Count("a", 40, 10), Count("b", 30, 12), Count("c", 50, 20)]
    told = published(large, 5)
    assert (told.shown, told.rest) == (tuple(large), None)
    told = published([*large, Count("d", 25, 2)], 5)
    assert [c.area for c in told.shown] == ["a", "c"]
    assert told.rest == Count("", 55, 14)
    assert dict(told.totals) == {"a": 40, "b": 30, "c": 50, "d": 25}


@pytest.mark.parametrize(("counts", "least"), [([Count("a", 3, 4)], 5), ([Count("a", 3, -1)], 5), ([], 0)])
def test_what_are_no_counts_are_refused(counts: list[Count], least: int) -> None:
    with pytest.raises(ValueError, match="0 <= part <= total"):
        published(counts, least)
