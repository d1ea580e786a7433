"""How far a lorry is: what it has treated, what it passed without, its salt, when it will be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

from rules.core.cab.codec import OnRoads, arc_of
from rules.core.cab.match import Report, Way, places
from rules.core.cab.model import Start
from rules.core.cab.waiting import late_at, waits_of
from rules.core.fleet.plan import Leg, Loading, Trip
from rules.core.gritting_parameters import TreatmentParameters
from rules.core.street_match import Stretch
from rules.core.treatment import STANDING_M_S, Fix, Passed, Spread, spread_between
from rules.core.treatment import Way as Driven

NOISE_M = 12.0
"""A place may be so far off along the way [m]: four times a receiver's usual error."""
WHOLE = 0.85
"""A pass is done from this share of its length on."""
SILENT_S = 300.0
"""A lorry that is out and has not reported for so long is silent [s]."""
OFF_AFTER = 3
"""So many reports in a row away from its way, and a lorry is off the plan."""
AT_BARN_M = 40.0
"""So near to a barn on its way a standing lorry loads [m]."""
LOADED_KG = 100.0
"""More salt than before by so much is a load."""

Phase = Literal["waits", "drives", "loads", "off_plan", "back", "no_way"]


@dataclass(frozen=True)
class Progress:
    """Where a lorry is on a plan.

    Attributes:
        phase: waits at its yard, drives, loads, is off its way, is back, or has nothing to drive.
        place_m: along its way [m]; ``step``: what it is at, of the trip's steps; ``share`` of that it has done.
        at: (longitude, latitude) of its last report [°]; None: it has not reported.
        seen_s: time of that report [s after the start of the plan].
        by_clock: it does not report: places are the plan's.
        treated: steps that reports show it has treated; ``skipped``: passed without treating them.
        assumed: of a lorry that does not report, the steps that are behind it by the plan's times.
        on_it: whether it has treated what it has driven of the stretch that it is on.
        salt_kg: left; ``weighed``: as it reports, else as planned.
        behind_s: how much later than planned it is [s], negative: earlier.
        last_s, back_s: when it will have treated its last stretch, and be back [s after the start of the plan].
        late: passes that will be late, each by how much [s].
        waits: by step how long the plan waits before it [s].
    """

    lorry: str
    phase: Phase
    place_m: float
    step: int
    share: float
    at: tuple[float, float] | None
    seen_s: float | None
    by_clock: bool
    treated: frozenset[int]
    skipped: tuple[int, ...]
    on_it: bool
    salt_kg: float
    weighed: bool
    behind_s: float
    last_s: float | None
    back_s: float | None
    late: tuple[tuple[str, float], ...]
    assumed: frozenset[int] = frozenset()
    waits: Mapping[int, float] = field(default_factory=dict)

    def late_at(self, step: int) -> float:
        """Return how late it will be at a step [s]; negative: early."""
        return late_at(self.behind_s, self.step, self.waits, step)

    @property
    def late_s(self) -> float:
        """How late it begins its next step [s]; negative: early. Who waits as planned is not late."""
        return self.late_at(self.step + 1)

    @property
    def has_left(self) -> bool:
        """Whether reports show that it has left the place where the plan took it up."""
        return not self.by_clock and self.phase not in ("no_way", "waits") and self.place_m > NOISE_M

    def is_silent(self, now_s: float) -> bool:
        """Whether it is out and has said nothing for a while."""
        if self.phase in ("waits", "back", "no_way"):
            return False
        return self.seen_s is None or now_s - self.seen_s > SILENT_S


@dataclass(frozen=True)
class Following:
    """What lorries are followed with: a plan on its roads, and how reports are read."""

    on: OnRoads
    p: TreatmentParameters

    def progress(self, lorry: str, reports: Sequence[Report], now_s: float) -> Progress:
        """Return how far a lorry is; arguments as for :meth:`followed`, and the time [s after the start of the plan]."""
        return self.followed(lorry, reports)(now_s)

    def followed(self, lorry: str, reports: Sequence[Report]) -> Callable[[float], Progress]:
        """Return how to tell how far a lorry is at a time: what takes long is done already.

        Args:
            lorry: of the plan.
            reports: its gritter's since shortly before the plan began, by time.
        """
        way = Way(self.on.network, self.on.trips[lorry])
        if not way.legs:
            idle = self._idle(lorry, reports)
            return lambda _: idle
        found = places(way, reports, self.p.position_m, self.p.fastest_m_s)
        return _Reader(self, lorry, way, reports, found).at

    def _idle(self, lorry: str, reports: Sequence[Report]) -> Progress:
        last = reports[-1] if reports else None
        salt_kg = _weight(reports)
        start = next(s for s in self.on.contents.fleet if s.lorry == lorry)
        return Progress(
            lorry, "no_way", 0.0, 0, 0.0, None if last is None else (last.longitude_deg, last.latitude_deg),
            None if last is None else last.at_s, last is None, frozenset(), (), False,
            start.on_board_kg if salt_kg is None else salt_kg, salt_kg is not None, 0.0, None, None, (),
        )  # fmt: skip


