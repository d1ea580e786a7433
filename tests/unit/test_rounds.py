"""The behaviour of both planners of rounds, each plan checked by what knows no planner."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.registry import Registry, RoadSegment
from rules.core.carp.pace import Budget
from rules.core.network.network import Network
from rules.core.rounds.codec import from_json, to_json
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.model import Candidate, Lock, LorryNow, Place
from rules.core.rounds.plan import RoundPlan
from rules.core.rounds.planner import Inserting, RoundPlanner
from rules.core.rounds.request import RoundRequest
from rules.core.rounds.searching import Searching
from rules.core.rounds.settings import RoundSettings
from rules.core.rounds.verify import RoundsCheck
from rules.rounds.memory import MemoryRounds, MemoryRoundTown
from rules.rounds.service import RoundDesk
from tests.fakes.rounds_town import FAR_CORNER, MIDDLE, candidates, changed, day_of, lorries, town

PLANNERS: tuple[RoundPlanner, ...] = (Inserting(), Searching(Budget(iterations=60)))
both = pytest.mark.parametrize("planner", PLANNERS, ids=["inserting", "searching"])


def checked(planner: RoundPlanner, request: RoundRequest) -> RoundPlan:
    """Return a plan that holds."""
    plan = planner(request)
    assert RoundsCheck(request.network, request.fleet).verdict(plan).wrong == ()
    return plan


@both
def test_musts_are_met_and_all_others_told_of(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(16))
    assert plan.missed == ()
    assert {c.bin_id for c in plan.made_from.candidates if c.must} <= set(plan.lorry_of)
    assert all(n.why for n in plan.not_collected)


@both
def test_lorries_unload_on_the_way_and_end_empty(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(16))
    driven = [r for r in plan.rounds if r.stops]
    assert any(sum(s.kind == "tip" for s in r.stops) >= 2 for r in driven)
    for r in driven:
        assert [s.kind for s in r.stops][-2:] == ["tip", "end"]
        assert r.stops[-1].load_kg == r.stops[-1].load_l == 0
        assert max(s.load_l for s in r.stops) <= 3000


@both
def test_a_may_go_is_taken_for_its_worth(planner: RoundPlanner) -> None:
    bins = [msgspec.structs.replace(c, must=False, p_overflow=0.3) for c in candidates(town(), 10)]
    cheap = checked(planner, day_of(candidates=bins, fleet=lorries(settings=RoundSettings(rho_gbp=1.0))))
    dear = checked(planner, day_of(candidates=bins, fleet=lorries(settings=RoundSettings(rho_gbp=1000.0))))
    assert not cheap.lorry_of
    assert {n.code for n in cheap.not_collected} == {"not_worth"}
    assert len(dear.lorry_of) == 10


@both
def test_nothing_to_do_sends_nobody_out(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(candidates=[]))
    assert all(not r.stops for r in plan.rounds)
    assert plan.costs.total_gbp == 0.0


@both
def test_streams_go_with_lorries_that_take_them(planner: RoundPlanner) -> None:
    fleet = changed(changed(lorries(3), 0, streams=("organic",)), 1, streams=("litter", "recycling"))
    bins = candidates(town(), 14, streams=("litter", "organic", "recycling", "glass"))
    plan = checked(planner, day_of(candidates=bins, fleet=fleet))
    stream = {c.bin_id: c.stream for c in bins}
    assert {stream[b] for b in plan.rounds[0].bins} == {"organic"}
    assert {stream[b] for r in plan.rounds[1:] for b in r.bins} <= {"litter", "recycling"}
    left = {n.bin_id: n for n in plan.not_collected if stream[n.bin_id] == "glass"}
    assert left
    assert {n.code for n in left.values()} == {"no_lorry"}


@both
def test_musts_that_cannot_all_be_met_are_named(planner: RoundPlanner) -> None:
    bins = [msgspec.structs.replace(c, must=True, from_s=0, until_s=172_800) for c in candidates(town(), 30)]
    plan = checked(planner, day_of(candidates=bins, fleet=lorries(1, hours=0.9, overtime_hours=0.0)))
    assert plan.missed
    assert plan.lorry_of
    assert all("no lorry has the time and room left" in n.why for n in plan.missed)
    assert any("must-go bins not met" in note for note in plan.notes)


@both
def test_a_long_shift_has_its_break(planner: RoundPlanner) -> None:
    bins = [
        msgspec.structs.replace(c, must=True, service_s=1500, from_s=0, until_s=172_800)
        for c in candidates(town(), 18)
    ]
    fleet = lorries(1, hours=9.0, max_kg=3000.0, body_m3=20.0)
    plan = checked(planner, day_of(candidates=bins, fleet=fleet))
    (breaks,) = [[s for s in r.stops if s.kind == "break"] for r in plan.rounds]
    assert [s.ends_s - s.begins_s for s in breaks] == [1800]
    assert breaks[0].begins_s - plan.rounds[0].stops[0].begins_s <= 21_600
    begins, ends = plan.rounds[0].begins_s, plan.rounds[0].ends_s
    assert begins is not None
    assert ends is not None
    assert ends - begins > 21_600


@both
def test_a_break_is_checked(planner: RoundPlanner) -> None:
    bins = [
        msgspec.structs.replace(c, must=True, service_s=1500, from_s=0, until_s=172_800)
        for c in candidates(town(), 18)
    ]
    fleet = lorries(1, hours=9.0, max_kg=3000.0, body_m3=20.0, settings=RoundSettings(break_rule="none"))
    request = day_of(candidates=bins, fleet=fleet)
    strict = msgspec.structs.replace(fleet, settings=RoundSettings(break_rule="work"))
    wrong = RoundsCheck(request.network, strict).verdict(planner(request)).wrong
    assert any("without a break" in w for w in wrong)


@both
def test_a_narrow_street_is_for_the_small_lorry(planner: RoundPlanner) -> None:
    network = _narrowed(town(), 2.3)
    fleet = changed(lorries(2), 1, width_m=2.1, height_m=2.5, weight_t=7.5)
    bins = [msgspec.structs.replace(c, must=True) for c in candidates(network, 14)]
    plan = checked(planner, day_of(candidates=bins, fleet=fleet, network=network))
    narrow = {s.segment_id for s in network.segments if s.max_width_m is not None}
    in_narrow = {
        s.ref
        for r in plan.rounds
        for s in r.stops
        if s.kind == "bin" and network.segments[network.arcs[s.arcs[-1]].segment].segment_id in narrow
    }
    assert in_narrow
    assert {plan.lorry_of[b] for b in in_narrow} == {"L1"}
    alone = checked(planner, day_of(candidates=bins, fleet=lorries(1), network=network))
    stranded = {n.bin_id: n for n in alone.not_collected if n.code == "stranded"}
    assert in_narrow <= set(stranded)
    assert all("no lorry's streets lead to Street" in stranded[b].why for b in in_narrow)


def _narrowed(network: Network, width_m: float) -> Network:
    """Return the town with two narrow streets, of which one lies in the middle."""

    def one(n: int, s: RoadSegment) -> RoadSegment:
        return msgspec.structs.replace(s, max_width_m=width_m) if n in (6, 12) else s

    return Network(network.nodes, [one(n, s) for n, s in enumerate(network.segments)], network.turn_bans)


@both
def test_a_bin_far_from_all_streets_is_stranded(planner: RoundPlanner) -> None:
    away = msgspec.structs.replace(candidates(town(), 1)[0], place=Place(52.02, 0.05))
    plan = checked(planner, day_of(candidates=[away]))
    assert [(n.code, n.why) for n in plan.not_collected] == [
        ("stranded", "no street within 100 m of the bin")
    ]


@both
def test_a_lorry_on_its_way_goes_on_from_where_it_is(planner: RoundPlanner) -> None:
    now = LorryNow(
        lorry_id="L0", at_s=30_000, place=MIDDLE, load_kg=120.0, load_l=1200.0, began_s=21_600, worked_s=8_400
    )
    plan = checked(planner, day_of(10, now=[now], fleet=lorries(1)))
    first, *_, tip, end = plan.rounds[0].stops
    assert (first.ref, first.begins_s, first.load_kg) == ("", 30_000, 120.0)
    assert (tip.kind, end.kind) == ("tip", "end")
    assert end.ends_s <= 21_600 + 7 * 3600


@both
def test_a_lorry_with_a_load_and_nothing_left_unloads_and_goes_home(planner: RoundPlanner) -> None:
    now = LorryNow(lorry_id="L0", at_s=30_000, place=FAR_CORNER, load_kg=50.0, load_l=300.0, began_s=21_600)
    plan = checked(planner, day_of(candidates=[], now=[now]))
    assert [s.kind for s in plan.rounds[0].stops] == ["start", "tip", "end"]


@both
@pytest.mark.parametrize("loaded", [False, True])
def test_a_lorry_that_is_too_late_goes_home_and_the_others_are_planned(
    planner: RoundPlanner, loaded: bool
) -> None:
    """Neither the solver's refusal of its hours nor the check may stop everybody's plan of the evening."""
    load_kg = 50.0 if loaded else 0.0
    late = LorryNow(
        lorry_id="L0", at_s=60_000, place=MIDDLE, began_s=21_600, load_kg=load_kg, load_l=6.0 * load_kg
    )
    fleet = changed(lorries(2), 1, start="16:30")
    plan = checked(planner, day_of(10, now=[late], fleet=shut_at(fleet, "16:00") if loaded else fleet))
    assert not plan.rounds[0].bins
    assert plan.rounds[0].stops[-1].kind == "end"
    assert any(note.startswith("L0: ") for note in plan.notes)
    assert bool(plan.rounds[1].bins) != loaded  # with the tips shut nobody can go out


def shut_at(fleet: RoundFleet, closes: str) -> RoundFleet:
    tips = tuple(msgspec.structs.replace(t, opens="06:00", closes=closes) for t in fleet.tip)
    return msgspec.structs.replace(fleet, tip=tips)


@both
def test_a_late_lorry_may_do_nothing_more(planner: RoundPlanner) -> None:
    late = LorryNow(lorry_id="L0", at_s=60_000, place=MIDDLE, began_s=21_600)
    plan = checked(planner, day_of(10, now=[late]))
    with_bin = next(r for r in plan.rounds if r.bins)
    swapped = msgspec.structs.replace(
        plan, rounds=(msgspec.structs.replace(with_bin, lorry_id="L0"), *plan.rounds[1:])
    )
    assert RoundsCheck(town(), lorries(2)).verdict(swapped).wrong


@both
def test_a_lorry_with_more_on_board_than_it_holds_unloads_first(planner: RoundPlanner) -> None:
    now = LorryNow(lorry_id="L0", at_s=30_000, place=MIDDLE, load_kg=500.0, load_l=5000.0, began_s=21_600)
    plan = checked(planner, day_of(10, now=[now]))
    assert [s.kind for s in plan.rounds[0].stops][:2] == ["start", "tip"]


@both
def test_tips_that_are_shut_all_day_leave_every_bin_with_its_reason(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(10, fleet=shut_at(lorries(2), "06:00")))
    assert not plan.lorry_of
    assert len(plan.not_collected) == 10


@both
def test_a_night_shift_unloads_after_midnight_where_a_tip_is_always_open(planner: RoundPlanner) -> None:
    fleet = changed(lorries(1), 0, start="23:50", hours=6.0)
    plan = checked(planner, day_of(10, fleet=fleet))
    assert {s.ref for s in plan.rounds[0].stops if s.kind == "tip" and s.begins_s > 86_400} == {"far"}


@both
@pytest.mark.parametrize("of_all", [False, True])
def test_a_lorry_that_costs_nothing_is_used_all_the_same(planner: RoundPlanner, of_all: bool) -> None:
    free = lorries(gbp_h=0.0)
    if of_all:
        free = lorries(gbp_h=0.0, gbp_km=0.0, gbp_day=0.0, gbp_overtime_h=0.0)
    assert checked(planner, day_of(10, fleet=free)).missed == ()


@both
def test_a_must_is_met_where_it_can_be_whatever_it_costs(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(10, fleet=lorries(2, settings=RoundSettings(must_gbp=0.0))))
    assert plan.missed == ()


@both
def test_a_lorry_out_of_service_does_nothing(planner: RoundPlanner) -> None:
    plan = checked(planner, day_of(10, now=[LorryNow(lorry_id="L0", at_s=21_600, out=True)]))
    assert not plan.rounds[0].stops
    assert plan.rounds[1].bins


@both
def test_locks_hold(planner: RoundPlanner) -> None:
    request = day_of(12)
    names = [c.bin_id for c in request.candidates if c.must]
    locks = [
        Lock(kind="skip", bins=(names[0],), reason="road works"),
        Lock(kind="lorry", bins=(names[1],), lorry_id="L1", reason="key of the gate"),
        Lock(kind="first", bins=(names[3], names[2]), lorry_id="L0", reason="school run"),
    ]
    plan = checked(planner, day_of(12, locks=locks))
    assert [(n.code, n.why) for n in plan.not_collected if n.bin_id == names[0]] == [
        ("skipped", "left out today: road works")
    ]
    assert plan.lorry_of[names[1]] == "L1"
    assert plan.rounds[0].bins[:2] == (names[3], names[2])


@both
def test_a_first_bin_that_is_shut_by_then_is_left_and_told(planner: RoundPlanner) -> None:
    shut, *others = (
        msgspec.structs.replace(c, must=True, from_s=0, until_s=172_800) for c in candidates(town(), 6)
    )
    shut = msgspec.structs.replace(shut, until_s=10_000)
    lock = Lock(kind="first", bins=(shut.bin_id, others[0].bin_id), lorry_id="L0", reason="school run")
    plan = checked(planner, day_of(candidates=[shut, *others], locks=[lock]))
    assert [(n.bin_id, n.code) for n in plan.not_collected] == [(shut.bin_id, "window")]
    assert plan.rounds[0].bins[0] == others[0].bin_id


@both
def test_names_that_are_not_there_are_told(planner: RoundPlanner) -> None:
    with pytest.raises(ValueError, match="there is no lorry 'L9'; there are L0, L1"):
        planner(day_of(3, now=[LorryNow(lorry_id="L9", at_s=0)]))
    with pytest.raises(ValueError, match="bin 'nowhere' is not among today's candidates"):
        planner(day_of(3, locks=[Lock(kind="skip", bins=("nowhere",), reason="x")]))


def test_the_search_is_never_dearer_and_the_same_for_a_seed() -> None:
    for seed in (2, 3, 4):
        built = checked(Inserting(), day_of(16, seed))
        first = checked(Searching(Budget(iterations=80)), day_of(16, seed))
        again = Searching(Budget(iterations=80))(day_of(16, seed))
        assert first.costs.total_gbp <= built.costs.total_gbp
        assert first == again


def test_what_crews_know_stays_unless_it_pays() -> None:
    morning = checked(Inserting(), day_of(16, 5))
    steady = checked(
        Searching(Budget(iterations=80)),
        day_of(16, 5, before=morning, fleet=lorries(settings=RoundSettings(change_gbp=1e6))),
    )
    assert [r.bins for r in steady.rounds] == [r.bins for r in morning.rounds]
    assert any("kept as it was" in note for note in steady.notes)
    free = checked(
        Searching(Budget(iterations=80)),
        day_of(16, 5, before=morning, fleet=lorries(settings=RoundSettings(change_gbp=0.0))),
    )
    assert free.costs.total_gbp < morning.costs.total_gbp


def test_a_new_bin_joins_the_rounds_as_they_are() -> None:
    request = day_of(14, 6)
    fewer = list(request.candidates)[:-1]
    new = msgspec.structs.replace(request.candidates[-1], must=True)
    morning = checked(Inserting(), day_of(candidates=fewer, network=request.network))
    noon = checked(Inserting(), day_of(candidates=[*fewer, new], network=request.network, before=morning))
    assert new.bin_id in noon.lorry_of
    for a, b in zip(morning.rounds, noon.rounds, strict=True):
        assert [x for x in b.bins if x in a.bins] == list(a.bins)


def test_a_plan_is_read_as_it_was_written() -> None:
    plan = Inserting()(day_of(8))
    assert from_json(to_json(plan)) == plan
    with pytest.raises(ValueError, match="round plan: "):
        from_json(b'{"day": 3}')


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"p_overflow": 1.2}, "allowed: 0 to 1"),
        ({"litres": -1.0}, "0 or more"),
        ({"until_s": -1}, "until -1"),
    ],
)
def test_a_candidate_that_cannot_be_is_refused(fields: dict[str, float], words: str) -> None:
    usual = {"bin_id": "b", "place": MIDDLE, "stream": "litter", "litres": 1.0, "mass_kg": 1.0}
    with pytest.raises(ValueError, match=words):
        Candidate(**(usual | {"must": True, "code": "full"} | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 26)]
)
def test_six_in_the_morning_is_six_by_the_clock_when_the_clocks_change(day: date) -> None:
    zone = ZoneInfo("Europe/London")
    desk = RoundDesk(
        MemoryRounds(), MemoryRoundTown(Registry(name="town")), lambda n, seed: Inserting(), zone
    )
    assert f"{datetime.fromtimestamp(desk.midnight_s(day) + 6 * 3600, zone):%Y-%m-%d %H:%M}" == f"{day} 06:00"
