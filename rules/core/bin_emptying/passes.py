"""Lorries that came near bins: found through a grid, remembered by the minute, a few per bin and lorry.

A minute counts from the next one on, whoever's readings come first: so neither the order within a minute nor the cut of
batches decides what an emptying is corroborated by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, floor, hypot, radians

import msgspec

from devices.registry import BinSite
from rules.core.bin_emptying.parameters import EmptyingParameters

KEPT, KEPT_S = 6, 3 * 86_400.0
"""So many minutes near a bin are remembered of a lorry, for so long [s]: one that stands at its depot pushes out no other."""
M_PER_DEG = 111_195.0
MINUTE_S = 60.0


class Pass(msgspec.Struct, frozen=True, array_like=True):
    """A lorry near a bin within one minute.

    Attributes:
        from_s: when it counts [s since 1970].
        at_s: its nearest fix [s since 1970]; near_m: how near.
        lorry: whose.
        slow: fixes at which it stood.
        own: of these, where no other bin was nearer.
    """

    from_s: float
    at_s: float
    near_m: float
    lorry: str
    slow: int
    own: int = 0

    @property
    def minute(self) -> float:
        """The minute that it is about."""
        return self.at_s // MINUTE_S


@dataclass(frozen=True, slots=True)
class Grid:
    """Bins by cell of a grid as wide as lorries are looked for; each is in its own cell and the eight around it.

    Positions are metres east and north on a sphere, as flat as a town is.
    """

    cell_m: float
    east_m_deg: float
    cells: Mapping[tuple[int, int], tuple[tuple[str, float, float], ...]]

    def near(self, latitude_deg: float, longitude_deg: float) -> list[tuple[str, float]]:
        """Return the bins within a cell's width of a place, and how far they are [m]."""
        x, y = longitude_deg * self.east_m_deg, latitude_deg * M_PER_DEG
        here = self.cells.get((floor(x / self.cell_m), floor(y / self.cell_m)), ())
        away = ((bin_id, hypot(bx - x, by - y)) for bin_id, bx, by in here)
        return [(bin_id, m) for bin_id, m in away if m <= self.cell_m]


def grid_of(sites: Iterable[BinSite], cell_m: float) -> Grid:
    """Return the bins in a grid of ``cell_m`` wide cells."""
    bins = list(sites)
    middle = sum(b.latitude_deg for b in bins) / len(bins) if bins else 0.0
    east_m_deg = M_PER_DEG * cos(radians(middle))
    cells: dict[tuple[int, int], list[tuple[str, float, float]]] = {}
    for b in bins:
        x, y = b.longitude_deg * east_m_deg, b.latitude_deg * M_PER_DEG
        i, j = floor(x / cell_m), floor(y / cell_m)
        for key in ((i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)):
            cells.setdefault(key, []).append((b.bin_id, x, y))
    return Grid(cell_m, east_m_deg, {key: tuple(found) for key, found in cells.items()})


def passed(before: tuple[Pass, ...], new: Pass) -> tuple[Pass, ...]:
    """Return what is remembered of a bin after a fix of a lorry near it."""
    same = [p for p in before if (p.lorry, p.minute, p.from_s) == (new.lorry, new.minute, new.from_s)]
    others = [p for p in before if p not in same and new.at_s - p.at_s <= KEPT_S]
    for p in same:
        nearest = min(p, new, key=lambda q: q.near_m)
        new = Pass(new.from_s, nearest.at_s, nearest.near_m, new.lorry, p.slow + new.slow, p.own + new.own)
    # What this minute adds counts from the next: until then all that counted before it must still be there.
    now = [p for p in others if p.from_s >= new.from_s]
    earlier = [p for p in others if p.from_s < new.from_s]
    return tuple(sorted([*newest(earlier), *now, new], key=_order))


def newest(found: Sequence[Pass]) -> Sequence[Pass]:
    """Return the last few of each lorry."""
    if len(found) <= KEPT:
        return found
    kept: list[Pass] = []
    for lorry in {p.lorry for p in found}:
        kept += sorted((p for p in found if p.lorry == lorry), key=_order)[-KEPT:]
    return sorted(kept, key=_order)


def _order(p: Pass) -> tuple[float, float, str]:
    return p.from_s, p.at_s, p.lorry


def is_slow(speed_m_s: float, p: EmptyingParameters) -> bool:
    """Whether a lorry stands; one that does not tell its speed does not."""
    return speed_m_s <= p.stop_m_s  # NaN is not
