"""Devices by number: names are looked at once per batch, columns are found by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import overload

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]


class Names:
    """Names of devices by number: those installed first, then strangers as they are heard of.

    Args:
        installed: names without doubles.
    """

    def __init__(self, installed: Iterable[str]) -> None:
        self.names = list(installed)
        self.installed = len(self.names)
        self._number = {name: i for i, name in enumerate(self.names)}

    def number(self, name: str) -> int | None:
        """Return the number of an installed device, None for a stranger."""
        found = self._number.get(name)
        return found if found is not None and found < self.installed else None

    def of(self, devices: Sequence[str]) -> Devices:
        """Return names as numbers; the same object where they are already."""
        if isinstance(devices, Devices) and devices.of is self:
            return devices
        found = list(map(self._number.get, devices, repeat(-1)))
        if -1 in found:
            found = [self._add(name) for name in devices]
        return Devices(self, np.array(found, dtype=np.int64))

    def _add(self, name: str) -> int:
        if name not in self._number:
            self.names.append(name)
            self._number[name] = len(self.names) - 1
        return self._number[name]


@dataclass(frozen=True, slots=True, eq=False)
class Devices(Sequence[str]):
    """A sequence of names, kept as numbers. Numbers from ``of.installed`` on are strangers'."""

    of: Names
    number: Numbers

    @overload
    def __getitem__(self, i: int) -> str: ...
    @overload
    def __getitem__(self, i: slice) -> Devices: ...
    def __getitem__(self, i: int | slice) -> str | Devices:
        """Return a name, or a part of the sequence."""
        if isinstance(i, slice):
            return Devices(self.of, self.number[i])
        return self.of.names[int(self.number[i])]

    def __iter__(self) -> Iterator[str]:
        names = self.of.names
        return iter([names[i] for i in self.number.tolist()])

    def __len__(self) -> int:
        return len(self.number)

    def picked(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Devices:
        """Return the names at places, or those marked."""
        return Devices(self.of, self.number[index])


def rounds(numbers: Numbers) -> list[Numbers]:
    """Return the places of ``numbers`` in rounds: in each round every number at most once, in order.

    The first of each number come in the first round, the second of each in the second: whoever takes
    round after round takes each one's readings in their order.
    """
    if len(numbers) == 0:
        return []
    order = np.argsort(numbers, kind="stable")
    found = numbers[order]
    begins = np.flatnonzero(np.concatenate(([True], found[1:] != found[:-1])))
    lengths = np.diff(begins, append=len(found))
    most = int(lengths.max())
    if most == 1:
        return [np.arange(len(numbers))]
    nth = np.empty(len(numbers), dtype=np.int64)
    nth[order] = np.arange(len(found)) - np.repeat(begins, lengths)
    by_round = np.argsort(nth, kind="stable")
    return np.split(by_round, np.cumsum(np.bincount(nth))[:-1])
