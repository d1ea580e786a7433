"""The mould risk index behaves: bounded, monotone in humidity, independent of how hours are cut."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ops_api.measure.damp_reference import index_after
from rules.core import mould
from rules.core.mould import SURFACES

NAMES = st.sampled_from(list(SURFACES))
HOURS = st.lists(st.tuples(st.floats(-20, 60), st.floats(0, 120)), min_size=1, max_size=60)


def columns(hours: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    t, rh = np.array(hours).T
    return t[:, None], rh[:, None]


@settings(max_examples=40)
@given(HOURS, NAMES, st.floats(0, 6))
def test_the_index_stays_on_its_scale(hours, name, start) -> None:
    state = mould.after_hours(mould.fresh(1, start), *columns(hours), SURFACES[name])
    assert 0.0 <= state.index[0] <= max(start, 6.0)
    assert state.highest[0] >= state.index[0]


@settings(max_examples=40)
@given(HOURS, NAMES, st.floats(0, 5), st.floats(0, 10))
def test_wetter_hours_never_lower_the_index(hours, name, start, more) -> None:
    """A fast decline excepted: an hour more of growth starts a new dry spell, whose first hours decline faster."""
    t, rh = columns(hours)
    still = mould.MouldSettings(decline=0.0)
    drier = mould.after_hours(mould.fresh(1, start), t, rh, SURFACES[name], still)
    wetter = mould.after_hours(mould.fresh(1, start), t, rh + more, SURFACES[name], still)
    assert wetter.index[0] >= drier.index[0] - 1e-12


@settings(max_examples=40)
@given(st.floats(0.5, 49), st.floats(80, 100), NAMES, st.integers(1, 200))
def test_one_climate_is_its_closed_form(t, rh, name, hours) -> None:
    shape = (hours, 1)
    state = mould.after_hours(mould.fresh(1), np.full(shape, t), np.full(shape, rh), SURFACES[name])
    assert abs(state.index[0] - index_after(hours / 24, t, rh, name)) < 1e-9
