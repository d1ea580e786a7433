"""Plans of made-up days: the check that knows no planner agrees, and nothing is better than the best there is."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.core.carp.pace import Budget
from rules.core.rounds.case import UNIT
from rules.core.rounds.case_of import case_of
from rules.core.rounds.codec import from_json, to_json
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import LorryNow
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting, RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.searching import Searching
from rules.core.rounds.settings import RoundSettings
from rules.core.rounds.verify import RoundsCheck
from tests.fakes.examples import examples
from tests.fakes.rounds_exact import exact_cost
from tests.fakes.rounds_town import MIDDLE, candidates, day_of, lorries, town

PLANNERS: tuple[RoundPlanner, ...] = (Inserting(), Searching(Budget(iterations=25)))
both = pytest.mark.parametrize("planner", PLANNERS, ids=["inserting", "searching"])
CENTS = 10
"""Plans tell pounds to five places: so much may be lost in the sums [units]."""

ALWAYS_OPEN = ("00:00", "30:00")


def opened(fleet: RoundFleet) -> RoundFleet:
    """Return a fleet whose tips are open for any last load: the search takes no other as the last."""
    tips = tuple(msgspec.structs.replace(t, opens=ALWAYS_OPEN[0], closes=ALWAYS_OPEN[1]) for t in fleet.tip)
    return msgspec.structs.replace(fleet, tip=tips)


@both
@examples(8)
@given(
    seed=st.integers(1, 10_000),
    bins=st.integers(0, 16),
    count=st.integers(1, 3),
    hours=st.sampled_from([1.0, 2.0, 6.0, 10.0]),
    rule=st.sampled_from(["eu", "work", "none"]),
    rho=st.sampled_from([0.0, 5.0, 100.0]),
    service_s=st.sampled_from([60, 1500]),
)
def test_every_plan_holds(
    planner: RoundPlanner,
    seed: int,
    bins: int,
    count: int,
    hours: float,
    rule: str,
    rho: float,
    service_s: int,
) -> None:
    settings = RoundSettings(rho_gbp=rho, break_rule=rule)  # type: ignore[arg-type]
    some = [msgspec.structs.replace(c, service_s=service_s) for c in candidates(town(seed), bins, seed)]
    request = day_of(
        seed=seed, candidates=some, fleet=lorries(count, settings=settings, hours=hours, max_kg=150.0)
    )
    plan = planner(request)
    assert RoundsCheck(request.network, request.fleet).verdict(plan).wrong == ()
    assert from_json(to_json(plan)) == plan


@both
@examples(5)
@given(
    seed=st.integers(1, 10_000),
    at_s=st.integers(22_000, 40_000),
    load=st.floats(0.0, 290.0),
    worked=st.integers(0, 14_000),
)
def test_a_plan_from_where_lorries_are_holds(
    planner: RoundPlanner, seed: int, at_s: int, load: float, worked: int
) -> None:
    now = LorryNow(
        lorry_id="L1", at_s=at_s, place=MIDDLE, load_kg=load, load_l=8 * load, began_s=21_600, worked_s=worked,
        driven_s=worked // 2,
    )  # fmt: skip
    before = planner(day_of(10, seed))
    request = day_of(10, seed, now=[now], before=before)
    verdict = RoundsCheck(request.network, request.fleet).verdict(planner(request))
    # A tip's hours or the shift may be over for what is on board already: then that alone is late.
    late = {"must be at", "open from"}
    assert [w for w in verdict.wrong if not any(x in w for x in late)] == []


@examples(5)
@given(seed=st.integers(1, 10_000), bins=st.integers(1, 5), count=st.integers(1, 2))
def test_no_plan_is_better_than_the_best_there_is(seed: int, bins: int, count: int) -> None:
    request = _few(seed, bins, count)
    best = exact_cost(case_of(request))
    found = _units(request, Searching(Budget(iterations=200))(request))
    built = _units(request, Inserting()(request))
    assert best - CENTS <= found <= built + CENTS


def test_the_search_mostly_finds_the_best_of_a_few_bins() -> None:
    ratios = []
    for seed in range(1, 15):
        request = _few(seed, 4 + seed % 4, 1 + seed % 2)
        found = _units(request, Searching(Budget(iterations=1000))(request))
        ratios.append(found / exact_cost(case_of(request)))
    assert max(ratios) <= 1.05
    assert sum(r <= 1.00001 for r in ratios) >= 10


def _few(seed: int, bins: int, count: int) -> RoundRequest:
    fleet = opened(lorries(count, settings=RoundSettings(break_rule="none"), max_kg=200.0))
    return day_of(bins, seed, fleet=fleet)


def _units(request: RoundRequest, plan: RoundPlan) -> int:
    # What no lorry can empty at all costs the same in every plan.
    stranded = {n.bin_id for n in case_of(request).left_out}
    s = request.fleet.settings
    fixed = sum(
        s.must_gbp if n.must else s.rho_gbp * n.p_overflow for n in plan.not_collected if n.bin_id in stranded
    )
    return round(UNIT * (plan.costs.total_gbp - fixed))
