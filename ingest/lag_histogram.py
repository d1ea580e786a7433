"""A Prometheus histogram that takes whole columns: one observation per reading, at a batch's price."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString


class LagHistogram:
    """Counts values by kind into buckets; a collector of prometheus_client.

    Args:
        name, text: of the metric.
        bounds: upper ends of the buckets, rising; a last one without end is added.
        registry: where it is registered.
    """

    def __init__(self, name: str, text: str, bounds: Sequence[float], registry: CollectorRegistry) -> None:
        self._name = name
        self._text = text
        self._bounds: NDArray[np.float64] = np.array(bounds, dtype=np.float64)
        self._counts: dict[str, NDArray[np.int64]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe(self, kind: str, values: NDArray[np.floating[Any]]) -> None:
        """Count each of ``values``; a value equal to a bound belongs below it, as Prometheus has it."""
        places = np.searchsorted(self._bounds, values, side="left")
        counts = np.bincount(places, minlength=len(self._bounds) + 1)
        self._counts[kind] = self._counts.get(kind, 0) + counts
        self._sums[kind] = self._sums.get(kind, 0.0) + float(values.sum())

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Name the metric, without values."""
        return [HistogramMetricFamily(self._name, self._text, labels=["kind"])]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Return the counts so far."""
        family = HistogramMetricFamily(self._name, self._text, labels=["kind"])
        names = [*map(floatToGoString, self._bounds.tolist()), "+Inf"]
        for kind, counts in self._counts.items():
            buckets = [(name, float(n)) for name, n in zip(names, np.cumsum(counts), strict=True)]
            family.add_metric([kind], buckets, self._sums[kind])
        return [family]
