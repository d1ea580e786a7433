"""Where on its planned way a lorry is, from its reports: the way is known, so that a street driven twice is no riddle.

Places are metres along the way. Of all places near a report that one is believed that fits those
before: nobody drives backwards along a plan, or faster than he can.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rules.core.fleet.plan import Leg, Loading, Trip
from rules.core.network.network import Network
from rules.core.places import METRES_PER_DEGREE

Floats = NDArray[np.float64]

BACK_M = 25.0
"""A lorry that stands may seem to go back so far [m]: a receiver's noise."""
SLACK_M = 80.0
"""A report may be so much further on than the lorry can have driven [m]."""
PLACE_M, DRIVEN_M, EARLY_M = 15.0, 120.0, 400.0
"""What is as unlikely: so far off the road, so different from what was driven, so far along at the first report [m]."""
SKIP_COST = 4.0
"""Of a report that is believed to be nowhere on the way."""
LOOK_BACK = 8
"""Reports that may be skipped in a row."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a gritter says: time [s after the start of the plan], place [°], speed, rate (0 = off), salt left."""

    at_s: float
    longitude_deg: float
    latitude_deg: float
    speed_m_s: float
    rate_g_m2: float
    salt_kg: float | None


class Way:
    """A trip's way: its legs one after the other."""

    def __init__(self, network: Network, trip: Trip) -> None:
        self.network = network
        self.steps = trip.steps
        self.legs: tuple[tuple[int, Leg], ...] = tuple(
            (n, s) for n, s in enumerate(trip.steps) if isinstance(s, Leg)
        )
        lengths = [network.arcs[leg.arc].length_m for _, leg in self.legs]
        self.begins_m = np.concatenate([[0.0], np.cumsum(lengths)])

    @property
    def length_m(self) -> float:
        """Of the whole way [m]."""
        return float(self.begins_m[-1])

    @cached_property
    def _pieces(self) -> tuple[Floats, Floats, Floats]:
        """Straight pieces in degrees: (leg, x, y, dx, dy), share of the leg where each begins, and its share."""
        rows, first, share = [], [], []
        for n, (_, leg) in enumerate(self.legs):
            line = np.array(self.network.line(leg.arc))
            steps = np.diff(line, axis=0)
            lengths = np.hypot(steps[:, 0] * math.cos(math.radians(line[0, 1])), steps[:, 1])
            whole = max(float(lengths.sum()), 1e-12)
            rows += [(n, *a, *d) for a, d in zip(line[:-1], steps, strict=True)]
            first += list((np.cumsum(lengths) - lengths) / whole)
            share += list(lengths / whole)
        return np.array(rows, dtype=float).reshape(-1, 5), np.array(first), np.array(share)

    def near(self, longitude_deg: float, latitude_deg: float, most_m: float) -> list[tuple[float, float]]:
        """Return places along the way [m] near a position, one a leg, each with its distance [m]."""
        rows, first, share = self._pieces
        if len(rows) == 0:
            return []
        squeeze = math.cos(math.radians(latitude_deg))
        x = (longitude_deg - rows[:, 1]) * METRES_PER_DEGREE * squeeze
        y = (latitude_deg - rows[:, 2]) * METRES_PER_DEGREE
        dx, dy = rows[:, 3] * METRES_PER_DEGREE * squeeze, rows[:, 4] * METRES_PER_DEGREE
        along = np.clip((x * dx + y * dy) / np.maximum(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        away = np.hypot(x - along * dx, y - along * dy)
        best: dict[int, tuple[float, float]] = {}
        for i in np.flatnonzero(away <= most_m).tolist():
            leg = int(rows[i, 0])
            if leg not in best or away[i] < best[leg][1]:
                part = float(first[i] + along[i] * share[i])
                length = float(self.begins_m[leg + 1] - self.begins_m[leg])
                best[leg] = (float(self.begins_m[leg]) + part * length, float(away[i]))
        return list(best.values())

    def leg_at(self, place_m: float) -> tuple[int, float]:
        """Return which leg a place is on, and its share of it; the last leg's end beyond the way."""
        n = int(np.searchsorted(self.begins_m, place_m, side="right")) - 1
        n = min(max(n, 0), len(self.legs) - 1)
        length = float(self.begins_m[n + 1] - self.begins_m[n])
        return n, min(1.0, max(0.0, (place_m - float(self.begins_m[n])) / max(length, 1e-9)))

    def planned_s(self, place_m: float) -> float:
        """Return when the plan has a lorry at a place [s]."""
        n, share = self.leg_at(place_m)
        _, leg = self.legs[n]
        return leg.begins_s + share * (leg.ends_s - leg.begins_s)

    def place_at(self, at_s: float) -> float:
        """Return where the plan has a lorry at a time [m]."""
        if not self.legs or at_s <= self.legs[0][1].begins_s:
            return 0.0
        for n, (_, leg) in enumerate(self.legs):
            if at_s < leg.ends_s:
                share = max(0.0, at_s - leg.begins_s) / max(leg.ends_s - leg.begins_s, 1e-9)
                return float(self.begins_m[n] + share * (self.begins_m[n + 1] - self.begins_m[n]))
        return self.length_m

    def load_before(self, leg: int) -> int | None:
        """Return the step that is a load between a leg and the one before; None where there is none."""
        if not 0 <= leg < len(self.legs):
            return None
        step = self.legs[leg][0] - 1
        return step if step >= 0 and isinstance(self.steps[step], Loading) else None


@dataclass(frozen=True, slots=True)
class _State:
    place_m: float
    cost: float
    before: tuple[int, int] | None


def places(way: Way, reports: Sequence[Report], most_off_m: float, fastest_m_s: float) -> list[float | None]:
    """Return where along the way each report was [m]; None where it was nowhere on it.

    Args:
        way: planned.
        reports: by time.
        most_off_m: a position further from the way [m] is not on it.
        fastest_m_s: nobody drives faster [m/s].
    """
    table: list[list[_State]] = []
    for k, report in enumerate(reports):
        here = way.near(report.longitude_deg, report.latitude_deg, most_off_m)
        table.append([_best(table, reports, k, place, off, fastest_m_s) for place, off in here])
    return _read_back(table, len(reports))


def _best(
    table: list[list[_State]],
    reports: Sequence[Report],
    k: int,
    place_m: float,
    off_m: float,
    fastest_m_s: float,
) -> _State:
    own = (off_m / PLACE_M) ** 2
    best = _State(place_m, own + place_m / EARLY_M + SKIP_COST * k, None)
    for j in range(k - 1, max(-1, k - 2 - LOOK_BACK), -1):
        seconds = reports[k].at_s - reports[j].at_s
        driven = seconds * (reports[k].speed_m_s + reports[j].speed_m_s) / 2.0
        for n, state in enumerate(table[j]):
            ahead = place_m - state.place_m
            if not -BACK_M <= ahead <= seconds * fastest_m_s + SLACK_M:
                continue
            cost = state.cost + own + SKIP_COST * (k - 1 - j) + abs(ahead - driven) / DRIVEN_M
            if cost < best.cost:
                best = _State(max(place_m, state.place_m), cost, (j, n))
    return best


def _read_back(table: list[list[_State]], reports: int) -> list[float | None]:
    found: list[float | None] = [None] * reports
    ends = [
        (state.cost + SKIP_COST * (reports - 1 - k), k, n)
        for k, states in enumerate(table)
        for n, state in enumerate(states)
    ]
    if not ends or min(ends)[0] >= SKIP_COST * reports:
        return found
    _, k, n = min(ends)
    at: tuple[int, int] | None = (k, n)
    while at is not None:
        state = table[at[0]][at[1]]
        found[at[0]] = state.place_m
        at = state.before
    return found
