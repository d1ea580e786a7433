"""Readings as the engine takes them: columns per kind, with their place in receive order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rules.core.numbers import Devices, Names
from rules.core.psychrometrics import Floats

REPAIRED_CLOCK = 1
"""Bit of ``quality``: the time was put right from what the device told later."""
SUSPECT_CLOCK = 2
"""Bit of ``quality``: the device's clock is not to be trusted."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """Readings of one kind, in receive order.

    Attributes:
        position: place in receive order over all kinds of the batch; rising.
        ts_s: measured time [s since 1970].
        device: names; as numbers (:class:`rules.core.numbers.Devices`) within the engine.
        quality: bit flags, 0 = good.
        fields: values by field name, in the field's unit; NaN = not measured.
    """

    position: NDArray[np.int64]
    ts_s: Floats
    device: Sequence[str]
    quality: NDArray[np.int64]
    fields: Mapping[str, Floats]

    def __eq__(self, other: object) -> bool:
        """Whether all columns are the same; NaN is the same as NaN."""
        if not isinstance(other, Readings):
            return NotImplemented
        mine, theirs = self._columns(), other._columns()
        return (
            list(self.device) == list(other.device)
            and mine.keys() == theirs.keys()
            and all(np.array_equal(mine[n], theirs[n], equal_nan=True) for n in mine)
        )

    __hash__ = None  # type: ignore[assignment]

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {"": self.position, " ts_s": self.ts_s, " quality": self.quality, **self.fields}

    def __len__(self) -> int:
        return len(self.position)

    def take(self, start: int, stop: int) -> Readings:
        """Return the readings from ``start`` to before ``stop``."""
        part = slice(start, stop)
        return Readings(
            self.position[part],
            self.ts_s[part],
            self.device[part],
            self.quality[part],
            {name: column[part] for name, column in self.fields.items()},
        )

    def where(self, keep: NDArray[np.bool_]) -> Readings:
        """Return the readings marked in ``keep``."""
        if keep.all():
            return self
        return Readings(
            self.position[keep],
            self.ts_s[keep],
            picked(self.device, np.flatnonzero(keep)),
            self.quality[keep],
            {name: column[keep] for name, column in self.fields.items()},
        )

    def pick(self, rows: NDArray[np.int64], position: NDArray[np.int64]) -> Readings:
        """Return the readings of ``rows``, in that order, with new positions."""
        return Readings(
            position,
            self.ts_s[rows],
            picked(self.device, rows),
            self.quality[rows],
            {name: column[rows] for name, column in self.fields.items()},
        )

    def numbered(self, names: Names) -> Readings:
        """Return the readings with their devices as numbers."""
        return Readings(self.position, self.ts_s, names.of(self.device), self.quality, self.fields)

    def column(self, name: str) -> Floats:
        """Return a field's values; all NaN where the batch has no such field."""
        found = self.fields.get(name)
        return np.full(len(self), np.nan) if found is None else found


def picked(devices: Sequence[str], rows: NDArray[np.int64]) -> Sequence[str]:
    """Return the devices' names at ``rows``, in that order."""
    if isinstance(devices, Devices):
        return devices.picked(rows)
    return [devices[i] for i in rows.tolist()]


ReadingBatch = Mapping[str, Readings]
"""Readings by kind."""


def known(value: float) -> float | None:
    """Return a column's value as a float, None where it was not measured."""
    return None if value != value else float(value)  # NaN is not equal to itself
