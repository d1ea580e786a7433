"""Simulated bin lorries drive on streets, empty bins when they are there, unload, and say what they found."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from devices.contract.kind import discover
from devices.registry import Registry
from firmware_sim.scenario import load_scenario
from firmware_sim.world.bins import BinModel
from firmware_sim.world.collection import BLOCKED, COLLECTED, CONTAMINATED, NOT_OUT, Collection
from firmware_sim.world.collection_lorry import DRIVING_M_S, Call, Lorry
from firmware_sim.world.collection_rounds import CAPACITY_KG, calls_of, nearest_next, share_out
from firmware_sim.world.collection_streets import Place, Travel, collection_sites
from firmware_sim.world.faults import assign
from firmware_sim.world.gritters import Streets, along
from firmware_sim.world.script import Bins, Fault, Round
from firmware_sim.world.terrain import METRES_PER_DEGREE
from firmware_sim.world.town import TownSizes, generate_town
from firmware_sim.world.world import World

SIZES = TownSizes(
    segments=200, homes=3, road_sensors=5, weather_stations=1, bins=60, gritters=1, routes=2, lorries=3
)
START = datetime(2026, 3, 14, 8, tzinfo=UTC)
START_S = START.timestamp()


@pytest.fixture(scope="module")
def town() -> Registry:
    return generate_town(4, SIZES, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def travel(town: Registry) -> Travel:
    return Travel(Streets(town))


def collection_of(
    town: Registry, *rounds: Round, faults: tuple[Fault, ...] = (), **script: object
) -> tuple[Collection, BinModel]:
    settings = Bins(**{"start_fill_pct": (60.0, 90.0), **script})  # type: ignore[arg-type]
    bins = BinModel(town.bins, 4, settings)
    active = assign(faults, town.devices, 4, START_S)
    return Collection(town, Streets(town), bins, 4, START_S, rounds, active), bins


def metres(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return METRES_PER_DEGREE * math.hypot((a[0] - b[0]) * math.cos(math.radians(a[1])), a[1] - b[1])


def play(collection: Collection, hours: float) -> None:
    for i in range(int(12 * hours) + 1):
        collection.step(START_S + 300.0 * i)


def lorry_of(town: Registry, travel: Travel) -> Lorry:
    places = {b.bin_id: travel.at_bin(b) for b in town.bins}
    return Lorry("lorry-1", travel, travel.at_node(town.depots[0].node_id), places, 4)


def test_a_lorry_stops_beside_its_bins(town: Registry, travel: Travel) -> None:
    """Bins stand on the straight line between their street's ends; the street bends."""
    gaps = [metres(travel.point(travel.at_bin(b)), (b.longitude_deg, b.latitude_deg)) for b in town.bins]
    assert max(gaps) < 25.0
    assert all(town.segments[travel.at_bin(b).row].street == b.street for b in town.bins)


def test_ways_are_connected_legal_and_not_longer_than_there_and_back(town: Registry, travel: Travel) -> None:
    rng = np.random.default_rng(2)
    one_way = [i for i, s in enumerate(town.segments) if s.one_way]
    rows = [*rng.integers(0, len(town.segments), 60).tolist(), *one_way]
    places = [Place(int(r), float(p)) for r, p in zip(rows, rng.uniform(size=len(rows)), strict=True)]
    for a, b in itertools.pairwise(places):
        way = travel.way(a, b)
        assert travel.point(a) == along(town.segments[way[0].row], way[0].from_part)
        assert travel.point(b) == along(town.segments[way[-1].row], way[-1].to_part)
        for s, t in itertools.pairwise(way):
            ends = along(town.segments[s.row], s.to_part), along(town.segments[t.row], t.from_part)
            assert metres(*ends) < 1.0
        assert not [s for s in way if town.segments[s.row].one_way and s.to_part < s.from_part]
        direct = metres(travel.point(a), travel.point(b))
        assert sum(travel.length_m(s) for s in way) >= direct - 1.0


def test_a_place_behind_on_a_one_way_street_is_reached_round_the_block(
    town: Registry, travel: Travel
) -> None:
    row = next(i for i, s in enumerate(town.segments) if s.one_way)
    ahead, back = travel.way(Place(row, 0.2), Place(row, 0.8)), travel.way(Place(row, 0.8), Place(row, 0.2))
    assert [(s.from_part, s.to_part) for s in ahead] == [(0.2, 0.8)]
    assert len(back) > 2
    assert travel.way(Place(row, 0.5), Place(row, 0.5)) == []


