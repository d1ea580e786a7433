"""The emergency way on Cambridge as mapped: from the fire station in the middle to the hospital in the south."""

from __future__ import annotations

from ops_api.network_map import Wanted, make
from rules.catalogue.ops_files import load_way
from rules.core.emergency.finding import AskedWay, find_way
from rules.core.emergency.roster import Station
from rules.core.emergency.surface import Conditions
from tests.fakes.real_data import real_data

PARKSIDE = Station(id="parkside", label="Parkside", latitude_deg=52.2040, longitude_deg=0.1290)
COTTENHAM = Station(id="far", label="Far north", latitude_deg=52.2400, longitude_deg=0.1200)
HOSPITAL = AskedWay(52.1760, 0.1400, "fire-engine", label="the hospital")


def test_parkside_reaches_the_hospital_and_goes_round_a_closed_road() -> None:
    p = load_way()
    network = make(Wanted(file=real_data("network/cambridge_drive.geojson"))).network
    dry = Conditions.all_dry(len(network.segments))
    found = find_way(network, dry, (COTTENHAM, PARKSIDE), HOSPITAL, p)
    assert found.best is not None
    assert found.best.station == "parkside"
    assert 2_500.0 < found.best.metres < 7_000.0
    assert 3.0 < found.best.minutes < 12.0
    assert found.other is not None

    middle = found.best.segments[len(found.best.segments) // 2]
    again = find_way(network.closing({middle: "works"}), dry, (COTTENHAM, PARKSIDE), HOSPITAL, p)
    assert again.best is not None
    assert middle not in again.best.segments
    assert again.best.minutes >= found.best.minutes
    assert [c.segment_id for c in again.closed] == [middle]
    icy = find_way(network, Conditions.unknown(len(network.segments)), (PARKSIDE,), HOSPITAL, p)
    assert icy.best is not None
    assert icy.best.fast_min < icy.best.minutes < icy.best.slow_min
