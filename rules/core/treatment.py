"""What gritters have put on the roads: from their positions to salt on each stretch.

A gritter reports where it is, at what rate it spreads and how much salt is left, about once a
minute, in which it passes two or three stretches. Between two successive reports (fixes) it
drives the shortest legal way. What it treated there is told by the rate at both ends and, where
it weighs its salt, by the mass that is gone: a stretch shorter than the interval is found too,
and one passed with the spreader off is not counted.

How long it lies there is in ``rules.core.coat``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import msgspec

from rules.core.parameters import TreatmentParameters
from rules.core.street_match import Stretch

WEIGHED_KG = 1.5
"""Salt is told to the kilogram: a smaller difference [kg] is none."""
STANDING_M_S = 0.5
MOST_CHOSEN = 8


class Fix(msgspec.Struct, frozen=True, array_like=True):
    """One report of a gritter.

    Attributes:
        at_s: measured time [s since 1970].
        segment: id of the nearest segment, None away from roads.
        share: where on its line, 0..1.
        rate_g_m2: spread rate, 0 = off.
        salt_kg: salt left, None = not weighed.
        speed_m_s: how fast it drives.
    """

    at_s: float
    segment: str | None
    share: float
    rate_g_m2: float
    salt_kg: float | None
    speed_m_s: float

    @property
    def idle(self) -> bool:
        """Whether nothing happens: it stands and spreads nothing."""
        return self.speed_m_s < STANDING_M_S and self.rate_g_m2 == 0.0


def insert(track: Sequence[Fix], fix: Fix, keep_s: float) -> tuple[Fix, ...] | None:
    """Return a gritter's track with a fix put where its time belongs; None where it changes nothing.

    Fixes older than ``keep_s`` before the newest are forgotten; of a lorry that stands still
    only the first and last are kept.
    """
    i = bisect_left(track, fix.at_s, key=lambda f: f.at_s)
    if i < len(track) and track[i].at_s == fix.at_s:
        return None
    if track and fix.at_s < track[-1].at_s - keep_s:
        return None
    if fix.idle and 0 < i < len(track) and track[i - 1].idle and track[i].idle:
        return None
    longer = [*track[:i], fix, *track[i:]]
    for middle in (i + 1, i - 1):
        if 0 < middle < len(longer) - 1 and all(f.idle for f in longer[middle - 1 : middle + 2]):
            del longer[middle]
    return tuple(f for f in longer if f.at_s >= longer[-1].at_s - keep_s)


class Pass(msgspec.Struct, frozen=True, array_like=True, order=True):
    """Salt put on part of a segment between two fixes of one gritter.

    Attributes:
        at_s: when [s since 1970].
        g_m2: how much [g/m²].
        low, high: which part of the segment's line, 0..1.
        lorry, from_s, to_s: the two fixes that tell it.
        rain_mm: the town's rain gauge then [mm since it began].
    """

    at_s: float
    g_m2: float
    low: float
    high: float
    lorry: str
    from_s: float
    to_s: float
    rain_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Passed:
    """A stretch on the way of a gritter.

    Attributes:
        stretch: the part that was driven.
        width_m: of the road [m].
        asked_g_m2: rate of one pass that was asked for here [g/m²], 0 = not asked for.
        ordered: whether the order that the lorry drives has it treated just here; None = it drives none.
    """

    stretch: Stretch
    width_m: float
    asked_g_m2: float
    ordered: bool | None = None


@dataclass(frozen=True, slots=True)
class Way:
    """A way that a gritter may have taken.

    Attributes:
        stretches: in driving order.
        sure_start, sure_end: whether the fixes are so far from the ends of their segments that they
            can't be on another one.
    """

    stretches: tuple[Passed, ...]
    sure_start: bool
    sure_end: bool

    @property
    def length_m(self) -> float:
        """Length of the way [m]."""
        return sum(s.stretch.length_m for s in self.stretches)


@dataclass(frozen=True, slots=True)
class Spread:
    """A stretch that was treated: rate [g/m²] and mass [kg]."""

    stretch: Stretch
    g_m2: float
    kg: float


def spread_between(a: Fix, b: Fix, ways: Sequence[Way], p: TreatmentParameters) -> list[Spread]:
    """Return what a gritter treated between two fixes.

    Of several ways that it may have taken, that one is believed whose salt and length come next to
    what the lorry reports.

    Args:
        a: the earlier fix.
        b: the later one.
        ways: between them; parts of its orders, and the shortest.
        p: ``weighing_share`` is how far mass and area may differ.
    """
    used = _used_kg(a, b)
    if not ways or (used is not None and used < WEIGHED_KG):
        return []
    driven_m = (b.at_s - a.at_s) * (a.speed_m_s + b.speed_m_s) / 2.0
    slack = WEIGHED_KG + p.weighing_share * (0.0 if used is None else used)

    def unlikely(found: tuple[Way, list[Spread]]) -> tuple[bool, float]:
        way, spread = found
        off = used is not None and abs(used - sum(s.kg for s in spread)) > slack
        return off, abs(driven_m - way.length_m)

    return min(((way, _explain(a, b, way, used, slack)) for way in ways), key=unlikely)[1]


def _explain(a: Fix, b: Fix, way: Way, used_kg: float | None, slack_kg: float) -> list[Spread]:
    """Return which stretches of a way were treated.

    Spreaders are switched where segments meet. So the rate at a fix tells of its own stretch, and
    the stretches in between are free: those are taken that explain the salt that is gone, first as
    ordered, then among those that were asked for at all. Where nothing does, only what the
    fixes themselves tell. Where salt isn't weighed, stretches between two spreading fixes
    count, those asked for if any were.
    """
    rates = [f.rate_g_m2 for f in (a, b) if f.rate_g_m2 > 0.0]
    passed = way.stretches
    laid = [_lay(w, min(rates, default=w.asked_g_m2)) for w in passed]
    told = _told(a, b, way)
    certain = [i for i, known in enumerate(told) if known]
    free = [i for i, known in enumerate(told) if known is None and laid[i].g_m2 > 0.0]
    asked = [i for i in free if passed[i].asked_g_m2 > 0.0]
    ordered = tuple(i for i in free if passed[i].ordered)
    more: Sequence[int] = ()
    if used_kg is not None:
        rest = used_kg - sum(laid[i].kg for i in certain)
        for choices in ([ordered], _choices(asked), _runs(free)):
            more = more or _weighed(choices, laid, rest, slack_kg)
    elif any(w.ordered is not None for w in passed):
        more = ordered
    elif len(rates) == 2:
        more = asked or free
    return [laid[i] for i in sorted((*certain, *more))]


def _lay(passed: Passed, g_m2: float) -> Spread:
    return Spread(passed.stretch, g_m2, g_m2 * passed.stretch.length_m * passed.width_m / 1000.0)


def _told(a: Fix, b: Fix, way: Way) -> list[bool | None]:
    """Return per stretch whether the fixes tell that it was treated; None = they don't."""
    told: list[bool | None] = [None] * len(way.stretches)
    ends = [(f.rate_g_m2 > 0.0, i) for f, i, sure in ((a, 0, way.sure_start), (b, -1, way.sure_end)) if sure]
    for spreads, i in ends:
        told[i] = spreads
    if len(told) == 1 and len({spreads for spreads, _ in ends}) == 2:
        told[0] = None
    return told


