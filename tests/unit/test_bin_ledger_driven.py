"""What lorries drove: as planned, up to the plan that takes another's place, and as they measured it."""

from __future__ import annotations

from datetime import date

from rules.core.bin_ledger.driven import Track, measured, planned
from rules.core.bin_ledger.values import Driven
from rules.core.rounds.model import Place
from rules.core.rounds.plan import Costs, LorryRound, MadeFrom, RoundPlan, Stop, StopKind

DAY = date(2026, 6, 13)
DAY_S = 1_781_301_600
YARD = Place(52.0, 0.1)


def stop(kind: StopKind, ref: str, ends_s: int, metres: int, begins_s: int | None = None) -> Stop:
    begins_s = ends_s - 60 if begins_s is None else begins_s
    return Stop(
        kind=kind, ref=ref, place=YARD, arrive_s=begins_s, begins_s=begins_s, ends_s=ends_s, metres=metres
    )


def plan(*rounds: LorryRound) -> RoundPlan:
    return RoundPlan(
        day=str(DAY), day_s=DAY_S, rounds=rounds, not_collected=(), costs=Costs(lorries_gbp=1.0, left_gbp=0.0),
        made_from=MadeFrom(candidates=(), planner="x", seed=1, iterations=0, roads=""),
    )  # fmt: skip


MORNING = plan(
    LorryRound(
        lorry_id="lorry-1",
        stops=(
            stop("start", "yard", 21_600, 0, 21_600),
            stop("bin", "b1", 23_400, 4_000),
            stop("bin", "b2", 25_200, 3_000),
            stop("end", "yard", 28_800, 6_000),
        ),
    ),
    LorryRound(lorry_id="lorry-2"),
)


def test_a_plan_is_driven_as_a_whole_where_none_takes_its_place() -> None:
    assert planned([(DAY_S + 20_000.0, MORNING)]) == (
        Driven(day=DAY, lorry="lorry-1", km=13.0, hours=2.0, bins=("b1", "b2"), stops=2),
    )
    assert planned([]) == ()


def test_of_a_plan_that_was_replaced_counts_what_was_over_by_then() -> None:
    again = plan(
        LorryRound(lorry_id="lorry-1", stops=(stop("start", "lorry-1", 24_000, 0, 24_000), stop("end", "yard", 27_600, 5_000))),
        LorryRound(
            lorry_id="lorry-2",
            stops=(stop("start", "yard", 24_000, 0, 24_000), stop("bin", "b2", 25_800, 2_000), stop("end", "yard", 27_600, 1_000)),
        ),
    )  # fmt: skip
    one, two = planned([(DAY_S + 20_000.0, MORNING), (DAY_S + 24_000.0, again)])
    assert (one.lorry, one.km, one.bins) == ("lorry-1", 9.0, ("b1",))
    assert abs((one.hours or 0.0) - 6_000 / 3_600) < 1e-9
    assert two == Driven(day=DAY, lorry="lorry-2", km=3.0, hours=1.0, bins=("b2",), stops=1)


def test_a_lorry_that_measured_counts_by_that_and_others_as_planned() -> None:
    plans = (
        Driven(day=DAY, lorry="one", km=13.0, hours=2.0, bins=("b1",), stops=1),
        Driven(day=DAY, lorry="two", km=7.0, hours=1.0),
    )
    tracks = (
        Track(day=DAY, lorry="box-1", km=14.5, hours=2.25),
        Track(day=DAY, lorry="box-9", km=1.0, hours=0.5),
    )
    assert measured(plans, tracks, {"one": "box-1", "two": "box-2"}) == (
        Driven(day=DAY, lorry="box-9", km=1.0, hours=0.5, source="track"),
        Driven(day=DAY, lorry="one", km=14.5, hours=2.25, source="track", bins=("b1",), stops=1),
        plans[1],
    )  # fmt: skip
