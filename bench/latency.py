"""When a row became visible, from snapshots taken meanwhile; and percentiles. Pure.

A row carries its transaction (``xmin``), and ``pg_current_snapshot()`` tells which
transactions are committed for whoever looks at that moment (PostgreSQL 18, 9.28). So
snapshots taken every few milliseconds date each row's COMMIT without a look at the tables:
late by at most that interval and one answer's way, never early.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

PERCENTILES = {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
_EPOCH = 1 << 32


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions are over: all before ``xmin``, none from ``xmax`` on, between them not the running."""

    xmin: int
    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """Return the snapshot that PostgreSQL writes as ``xmin:xmax:running,running``."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(int(xid) for xid in running.split(",") if xid))

    def sees(self, xid: int) -> bool:
        """Whether a transaction that did not fail is committed."""
        return xid < self.xmin or (xid < self.xmax and xid not in self.running)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A snapshot, and when it had arrived [s since 1970]."""

    at_s: float
    snapshot: Snapshot


def visible_at_s(xid32: int, sightings: Sequence[Sighting]) -> float:
    """Return when the first snapshot that sees a transaction had arrived [s since 1970].

    Args:
        xid32: its number as rows carry it, the lower 32 bits.
        sightings: in order of time.

    Raises:
        ValueError: none sees it.
    """
    newest = sightings[-1].snapshot.xmax if sightings else 0
    xid = newest - 1 - (newest - 1 - xid32) % _EPOCH
    first = bisect_left(sightings, True, key=lambda s: s.snapshot.sees(xid))
    if xid < 0 or first == len(sightings):
        raise ValueError(f"none of {len(sightings)} snapshots sees transaction {xid32}")
    return sightings[first].at_s


def commit_latencies_ms(
    commits: Sequence[tuple[float, int, int]], sightings: Sequence[Sighting]
) -> list[float]:
    """Return for each row the time from its reading to its being visible [ms].

    Args:
        commits: (time of the reading [s since 1970], transaction, how many rows).
        sightings: in order of time.
    """
    seen_s = {xid: visible_at_s(xid, sightings) for xid in {xid for _, xid, _ in commits}}
    return [1e3 * (seen_s[xid] - made_s) for made_s, xid, n in commits for _ in range(n)]


def percentiles(latencies_ms: Sequence[float]) -> Mapping[str, float] | None:
    """Return the percentiles by nearest rank [ms]; None of nothing."""
    if len(latencies_ms) == 0:
        return None
    found = np.percentile(latencies_ms, list(PERCENTILES.values()), method="inverted_cdf")
    return dict(zip(PERCENTILES, (round(float(ms), 1) for ms in found), strict=True))
