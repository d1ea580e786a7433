"""Simulated lorries drive the plan that is kept: each bin once, by its ways; a newer one from where they are."""

from __future__ import annotations

import itertools
from datetime import timedelta

import msgspec
import pytest

from devices.registry import Registry
from rules.core.rounds.model import LorryNow, Place
from rules.rounds.memory import MemoryRounds
from tests.fakes.sim_rounds import (
    DAY,
    MIDNIGHT_S,
    Playing,
    crews_of,
    fleet_of,
    kept,
    plan_of,
    playing,
    town,
)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return town()


def driven(play: Playing) -> list[tuple[str, str]]:
    return [(a.lorry, a.bin_id) for a in play.world.crew_acts()]


async def test_the_plan_is_driven_in_its_order_and_about_in_its_times(registry: Registry) -> None:
    fleet, book, play = fleet_of(registry), MemoryRounds(), playing(registry)
    plan = plan_of(registry, fleet, registry.bins)
    rounds = await kept(book, plan, fleet)
    crews = crews_of(play, book, registry)
    crews.take_list([b.bin_id for b in registry.bins])
    play.until(5.5)
    await crews.step()
    assert crews.has_plan(str(DAY))
    play.until(5.95)
    assert not play.world.crew_acts()
    for hour in (7.0, 15.0):
        play.until(hour)
        await crews.step()
    acts = play.world.crew_acts()
    for r in plan.rounds:
        assert [a.bin_id for a in acts if a.lorry == r.lorry_id] == list(r.bins), (
            "each once, and no list beside"
        )
        for act, stop in zip(
            [a for a in acts if a.lorry == r.lorry_id], [s for s in r.stops if s.kind == "bin"], strict=True
        ):
            assert -60.0 < act.time_s - MIDNIGHT_S - stop.begins_s < 900.0
            assert crews.version_of(r.lorry_id, act.bin_id, act.time_s) == rounds.version
            assert crews.version_of(r.lorry_id, act.bin_id, act.time_s + 9000.0) is None, "it came again"
    assert play.world.collection.tipped_kg > 0.0
    assert all(s.load_kg == 0.0 for s in (play.world.collection.state(r.lorry_id, MIDNIGHT_S + 54_000.0) for r in plan.rounds))  # fmt: skip


async def test_lorries_drive_the_streets_of_the_plan(registry: Registry) -> None:
    fleet, book, play = fleet_of(registry), MemoryRounds(), playing(registry)
    plan = plan_of(registry, fleet, registry.bins)
    await kept(book, plan, fleet)
    await crews_of(play, book, registry).step()
    for r in (r for r in plan.rounds if r.stops):
        lorry = play.world.collection.lorries[r.lorry_id]
        metres = sum(lorry._travel.length_m(leg.stretch) for leg in lorry._legs)
        assert metres == pytest.approx(r.metres, rel=0.06)
        assert all(a.end_s <= b.start_s + 1e-6 for a, b in itertools.pairwise(lorry._legs))


async def test_breaks_are_stood(registry: Registry) -> None:
    fleet, book, play = fleet_of(registry, break_rule="work"), MemoryRounds(), playing(registry)
    slow = msgspec.structs.replace(fleet, lorry=fleet.lorry[:1])
    plan = plan_of(registry, slow, registry.bins)
    stops = [
        s
        if s.kind != "bin" or s.ref != plan.rounds[0].bins[5]
        else msgspec.structs.replace(s, kind="break", ref="", arcs=(), ends_s=s.begins_s + 1800)
        for s in plan.rounds[0].stops
    ]
    plan = msgspec.structs.replace(
        plan, rounds=(msgspec.structs.replace(plan.rounds[0], stops=tuple(stops)),)
    )
    await kept(book, plan, slow)
    await crews_of(play, book, registry).step()
    lorry = play.world.collection.lorries["lorry-1"]
    (rest,) = [v for v in lorry.visits if v.call.what == "break"]
    assert rest.leave_s - rest.arrive_s == 1800.0
    places = {lorry.at(rest.arrive_s + t)[:2] for t in (1.0, 900.0, 1799.0)}
    assert len(places) == 1


