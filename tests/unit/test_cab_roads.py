"""Which roads a plan is for, told by hashes of this version and of those before."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace as with_

from devices.registry import RoadNode, RoadSegment, TurnBan
from rules.core.cab.roads import known_as, roads_sha256
from rules.core.network.network import Network
from rules.winter.fleet.ports import NotPlannedError
from tests.fakes.cab_desk import ADA, NOW, desk, ordered

NODES = (
    RoadNode(node_id=1, latitude_deg=52.2, longitude_deg=0.1),
    RoadNode(node_id=2, latitude_deg=52.201, longitude_deg=0.1),
)
A = RoadSegment(
    segment_id="a", street="A", road_class="A", from_node=1, to_node=2, length_m=111.254, width_m=7.3
)
B = RoadSegment(
    segment_id="b", street="B", road_class="B", from_node=2, to_node=1, length_m=150.0, one_way=True,
    carriageway="slip",
)  # fmt: skip
BAN = TurnBan(ban_id="x", from_segment="a", via_node=2, to_segment="b")
FIRST = "aede4d27da58bf77e71679aa9255002ac49783732a33563a47c56404ee9f84c6"
"""Of these roads, as kept by the version that made the first plans."""


def test_roads_are_known_by_the_hash_of_every_version() -> None:
    network = Network(NODES, (A, B), (BAN,))
    known = known_as(network)
    assert re.fullmatch(r"2:[0-9a-f]{64}", roads_sha256(network))
    assert {roads_sha256(network), roads_sha256(network)[2:], FIRST} == known
    assert FIRST not in known_as(Network(NODES, (A, B)))
    assert FIRST not in known_as(Network(NODES, (with_(A, width_m=7.4), B), (BAN,)))
    # What the first hash did not tell, the one of today does.
    lower = known_as(Network(NODES, (with_(A, max_height_m=3.0), B), (BAN,)))
    assert lower & known == {FIRST}


@pytest.mark.parametrize("version", ["first", "without a version"])
async def test_a_plan_kept_before_an_upgrade_goes_on(version: str) -> None:
    plans, orders, town = desk()
    await ordered(orders)
    new = await plans.plan_tonight(ADA, NOW)
    network = (await plans.roads()).network
    [first] = [k for k in known_as(network) if k not in (new.contents.roads, new.contents.roads[2:])]
    kept = {"first": first, "without a version": new.contents.roads[2:]}[version]
    old = with_(new, version=7, contents=with_(new.contents, roads=kept, stretches={}))
    assert (await plans.on_roads(old)).contents.roads == kept
    segments = tuple(with_(s, width_m=s.width_m + 0.5) for s in town.installed.segments)
    town.installed = with_(town.installed, segments=segments)
    with pytest.raises(NotPlannedError, match="the roads have changed since plan 7"):
        await plans.on_roads(old)
