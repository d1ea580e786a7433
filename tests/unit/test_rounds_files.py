"""Lorries in a file, candidates of a decision, and a plan as lines."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import msgspec
import pytest

from devices.registry import BinSite, Registry
from ops_api.rounds_text import fleet_lines, plan_lines
from rules.core.rounds.decided import candidates_of
from rules.core.rounds.fleet import RoundFleet
from rules.core.rounds.planner import Inserting
from rules.core.rounds.roster import fleet_from
from rules.core.rounds.settings import RoundSettings
from rules.rounds.ports import Rounds
from tests.fakes.rounds_town import day_of

TOML = b"""
[[depot]]
id = "yard"
latitude_deg = 52.0
longitude_deg = 0.0

[[tip]]
id = "north"
latitude_deg = 52.1
longitude_deg = 0.0
opens = "06:30"
closes = "16:00"
streams = ["litter", "recycling"]

[[lorry]]
id = "lorry-1"
depot = "yard"
body_m3 = 14
compaction = 3
start = "05:45"

[settings]
rho_gbp = 30
"""


def test_a_file_says_which_lorries_there_are() -> None:
    fleet = fleet_from(msgspec.toml.decode(TOML))
    (lorry,), (tip,) = fleet.lorry, fleet.tip
    assert (lorry.max_l, lorry.start_s, lorry.home, lorry.reports_as) == (42_000.0, 20_700, "yard", "lorry-1")
    assert (tip.opens_s, tip.closes_s, tip.unload_s) == (23_400, 57_600, 900)
    assert fleet.settings.rho_gbp == 30.0
    assert list(fleet_lines(fleet)) == [
        "lorry-1: yard, litter, 5000 kg, 42000 l, from 05:45 for 8 h and 1 h of overtime",
        "tip north: litter, recycling, 06:30 to 16:00, 15 min",
    ]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'depot = "yard"', b'depot = "garden"', "lorry lorry-1: no depot 'garden'; there are yard"),
        (b'opens = "06:30"', b'opens = "06:75"', "tip north: opens: '06:75' is no time"),
        (b'opens = "06:30"', b'opens = "17:00"', "opens at 17:00, after it closes at 16:00"),
        (b"body_m3 = 14", b"body_m3 = 0", "body_m3 is 0.0; allowed: above 0"),
        (b"body_m3 = 14", b"body = 14", "unknown field `body`"),
        (b'"litter", "recycling"', b'"glass"', "no tip takes all of litter"),
        (b"rho_gbp = 30", b"rho_gbp = -1", "rho_gbp is -1.0; allowed: 0 or more"),
        (b'id = "lorry-1"', b'id = "a/b"', "lorry 'a/b': allowed in an id"),
        (b"[settings]", b"[settings]\nkg_per_l = {litter = 0.0}", "kg_per_l of litter is 0.0"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        fleet_from(msgspec.toml.decode(TOML.replace(old, new)))


def test_candidates_of_a_decision() -> None:
    site = BinSite(
        bin_id="b1", label="Gate", street="High Street", device="s1", latitude_deg=52.0, longitude_deg=0.1,
        capacity_l=240.0,
    )  # fmt: skip
    registry = Registry(name="x", bins=(site, msgspec.structs.replace(site, bin_id="b2")))
    rows = [
        {"bin_id": "b1", "must": False, "code": "may", "why": "20 %", "p_overflow": 0.2, "litres": 100.0},
        {"bin_id": "b2", "must": True, "p_overflow": None, "litres": None},
        {"bin_id": "gone", "must": True},
    ]
    found, gone = candidates_of(rows, registry, RoundSettings(kg_per_l={"litter": 0.1}))
    assert gone == ["gone"]
    assert [(c.bin_id, c.litres, c.mass_kg, c.p_overflow, c.code) for c in found] == [
        ("b1", 100.0, pytest.approx(10.0), 0.2, "may"),
        ("b2", 240.0, pytest.approx(24.0), 1.0, "must"),
    ]


def test_a_plan_is_told_in_lines() -> None:
    request = day_of(12)
    plan = Inserting()(request)
    rounds = Rounds(
        version=3, day=plan.day, after=None, decision_id=1, fleet_id=1, at_s=0.0, by="Ada", role="x", via="cli",
        reason="", plan=plan,
    )  # fmt: skip
    lines = list(plan_lines(rounds, ZoneInfo("Europe/London")))
    assert lines[0].startswith(f"rounds 3 of 2026-06-13: {len(plan.lorry_of)} of 12 bins, ")
    assert any(line.startswith("L0: 06:00 to ") for line in lines) != any(
        line == "L0: stays" for line in lines
    )
    assert all(any(name in line for line in lines) for name in plan.lorry_of)
    assert all(any(line.startswith(f"left {n.bin_id}: ") for line in lines) for n in plan.not_collected[:3])


def test_a_fleet_is_read_as_it_was_written() -> None:
    fleet = fleet_from(msgspec.toml.decode(TOML))
    assert msgspec.json.decode(msgspec.json.encode(fleet), type=RoundFleet) == fleet
