"""Small choices for whole columns. numpy's own are for any shape and type; on a town's columns that takes most of their time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.int64, np.float64)


def is_one_of(column: NDArray[Any], values: Iterable[int]) -> NDArray[np.bool_]:
    """Return where a column has one of a few values: ``numpy.isin``."""
    found = np.zeros(column.shape, dtype=bool)
    for value in values:
        found |= column == value
    return found


def first_fit(
    fits: Sequence[NDArray[np.bool_]], values: Sequence[NDArray[T] | float], default: NDArray[T]
) -> NDArray[T]:
    """Return the value of the first condition that fits, else ``default``: ``numpy.select``.

    Args:
        fits: conditions, of the shape of ``default``.
        values: one for each condition, for all or of each.
        default: is kept as it is.
    """
    found = default.copy()
    for fit, value in zip(reversed(fits), reversed(values), strict=True):
        np.copyto(found, value, where=fit)
    return found
