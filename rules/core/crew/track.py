"""A lorry's reports: where it stood and for how long, when it unloaded, and what it has driven since its last break."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rules.core.crew.model import Fix
from rules.core.crew.settings import CrewSettings
from rules.core.places import METRES_PER_DEGREE
from rules.core.rounds.model import Place


def apart_m(a: Place, b: Place) -> float:
    """Return how far two places are from each other, straight [m]."""
    east = (a.longitude_deg - b.longitude_deg) * math.cos(math.radians(a.latitude_deg))
    return METRES_PER_DEGREE * math.hypot(east, a.latitude_deg - b.latitude_deg)


@dataclass(frozen=True, slots=True)
class Dwell:
    """A lorry stood: from when to when [s since 1970], where; ``open`` while nothing later was heard."""

    from_s: float
    to_s: float
    place: Place
    open: bool

    @property
    def lasts_s(self) -> float:
        """How long [s]."""
        return self.to_s - self.from_s


def dwells(track: Sequence[Fix], s: CrewSettings) -> list[Dwell]:
    """Return where a lorry stood, by time. Between two reports it began or ended half way."""
    found: list[Dwell] = []
    first = None
    for n, fix in enumerate(track):
        if not is_slow(fix, s):
            first = None
            continue
        goes_on = (
            first is not None
            and fix.at_s - track[n - 1].at_s <= s.gap_s
            and apart_m(fix.place, track[first].place) <= s.stand_m
        )
        if goes_on:
            found.pop()
        else:
            first = n
        assert first is not None
        found.append(_dwell(track, first, n, s))
    return found


def _dwell(track: Sequence[Fix], first: int, last: int, s: CrewSettings) -> Dwell:
    before_s = track[first].at_s - track[first - 1].at_s if first > 0 else 0.0
    after_s = track[last + 1].at_s - track[last].at_s if last + 1 < len(track) else 0.0
    begins_s = track[first].at_s - _half(before_s, s)
    return Dwell(begins_s, track[last].at_s + _half(after_s, s), track[first].place, last + 1 == len(track))


def _half(gap_s: float, s: CrewSettings) -> float:
    return gap_s / 2.0 if gap_s <= s.gap_s else 0.0


def is_slow(fix: Fix, s: CrewSettings) -> bool:
    """Whether a lorry stands."""
    return fix.speed_m_s <= s.stop_m_s  # NaN is not


def visits(stood: Sequence[Dwell], place: Place, s: CrewSettings) -> list[Dwell]:
    """Return when a lorry stood at a tip long enough to unload; weighbridge and hall shortly after each other are one."""
    found: list[Dwell] = []
    for one in stood:
        if one.lasts_s < s.tip_s or apart_m(one.place, place) > s.tip_m:
            continue
        begins_s = one.from_s
        if found and one.from_s - found[-1].to_s <= s.tip_apart_s:
            begins_s = found.pop().from_s
        found.append(Dwell(begins_s, one.to_s, place, one.open))
    return found


def unloaded(track: Sequence[Fix], s: CrewSettings) -> list[float]:
    """Return when what a lorry weighs had fallen by most of it [s since 1970]; it may take many reports to fall."""
    found: list[float] = []
    most, falls = -math.inf, False
    for fix in track:
        kg = fix.load_kg
        if kg is None:
            continue
        if falls and kg <= most + s.tipped_kg:
            most = min(most, kg)  # the rest of the same load
        elif falls or kg >= most:
            most, falls = kg, False
        elif most - kg > max(s.tipped_kg, s.tipped_share * most):
            most, falls = kg, True
            found.append(fix.at_s)
    return found


def is_empty(track: Sequence[Fix], at_s: float, s: CrewSettings) -> bool:
    """Whether a lorry weighed next to nothing when it was last heard of until a time [s since 1970]."""
    kg = next((f.load_kg for f in reversed(track) if f.load_kg is not None and f.at_s <= at_s), None)
    return kg is not None and kg < s.tipped_kg


def driven(track: Sequence[Fix], from_s: float, to_s: float, s: CrewSettings) -> float:
    """Return how long a lorry drove [s]: all the time between two reports on its way, half of it where it stands at one."""
    total = 0.0
    for before, fix in pairwise(track):
        share = 1.0 - 0.5 * (is_slow(before, s) + is_slow(fix, s))
        total += share * max(0.0, min(fix.at_s, to_s) - max(before.at_s, from_s))
    return total
