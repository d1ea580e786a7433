"""The small choices for columns are numpy's."""

from __future__ import annotations

import numpy as np
import pytest

from rules.core.fits import first_fit, is_one_of


@pytest.mark.parametrize("values", [(), (3,), (0, 2, 5), (-1, 7)])
def test_is_one_of_is_numpys_isin(values: tuple[int, ...]) -> None:
    column = np.random.default_rng(1).integers(-2, 8, 200)
    assert is_one_of(column, values).tolist() == np.isin(column, values).tolist()


def test_nothing_known_is_none_of_them() -> None:
    assert is_one_of(np.array([np.nan, 1.0]), (1, 2)).tolist() == [False, True]


@pytest.mark.parametrize("seed", range(5))
def test_first_fit_is_numpys_select(seed: int) -> None:
    rng = np.random.default_rng(seed)
    fits = [rng.random(100) < 0.3 for _ in range(4)]
    values = [1, rng.integers(0, 9, 100), 3, rng.integers(0, 9, 100)]
    found = first_fit(fits, values, np.full(100, -1))
    assert found.tolist() == np.select(fits, values, default=-1).tolist()
    assert found.dtype == np.int64


def test_a_value_is_never_cut_to_fit_the_column() -> None:
    with pytest.raises(TypeError):
        first_fit([np.array([True])], [np.array([0.5])], np.array([1]))


def test_each_condition_has_its_value() -> None:
    with pytest.raises(ValueError, match="shorter"):
        first_fit([np.array([True]), np.array([True])], [1], np.array([0]))