def _weight(reports: Sequence[Report]) -> float | None:
    return next((r.salt_kg for r in reversed(reports) if r.salt_kg is not None), None)


class _Reader:
    """Reads one lorry's reports."""

    def __init__(
        self,
        following: Following,
        lorry: str,
        way: Way,
        reports: Sequence[Report],
        found: Sequence[float | None],
    ) -> None:
        self.on, self.p, self.lorry, self.way = following.on, following.p, lorry, way
        self.reports, self.now_s = reports, 0.0
        self.waits = waits_of(self.on, lorry)
        self.matched = [(r, m) for r, m in zip(reports, found, strict=True) if m is not None]
        self.off = sum(1 for _ in _trailing(found))
        self.begins_s = way.legs[0][1].begins_s

    def at(self, now_s: float) -> Progress:
        """Return how far it is at a time."""
        self._covered  # noqa: B018 - worked out once, for all times
        now = copy(self)
        now.now_s = now_s
        return now.progress()

    def progress(self) -> Progress:
        """Return how far it is."""
        by_clock = not self.reports
        place_m = self.way.place_at(self.now_s) if by_clock else self._place_m()
        assumed = self._by_clock() if by_clock else frozenset()
        treated = frozenset() if by_clock else self._treated()
        n, share = self.way.leg_at(place_m)
        step, phase = self._step(n, share, place_m)
        behind_s = 0.0 if by_clock else self._behind_s(place_m, phase)
        behind_s = max(0.0, behind_s) if step in self.waits else behind_s
        passed = (
            set()
            if by_clock
            else {i for m, (i, leg) in enumerate(self.way.legs) if leg.job and self._is_past(m, n, share)}
        )
        last = self.reports[-1] if self.reports else None
        salt_kg = _weight(self.reports)
        ahead = [
            (i, leg)
            for m, (i, leg) in enumerate(self.way.legs)
            if leg.job and m >= n and i not in treated | assumed
        ]
        return Progress(
            self.lorry, phase, place_m, step, share if step == self.way.legs[n][0] else 0.0,
            None if last is None else (last.longitude_deg, last.latitude_deg),
            None if last is None else last.at_s, by_clock, treated, tuple(sorted(passed - treated)),
            by_clock or self._is_on_it(n, share), self._planned_kg(n, share) if salt_kg is None else salt_kg, salt_kg is not None, behind_s,
            max((leg.ends_s + late_at(behind_s, step, self.waits, i) for i, leg in ahead), default=None),
            None if phase == "back" else self._back_s(behind_s, step),
            self._late(ahead, behind_s, step), assumed, self.waits,
        )  # fmt: skip

    def _place_m(self) -> float:
        return self._held_back(self.matched[-1][1]) if self.matched else 0.0

    def _held_back(self, place_m: float) -> float:
        """Return the place where it waits of a lorry that a receiver's noise has just beyond it, before its time."""
        n, _ = self.way.leg_at(place_m)
        number, leg = self.way.legs[n]
        begins_m = float(self.way.begins_m[n])
        waits = n > 0 and number in self.waits and self.now_s < leg.begins_s
        return begins_m - 0.1 if waits and place_m - begins_m < 2.0 * NOISE_M else place_m

    def _is_past(self, leg: int, n: int, share: float) -> bool:
        """Whether a leg lies behind: its end by more than a receiver's noise."""
        return leg < n or (
            leg == n and (1.0 - share) * self._length_m(n) < NOISE_M and n == len(self.way.legs) - 1
        )

    def _step(self, n: int, share: float, place_m: float) -> tuple[int, Phase]:
        leg = self.way.legs[n][0]
        if self.off >= OFF_AFTER and place_m < self.way.length_m - AT_BARN_M and not self._is_taken_up:
            return leg, "off_plan"
        on_road = self._start.after is not None
        started = on_road or (self.now_s >= self.begins_s if not self.reports else place_m > AT_BARN_M)
        if not started:
            return leg, "waits"
        if place_m >= self.way.length_m - AT_BARN_M and (not self.reports or self._stands()):
            return len(self.way.steps) - 1, "back"
        for beside in (n, n + 1):
            load = self.way.load_before(beside)
            if load is not None and self._loads(beside, place_m):
                return load, "loads"
        return leg, "drives"

    @property
    def _start(self) -> Start:
        return next(v for v in self.on.contents.fleet if v.lorry == self.lorry)

    @cached_property
    def _is_taken_up(self) -> bool:
        """Whether it is still on the stretch at whose end its way begins: no report is on the way, the last is on that."""
        after = self._start.after
        if after is None or self.matched or not self.reports:
            return False
        leg = Leg(arc_of(self.on.network, *after), 0.0, 0.0)
        last = self.reports[-1]
        there = Way(self.on.network, Trip(self.lorry, (leg,)))
        return bool(there.near(last.longitude_deg, last.latitude_deg, self.p.position_m))

    def _stands(self) -> bool:
        return bool(self.reports) and self.reports[-1].speed_m_s < STANDING_M_S

    def _loads(self, leg: int, place_m: float) -> bool:
        """Whether it stands at the barn before a leg and has not got its salt yet."""
        barn_m = float(self.way.begins_m[leg])
        if not self.reports:
            load = self.way.steps[self.way.legs[leg][0] - 1]
            return load.begins_s <= self.now_s < load.ends_s
        if abs(place_m - barn_m) > AT_BARN_M or not self._stands():
            return False
        here = [r.salt_kg for r, m in self.matched if abs(m - barn_m) <= AT_BARN_M and r.salt_kg is not None]
        return not here or max(here) - min(here) < LOADED_KG

    def _behind_s(self, place_m: float, phase: Phase) -> float:
        if phase == "back":
            return 0.0
        if phase == "waits" or not self.matched:
            return max(0.0, self.now_s - self.begins_s)
        if phase == "loads":
            n, share = self.way.leg_at(place_m)
            load = self.way.steps[self.way.legs[n if share < 0.5 else n + 1][0] - 1]
            came_s = min(r.at_s for r, m in self.matched if abs(m - place_m) <= AT_BARN_M)
            return max(came_s - load.begins_s, self.now_s - load.ends_s)
        seen_s = self.matched[-1][0].at_s
        planned_s = self.way.planned_s(place_m)
        return max(seen_s - planned_s, self.now_s - SILENT_S - planned_s)

    def _planned_kg(self, n: int, share: float) -> float:
        start = self._start
        salt_kg = start.on_board_kg
        here = self.way.legs[n][0]
        for i, step in enumerate(self.way.steps[: here + 1]):
            if isinstance(step, Loading):
                salt_kg = start.capacity_kg
            elif step.job is not None:
                salt_kg -= self.on.jobs[step.job].salt_kg * (share if i == here else 1.0)
        return max(0.0, salt_kg)

    def _back_s(self, behind_s: float, step: int) -> float:
        last = len(self.way.steps) - 1
        return self.way.steps[last].ends_s + late_at(behind_s, step, self.waits, last)

    def _late(
        self, ahead: Sequence[tuple[int, Leg]], behind_s: float, step: int
    ) -> tuple[tuple[str, float], ...]:
        late = [
            (leg, leg.ends_s + late_at(behind_s, step, self.waits, i) - self.on.jobs[leg.job].due_s)
            for i, leg in ahead
            if leg.job
        ]
        return tuple((leg.job or "", by_s) for leg, by_s in late if by_s > 0.0)

    def _by_clock(self) -> frozenset[int]:
        return frozenset(i for i, leg in self.way.legs if leg.job and leg.ends_s <= self.now_s)

    def _treated(self) -> frozenset[int]:
        """Return the steps that were treated over (nearly) their whole length."""
        return frozenset(
            self.way.legs[n][0]
            for n, metres in self._covered.items()
            if self.way.legs[n][1].job is not None and metres >= enough_m(self._length_m(n))
        )

    def _is_on_it(self, n: int, share: float) -> bool:
        """Whether it treats the leg that it is on: its last sure report there says so, and what lies behind is covered."""
        driven_m = share * self._length_m(n)
        said = [r.rate_g_m2 for r, m in self.matched if self.way.leg_at(m)[0] == n and self._is_sure(m)]
        if said and said[-1] <= 0.0:
            return False
        if not said and driven_m <= 2.0 * NOISE_M:
            return False  # just entered: that the spreader is on is not known yet
        return self._covered.get(n, 0.0) >= enough_m(driven_m) - NOISE_M

    def _length_m(self, n: int) -> float:
        return float(self.way.begins_m[n + 1] - self.way.begins_m[n])

    @cached_property
    def _covered(self) -> dict[int, float]:
        """Metres treated by leg."""
        covered: dict[int, float] = {}
        for (a, a_m), (b, b_m) in pairwise(self.matched):
            if b.at_s - a.at_s > self.p.gap_s or b_m - a_m < 1.0:
                continue
            for n, spread in self._between(a, a_m, b, b_m):
                covered[n] = covered.get(n, 0.0) + spread.stretch.length_m
        return covered

    def _between(self, a: Report, a_m: float, b: Report, b_m: float) -> list[tuple[int, Spread]]:
        parts = [(n, low, high) for n, low, high in self._parts(a_m, b_m) if high > low]
        passed = [self._passed(n, low, high) for n, low, high in parts]
        if not passed:
            return []
        ends = [(a, self._is_sure(a_m)), (b, self._is_sure(b_m))]
        rate = _rate(passed, [r.rate_g_m2 for r, sure in ends if sure and r.rate_g_m2 > 0.0])
        passed = _weighed_alike(passed, rate)
        way = Driven(tuple(passed), ends[0][1], ends[1][1])
        spread = spread_between(_fix(a, rate), _fix(b, rate), [way], self.p)
        return [(parts[i][0], s) for s in spread for i, one in enumerate(passed) if one.stretch is s.stretch]

    def _parts(self, a_m: float, b_m: float) -> list[tuple[int, float, float]]:
        (first, low), (last, high) = self.way.leg_at(a_m), self.way.leg_at(b_m)
        return [(n, low if n == first else 0.0, high if n == last else 1.0) for n in range(first, last + 1)]

    def _passed(self, n: int, low: float, high: float) -> Passed:
        leg = self.way.legs[n][1]
        arc = self.on.network.arcs[leg.arc]
        segment = self.on.network.segments[arc.segment]
        stretch = Stretch(arc.segment, low, high, (high - low) * arc.length_m)
        if leg.job is None:
            return Passed(stretch, segment.width_m, 0.0, False)
        rate = self.on.rate_of[segment.segment_id]
        job = self.on.jobs[leg.job]
        return Passed(stretch, 1000.0 * job.salt_kg / (rate * arc.length_m), rate, True)

    def _is_sure(self, place_m: float) -> bool:
        n, share = self.way.leg_at(place_m)
        return min(share, 1.0 - share) * self._length_m(n) > NOISE_M


def enough_m(length_m: float) -> float:
    """Return from how many metres on a stretch of a length [m] counts as treated."""
    return WHOLE * length_m


def _rate(passed: Sequence[Passed], said: Sequence[float]) -> float:
    """Return the rate that stretches are weighed with: what is reported, where it is sure of which stretch it tells."""
    return min(said or [x.asked_g_m2 for x in passed if x.ordered], default=0.0)


def _weighed_alike(passed: list[Passed], rate: float) -> list[Passed]:
    """Return stretches of several rates so that at one rate each takes its own salt."""
    if rate == 0.0 or len({x.asked_g_m2 for x in passed if x.ordered}) < 2:
        return passed
    return [replace(x, width_m=x.width_m * x.asked_g_m2 / rate) if x.ordered else x for x in passed]


def _trailing(found: Sequence[float | None]) -> Sequence[None]:
    count = 0
    for place in reversed(found):
        if place is not None:
            break
        count += 1
    return [None] * count


def _fix(r: Report, rate: float) -> Fix:
    rate_g_m2 = (rate or r.rate_g_m2) if r.rate_g_m2 > 0.0 else 0.0
    return Fix(r.at_s, None, 0.0, rate_g_m2, r.salt_kg, r.speed_m_s)
