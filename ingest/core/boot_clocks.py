"""The clock offsets of any number of boots: what dates dead letters that are played again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ingest.core.clocks import BootClock, Start
from ingest.core.known_devices import KnownDevice


class BootClocks:
    """A :class:`ingest.core.clocks.Clocks` of offsets that are given. It learns nothing: a letter must not
    date another.
    """

    def __init__(self, clocks: Mapping[Start, BootClock]) -> None:
        self._clocks = dict(clocks)

    @property
    def unsaved(self) -> dict[Start, BootClock]:
        """Nothing."""
        return {}

    def know(self, devices: Iterable[KnownDevice]) -> None:
        """It has been given all."""

    def learn(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64], offset_us: NDArray[np.int64]
    ) -> None:
        """Learn nothing."""

    def born(self, start: Start, clock: BootClock) -> None:
        """Learn nothing."""

    def look_up(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
        """Return for which rows there is an offset, for which it is sure, and the offsets [µs]."""
        found = [self._clocks.get(key) for key in zip(device_id.tolist(), boot.tolist(), strict=True)]
        known = np.array([clock is not None for clock in found], dtype=np.bool_)
        sure = np.array([clock is not None and clock.sure for clock in found], dtype=np.bool_)
        offset_us = [0 if clock is None else clock.offset_us for clock in found]
        return known, sure, np.array(offset_us, dtype=np.int64)

    def bound(self, start: Start, latest_mono_us: int) -> int | None:
        """Give no bound."""

    def said(self, start: Start, said_us: int) -> None:
        """Learn nothing."""
