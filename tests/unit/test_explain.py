"""Every shipped rule can be explained from what is stored of it, in the same words everywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from rules.catalogue.loader import SHIPPED
from rules.core.effects import Decision, Effect, RaiseAlarm, iso
from rules.core.engine import step
from rules.core.explain.alarm import UNTOLD, explain_alarm
from rules.core.explain.catalogue_copy import catalogue_copy
from rules.core.explain.decision import explain_decision
from rules.core.explain.model import Explanation
from rules.core.explain.text import SMS, as_sms, as_text, input_line, limit_line
from rules.core.memory import EngineState
from tests.fakes.rules_town import START, ZONE, Reading, batch, context, latest

COPY = catalogue_copy({p.name: p.read_text(encoding="utf-8") for p in SHIPPED.glob("*.toml")})
ALARM_RULES = (
    "damp.surface_humidity", "winter.hoar_frost", "winter.ice", "bins.full", "bins.fire", "device.silent",
)  # fmt: skip
NOW_S = START + 8.5 * 3600


def evening() -> Iterator[Reading]:
    """A night with ice on a wet road, hoar on a dry one, damp, a full bin, a fire, and a station that dies."""
    for minutes in range(0, 600, 10):
        at_s, surface = minutes * 60.0, 2.5 - minutes / 60.0
        air = {"air_temperature_c": surface + 1.0, "humidity_pct": 97.0}
        if minutes < 120:
            yield "weather", "wx-0", at_s, {**air, "wind_speed_m_s": 0.5}
        yield "road", "road-0", at_s + 1, {**air, "surface_temperature_c": surface, "water_film_mm": 0.3}
        if not 200 <= minutes < 260:
            yield (
                "road",
                "road-1",
                at_s + 2,
                {**air, "surface_temperature_c": surface - 1.5, "water_film_mm": 0.0},
            )
        yield "frog", "frog-2", at_s + 3, {"temperature_c": 15.0, "humidity_pct": 85.0}
        yield "bin", "bin-0", at_s + 4, {"distance_mm": max(150.0, 900.0 - 5 * minutes)}
        hot = 90.0 if minutes >= 300 else 8.0
        yield "bin", "bin-1", at_s + 5, {"distance_mm": 800.0, "temperature_c": hot}


@pytest.fixture(scope="module")
def effects() -> list[Effect]:
    readings = list(evening())
    return list(step(EngineState(), batch(readings), latest(readings), context())[1])


def stored(effect: Any) -> dict[str, Any]:
    """An effect as the tables give it back: through JSON."""
    row: dict[str, Any] = json.loads(msgspec.json.encode(effect))
    at, held = iso(row.pop("at_s")), row.pop("held_since_s", None)
    return {**row, "raised_at": at, "decided_at": at, "cleared_at": None, "held_since": iso(held)}


def alarm_of(effects: list[Effect], rule_id: str) -> dict[str, Any]:
    found = [e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == rule_id]
    assert found, f"the evening raises {rule_id}"
    return stored(found[0])


def members_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**m, "joined_at": iso(m["at_s"]), "left_at": None} for m in alarm.get("members", ())]


def explained(alarm: dict[str, Any], **more: Any) -> Explanation:
    values: dict[str, Any] = {"members": members_of(alarm), "overrides": [], "qualities": None, **more}
    return explain_alarm(
        alarm, values["members"], COPY, values["overrides"], ZONE, NOW_S, values["qualities"]
    )


@pytest.mark.parametrize("rule_id", ALARM_RULES)
def test_every_alarm_rule_has_inputs_limits_with_source_and_a_way_out(
    effects: list[Effect], rule_id: str
) -> None:
    alarm = alarm_of(effects, rule_id)
    e = explained(alarm)
    assert e.headline == alarm["title"]
    assert len(e.first_line) <= 120
    assert e.inputs
    assert all(i.value for i in e.inputs)
    assert e.limits
    assert all(limit.source and "not in the catalogue" not in limit.source for limit in e.limits)
    assert any(f"({rule_id} v" in limit.source for limit in e.limits), "the rule and its version are named"
    assert e.since is not None
    assert e.would_change
    if rule_id != "device.silent":
        assert rule_id == "bins.fire" or all(i.at is not None and i.device is not None for i in e.inputs)
    text = as_text(e)
    assert "2026-01-09T" not in text, "times are said as people read them"
    assert max(map(len, text.splitlines())) <= 100 or " " not in max(text.splitlines(), key=len)
    assert len(as_sms(e)) <= SMS
    assert as_sms(e).startswith(e.first_line)


def test_the_numbers_of_a_damp_wall(effects: list[Effect]) -> None:
    alarm = alarm_of(effects, "damp.surface_humidity")
    e = explained(alarm)
    wall = alarm["inputs"]["surface_humidity_pct"]
    assert e.would_change == (
        f"{wall - 75:.1f} % points less and this alarm clears when it stays so for 2 h.".replace(".0 ", " "),
    )
    assert "raised at 80 %" in e.first_line
    raised = next(limit for limit in e.limits if limit.name == "raised at")
    assert (raised.value, raised.set_by) == ("80 %", None)
    assert "BS 5250:2002" in raised.source


def test_an_override_is_named_with_author_and_end(effects: list[Effect]) -> None:
    override = {
        "path": "parameters.raise_pct", "value": 85.0, "author": "kim", "reason": "old wall, known",
        "expires_at": iso(START + 86_400 * 3),
    }  # fmt: skip
    e = explained(alarm_of(effects, "damp.surface_humidity"), overrides=[override])
    raised = next(limit for limit in e.limits if limit.name == "raised at")
    assert raised.set_by == "kim"
    assert raised.until == "Mon 12 Jan 15:00"
    assert "old wall, known" in limit_line(raised)


def test_repaired_clocks_and_readings_looked_up(effects: list[Effect]) -> None:
    alarm = alarm_of(effects, "bins.full")
    key = (alarm["inputs"]["device"], alarm["inputs"]["at"])
    good, repaired = explained(alarm, qualities={key: 0}), explained(alarm, qualities={key: 1})
    assert {i.quality for i in good.inputs} == {"good"}
    assert good.caveats == ()
    assert {i.quality for i in repaired.inputs} == {"clock repaired"}
    assert repaired.caveats == ("The time of readings of bin-0 was repaired.",)


def test_a_masked_home_tells_nothing_that_was_measured() -> None:
    masked = {
        "rule_id": "damp.surface_humidity", "rule_version": 1, "subject_kind": "home", "subject": "home 17",
        "severity": "warning", "title": "Home 17: damp wall", "reason": "Damp.", "raised_at": iso(START),
        "cleared_at": None, "inputs": {},
    }  # fmt: skip
    e = explained(masked)
    assert e.inputs == e.would_change == ()
    assert e.caveats == (UNTOLD,)
    assert e.limits


def test_a_group_is_told_by_its_members(effects: list[Effect]) -> None:
    ice = alarm_of(effects, "winter.ice")
    seen = members_of(ice)[0]["inputs"]
    members = [
        {"kind": "segment", "subject": f"s{i}", "severity": "major", "joined_at": iso(START + i), "left_at": None,
         "reason": "Ice.", "inputs": seen | {"surface_temperature_c": -1.0 - i}}
        for i in range(9)
    ]  # fmt: skip
    group = {**ice, "title": "Route 1: ice", "inputs": {}}
    e = explained(group, members=members)
    assert e.first_line == "Route 1: ice: 9 in it, s0, s1, s2, s3 and 5 more"
    assert e.inputs[0].name == "s0: road surface"
    assert len(e.why) == 1
    assert e.members[0].startswith("s0 since ")
    assert e.members[-1] == "And 3 more."
    assert as_text(e).count("s5 since ") == 1
    [way_out] = e.would_change
    assert way_out.startswith("9.3 °C warmer, or dry, on all of them and"), "the coldest is the last to clear"
    left = [{**m, "left_at": iso(START + 60)} for m in members[1:]]
    alone = explained(group, members=[{**members[0], "label": "Mill Lane (s0)"}, *left])
    assert "1 in it, Mill Lane (s0)" in alone.first_line
    assert [i.name for i in alone.inputs][:2] == ["Mill Lane (s0): road surface", "Mill Lane (s0): dew point"]
    assert not any("on all" in change for change in alone.would_change)
    over = explained({**group, "cleared_at": iso(START + 7200)}, members=members)
    assert over.would_change == ()
    assert over.why[-1] == "It cleared today 17:00."


def test_silent_devices_of_a_home_are_told_without_what_they_measured(effects: list[Effect]) -> None:
    silent = alarm_of(effects, "device.silent")
    [member] = members_of(silent)
    home = {**silent, "subject_kind": "home", "subject": "home 17", "title": "Home 17: 2 devices are silent"}
    two = [{**member, "subject": f"frog-{n}"} for n in (1, 2)]
    e = explained({**home, "inputs": {}}, members=two)
    assert [i.name for i in e.inputs] == ["frog-1: last reading", "frog-2: last reading"]
    assert e.would_change == ("One reading of each and this alarm clears.",)
    assert UNTOLD not in e.caveats


def test_severities_and_flapping_are_among_the_limits(effects: list[Effect]) -> None:
    for rule_id, major in (("damp.surface_humidity", ("100 %", "95 %")), ("bins.full", ("95 %", "85 %"))):
        limits = {limit.name: limit.value for limit in explained(alarm_of(effects, rule_id)).limits}
        assert (limits["major from"], limits["no longer major below"]) == major
    damp = explained({**alarm_of(effects, "damp.surface_humidity"), "flapping": True})
    assert "when it stays so for 12 h" in damp.would_change[0]
    assert any("came and went" in c for c in damp.caveats)


def test_a_bins_own_limits_are_said_only_where_they_were_stored(effects: list[Effect]) -> None:
    full = alarm_of(effects, "bins.full")
    limits = {limit.name: limit.value for limit in explained(full).limits}
    stored_at = f"{full['inputs']['clear_pct']:g} %"
    assert (limits["cleared below"], limits["hysteresis"]) == (stored_at, "10 % points")
    old = explained({**full, "inputs": {"fill_pct": 85.0}})
    assert "cleared below" not in {limit.name for limit in old.limits}
    assert old.would_change == ()
    fire = {limit.name: limit.value for limit in explained(alarm_of(effects, "bins.fire")).limits}
    assert (fire["fire at"], fire["cleared below"]) == ("75 °C", "50 °C")


def decision_of(effects: list[Effect], rule_id: str, outcome: str) -> dict[str, Any]:
    found = [e for e in effects if isinstance(e, Decision) and (e.rule_id, e.outcome) == (rule_id, outcome)]
    assert found
    return stored(found[-1])


def test_a_route_that_is_treated_late_says_when_and_how_late(effects: list[Effect]) -> None:
    decision = decision_of(effects, "winter.gritting", "treat")
    result = {
        **decision["result"],
        "treat_by": "2026-01-09T19:10:00Z",
        "done_by": "2026-01-09T20:20:00Z",
        "late_min": 70,
    }
    told = explain_decision({**decision, "result": result}, COPY, [], ZONE, NOW_S).first_line
    assert "20:20, 70 min later than wanted" in told


def test_a_treated_route_is_explained(effects: list[Effect]) -> None:
    decision = decision_of(effects, "winter.gritting", "treat")
    e = explain_decision(decision, COPY, [], ZONE, NOW_S)
    assert e.headline.startswith("Route r")
    assert ": treat twice, decided today" in e.headline
    assert "g/m²" in e.first_line
    [change] = decision["would_change"]
    assert e.would_change == (
        f"{change['by']:.2f}".rstrip("0").rstrip(".") + " °C warmer and this route is not treated.",
    )
    action = e.limits[0]
    assert (action.value, "Lancashire" in action.source, "winter.gritting v" in action.source) == (
        "1 °C",
        True,
        True,
    )
    assert any("Transport Scotland" in limit.source for limit in e.limits)
    shown = {i.name: f"{i.value} {i.unit}" for i in e.inputs}
    [salt] = [value for name, value in shown.items() if name.endswith("salt by the matrix")]
    assert salt.startswith("40, by physics ")  # ice: 2 × 20
    assert shown["expected cost of treating"].startswith("£1,")
    assert "% chance of ice, from the sensors' trend" in shown["expected cost of not treating"]
    limits = {limit.name: limit for limit in e.limits}
    assert limits["salt is not spread below"].value == "−10 °C"
    assert limits["a night of ice untreated costs"].value == "£5,000"
    measured = [i for i in e.inputs if i.device is not None]
    assert measured
    assert all(i.at is not None for i in measured)


def test_missing_readings_are_counted_and_named(effects: list[Effect]) -> None:
    decisions = [
        e for e in effects
        if isinstance(e, Decision) and e.rule_id == "winter.gritting" and e.at_s > START + 150 * 60
    ]  # fmt: skip
    lacking = [d for d in decisions if "wx-0" in d.missing_devices]
    assert lacking, "the station died after two hours"
    d = stored(lacking[-1])
    assert 0 < d["missing"] < d["expected"]
    said = explain_decision(d, COPY, [], ZONE, NOW_S).caveats[0]
    assert said.startswith(f"Decided without {d['missing']} of {d['expected']} expected readings (")
    assert "wx-0" in said


def test_what_would_differ_is_said_and_the_decision_stands(effects: list[Effect]) -> None:
    late = {
        "devices": ["road-0"],
        "from": "2026-01-09T18:00:01Z",
        "to": "2026-01-09T20:40:01Z",
        "readings": 17,
    }
    mark = {"text": "no action instead of monitor, 2026-01-09T21:00:00Z", "late": [late]}
    decision = decision_of(effects, "winter.gritting", "treat") | {"would_differ": mark}
    e = explain_decision(decision, COPY, [], ZONE, NOW_S)
    assert e.caveats[-1] == (
        "Would differ: no action instead of monitor, today 21:00, "
        "had readings of road-0 from today 18:00 to today 20:40 not come late. It stands as made."
    )
    assert e.caveats[-1] in " ".join(as_text(e).split())


def test_a_round_is_explained(effects: list[Effect]) -> None:
    e = explain_decision(decision_of(effects, "bins.round", "collect"), COPY, [], ZONE, NOW_S)
    assert e.headline.startswith("Collection round: collect")
    assert e.first_line.startswith("Collection round: 1 bin must go")
    assert e.inputs[0].name.startswith("b0, ")
    assert e.inputs[0].device == "bin-0"
    assert any("fuller and b1 is on the list too" in c for c in e.would_change)
    assert all(limit.source for limit in e.limits)


def test_the_text_holds_every_sentence(effects: list[Effect]) -> None:
    for e in (
        explain_decision(decision_of(effects, "winter.gritting", "treat"), COPY, [], ZONE, NOW_S),
        *(explained(alarm_of(effects, rule_id)) for rule_id in ALARM_RULES),
    ):
        text = " ".join(as_text(e).split())
        lines = [*map(input_line, e.inputs), *map(limit_line, e.limits)]
        for sentence in (e.headline, e.first_line, *e.why, *e.would_change, *e.caveats, *lines):
            assert " ".join(sentence.split()) in text


def test_homes_that_are_not_named_are_counted_and_told_apart() -> None:
    """Two homes of one name left a group, one of them twice: two were in it."""
    group = {
        "rule_id": "damp.surface_humidity", "rule_version": 1, "subject_kind": "town", "subject": "town",
        "severity": "warning", "title": "2 Homes at damp risk", "reason": "Two.", "raised_at": iso(START),
        "cleared_at": iso(START + 7200), "inputs": {},
    }  # fmt: skip
    left = [
        {"kind": "home", "who": who, "subject": "a home", "label": "a home", "severity": "warning", "reason": "",
         "joined_at": iso(START + at_s), "left_at": iso(START + at_s + 60), "inputs": {}}
        for who, at_s in ((1, 0), (2, 60), (1, 3600))
    ]  # fmt: skip
    found = explained(group, members=left)
    assert found.first_line == "2 Homes at damp risk: 2 were in it"
    assert found.members == ()


def test_a_forecast_and_salt_that_is_left_are_shown(effects: list[Effect]) -> None:
    decision = decision_of(effects, "winter.gritting", "treat")
    inputs = decision["inputs"]
    worst = max(inputs["segments"], key=lambda s: s["cell_g_m2"] or 0.0)
    worst |= {"p_ice": 0.42, "film_mm": 0.07}
    inputs["salt_left"] = {"a": {"g_m2": 4.3, "safe_c": -2.6}, "b": {"g_m2": 6.0, "safe_c": None}}
    inputs["cost"] |= {"source": "forecast"}
    shown = {i.name: f"{i.value} {i.unit}" for i in explain_decision(decision, COPY, [], ZONE, NOW_S).inputs}
    assert shown[f"{worst['street']}, chance of ice"] == "42 %"
    assert shown["salt left on 2 stretches"] == "4.3 to 6 g/m²"
    assert shown["… keeps water there liquid down to"] == "−2.6 °C"
    assert "the forecast's" in shown["expected cost of not treating"]


def test_a_decision_that_knew_nothing_of_costs_is_explained_as_it_was(effects: list[Effect]) -> None:
    decision = decision_of(effects, "winter.gritting", "treat")
    for key in ("cost", "salt_left"):
        del decision["inputs"][key]
    del decision["result"]["action"]
    e = explain_decision(decision, COPY, [], ZONE, NOW_S)
    assert ": treat, decided today" in e.headline
    assert "a run costs" not in {limit.name for limit in e.limits}
    assert not [i for i in e.inputs if "cost" in i.name]


@pytest.mark.parametrize(
    ("rule_id", "inputs", "ends"),
    [
        ("bins.tilted", {"tilt_deg": 80.0}, "A reading of it upright again and this alarm clears"),
        (
            "bins.blocked",
            {"by": "sensor"},
            "An echo from the waste again, an emptying, or a crew’s word that it was collected and",
        ),
        (
            "bins.not_emptied",
            {"failed_visits": 2},
            "An emptying that its level shows, or the word taken back",
        ),
        (
            "bins.contaminated",
            {"stream": "paper"},
            "A crew’s word that it was collected, or the crew’s act taken back,",
        ),
    ],
)
def test_a_bins_trouble_says_what_would_end_it(rule_id: str, inputs: dict[str, Any], ends: str) -> None:
    alarm = {
        "rule_id": rule_id, "rule_version": 1, "subject_kind": "bin", "subject": "b0", "severity": "warning", "title": "t",
        "reason": "r", "raised_at": iso(START), "cleared_at": None, "inputs": inputs,
    }  # fmt: skip
    [change] = explained(alarm).would_change
    assert change.startswith(ends)
    assert "this alarm clears" in change
    assert explained({**alarm, "cleared_at": iso(START + 60)}).would_change == ()
