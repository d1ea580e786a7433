"""Where a lorry is on its round: who is believed, what is on board, what comes next and when."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.collection_acts.record import Act, What
from rules.core.crew.day import HeardToday, Made, day_of
from rules.core.crew.model import Fix, LorryProgress, SeenBin
from rules.core.crew.on_plan import USUAL, OnPlan
from rules.core.crew.progress import progress_of
from rules.core.crew.taking_up import lorries_now
from rules.core.crew.track import unloaded
from rules.core.rounds.model import Place
from rules.core.rounds.plan import RoundPlan, Stop
from rules.core.rounds.planner import Inserting
from tests.fakes import rounds_town
from tests.fakes.driven_day import act, reports, said
from tests.fakes.rounds_town import lorries

LORRY = "L0"
AWAY = Place(52.05, 0.08)


@cache
def on() -> OnPlan:
    """Return a plan of one lorry: thirteen bins, three times to the tip."""
    request = rounds_town.day_of(16, fleet=lorries(1))
    plan = Inserting()(request)
    return OnPlan(plan, 7, request.fleet, plan.day_s + 18_000.0)


def plan() -> RoundPlan:
    return on().plan


def stops() -> tuple[Stop, ...]:
    return plan().rounds[0].stops


def bins() -> list[int]:
    return [n for n, s in enumerate(stops()) if s.kind == "bin"]


def at(s: float, acts: list[Act] | None = None, track: list[Fix] | None = None, **more: Any) -> LorryProgress:
    """Return the progress at a time [s after midnight]."""
    return progress_of(on(), LORRY, acts or [], track or [], more.get("seen", []), plan().day_s + s)


def driven(s: float, **more: Any) -> list[Fix]:
    return reports(plan(), LORRY, s, **more)


@pytest.mark.parametrize("weighs", [False, True])
def test_a_lorry_that_drives_as_planned_is_where_the_plan_says(weighs: bool) -> None:
    for n, stop in enumerate(stops()[1:-1], 1):
        now = stop.ends_s + 15
        p = at(now, track=driven(now, weighs=weighs))
        assert [s.state for s in p.stops[: n + 1]] == ["done"] * (n + 1)
        assert (p.next, p.stops[n + 1].state) == (n + 1, "next")
        assert all(s.state == "to_come" for s in p.stops[n + 2 :])
        assert {s.by for s in p.stops[1 : n + 1]} == {"track"}
        assert abs(p.behind_s) <= 15
        assert p.load_kg == pytest.approx(stop.load_kg, abs=len(bins()))
        assert p.load_l == pytest.approx(stop.load_l, abs=len(bins()))
        assert (p.version, p.bins_n, p.done_n) == (7, 13, sum(m <= n for m in bins()))
        assert p.worked_s == pytest.approx(now - 21_600, abs=20)
        assert p.driven_s == pytest.approx(sum(s.drive_s for s in stops()[: n + 1]), abs=90 + 8 * n)
    assert p.began_s == 21_600


def test_before_and_after_its_round_it_stands_in_its_yard() -> None:
    early = at(21_500, track=driven(21_500))
    assert (early.phase, early.began_s, early.next, early.ends_s) == ("waits", None, 1, stops()[-1].ends_s)
    yard = Fix(plan().day_s + 26_000.0, stops()[0].place, 0.0)
    # Of 4500 s it had 2997 to wait for a bin's hours anyway.
    late = at(26_100, track=[*driven(21_000), yard])
    assert (late.phase, late.behind_s) == ("waits", 1503)
    assert at(22_500, track=[*driven(21_000), yard]).behind_s == 0
    over = stops()[-1].ends_s + 60
    back = at(over, track=driven(over))
    assert (back.phase, back.next, back.ends_s, back.load_l) == ("back", None, None, 0.0)
    assert {s.state for s in back.stops} == {"done"}
    assert progress_of(on(), "L9", [], [], [], 0.0).phase == "idle"


def test_a_crews_word_is_believed_before_all_else() -> None:
    first, second, third = (stops()[n].ref for n in bins()[:3])
    acts = said(
        plan(), [(second, "blocked", 21_900), (first, "collected", 21_800), (third, "not_out", 22_000)]
    )
    seen = [SeenBin(first, plan().day_s + 21_790.0, emptied=False), SeenBin(third, plan().day_s + 21_999.0)]
    p = at(22_100, acts, driven(22_100), seen=seen)
    told = {s.ref: (s.state, s.by, s.what) for s in p.stops if s.kind == "bin"}
    assert told[first] == ("done", "crew", "collected")
    assert told[second] == ("skipped", "crew", "blocked")
    assert told[third] == ("skipped", "crew", "not_out")
    assert (p.done_n, p.skipped_n) == (1, 2)
    # What is left is not on board.
    one = next(c for c in plan().made_from.candidates if c.bin_id == first)
    assert (p.load_kg, p.load_l) == (one.mass_kg, one.litres)
    # Its series shows later that somebody emptied it after all.
    p = at(25_000, acts, driven(22_100), seen=[*seen, SeenBin(second, plan().day_s + 24_000.0)])
    assert next(s for s in p.stops if s.ref == second).by == "sensor"


def test_a_withdrawn_act_counts_for_nothing() -> None:
    first = stops()[1].ref
    acts = said(plan(), [(first, "blocked", 21_800)])
    gone = act(2, first, "withdrawn", plan().day_s + 21_850, withdraws=1)
    assert at(21_900, acts).skipped_n == 1
    assert at(21_900, [*acts, gone]).skipped_n == 0


def test_a_bin_that_another_lorry_emptied_is_done_and_on_board_there() -> None:
    first = stops()[1].ref
    p = at(21_900, said(plan(), [(first, "collected", 21_800)], lorry_id="L7"))
    assert (p.stops[1].state, p.stops[1].lorry_id, p.load_l) == ("done", "L7", 0.0)
    two = rounds_town.day_of(16, fleet=lorries(2))
    other = OnPlan(Inserting()(two), 1, two.fleet, 0.0)
    idle = next(r.lorry_id for r in other.plan.rounds if not r.stops)
    bin_id = next(iter(other.plan.lorry_of))
    its = progress_of(
        other,
        idle,
        said(other.plan, [(bin_id, "collected", 21_800)], idle),
        [],
        [],
        other.plan.day_s + 22_000.0,
    )
    assert its.load_l == other.bins[bin_id].litres


def test_a_bins_series_says_so_where_nobody_else_does() -> None:
    first = stops()[1].ref
    day_s = plan().day_s
    assert at(22_500, seen=[SeenBin(first, day_s + 21_800.0)]).stops[1].by == "sensor"
    # What was before the day was planned is why it is in the plan.
    assert not at(22_500, seen=[SeenBin(first, day_s + 17_000.0)], track=driven(21_600)).stops[1].at_s


def test_who_stood_there_did_not_empty_it_where_its_series_says_so() -> None:
    stop = stops()[1]
    assert at(21_800, track=driven(21_800)).stops[1].by == "track"
    no = [SeenBin(stop.ref, plan().day_s + stop.ends_s + 1800.0, emptied=False)]
    assert at(24_000, track=driven(21_800), seen=no).stops[1].is_open


def test_driving_past_and_standing_at_lights_is_no_emptying() -> None:
    stop, day_s = stops()[1], plan().day_s
    out = [Fix(day_s + 21_600.0, stops()[0].place, 0.0), Fix(day_s + 21_690.0, AWAY, 9.0)]
    passing = [Fix(day_s + 21_700.0 + 5 * n, stop.place, 7.0) for n in range(6)]
    assert at(21_800, track=[*out, *passing]).done_n == 0
    short = [
        Fix(day_s + 21_700.0, stop.place, 0.0),
        Fix(day_s + 21_706.0, stop.place, 0.0),
        Fix(day_s + 21_712.0, AWAY, 8.0),
    ]
    assert at(21_800, track=[*out, *short]).done_n == 0
    long = [Fix(day_s + 21_700.0 + 15 * n, stop.place, 0.0) for n in range(4)] + [
        Fix(day_s + 21_760.0, AWAY, 8.0)
    ]
    assert at(21_800, track=[*out, *long]).done_n == 1


def test_the_clock_counts_for_a_lorry_that_nobody_heard_of() -> None:
    now = stops()[4].ends_s + 1
    p = at(now)
    assert (p.phase, p.next, p.place) == ("silent", 5, None)
    assert {s.by for s in p.stops[1:5]} == {"clock"}
    # One word of its crew, and the clock counts no more.
    p = at(now, said(plan(), [(stops()[1].ref, "collected", 21_800)]))
    assert (p.done_n, p.next) == (1, 2)


def test_phases() -> None:
    stop = stops()[2]
    now = stop.begins_s + 20
    assert at(now, track=driven(now)).phase == "at_stop"
    assert at(now + 900, track=driven(now)).phase == "silent"
    away = [Fix(plan().day_s + now + 30.0 * n, AWAY, 10.0) for n in range(1, 4)]
    assert at(now + 100, track=[*driven(now), *away]).phase == "off_plan"
    rest = [Fix(plan().day_s + now + 15.0 * n, MIDDLE_OF_NOWHERE, 0.0) for n in range(1, 100)]
    p = at(now + 1500, track=[*driven(now), *rest])
    assert p.phase == "break"
    # It is finished before the lorry goes on, and the crew needs none again so soon.
    day = day_of(
        [Made(version=7, at_s=0.0, plan=plan())],
        on().fleet,
        HeardToday(tracks={LORRY: [*driven(now), *rest]}),
        plan().day_s + now + 1500.0,
    )
    (up,) = lorries_now(day, on().fleet, (), plan().day_s, plan().day_s + now + 1500.0)
    assert (up.worked_s, up.driven_s) == (0, 0)
    assert up.at_s >= now + 1500


MIDDLE_OF_NOWHERE = Place(52.0123, 0.0123)


def test_what_was_passed_over_comes_before_the_last_tip() -> None:
    first = stops()[1].ref
    acts = said(plan(), [(stops()[n].ref, "collected", stops()[n].ends_s) for n in bins() if n != 1])
    now = stops()[-3].ends_s + 5
    p = at(now, acts, [Fix(plan().day_s + float(now), stops()[-3].place, 5.0)])
    left = sorted(
        (s for s in p.stops if s.is_open and s.kind in ("bin", "end")), key=lambda s: s.expected_s or 0
    )
    assert [s.ref for s in left] == [first, "yard"]
    assert p.next is not None
    assert p.stops[p.next].ref == first


def test_a_tip_that_is_put_off_holds_nothing_up() -> None:
    tip = next(n for n, s in enumerate(stops()) if s.kind == "tip")
    acts = said(plan(), [(stops()[n].ref, "collected", stops()[n].ends_s) for n in bins() if n <= tip + 1])
    now = stops()[tip + 1].ends_s + 5
    track = [
        f
        for f in driven(now)
        if not stops()[tip].arrive_s - 60 <= f.at_s - plan().day_s <= stops()[tip].ends_s
    ]
    p = at(now, acts, track)
    assert p.stops[tip].is_open
    assert p.next == tip + 2
    assert p.load_l == pytest.approx(sum(on().bins[stops()[n].ref].litres for n in bins() if n <= tip + 1))


def test_a_break_that_was_taken_counts_and_waiting_is_none() -> None:
    fleet = lorries(1, hours=9.0, max_kg=3000.0, body_m3=20.0)
    many = [
        msgspec.structs.replace(c, must=True, service_s=1500, from_s=0, until_s=172_800)
        for c in rounds_town.candidates(rounds_town.town(), 18)
    ]
    request = rounds_town.day_of(candidates=many, fleet=fleet)
    day = Inserting()(request)
    own = OnPlan(day, 1, fleet, day.day_s)
    (rest,) = [s for s in day.rounds[0].stops if s.kind == "break"]
    now = rest.ends_s + 300
    p = progress_of(own, LORRY, [], reports(day, LORRY, now), [], day.day_s + float(now))
    assert next(s for s in p.stops if s.kind == "break").state == "done"
    assert p.worked_s <= 330
    before = progress_of(
        own, LORRY, [], reports(day, LORRY, rest.begins_s), [], day.day_s + float(rest.begins_s)
    )
    assert before.worked_s == pytest.approx(rest.begins_s - 21_600, abs=15)


# ---- properties

WHAT: tuple[What, ...] = ("collected", "blocked", "contaminated", "not_out")


@st.composite
def told(draw: st.DrawFn) -> tuple[int, list[Act], list[Fix], list[SeenBin]]:
    now, day_s = draw(st.integers(21_000, 32_000)), plan().day_s
    refs = [s.ref for s in stops() if s.kind == "bin"]
    acts = [
        act(
            n + 1,
            draw(st.sampled_from(refs)),
            draw(st.sampled_from(WHAT)),
            day_s + draw(st.integers(21_000, now)),
            lorry=LORRY,
        )
        for n in range(draw(st.integers(0, 10)))
    ]
    track = driven(now, weighs=draw(st.booleans()), late_s=draw(st.sampled_from([0, 0, 600])))
    track = track[: draw(st.integers(0, len(track)))]
    seen = [
        SeenBin(draw(st.sampled_from(refs)), day_s + draw(st.integers(18_000, now)), draw(st.booleans()))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return now, acts, track, seen


@given(case=told())
@settings(max_examples=150, deadline=None)
def test_stops_are_done_skipped_or_to_come(case: tuple[int, list[Act], list[Fix], list[SeenBin]]) -> None:
    now, acts, track, seen = case
    p = at(now, acts, track, seen=seen)
    assert [s.index for s in p.stops] == list(range(len(stops())))
    open_ = [s for s in p.stops if s.kind == "bin" and s.is_open]
    assert p.done_n + p.skipped_n + len(open_) == p.bins_n == len(bins())
    assert sum(s.state == "next" for s in p.stops) == (p.next is not None)
    for s in p.stops:
        assert (s.at_s is None) == s.is_open
        assert s.at_s is None or s.at_s <= max(now, s.planned_s)
        assert s.expected_s is None or s.is_open
        assert (
            s.expected_s is None
            or s.kind == "start"
            or s.expected_s >= now
            or p.phase in ("at_stop", "break")
        )
    assert p.load_kg >= 0.0
    assert p.load_l >= 0.0
    assert 0 <= p.driven_s <= p.worked_s + 1
    assert p.phase == "idle" or p.phase == "back" or p.ends_s is not None


@given(case=told(), order=st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_more_acts_never_take_progress_back(
    case: tuple[int, list[Act], list[Fix], list[SeenBin]], order: Any
) -> None:
    now, acts, track, seen = case
    some = [a for a in acts if order.random() < 0.5]
    shuffled = list(acts)
    order.shuffle(shuffled)
    before, after = at(now, some, track, seen=seen), at(now, shuffled, track, seen=seen)
    resolved = {s.index for s in after.stops if not s.is_open and s.kind == "bin"}
    # What the clock alone said of a lorry that nobody had heard of is not known.
    assert {
        s.index for s in before.stops if not s.is_open and s.kind == "bin" and s.by != "clock"
    } <= resolved
    assert after == at(now, acts, track, seen=seen)


WEIGHED = {
    "at once": ((6000.0, 0.0), 1),
    "by and by": ((6000.0, 4500.0, 2900.0, 2950.0, 1400.0, 20.0, 0.0), 1),
    "a small load": ((140.0, 120.0, 140.0, 100.0, 20.0, 0.0), 1),
    "not all of it": ((6000.0, 5000.0), 0),
    "twice": ((6000.0, 0.0, 20.0, 3000.0, 100.0), 2),
    "wavering": ((80.0, 60.0, 100.0, 60.0), 0),
}


@pytest.mark.parametrize("kg", WEIGHED)
def test_a_load_may_take_many_reports_to_fall(kg: str) -> None:
    weights, times = WEIGHED[kg]
    track = [Fix(30.0 * n, MIDDLE_OF_NOWHERE, 0.0, w) for n, w in enumerate(weights)]
    assert len(unloaded(track, USUAL)) == times


@pytest.mark.parametrize(("left_kg", "state"), [(0.0, "done"), (60.0, "done"), (2_000.0, "next")])
def test_a_lorry_that_leaves_the_tip_next_to_empty_has_unloaded(left_kg: float, state: str) -> None:
    """A litter lorry with 60 kg on board unloads what no scale tells from its own wavering."""
    day_s, n = plan().day_s, next(n for n, s in enumerate(stops()) if s.kind == "tip")
    tip, before = stops()[n], [stops()[k] for k in bins() if k < n]
    acts = [act(k, s.ref, "collected", float(day_s + s.ends_s)) for k, s in enumerate(before, start=1)]
    here = [Fix(day_s + tip.begins_s + 30.0 * k, tip.place, 0.0, left_kg + 40.0 * (k < 3)) for k in range(20)]
    gone = [Fix(day_s + tip.begins_s + 600.0 + 15.0 * k, AWAY, 8.0, left_kg) for k in range(2)]
    p = at(tip.begins_s + 640, acts, [*here, *gone])
    assert p.stops[n].state == state
