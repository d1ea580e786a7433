"""What must hold of every way of choosing bins, whatever is thrown in."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ops_api.bin_trial.run import played_of
from ops_api.bin_trial.ways import way_of
from rules.core.bin_trial.figures import of_differences
from rules.core.bin_trial.playing import Played
from tests.fakes.bin_trial import WAYS, small
from tests.fakes.examples import examples


def put_l(played: Played) -> list[list[float]]:
    return [d.truth.put_l.tolist() for d in played.days]


@examples(2)
@given(st.integers(1, 2**31))
def test_every_way_meets_the_same_demand_and_no_litre_is_lost(seed: int) -> None:
    trial = small(seed)
    played = {w: played_of(trial, way_of(w), seed) for w in WAYS}
    first = put_l(played[WAYS[0]][0])
    for way, (days, _, put, lost_l) in played.items():
        assert put_l(days) == first, way
        assert lost_l < 1e-6, way
        assert put > 0.0
        for d in days.days:
            t = d.truth
            assert np.allclose(t.put_l, t.held_l + t.beside_l + t.lifted_l)
            # What a plan says it empties is emptied, and nothing else.
            taken = () if d.plan is None else tuple(b for r in d.plan.rounds for b in r.bins)
            before = days.before if d.day == trial.first else days.days[(d.day - trial.first).days - 1].truth
            assert float((t.emptied - before.emptied).sum()) == len(taken)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60))
def test_an_interval_has_its_difference_in_its_middle(each: list[float]) -> None:
    found = of_differences(np.array(each))
    assert found.low <= found.difference <= found.high
    assert np.isclose(found.low + found.high, 2.0 * found.difference, atol=1e-3)
    assert found.is_shown == (found.low > 0.0 or found.high < 0.0)