def test_sites_lie_where_they_should(town: Registry) -> None:
    sites = collection_sites(town.nodes, town.depots)
    assert sites.yards[0] == town.depots[0].node_id
    assert len(set(sites.yards)) == 2
    at = {n.node_id: (n.longitude_deg, n.latitude_deg) for n in town.nodes}
    middle = tuple(np.mean(list(at.values()), axis=0))
    away = sorted(metres(middle, p) for p in at.values())
    assert metres(middle, at[sites.tip]) > away[int(0.9 * len(away))], "the tip is at the edge of town"
    lorries = [d for d in town.devices if d.kind == "lorry"]
    assert [d.name for d in lorries] == ["lorry-1", "lorry-2", "lorry-3"]
    assert (lorries[0].longitude_deg, lorries[0].latitude_deg) == at[sites.yards[0]]
    with pytest.raises(ValueError, match="without roads"):
        collection_sites((), ())


def test_a_lorry_drives_without_jumps_and_stands_at_bins(town: Registry, travel: Travel) -> None:
    lorry = lorry_of(town, travel)
    calls = [Call("bin", bin_id=b.bin_id) for b in town.bins[:12]]
    visits = lorry.follow([*calls, Call("yard", node_id=town.depots[0].node_id)], START_S)
    times = np.arange(START_S - 60.0, visits[-1].leave_s + 60.0, 2.0)
    track = [lorry.at(t) for t in times]
    assert max(metres(a, b) for a, b in itertools.pairwise(track)) < 2.0 * 1.6 * DRIVING_M_S
    for visit, site in zip(visits, town.bins[:12], strict=False):
        there = lorry.at(visit.done_s)
        assert metres(there, (site.longitude_deg, site.latitude_deg)) < 25.0
        assert there[2] == 0.0
        assert 25.0 < visit.leave_s - visit.arrive_s < 110.0
    assert lorry.at(visits[-1].leave_s + 30.0)[:2] == track[0][:2]
    moving = [t[2] for t in track if t[2] > 0.0]
    assert 0.8 * DRIVING_M_S < np.median(moving) < 1.3 * DRIVING_M_S


def test_a_lorry_comes_no_sooner_than_planned(town: Registry, travel: Travel) -> None:
    lorry = lorry_of(town, travel)
    wanted = [START_S + 1800.0, START_S + 1810.0, START_S + 9000.0]
    calls = [Call("bin", bin_id=b.bin_id, arrive_s=t) for b, t in zip(town.bins[:3], wanted, strict=True)]
    first, second, third = lorry.follow(calls, START_S)
    assert first.arrive_s == pytest.approx(wanted[0])
    assert second.arrive_s > wanted[1], "that is too soon after the first"
    assert third.arrive_s == pytest.approx(wanted[2])


def test_a_lorry_goes_the_way_it_is_told(town: Registry, travel: Travel) -> None:
    streets = Streets(town)
    site = next(b for b in town.bins if not town.segments[travel.at_bin(b).row].one_way)
    row = travel.at_bin(site).row
    head, tail = town.segments[row].from_node, town.segments[row].to_node
    for node in (head, tail):
        lorry = lorry_of(town, travel)
        lorry.follow([Call("bin", bin_id=site.bin_id, via=((town.segments[row].segment_id, node),))], START_S)
        last = lorry.visits[-1]
        before = lorry.at(last.arrive_s - 0.5)
        end = town.segments[row].geometry[0 if node == head else -1]
        here = travel.point(travel.at_bin(site))
        assert metres(before, end) < metres(here, end) + 1.0, "it comes from that end"
    round_trip = [(s.segment_id, s.from_node) for s in town.segments[:1]]
    lorry = lorry_of(town, travel)
    to = town.segments[0].to_node
    (visit,) = lorry.follow([Call("way", node_id=to, via=tuple(round_trip))], START_S)
    assert metres(lorry.at(visit.arrive_s), along(town.segments[0], 1.0)) < 1.0
    assert streets.row[town.segments[0].segment_id] == 0


def test_a_new_plan_leaves_what_has_begun(town: Registry, travel: Travel) -> None:
    lorry = lorry_of(town, travel)
    before = lorry.follow([Call("bin", bin_id=b.bin_id) for b in town.bins[:6]], START_S)
    at_s = before[2].arrive_s + 5.0
    new = lorry.follow([Call("bin", bin_id=town.bins[9].bin_id)], at_s)
    assert [v.call.bin_id for v in lorry.visits] == [town.bins[i].bin_id for i in (0, 1, 2, 9)]
    assert new[0].arrive_s > before[2].leave_s
    on_the_way_s = (before[2].leave_s + new[0].arrive_s) / 2.0
    where = lorry.at(on_the_way_s)
    assert where[2] > 0.0
    lorry.follow([], on_the_way_s)
    assert lorry.at(on_the_way_s + 600.0)[2] == 0.0
    assert metres(lorry.at(on_the_way_s + 600.0), where) < 400.0
    with pytest.raises(KeyError):
        lorry.follow([Call("bin", bin_id="bin-9999")], at_s)