def _used_kg(a: Fix, b: Fix) -> float | None:
    """Return the salt gone between two fixes [kg]; None where it isn't known or was loaded."""
    if a.salt_kg is None or b.salt_kg is None or b.salt_kg > a.salt_kg + WEIGHED_KG:
        return None
    return max(0.0, a.salt_kg - b.salt_kg)


def _choices(rows: Sequence[int]) -> list[tuple[int, ...]]:
    """Return all subsets; of too many rows only the runs."""
    if len(rows) > MOST_CHOSEN:
        return _runs(rows)
    return [chosen for n in range(len(rows) + 1) for chosen in combinations(rows, n)]


def _runs(rows: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the rows from the beginning on and up to the end."""
    return [part for n in range(len(rows) + 1) for part in (tuple(rows[:n]), tuple(rows[n:]))]


def _weighed(
    choices: Sequence[tuple[int, ...]], laid: Sequence[Spread], rest_kg: float, slack_kg: float
) -> tuple[int, ...]:
    """Return the choice whose mass comes next to ``rest_kg``, none where none is within the slack."""

    def off(chosen: tuple[int, ...]) -> float:
        return abs(rest_kg - sum(laid[i].kg for i in chosen))

    best = min(choices, key=off)
    return best if off(best) <= slack_kg else ()
