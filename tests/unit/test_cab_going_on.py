"""What is left of a night: a stretch counts as treated where reports show it, and no longer than they do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_

from rules.core.cab.codec import OnRoads, wanted_of
from rules.core.cab.going_on import Rest, rest_of
from rules.core.cab.making import Wish, make
from rules.core.cab.match import Report, Way
from rules.core.cab.model import Asked, Contents, Done, Plan
from rules.core.cab.progress import enough_m
from rules.core.cab.still_done import still_done
from rules.core.fleet.jobs import jobs_of
from rules.core.fleet.planner import Builder
from tests.fakes.cab_night import SETTINGS, along, drive, night, plan_of, progress_of


def entered(on: OnRoads, lorry: str, number: int, into_m: float, rate_g_m2: float) -> list[Report]:
    """Reports of a lorry that did all before a leg, and has just been seen so far into it."""
    way = Way(on.network, on.trips[lorry])
    _, leg = way.legs[number]
    length_m = on.network.arcs[leg.arc].length_m
    at_s = leg.begins_s + (leg.ends_s - leg.begins_s) * into_m / length_m
    before = [replace(r, salt_kg=None) for r in drive(on, lorry, at_s - 1.0, noise_m=0.0)]
    lon, lat = along(on.network.line(leg.arc), into_m / length_m)
    return [*before, replace(before[-1], at_s=at_s, longitude_deg=lon, latitude_deg=lat, speed_m_s=10.0, rate_g_m2=rate_g_m2)]  # fmt: skip


def treating_leg(on: OnRoads, lorry: str, nth: int = 3) -> int:
    """The place among its legs of the nth that a lorry treats."""
    way = Way(on.network, on.trips[lorry])
    return [n for n, (_, leg) in enumerate(way.legs) if leg.job][nth]


def test_a_stretch_just_entered_with_the_spreader_off_is_not_being_treated() -> None:
    _, _, on = night(3)
    number = treating_leg(on, "L2")
    step = Way(on.network, on.trips["L2"]).legs[number][0]
    for into_m, rate, treats in ((8.0, 0.0, False), (20.0, 0.0, False), (20.0, 10.0, True)):
        seen = entered(on, "L2", number, into_m, rate)
        p = progress_of(on, {"L2": seen}, seen[-1].at_s)["L2"]
        assert (p.step, p.on_it) == (step, treats), (into_m, rate)
        assert step not in p.treated


def test_a_short_stretch_is_treated_over_nearly_all_of_it() -> None:
    """A receiver's noise is as long as a short stretch: an allowance of it would be all of the stretch."""
    assert enough_m(20.0) > 15.0
    assert enough_m(60.0) > 45.0
    assert enough_m(400.0) > 300.0


def second_plan() -> tuple[OnRoads, OnRoads, Plan, Done, float]:
    """A night whose L1 has failed while L0 was treating a stretch: both plans, that stretch, and when."""
    _, plan, on = night(3)
    number = treating_leg(on, "L0")
    at_s = Way(on.network, on.trips["L0"]).legs[number][1].begins_s + 10.0
    reports = {v: drive(on, v, at_s, every_s=5.0, noise_m=0.0) for v in on.trips}
    rest = rest_of(on, plan, progress_of(on, reports, at_s), at_s, {"L1": "gearbox"})
    [mine] = [d for d in rest.done if d.until_s is not None and d.lorry == "L0"]
    contents = planned_again(on, rest, {"L1": "gearbox"})
    return on, OnRoads(on.network, contents), plan_of(contents, 2, "breakdown"), mine, at_s