def test_sectors_share_bins_out_and_the_nearest_is_next() -> None:
    rng = np.random.default_rng(3)
    points = [(float(x), float(y)) for x, y in rng.uniform(-1.0, 1.0, (50, 2))]
    shares = share_out(points, 3)
    assert sorted(itertools.chain(*shares)) == list(range(50))
    assert {len(s) for s in shares} == {16, 17}
    assert share_out([], 2) == [[], []]
    line = [(0.3, 0.0), (0.1, 0.0), (0.2, 0.0)]
    assert nearest_next(line, (0.0, 0.0)) == [1, 2, 0]
    assert nearest_next([], (0.0, 0.0)) == []


def test_a_full_lorry_unloads_on_its_way_and_ends_empty() -> None:
    calls = calls_of(["a", "b", "c"], lambda _: 0.6 * CAPACITY_KG, tip=7, yard=1, on_board_kg=0.0)
    assert [c.bin_id or c.what for c in calls] == ["a", "tip", "b", "tip", "c", "tip", "yard"]
    assert [c.what for c in calls_of([], lambda _: 1.0, tip=7, yard=1, on_board_kg=5.0)] == ["tip", "yard"]
    assert [c.what for c in calls_of([], lambda _: 1.0, tip=7, yard=1, on_board_kg=0.0)] == ["yard"]


def test_a_round_empties_bins_when_the_lorry_is_there_and_all_ends_on_the_tip(town: Registry) -> None:
    collection, bins = collection_of(town, Round(hour=0.0, fill_above_pct=70.0))
    over = {b.bin_id for b, f in zip(town.bins, bins.fill, strict=True) if f >= 0.7}
    put = bins.put_l * bins.kg_per_l
    play(collection, 12.0)
    acts = collection.acts
    assert {a.bin_id for a in acts} == over
    assert {a.code for a in acts} == {COLLECTED}
    assert {a.lorry for a in acts} == set(collection.lorries)
    assert len({a.time_s for a in acts}) == len(acts), "one after the other, not in an instant"
    for act in acts:
        row = int(act.bin_id[-4:]) - 1
        assert bins.last_emptied_s[row] == act.time_s
    assert collection.tipped_kg == pytest.approx((put - bins.held_l * bins.kg_per_l).sum())
    for name in collection.lorries:
        state = collection.state(name, START_S + 43_200.0)
        assert (state.load_kg, state.lifts, state.speed_m_s) == (0.0, 0, 0.0)


def test_load_and_lifts_grow_on_the_round(town: Registry) -> None:
    collection, _ = collection_of(town, Round(hour=0.0, fill_above_pct=70.0))
    seen = []
    for i in range(5):
        collection.step(START_S + 300.0 * i)
        seen.append(collection.state("lorry-1", START_S + 300.0 * i))
    assert seen[0].lifts == 0
    assert seen[-1].lifts == sum(a.lorry == "lorry-1" for a in collection.acts) > 3
    loads = [s.load_kg for s in seen]
    assert loads == sorted(loads)


def test_the_crew_says_what_it_finds_and_leaves_such_bins(town: Registry) -> None:
    names = [b.bin_id for b in town.bins[:4]]
    faults = tuple(
        Fault(fault=f, devices=(n,), from_hour=0.0, to_hour=h)
        for f, n, h in zip(("blocked", "contaminated", "not_out", "blocked"), names, (9.0, 9.0, 9.0, 0.001), strict=True)
    )  # fmt: skip
    collection, bins = collection_of(town, faults=faults)
    before = bins.fill.copy()
    assert collection.send(names, START_S) == ["lorry-1", "lorry-2", "lorry-3"]
    play(collection, 6.0)
    codes = {a.bin_id: a.code for a in collection.acts}
    assert codes == dict(zip(names, (BLOCKED, CONTAMINATED, NOT_OUT, COLLECTED), strict=True))
    assert np.array_equal(bins.fill[:3], before[:3])
    assert bins.fill[3] <= 0.1


def test_a_jammed_box_sends_a_lorry_for_nothing(town: Registry) -> None:
    jam = (Fault(fault="blocked", devices=("bin-0007",), from_hour=0.0),)
    collection, bins = collection_of(town, Round(hour=0.2, fill_above_pct=95.0), faults=jam)
    play(collection, 3.0)
    assert [(a.bin_id, a.code) for a in collection.acts] == [("bin-0007", BLOCKED)]
    assert bins.fill[6] < 0.95


