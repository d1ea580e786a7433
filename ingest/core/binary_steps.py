"""Values as they are stored: on steps whose binary digits end, where that loses nothing (docs/adr/010)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from devices.contract.kind import Field

ON_GRID = 1e-6
"""How near to a whole number of resolutions a value is one: above what doubles add, below any digit sent."""


def on_binary_steps(values: NDArray[np.float64], field: Field) -> NDArray[np.float64]:
    """Return a column with whole multiples of the resolution moved to the field's ``step``.

    What was moved comes back by rounding to :attr:`Field.decimals`. A value with finer digits
    than the field declares stays as it was sent; where it lies on a step by chance, it is the
    next number that its column can hold, so that nobody takes it for one that was moved.

    Args:
        values: in the field's unit, none of them NaN; shape (n,).
        field: declares resolution, step and storage.
    """
    step = field.step
    if step is None:
        return values
    resolutions = values * (1.0 / field.resolution)
    whole = np.abs(resolutions - np.rint(resolutions)) < ON_GRID
    moved = np.rint(values * (1.0 / step)) * step
    if bool(whole.all()):
        return moved
    number = np.float32 if field.storage == "real" else np.float64
    held = values.astype(number)  # what the column makes of it may lie on a step where the value did not
    beside = np.nextafter(held, number(np.inf)).astype(np.float64)
    return np.where(whole, moved, np.where(moved == held.astype(np.float64), beside, values))
