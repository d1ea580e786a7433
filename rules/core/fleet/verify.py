"""An independent check of a night's plan: it knows the roads and what is asked for, not the planner.

Nothing of the search, its tables, its jobs, its times or its ways is used here: passes, salt,
turns and times are worked out anew from the network, in seconds and kilograms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rules.core.fleet.jobs import Wanted
from rules.core.fleet.lorries import Fleet
from rules.core.fleet.plan import FleetPlan, Leg, Trip
from rules.core.fleet.settings import FleetSettings
from rules.core.fleet.verify_facts import Facts
from rules.core.fleet.verify_trip import EPSILON, TripCheck
from rules.core.network.network import Network


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says.

    Attributes:
        wrong: where the plan can't be driven or isn't what it claims to be.
        missed: what is asked for and not kept, as the plan itself may admit: late, too long, not treated.
    """

    wrong: tuple[str, ...]
    missed: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether the plan can be driven and keeps everything."""
        return not self.wrong and not self.missed


@dataclass(frozen=True)
class Check:
    """What a plan is checked against.

    Attributes:
        network: the raw roads.
        wanted: what is to be treated.
        fleet, settings: what there is to do it with.
        before: arcs that were treated before this plan begins (after a breakdown), one entry a pass.
    """

    network: Network
    wanted: Sequence[Wanted]
    fleet: Fleet
    settings: FleetSettings
    before: Sequence[int] = ()

    def verdict(self, plan: FleetPlan) -> Verdict:
        """Return what is wrong with a plan, and what it misses."""
        wrong: list[str] = []
        if [t.lorry_id for t in plan.trips] != [v.lorry_id for v in self.fleet.lorries]:
            return Verdict(("trips are not those of the fleet's lorries, in its order",), ())
        trips = TripCheck(self._facts, self.fleet.barns)
        late: list[str] = []
        over: list[str] = []
        for lorry, trip in zip(self.fleet.lorries, plan.trips, strict=True):
            wrong += [f"{lorry.lorry_id}: {p}" for p in trips.problems(lorry, trip)]
            late += self._late(trip)
            over += [lorry.lorry_id] if trip.ends_s > lorry.until_s + EPSILON else []
        missed, twice = self._coverage(plan)
        wrong += twice
        if sorted(late) != sorted(plan.late):
            wrong.append(f"late are {sorted(late)}, claimed are {sorted(plan.late)}")
        if sorted(over) != sorted(plan.over):
            wrong.append(f"over their hours are {sorted(over)}, claimed are {sorted(plan.over)}")
        missed += [f"{name}: is treated late" for name in late]
        missed += [f"{name}: is back after its crew's hours" for name in over]
        return Verdict(tuple(wrong), tuple(missed))

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.network, self.wanted, self.settings)

    def _coverage(self, plan: FleetPlan) -> tuple[list[str], list[str]]:
        """Return what is treated too little, and what is treated too often or without need."""
        driven = [s.arc for t in plan.trips for s in t.steps if isinstance(s, Leg) and s.job is not None]
        done = Counter([*driven, *self.before])
        too_little: list[str] = []
        too_much: list[str] = []
        for index, segment in enumerate(self.network.segments):
            arcs = self.network.arcs_of[index]
            counts = [done[a] for a in arcs]
            needs = (
                self._facts.needs(index, arcs)
                if segment.segment_id in self._facts.by_segment
                else [[0] * len(arcs)]
            )
            if counts in needs:
                continue
            words = f"{segment.segment_id}: is treated {counts} times by direction, not {' or '.join(map(str, needs))}"
            little = all(any(c < n for c, n in zip(counts, need, strict=True)) for need in needs)
            (too_little if little else too_much).append(words)
        return too_little, too_much

    def _late(self, trip: Trip) -> list[str]:
        return [
            s.job
            for s in trip.steps
            if isinstance(s, Leg) and s.job is not None and s.ends_s > self._facts.due_s(s.arc) + EPSILON
        ]