def test_a_round_waits_for_a_lorry_and_without_any_is_done_in_an_instant(town: Registry) -> None:
    collection, bins = collection_of(town, Round(hour=0.1, fill_above_pct=0.0))
    for n, name in enumerate(collection.lorries):
        collection.follow(
            name, [Call("bin", bin_id=b.bin_id) for b in town.bins[10 * n : 10 * n + 10]], START_S
        )
    with pytest.raises(ValueError, match="no bin lorry is free"):
        collection.send(["bin-0001"], START_S + 60.0)
    play(collection, 0.2)
    assert not collection.free(START_S + 720.0)
    play(collection, 10.0)
    assert len({a.bin_id for a in collection.acts}) == 60
    none = generate_town(
        4, TownSizes(**{**{f: getattr(SIZES, f) for f in SIZES.__slots__}, "lorries": 0}), START
    )
    alone, bins = collection_of(none, Round(hour=0.0, fill_above_pct=75.0, at_most=5))
    alone.step(START_S)
    assert (bins.fill < 0.11).sum() == 5
    assert alone.acts == []


def test_a_town_plays_a_round_and_its_lorries_say_where_they_are(town: Registry) -> None:
    world = World(town, load_scenario("market_day"), 4, START)
    kind = discover()["lorry"]
    assert world.collect([b.bin_id for b in town.bins[:20]]) == ["lorry-1", "lorry-2", "lorry-3"]
    with pytest.raises(ValueError, match="no bin lorry"):
        world.collect(["bin-0001"])
    fast, lifts = 0, 0.0
    for i in range(240):
        at = START + timedelta(seconds=15 * i)
        world.advance_to(at)
        values = world.sense("lorry-1", at)
        assert set(values) == set(kind.by_name)
        assert all(kind.by_name[n].minimum <= v <= kind.by_name[n].maximum for n, v in values.items())
        fast += values["speed_m_s"] > 4.0
        lifts = max(lifts, values["lifts_n"])
    assert fast > 40
    acts = world.crew_acts()
    assert len(acts) >= 10
    assert world.crew_acts(len(acts) - 1) == acts[-1:]
    assert lifts == sum(a.lorry == "lorry-1" for a in acts), "counted until it is back at its yard"
    assert world.sense("lorry-1", world.now)["lifts_n"] == 0.0
    done = {a.bin_id for a in acts}
    assert all(world.bin(b).last_emptied_s > 0.0 for b in done)


def test_a_parked_lorry_speaks_once_an_hour_and_one_on_its_round_always(town: Registry) -> None:
    world = World(town, load_scenario("market_day"), 4, START)
    times = [START + timedelta(seconds=15 * i + 7) for i in range(4 * 240)]
    assert sum(world.is_on("lorry-1", t) for t in times) == 4
    assert all(world.is_on("bin-0001", t) for t in times[:10])
    world.collect([b.bin_id for b in town.bins[:20]])
    end_s = world.collection.lorries["lorry-1"].free_at_s()
    assert end_s is not None
    on = [t for t in times if world.is_on("lorry-1", t)]
    out = [t for t in times if t.timestamp() < end_s + 600.0]
    assert set(out) <= set(on)
    assert len(on) - len(out) <= 4


def test_a_planned_round_is_driven_as_told(town: Registry) -> None:
    world = World(town, load_scenario("market_day"), 4, START)
    tip = world.collection.sites.tip
    wanted = [START_S + 900.0, START_S + 1500.0]
    calls = [
        Call("bin", bin_id=b.bin_id, arrive_s=t, service_s=40.0)
        for b, t in zip(town.bins, wanted, strict=False)
    ]
    world.drive_round(
        "lorry-2", [*calls, Call("tip", node_id=tip), Call("yard", node_id=town.depots[0].node_id)]
    )
    world.advance_to(START + timedelta(hours=1.5))
    acts = world.crew_acts()
    assert [(a.lorry, a.bin_id, a.code) for a in acts] == [
        ("lorry-2", "bin-0001", 1),
        ("lorry-2", "bin-0002", 1),
    ]
    assert all(0.0 < a.time_s - t < 120.0 for a, t in zip(acts, wanted, strict=True))
    assert world.collection.tipped_kg > 0.0
    with pytest.raises(KeyError):
        world.drive_round("lorry-9", [])


def test_lorries_are_where_they_are_however_often_anyone_asks(town: Registry) -> None:
    once, often = (World(town, load_scenario("market_day"), 4, START) for _ in range(2))
    for world in (once, often):
        world.collect([b.bin_id for b in town.bins])
    end = START + timedelta(hours=3)
    once.advance_to(end)
    for i in range(1, 110):
        often.advance_to(min(START + timedelta(seconds=101 * i), end))
    assert once.crew_acts() == often.crew_acts()
    assert [once.sense(n, end) for n in once.collection.lorries] == [
        often.sense(n, end) for n in once.collection.lorries
    ]
