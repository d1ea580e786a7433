"""Simulated lorries drive a plan: to the place and the gram, and stop where they fail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from firmware_sim.world.gritters import HOPPER_KG, Gritter, Ordered, Streets
from firmware_sim.world.town import TownSizes, generate_town
from ops_api.crews_plan import tours_of
from rules.core.cab.codec import OnRoads
from rules.core.cab.making import Wish, make
from rules.core.cab.match import Report
from rules.core.cab.model import Asked, Start
from rules.core.cab.progress import Following
from rules.core.cab.wishing import Means
from rules.core.fleet.planner import Builder
from rules.core.fleet.roster import roster_of, settings_of
from rules.core.network.network import Network
from tests.fakes.cab_night import P

TOWN = generate_town(
    1,
    TownSizes(homes=1, road_sensors=1, weather_stations=1, bins=1, gritters=2, segments=60, routes=2),
    datetime(2026, 1, 1, tzinfo=UTC),
)
T0 = datetime(2026, 1, 9, 20, tzinfo=UTC).timestamp()


def planned() -> OnRoads:
    network = Network.of(TOWN)
    roster = roster_of(TOWN)
    means = Means(TOWN, network, roster, {}, 1, 0)
    asked = [
        Asked(segment_id=s.segment_id, ref="P1", g_m2=10.0, priority=1, due_s=7200.0)
        for s in TOWN.segments
        if s.route_id is not None
    ]
    starts: tuple[Start, ...] = means.starts()
    wish = Wish(
        network=network,
        start_s=T0,
        asked=asked,
        starts=starts,
        barns=means.barns,
        settings=settings_of(roster),
    )
    return OnRoads(network, make(wish, Builder()))


def test_a_lorry_that_drives_its_plan_is_where_the_plan_has_it() -> None:
    import msgspec

    on = planned()
    tours = tours_of(on.network, T0, msgspec.json.encode(on.contents).decode(), None)
    assert tours.refs == frozenset()
    [(name, way)] = [(g, w) for g, w in tours.ways.items() if w]
    gritter = Gritter(Streets(TOWN))
    gritter.follow(way, T0)
    ends_s = on.trips[name].ends_s
    reports = [
        Report(s, p.longitude_deg, p.latitude_deg, p.speed_m_s, p.rate_g_m2, round(p.salt_kg))
        for s in (60.0 * n for n in range(int(ends_s / 120.0)))
        for p in [gritter.at(T0 + s)]
    ]
    found = Following(on, P).progress(name, reports, reports[-1].at_s)
    assert (found.phase, found.by_clock) == ("drives", False)
    assert abs(found.behind_s) < 30.0
    assert len(found.treated) > 0.3 * len(on.trips[name].jobs)
    spread_kg = sum(on.jobs[j].salt_kg for j in on.trips[name].jobs)
    assert gritter.at(T0 + ends_s - 0.1).salt_kg == pytest.approx(HOPPER_KG - spread_kg, abs=1.0)
    assert gritter.at(T0 + ends_s + 1.0).speed_m_s == 0.0


def test_a_lorry_that_fails_stands_where_it_is_until_it_is_sent_again() -> None:
    streets = Streets(TOWN)
    gritter = Gritter(streets)
    segment = next(
        s for s in TOWN.segments if streets.node[s.from_node] == streets.depot and s.length_m > 50.0
    )
    one = Ordered(segment.segment_id, segment.from_node, T0, T0 + 100.0, 10.0, segment.width_m)
    gritter.follow([one], T0)
    half = gritter.at(T0 + 50.0)
    given_up, _ = gritter.follow((), T0 + 50.0, stays=True)
    assert [leg.end_s for leg in given_up] == [T0 + 100.0]
    later = gritter.at(T0 + 5000.0)
    assert (later.longitude_deg, later.latitude_deg) == pytest.approx((half.longitude_deg, half.latitude_deg))
    assert (later.speed_m_s, later.rate_g_m2) == (0.0, 0.0)
    # Sent again, it drives from there to where its way begins, and is so much later.
    _, legs = gritter.follow([one], T0 + 6000.0)
    assert legs[-1].start_s > T0 + 6000.0
    assert gritter.at(legs[-1].start_s + 1.0).rate_g_m2 == 10.0
