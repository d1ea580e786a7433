"""The fixed days that a simulated quarter is compared with: every bin, driven as the same planner plans it."""

from __future__ import annotations

from ops_api.past_quarter.model import Quarter
from rules.bin_ledger.settings import Compared
from rules.core.bin_ledger.calendar import midnight_s
from rules.core.bin_ledger.driven import planned
from rules.core.bin_ledger.values import Plan, Schedule
from rules.core.network.network import Network
from rules.core.rounds.model import Candidate, Place
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.request import RoundRequest
from rules.rounds.making import make
from rules.rounds.service import PlannerOf

HALF = 0.5
"""Of a bin's capacity is taken to be in it on a fixed day: what a planner without sensors reckons with."""


def fixed_day(quarter: Quarter, planner_of: PlannerOf) -> RoundPlan:
    """Return a fixed day's rounds: every bin must be emptied."""
    q, settings = quarter, quarter.fleet.settings
    asked = [
        Candidate(
            bin_id=b.bin_id, place=Place(b.latitude_deg, b.longitude_deg), stream=b.stream, litres=HALF * b.capacity_l,
            mass_kg=HALF * b.capacity_l * settings.density(b.stream), must=True, code="fixed_day", why="fixed day",
        )
        for b in q.registry.bins
    ]  # fmt: skip
    network = Network.of(q.registry)
    request = RoundRequest(network, q.fleet, asked, q.first.isoformat(), round(midnight_s(q.first, q.zone)))
    return make(request, planner_of(q.iterations, q.seed))


def compared_with(quarter: Quarter, planner_of: PlannerOf) -> Compared:
    """Return the schedule with what a day of it takes, and with the mark that all of it is simulated."""
    plan = fixed_day(quarter, planner_of)
    driven = planned([(0.0, plan)])
    order = sorted(
        ((s.ends_s, s.ref) for r in plan.rounds for s in r.stops if s.kind == "bin"), key=lambda x: x[0]
    )
    hours = [s / 3600.0 for s, _ in order] or [7.0]
    last = quarter.dates[-1]
    return Compared(
        schedule=Schedule(
            plans=(
                Plan(
                    name="every bin", bins=tuple(b for _, b in order), weekdays=quarter.weekdays,
                    from_h=round(min(hours), 2), until_h=round(min(max(hours), 24.0), 2),
                    km=round(sum(d.km for d in driven), 1), hours=round(sum(d.hours or 0.0 for d in driven), 2),
                    lorries=max(1, len(driven)),
                ),
            ),
            source=f"simulated: fixed days by the same planner, seed {quarter.seed}",
        ),
        notes=(
            f"SIMULATED: readings, rounds and reports from {quarter.first} to {last} were played, not measured (seed {quarter.seed}).",
        ),
    )  # fmt: skip