def planned_again(on: OnRoads, rest: Rest, out: dict[str, str]) -> Contents:
    c = on.contents
    wish = Wish(
        network=on.network, start_s=c.start_s, asked=c.asked, starts=rest.starts, barns=c.barns, settings=SETTINGS,
        standing=rest.standing, done=rest.done, out=out,
    )  # fmt: skip
    return make(wish, Builder())


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("after_s", [0.0, 3.0, 15.0, 60.0])
def test_a_stretch_that_a_lorry_was_to_finish_is_driven_by_others_when_it_fails_too(
    after_s: float, seen: bool
) -> None:
    _, on, plan, mine, at_s = second_plan()
    out = {"L1": "gearbox", "L0": "battery"}
    there = drive(on, "L0", mine.until_s or 0.0, every_s=30.0, noise_m=0.0)
    progress = progress_of(on, {"L0": there[-1:]} if seen else {}, at_s + after_s)
    rest = rest_of(on, plan, progress, at_s + after_s, out)
    assert mine.job not in {d.job for d in rest.done}
    contents = planned_again(on, rest, out)
    assert mine.job in {s.job for t in contents.trips if t.lorry == "L2" for s in t.steps}


def test_a_stretch_that_a_lorry_has_left_stays_done_when_it_fails() -> None:
    _, on, plan, mine, _ = second_plan()
    at_s = (mine.until_s or 0.0) + 120.0
    rest = rest_of(on, plan, progress_of(on, {"L0": drive(on, "L0", at_s)}, at_s), at_s, {"L0": "battery"})
    assert [d.until_s for d in rest.done if d.job == mine.job] == [None]


def test_a_lorry_still_on_its_stretch_is_taken_up_at_its_end_again() -> None:
    _, on, plan, mine, at_s = second_plan()
    there = drive(on, "L0", at_s + 1.0, every_s=600.0, noise_m=0.0)
    rest = rest_of(on, plan, progress_of(on, {"L0": there}, at_s + 1.0), at_s + 1.0, {"L1": "gearbox"})
    assert mine in rest.done
    [before] = [s for s in plan.contents.fleet if s.lorry == "L0"]
    [start] = [s for s in rest.starts if s.lorry == "L0"]
    assert (start.after, start.from_s) == (before.after, before.from_s)


def test_a_pass_counts_on_when_runs_change_and_not_when_the_rate_is_raised() -> None:
    network, _, on = night(3)
    first = next(n for n, s in enumerate(network.segments) if not s.one_way and s.width_m < 8.0 and s.carriageway == "single")  # fmt: skip
    segment = network.segments[first]
    done = Done(lorry="L0", job=segment.segment_id, segment_id=segment.segment_id, from_node=segment.from_node, ref="P1", plan=1, g_m2=10.0)  # fmt: skip

    def left(
        g_m2: float, runs: int, had: tuple[Done, ...] = (done,), ref: str = "P1"
    ) -> tuple[set[str], int]:
        asked = [Asked(segment_id=segment.segment_id, ref=ref, g_m2=g_m2 * runs, priority=1, runs=runs)]
        jobs = jobs_of(network, wanted_of(asked), on.settings)
        kept, said = still_done(network, jobs, asked, had)
        assert {d.job for d in kept} <= {j.name for j in jobs}
        return {j.name for j in jobs} - {d.job for d in kept}, len(said)

    name = segment.segment_id
    assert left(10.0, 1) == (set(), 0)
    assert left(8.0, 1) == (set(), 0)
    assert left(20.0, 1) == ({name}, 1)
    assert left(10.0, 2) == ({f"{name}/b0"}, 0)
    assert left(10.0, 1, ref="P2") == ({name}, 0)
    twice = (replace_(done, job=f"{name}/f0"), replace_(done, job=f"{name}/b0", from_node=segment.to_node))
    assert left(10.0, 1, twice) == (set(), 0)
    assert left(10.0, 2, twice) == (set(), 0)


@pytest.mark.parametrize(("for_s", "said"), [(200.0, 0), (1800.0, 1)])
def test_a_lorry_that_has_gone_silent_is_planned_from_where_it_was_and_the_plan_says_so(
    for_s: float, said: int
) -> None:
    _, plan, on = night(1)
    seen_s = 600.0
    reports = {v: drive(on, v, seen_s, every_s=10.0) for v in on.trips}
    at_s = seen_s + for_s
    rest = rest_of(on, plan, progress_of(on, reports, at_s), at_s, {"L1": "gearbox"})
    lorries = [s.lorry for s in rest.starts if on.trips[s.lorry].steps]
    words = "had not been heard of for 30 min: it is taken to be where it was then."
    assert list(rest.notes) == [f"{v} {words}" for v in lorries] * said
