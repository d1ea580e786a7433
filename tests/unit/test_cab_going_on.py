"""What is left of a night: a stretch counts as treated where reports show it, and no longer than they do."""

from __future__ import annotations

from dataclasses import replace

from rules.core.cab.codec import OnRoads
from rules.core.cab.match import Report, Way
from rules.core.cab.progress import enough_m
from tests.fakes.cab_night import along, drive, night, progress_of


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
