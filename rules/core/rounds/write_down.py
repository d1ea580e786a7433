"""From visits to a plan with times, streets, costs, and the reason for each bin that is left."""

from __future__ import annotations

from collections.abc import Iterator

from rules.core.closing.hours import later_notes
from rules.core.closing.model import closed_notes
from rules.core.rounds.case import UNIT, Case, Truck
from rules.core.rounds.case_of import case_of
from rules.core.rounds.insertion import Inserter
from rules.core.rounds.model import Place
from rules.core.rounds.plan import Costs, LorryRound, MadeFrom, NotCollected, RoundPlan, Stop
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.timeline import Event, Timeline
from rules.core.rounds.tours import Tours, driven


def plan_of(
    request: RoundRequest, tours: Tours, planner: str, seed: int, iterations: int, notes: tuple[str, ...] = ()
) -> RoundPlan:
    """Return tours as a plan."""
    case = case_of(request)
    timelines = driven(case, tours)
    rounds = tuple(
        LorryRound(lorry_id=truck.lorry.id) if truck.out else _round(request, truck, t)
        for truck, t in zip(case.trucks, timelines, strict=True)
    )
    left = _left(case, tours)
    notes = (*notes, *_too_late(case, timelines))
    missed = [n.bin_id for n in left if n.must]
    notes = (*notes, *closed_notes(request.network), *later_notes(request.network, request.closing))
    if missed:
        notes = (*notes, f"must-go bins not met: {', '.join(missed)}")
    return RoundPlan(
        day=request.day,
        day_s=request.day_s,
        rounds=rounds,
        not_collected=left,
        costs=Costs(
            lorries_gbp=round(sum(r.cost_gbp for r in rounds), 5),
            left_gbp=round(sum(_prize_gbp(request, n) for n in left), 5),
        ),
        made_from=MadeFrom(
            candidates=tuple(request.candidates),
            now=tuple(request.now),
            locks=tuple(request.locks),
            planner=planner,
            seed=seed,
            iterations=iterations,
            roads=request.roads,
            after="" if request.before is None else "the plan before",
            closed=request.network.closed_by_id,
        ),
        notes=notes,
    )


def _too_late(case: Case, timelines: list[Timeline]) -> Iterator[str]:
    """Yield which lorries come home after their hours, or to a tip that is closed, though they empty nothing any more."""
    for truck, t in zip(case.trucks, timelines, strict=True):
        if truck.out or not t.events or any(e.kind == "bin" for e in t.events):
            continue
        if t.time_s > truck.latest_s:
            yield f"{truck.lorry.id}: its hours are over, it is back {-(-(t.time_s - truck.latest_s) // 60)} min after them"
        for visit in t.late:
            yield f"{truck.lorry.id}: comes to {case.tips[-1 - visit].entry.id} after it has closed"


def _prize_gbp(request: RoundRequest, n: NotCollected) -> float:
    s = request.fleet.settings
    return s.must_gbp if n.must else s.rho_gbp * n.p_overflow


def _round(request: RoundRequest, truck: Truck, t: Timeline) -> LorryRound:
    if not t.events:
        return LorryRound(lorry_id=truck.lorry.id)
    at, trip = truck.start, 0
    stops = [_start(request, truck)]
    for event in t.events:
        stops.append(_stop(request, truck, event, at, trip))
        trip += event.kind == "tip"
        at = event.site
    over = max(0, t.time_s - max(truck.shift_ends_s, truck.begins_s))
    return LorryRound(
        lorry_id=truck.lorry.id, stops=tuple(stops), overtime_s=over, cost_gbp=round(t.cost / UNIT, 5)
    )


def _start(request: RoundRequest, truck: Truck) -> Stop:
    site = truck.table.sites[truck.start]
    name = _name(request, truck.start)
    place = site.place
    if not name and site.node is not None:
        # It stands where nothing leads on: the plan begins at the nearest junction.
        node = request.network.nodes[site.node]
        place = Place(node.latitude_deg, node.longitude_deg)
    return Stop(
        kind="start",
        ref=name,
        place=place,
        arrive_s=truck.begins_s,
        begins_s=truck.begins_s,
        ends_s=truck.begins_s,
        load_kg=truck.board_kg,
        load_l=truck.board_l,
    )


def _stop(request: RoundRequest, truck: Truck, event: Event, at: int, trip: int) -> Stop:
    return Stop(
        kind=event.kind,  # type: ignore[arg-type]
        ref=_name(request, event.site),
        place=truck.table.sites[event.site].place,
        arrive_s=event.arrive_s,
        begins_s=event.begins_s,
        ends_s=event.ends_s,
        trip=trip,
        load_kg=event.kg,
        load_l=event.litres,
        drive_s=event.drive_s,
        metres=event.metres,
        arcs=() if event.kind == "break" else truck.table.arcs(at, event.site),
    )


def _name(request: RoundRequest, site: int) -> str:
    """Return the id of what is at a site; empty of a lorry on its way."""
    fleet = request.fleet
    names = [c.bin_id for c in request.candidates]
    names += [d.id for d in fleet.depot] + [t.id for t in fleet.tip]
    return names[site] if site < len(names) else ""


def _left(case: Case, tours: Tours) -> tuple[NotCollected, ...]:
    done = {v for visits in tours for v in visits if v >= 0}
    inserter = Inserter(case, tours)
    own = [_why(case, inserter, j) for j in range(len(case.jobs)) if j not in done]
    return tuple(sorted([*case.left_out, *own], key=lambda n: (not n.must, n.bin_id)))


def _why(case: Case, inserter: Inserter, j: int) -> NotCollected:
    job = case.jobs[j]
    one = job.candidate
    delta = inserter.cheapest(j)
    if one.must:
        code, why = "no_room", f"no lorry has the time and room left: {one.why or one.code}"
        if one.until_s < 2 * 86_400 or one.from_s > 0:
            code, why = (
                "window",
                f"no lorry can be there in its hours and keep the rest: {one.why or one.code}",
            )
    elif delta is None or delta < job.prize:
        code, why = "no_room", "no lorry has the time and room left"
    else:
        risk = f"{100.0 * one.p_overflow:.0f} % chance of an overflow is worth £{job.prize / UNIT:.2f}"
        code, why = "not_worth", f"{risk}, its way £{delta / UNIT:.2f}"
    return NotCollected(bin_id=one.bin_id, must=one.must, code=code, why=why, p_overflow=one.p_overflow)
