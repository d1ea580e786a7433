"""The clock offsets of any number of boots: what dates dead letters that are played again."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray


class BootClocks:
    """A :class:`ingest.core.validate.Clocks` of offsets that are given, by (device_id, boot) [µs]."""

    def __init__(self, offsets_us: Mapping[tuple[int, int], int]) -> None:
        self._offsets_us = dict(offsets_us)

    @property
    def unsaved(self) -> dict[tuple[int, int], int]:
        """Nothing: it learns nothing."""
        return {}

    def learn(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64], offset_us: NDArray[np.int64]
    ) -> None:
        """Learn nothing: a letter must not date another."""

    def look_up(
        self, device_id: NDArray[np.int32], boot: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which rows have a known offset, and the offsets [µs]."""
        keys = list(zip(device_id.tolist(), boot.tolist(), strict=True))
        known = np.array([key in self._offsets_us for key in keys], dtype=np.bool_)
        return known, np.array([self._offsets_us.get(key, 0) for key in keys], dtype=np.int64)
