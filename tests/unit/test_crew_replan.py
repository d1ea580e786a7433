"""From any progress the next plan passes the check, leaves out what is done, and begins where lorries are."""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.carp.pace import Budget
from rules.core.collection_acts.record import Act, What
from rules.core.crew.day import Day, HeardToday, Made, day_of
from rules.core.crew.model import Fix, SeenBin
from rules.core.crew.taking_up import crews_locks, kept_locks, lorries_now, open_bins, open_order
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Lock, Place
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting, RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.searching import Searching
from rules.core.rounds.verify import RoundsCheck
from tests.fakes import rounds_town
from tests.fakes.driven_day import act, reports
from tests.fakes.rounds_town import lorries

BINS = 18
WHAT: tuple[What, ...] = ("collected", "collected", "collected", "blocked", "contaminated", "not_out")


@cache
def morning(hours: float = 6.0) -> tuple[RoundRequest, RoundPlan]:
    """Return a day's first plan with two lorries that both drive."""
    fleet = lorries(2, hours=hours, max_kg=400.0, body_m3=2.5)
    bins = [msgspec.structs.replace(c, must=True) for c in rounds_town.candidates(rounds_town.town(), BINS)]
    request = rounds_town.day_of(candidates=bins, fleet=fleet)
    half = (Lock(kind="lorry", bins=tuple(f"b{n}" for n in range(0, BINS, 2)), lorry_id="L1", reason="test"),)
    plan = Inserting()(RoundRequest(request.network, fleet, bins, request.day, request.day_s, locks=half))
    assert all(r.bins for r in plan.rounds)
    return request, plan


def again(
    request: RoundRequest, plan: RoundPlan, day: Day, now_s: float, planner: RoundPlanner, out: frozenset[str] = frozenset()
) -> RoundPlan:  # fmt: skip
    """Return the next plan, as the desk makes it."""
    fleet: RoundFleet = request.fleet
    left = open_bins(day, request.candidates, plan.day_s, round(now_s - plan.day_s))
    bins, names = {c.bin_id for c in left}, [v.id for v in fleet.lorry if v.id not in out]
    kept = kept_locks((), bins, names)
    return planner(
        RoundRequest(
            request.network, fleet, left, request.day, request.day_s,
            lorries_now(day, fleet, out, plan.day_s, now_s), (*crews_locks(day, kept, bins, names), *kept), plan,
        )
    )  # fmt: skip


@st.composite
def mornings(draw: st.DrawFn) -> tuple[float, HeardToday, frozenset[str]]:
    """Return a time after midnight, what was heard until then, and who is out of service."""
    _, plan = morning()
    now = draw(st.integers(20_000, 50_000))
    tracks: dict[str, list[Fix]] = {}
    for r in plan.rounds:
        kind = draw(st.sampled_from(["none", "plan", "weighs", "late", "elsewhere", "stopped"]))
        if kind == "none":
            continue
        fixes = reports(plan, r.lorry_id, now, weighs=kind == "weighs", late_s=1500 if kind == "late" else 0)
        if kind == "elsewhere":
            at = Place(52.0 + draw(st.floats(-0.02, 0.03)), draw(st.floats(-0.02, 0.03)))
            fixes = [
                *fixes,
                Fix(float(plan.day_s + now), at, draw(st.floats(0.0, 15.0)), draw(st.floats(0.0, 900.0))),
            ]
        tracks[r.lorry_id] = (
            fixes[: draw(st.integers(1, len(fixes)))] if kind == "stopped" and fixes else fixes
        )
    acts: list[Act] = []
    for n in range(draw(st.integers(0, 14))):
        bin_id, what = f"b{draw(st.integers(0, BINS - 1))}", draw(st.sampled_from(WHAT))
        acts.append(
            act(
                n + 1,
                bin_id,
                what,
                plan.day_s + draw(st.integers(20_000, now)),
                lorry=draw(st.sampled_from(["L0", "L1", None])),
            )
        )
    seen = [
        SeenBin(
            f"b{draw(st.integers(0, BINS - 1))}",
            plan.day_s + draw(st.integers(20_000, now)),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 4)))
    ]
    out = draw(st.sampled_from([frozenset(), frozenset(), frozenset({"L1"}), frozenset({"L0", "L1"})]))
    return float(now), HeardToday(acts=acts, tracks=tracks, seen=seen), out


@pytest.mark.parametrize(
    "planner", [Inserting(), Searching(Budget(iterations=10))], ids=["inserting", "searching"]
)
@given(heard=mornings())
@settings(max_examples=40, deadline=None)
def test_a_plan_from_any_progress_holds(
    planner: RoundPlanner, heard: tuple[float, HeardToday, frozenset[str]]
) -> None:
    request, plan = morning()
    now, said, out = heard
    now_s = plan.day_s + now
    made = Made(version=1, at_s=plan.day_s + 18_000.0, plan=plan)
    day = day_of([made], request.fleet, said, now_s)
    new = again(request, plan, day, now_s, planner, out)
    assert RoundsCheck(request.network, request.fleet).verdict(new).wrong == ()
    done = {b for b, k in day.bins.items() if k.state == "done"}
    left = {b for b, k in day.bins.items() if k.state == "skipped"}
    assert not (done | left) & set(new.lorry_of)
    assert left <= {n.bin_id for n in new.not_collected if n.code == "skipped"}
    # Nothing of the day is lost by the new plan.
    after = day_of([made, Made(version=2, at_s=now_s, plan=new)], request.fleet, said, now_s)
    for name, p in day.progress.items():
        assert after.progress[name].done_n == p.done_n
        assert after.progress[name].skipped_n == p.skipped_n
        assert after.progress[name].bins_n == p.done_n + p.skipped_n + len(open_order(after.progress[name]))
