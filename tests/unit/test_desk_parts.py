"""Small pure parts of the desk: the town's time, and which chain of people a rule takes."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from cityops.clock import ManualClock
from cityops.errors import ConfigurationError
from rules.catalogue.escalations import LOOK_EVERY_S, LiveEscalations, chosen, load_escalations
from rules.catalogue.loader import SHIPPED, load, read_files
from rules.catalogue.memory_store import MemoryCatalogueStore
from rules.core.desk.model import Entry, Turn
from rules.core.desk.plan import follow
from rules.core.town_time import town_now_s
from tests.fakes.desk_alarms import CHAIN, NOW_S, alarm

WALL_S = 1_000_000.0


@pytest.mark.parametrize(
    ("event_s", "moved_s", "expected_s"),
    [
        (None, WALL_S, WALL_S),
        (WALL_S - 5000, None, WALL_S),
        (WALL_S - 5000, WALL_S - 1, WALL_S - 5000),
        (WALL_S - 600, WALL_S - 60, WALL_S - 600),
        (WALL_S - 599, WALL_S - 1, WALL_S),
        (WALL_S - 5000, WALL_S - 61, WALL_S),
    ],
    ids=["no readings", "no rules", "far behind", "just behind", "hardly behind", "rules at rest"],
)
def test_the_town_is_behind_only_while_rules_move(
    event_s: float | None, moved_s: float | None, expected_s: float
) -> None:
    assert town_now_s(WALL_S, event_s, moved_s) == expected_s


def test_every_rule_has_a_chain_and_the_fire_its_own() -> None:
    chains = load_escalations()
    rules = [getattr(load(), field) for field in ("damp", "hoar_frost", "ice", "full", "fire", "silent")]
    assert {r.id: chosen(chains, r.id).id for r in rules} == {
        "damp.surface_humidity": "damp",
        "winter.hoar_frost": "winter",
        "winter.ice": "winter",
        "bins.full": "bins",
        "bins.fire": "bins_fire",
        "device.silent": "device",
    }
    assert chosen(chains, "platform.no_readings").id == "platform"
    assert chosen(chains, "water.leak").id == "default"


def test_what_became_worse_and_is_as_before_is_not_told_again() -> None:
    now = alarm(severity="warning", told=("on_call:winter",), step=1)
    worse = Entry(
        alarm_id=1, log_id=7, at_s=NOW_S, actor="engine", what="severity",
        detail={"before": "warning", "severity": "major"},
    )  # fmt: skip
    assert follow(now, worse, NOW_S, CHAIN) == Turn(alarm=now)
    again = follow(replace(now, severity="major"), worse, NOW_S, CHAIN)
    assert [n.kind for n in again.notices] == ["severity"]


def broken(folder: Path, old: str, new: str, name: str = "winter") -> Path:
    for file in SHIPPED.glob("escalation_*.toml"):
        (folder / file.name).write_text(file.read_text())
    path = folder / f"escalation_{name}.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "winter"', 'id = "summer"', ["escalation_winter.toml", "'summer'", "'winter'"]),
        ("after_s = 600.0", "after_s = 9600.0", ["steps must begin at after_s 0 and rise"]),
        ('to = "role:manager"', 'to = "everybody"', ["steps[3].to", "everybody"]),
        ("renotify_most = 6", "renotify_most = 600", ["renotify_most", "600"]),
        ("owner =", "owners =", ["owners"]),
        ("version = 1", "version = ", ["no TOML"]),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    broken(tmp_path, old, new)
    with pytest.raises(ConfigurationError) as error:
        load_escalations(tmp_path)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_there_must_be_a_default(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"escalation_default\.toml is missing"):
        load_escalations(tmp_path)


async def test_the_live_catalogue_says_who_is_told() -> None:
    store, clock = MemoryCatalogueStore({}, lambda: WALL_S), ManualClock(datetime(2026, 1, 9, tzinfo=UTC))
    escalations, shipped = LiveEscalations(store, clock), read_files()

    async def promoted(most: int) -> None:
        chain = shipped["escalation_winter.toml"].replace("renotify_most = 6", f"renotify_most = {most}")
        number = await store.put({**shipped, "escalation_winter.toml": chain}, str(most), "B. Officer", "")
        await store.promote(number, "B. Officer", "")

    async def most() -> int:
        return (await escalations())("winter.ice").renotify_most

    assert await most() == 6
    await promoted(2)
    assert await most() == 6
    clock.advance(LOOK_EVERY_S)
    assert await most() == 2
    await promoted(600)  # more than is allowed: stored by another version of the software
    clock.advance(LOOK_EVERY_S)
    assert await most() == 2


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({}, True),
        ({"severity": "major"}, False),
        ({"acknowledged_s": NOW_S}, False),
        ({"shelved_until_s": NOW_S + 60.0}, False),
        ({"closed_s": NOW_S}, False),
        ({"told": ("on_call:winter",)}, False),
    ],
)
def test_a_fire_that_is_over_before_the_desk_looks_is_told_once_and_rings_no_more(
    changed: dict[str, Any], is_told: bool
) -> None:
    """Its line and that it is over were committed together, or while the desk was away."""
    over = replace(alarm(severity="critical", cleared_s=NOW_S), **changed)
    raised = Entry(alarm_id=1, log_id=7, at_s=NOW_S - 60.0, actor="engine", what="raised")
    turn = follow(over, raised, NOW_S, CHAIN)
    assert [n.kind for n in turn.notices] == ["raised"] * is_told * len(
        [s for s in CHAIN.steps if s.after_s == 0]
    )
    assert turn.set_timers == ()
    if is_told:
        cleared = Entry(alarm_id=1, log_id=8, at_s=NOW_S, actor="engine", what="cleared")
        assert {n.kind for n in follow(turn.alarm, cleared, NOW_S, CHAIN).notices} == {"cleared"}


@pytest.mark.parametrize(
    ("changed", "is_told"),
    [
        ({"heard": {"amira": "major"}}, True),
        ({"heard": {"amira": "major"}, "acknowledged_s": NOW_S - 90.0, "acknowledged_severity": "major"}, True),
        ({"heard": {"amira": "critical"}}, False),
        ({"heard": {"amira": "major"}, "shelved_until_s": NOW_S + 60.0}, False),
        ({"heard": {"amira": "major"}, "closed_s": NOW_S}, False),
        ({"heard": {"amira": "major"}, "acknowledged_s": NOW_S, "acknowledged_severity": "critical"}, False),
    ],
)  # fmt: skip
def test_who_heard_of_less_hears_that_it_became_critical_also_when_it_is_over(
    changed: dict[str, Any], is_told: bool
) -> None:
    over = replace(alarm(severity="critical", cleared_s=NOW_S, told=("on_call:winter",)), **changed)
    worse = Entry(
        alarm_id=1, log_id=8, at_s=NOW_S - 30.0, actor="engine", what="severity",
        detail={"severity": "critical", "before": "major"},
    )  # fmt: skip
    turn = follow(over, worse, NOW_S, CHAIN)
    assert [n.kind for n in turn.notices] == ["severity"] * is_told * len(
        [s for s in CHAIN.steps if s.after_s == 0]
    )
    assert turn.set_timers == ()