async def test_a_newer_plan_is_followed_from_where_the_lorries_are(registry: Registry) -> None:
    fleet, book, play = fleet_of(registry), MemoryRounds(), playing(registry)
    first = plan_of(registry, fleet, registry.bins)
    await kept(book, first, fleet)
    crews = crews_of(play, book, registry)
    await crews.step()
    play.until(6.2)
    begun = driven(play)
    assert 2 < len(begun) < 20
    left = [b for b in registry.bins if b.bin_id not in {bin_id for _, bin_id in begun}]
    at_s = play.world.now.timestamp()
    second = plan_of(registry, fleet, [*left[:-2]], _now(play, fleet, at_s))
    rounds = await kept(book, second, fleet, at_s)
    play.until(6.24)
    before = {n: v.at(play.world.now.timestamp())[:2] for n, v in play.world.collection.lorries.items()}
    await crews.step()
    for name, lorry in play.world.collection.lorries.items():
        after = lorry.at(play.world.now.timestamp())[:2]
        assert after == pytest.approx(before[name], abs=1e-9), "nobody is moved by a plan"
    play.until(15.0)
    done = driven(play)
    assert done[: len(begun)] == begun
    assert len({b for _, b in done}) == len(done), "no bin twice"
    assert {b for _, b in done} >= {b for _, b in begun} | {b.bin_id for b in left[:-2]}
    last = [a for a in play.world.crew_acts() if a.time_s > at_s + 300.0]
    assert len(last) > 3
    assert {crews.version_of(a.lorry, a.bin_id, a.time_s) for a in last} == {rounds.version}
    for r in second.rounds:
        mine = [b for n, b in done[len(begun) :] if n == r.lorry_id and b in r.bins]
        assert mine == [b for b in r.bins if b in mine]


def _now(play: Playing, fleet: object, at_s: float) -> list[LorryNow]:
    found = []
    for name, lorry in play.world.collection.lorries.items():
        longitude, latitude, _ = lorry.at(at_s)
        state = play.world.collection.state(name, at_s)
        found.append(
            LorryNow(
                lorry_id=name, at_s=round(at_s) - MIDNIGHT_S, place=Place(latitude, longitude),
                load_kg=state.load_kg, load_l=10.0 * state.load_kg, began_s=21_600,
            )
        )  # fmt: skip
    return found


async def test_another_day_s_plan_is_not_driven_nor_one_that_is_over(registry: Registry) -> None:
    fleet, book = fleet_of(registry), MemoryRounds()
    plan = plan_of(registry, fleet, registry.bins)
    await kept(book, msgspec.structs.replace(plan, day=str(DAY - timedelta(days=1))), fleet, day=DAY - timedelta(days=1))  # fmt: skip
    play = playing(registry)
    crews = crews_of(play, book, registry)
    await crews.step()
    play.until(9.0)
    await crews.step()
    assert not crews.has_plan(str(DAY))
    assert not play.world.crew_acts()

    await kept(book, plan, fleet)
    late = playing(registry, hour=20.0)
    crews = crews_of(late, book, registry)
    await crews.step()
    late.until(23.0)
    assert not late.world.crew_acts()


async def test_without_a_plan_the_list_is_shared_out_once(registry: Registry) -> None:
    book, play = MemoryRounds(), playing(registry)
    crews = crews_of(play, book, registry)
    wanted = [b.bin_id for b in registry.bins[:6]]
    crews.take_list(wanted)
    for hour in (6.0, 6.6, 7.5, 9.0):
        play.until(hour)
        await crews.step()
        assert bool(play.world.crew_acts()) == (hour > 7.0)
    assert sorted(b for _, b in driven(play)) == wanted
    assert {crews.version_of(a.lorry, a.bin_id, a.time_s) for a in play.world.crew_acts()} == {None}


async def test_a_list_is_driven_street_by_street_without_bins_that_the_town_has_not(
    registry: Registry,
) -> None:
    crews = crews_of(playing(registry), MemoryRounds(), registry)
    street_of = {b.bin_id: b.street for b in registry.bins}
    crews.take_list([*reversed(street_of), "gone"])
    assert set(crews._list) == set(street_of)
    streets = [street_of[b] for b in crews._list]
    assert streets == sorted(streets)


async def test_a_plan_of_other_roads_is_driven_by_the_lorries_own_ways(registry: Registry) -> None:
    fleet, book, play = fleet_of(registry), MemoryRounds(), playing(registry)
    plan = plan_of(registry, fleet, registry.bins[:8])
    made = msgspec.structs.replace(plan.made_from, roads="2:others")
    await kept(book, msgspec.structs.replace(plan, made_from=made), fleet)
    await crews_of(play, book, registry).step()
    assert all(not v.call.via for lorry in play.world.collection.lorries.values() for v in lorry.visits)
    play.until(15.0)
    assert sorted(b for _, b in driven(play)) == sorted(plan.lorry_of)
