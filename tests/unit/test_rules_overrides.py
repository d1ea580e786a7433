"""Overrides: what is allowed, when they count, and that each rule that can be overridden listens."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.effects import Effect, LateReadings, MemberJoined, RaiseAlarm, SubjectState
from rules.core.engine import step
from rules.core.late import late_spans
from rules.core.memory import EngineState
from rules.core.overrides import SCOPES, Override, OverrideError, check_scope, field_of, prepare, with_value
from tests.fakes.examples import examples
from tests.fakes.rules_town import START, ZONE, Reading, batch, hamlet, latest, random_evening

CATALOGUE = load()
FOREVER = 400 * 86_400.0


def override(rule: str, path: str, kind: str, scope: str, value: Any, **more: Any) -> Override:
    given = {
        "override_id": 1,
        "author": "A. Tester",
        "reason": "test",
        "starts_s": 0.0,
        "expires_s": START + FOREVER,
    }
    return Override(
        **{**given, "rule_id": rule, "path": path, "scope_kind": kind, "scope": scope, "value": value, **more}
    )  # type: ignore[arg-type]


def evening(
    overrides: list[Override], readings: list[Reading], cuts: list[int]
) -> tuple[EngineState, list[Effect]]:
    prepared = prepare(CATALOGUE, overrides)
    assert prepared.refused == ()
    ctx = build_context(hamlet(), CATALOGUE, ZONE, overrides=prepared)
    state, effects = EngineState(), list[Effect]()
    edges = [0, *sorted(cuts), len(readings)]
    for a, b in pairwise(edges):
        state, new = step(state, batch(readings[a:b]), latest(readings[:b]), ctx)
        effects += new
    return state, effects


@pytest.mark.parametrize(
    ("rule", "path", "value", "says"),
    [
        ("bins.empty", "parameters.hysteresis_pct", 5, "there is no rule 'bins.empty'; rules: bins.blocked"),
        (
            "bins.full",
            "parameters.histeresis_pct",
            5,
            "there is no parameter 'parameters.histeresis_pct'; there: ",
        ),
        ("bins.full", "parameters.threshold_pct", 120, "<= 100"),
        ("winter.gritting", "parameters.action_c", "cold", "expected `float`"),
        ("damp.surface_humidity", "parameters.clear_pct", 85, "clear_pct 85.0 must be below raise_pct 80.0"),
    ],
)
def test_a_value_that_the_rule_does_not_allow(rule: str, path: str, value: Any, says: str) -> None:
    with pytest.raises(OverrideError) as error:
        with_value(CATALOGUE, rule, path, value)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("rule", "path", "kind", "says"),
    [
        (
            "bins.round",
            "parameters.redecide_s",
            "bin",
            "can't be overridden; rules that can: bins.blocked, bins.contaminated, bins.forecast, bins.full",
        ),
        ("bins.full", "parameters.hysteresis_pct", "device", "for a bin, not for a device"),
        ("winter.gritting", "parameters.time_zone", "route", "is the same for every route"),
    ],
)
def test_what_no_rule_reads_per_subject_is_refused(rule: str, path: str, kind: str, says: str) -> None:
    with pytest.raises(OverrideError) as error:
        check_scope(rule, path, kind)
    assert says in str(error.value)


def test_the_rules_that_can_be_overridden_exist() -> None:
    for rule_id, (_, paths) in SCOPES.items():
        raw = msgspec.to_builtins(getattr(CATALOGUE, field_of(CATALOGUE, rule_id)))
        for path in paths:
            if path == "parameters" or path.endswith("threshold_pct"):
                continue
            value: Any = raw
            for part in path.split("."):
                value = value[part]


def test_an_override_counts_from_its_start_to_its_end_at_full_minutes() -> None:
    o = override(
        "winter.gritting", "parameters.action_c", "route", "r1", 0.5, starts_s=630.0, expires_s=1260.0
    )
    ctx = build_context(hamlet(), CATALOGUE, ZONE, overrides=prepare(CATALOGUE, [o]))
    found = {
        t: ctx.at("route", "r1", t).catalogue.gritting.parameters.action_c
        for t in (600, 659, 660, 1259, 1260, 1320)
    }
    assert found == {600: 1.0, 659: 1.0, 660: 0.5, 1259: 0.5, 1260: 1.0, 1320: 1.0}
    assert ctx.at("route", "r2", 700.0) is ctx
    derived = ctx.at("route", "r1", 700.0)
    assert ctx.at("route", "r1", 800.0) is derived
    assert derived.at("route", "r2", 700.0) is ctx
    withdrawn = msgspec.structs.replace(o, withdrawn_s=900.0)
    assert prepare(CATALOGUE, [withdrawn]).at("route", "r1", 900.0) == CATALOGUE


def test_of_two_for_one_parameter_the_later_wins_and_two_that_do_not_fit_are_refused() -> None:
    a = override("winter.gritting", "parameters.action_c", "route", "r1", 0.5)
    b = msgspec.structs.replace(a, override_id=2, value=0.0)
    found = prepare(CATALOGUE, [b, a]).at("route", "r1", START)
    assert found is not None
    assert found.gritting.parameters.action_c == 0.0
    low = override("damp.surface_humidity", "parameters.raise_pct", "home", "OAK", 76.0)
    high = override("damp.surface_humidity", "parameters.clear_pct", "home", "OAK", 79.0, override_id=2)
    prepared = prepare(CATALOGUE, [low, high])
    own = prepared.at("home", "OAK", START)
    assert own is not None
    assert (own.damp.parameters.raise_pct, own.damp.parameters.clear_pct) == (76.0, 75.0)
    assert prepared.refused[0][0] == high


def frogs(hours: float) -> list[Reading]:
    """Damp rooms in both homes, at 77 % or so at the wall."""
    out: list[Reading] = []
    for minute in range(0, int(hours * 60), 5):
        values = {"temperature_c": 18.0, "humidity_pct": 77.0, "wall_temperature_c": 18.0}
        out += [("frog", f"frog-{i}", minute * 60.0 + i, values) for i in range(3)]
    return out


def raised(effects: list[Effect], rule: str) -> list[str]:
    return sorted({e.subject for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == rule})


def test_a_home_of_its_own_threshold() -> None:
    readings = frogs(8.0)
    assert raised(evening([], readings, [])[1], "damp.surface_humidity") == []
    lower = override("damp.surface_humidity", "parameters.raise_pct", "home", "OAK", 76.0)
    effects = evening([lower], readings, [])[1]
    assert raised(effects, "damp.surface_humidity") == ["OAK"]
    [alarm] = [e for e in effects if isinstance(e, RaiseAlarm)]
    assert alarm.inputs["raise_pct"] == 76.0
    late = msgspec.structs.replace(lower, starts_s=START + 5 * 3600.0)
    assert raised(evening([late], readings, [])[1], "damp.surface_humidity") == []  # 3 h of it are no 6 h


def test_a_bin_of_its_own_threshold_and_hysteresis() -> None:
    readings: list[Reading] = [
        ("bin", f"bin-{i}", n * 1800.0 + i, {"distance_mm": 460.0}) for n in range(6) for i in range(3)
    ]
    assert raised(evening([], readings, [])[1], "bins.full") == []
    lower = override("bins.full", "parameters.threshold_pct", "bin", "b1", 50)
    effects = evening([lower], readings, [])[1]
    assert raised(effects, "bins.full") == ["b1"]
    states = {
        e.subject: e.state["state"]
        for e in effects
        if isinstance(e, SubjectState) and e.subject_kind == "bin"
    }
    assert states == {"b0": "ok", "b1": "full", "b2": "ok"}


def test_a_route_of_its_own_action_threshold() -> None:
    values = {
        "surface_temperature_c": 0.8,
        "air_temperature_c": 1.5,
        "humidity_pct": 97.0,
        "water_film_mm": 0.5,
    }
    readings: list[Reading] = [
        ("road", f"road-{i}", n * 600.0 + i, values) for n in range(12) for i in range(2)
    ]
    for own, route in (
        ([], []),
        ([override("winter.gritting", "parameters.action_c", "route", "r1", -3.0)], ["r1"]),
    ):
        effects = evening(own, readings, [])[1]
        outcomes = {
            e.subject: e.inputs["action_c"]
            for e in effects
            if hasattr(e, "outcome") and e.rule_id == "winter.gritting"
        }
        assert [r for r, c in sorted(outcomes.items()) if c == -3.0] == route
        treats = {e.subject for e in effects if getattr(e, "outcome", "") == "treat"}
        assert treats == {"r1", "r2"} - set(route)


def silent_frogs(effects: list[Effect]) -> dict[str, str]:
    """Severity of each member of the alarms of silent devices, as it joined."""
    found = [
        m
        for e in effects
        for m in (
            e.members if isinstance(e, RaiseAlarm) else [e.member] if isinstance(e, MemberJoined) else []
        )
    ]
    return {m.subject: m.severity for m in found if m.kind == "device"}


def test_a_device_of_its_own_patience() -> None:
    readings: list[Reading] = [
        ("frog", f"frog-{i}", 0.0, {"temperature_c": 18.0, "humidity_pct": 50.0}) for i in range(3)
    ]
    readings += [("bin", "bin-0", 60.0 * n, {"distance_mm": 900.0}) for n in range(90)]
    everybody = {f"frog-{i}": "warning" for i in range(3)}
    assert silent_frogs(evening([], readings, [])[1]) == everybody
    patient = override("device.silent", "parameters.at_least_s.frog", "device", "frog-1", 86_400)
    assert silent_frogs(evening([patient], readings, [])[1]) == {"frog-0": "warning", "frog-2": "warning"}
    grave = override("device.silent", "alarm.levels", "device", "frog-1", [{"severity": "major"}])
    assert silent_frogs(evening([grave], readings, [])[1]) == {**everybody, "frog-1": "major"}


def icy_roads(severity: str | None) -> dict[str, str]:
    """Severity of each stretch with ice, where the stretches of sensors have their own or not."""
    values = {
        "surface_temperature_c": -4.0,
        "air_temperature_c": -2.0,
        "humidity_pct": 85.0,
        "water_film_mm": 0.5,
    }
    readings: list[Reading] = [
        ("road", f"road-{i}", n * 300.0 + i, values) for n in range(12) for i in range(2)
    ]
    own = [s.segment_id for s in hamlet().segments if s.device == "road-0"]
    overrides = [
        override("winter.ice", "alarm.levels", "segment", s, [{"severity": severity}], override_id=n)
        for n, s in enumerate(own if severity else [], start=1)
    ]
    effects = evening(overrides, readings, [])[1]
    found = [e for e in effects if isinstance(e, RaiseAlarm) and e.rule_id == "winter.ice"]
    return {m.subject: m.severity for e in found for m in e.members}


def test_a_stretch_of_its_own_severity() -> None:
    [own] = [s.segment_id for s in hamlet().segments if s.device == "road-0"]
    shipped, critical = icy_roads(None), icy_roads("critical")
    assert shipped[own] != "critical"
    assert critical == {**shipped, own: "critical"}


SOME = [
    override("winter.gritting", "parameters.action_c", "route", "r1", -0.5, starts_s=START + 4000.0, expires_s=START + 14_000.0),
    override("bins.full", "parameters.threshold_pct", "bin", "b1", 40, override_id=2, starts_s=START + 1234.5),
    override("bins.full", "parameters.hysteresis_pct", "bin", "b1", 3, override_id=3, starts_s=START + 9000.0),
    override("damp.surface_humidity", "parameters.raise_pct", "home", "OAK", 76, override_id=4, starts_s=START + 7777.0),
    override("device.silent", "parameters.at_least_s.frog", "device", "frog-1", 600, override_id=5, withdrawn_s=START + 9999.0),
]  # fmt: skip


@given(st.integers(0, 10**6), st.floats(0.5, 5.0), st.lists(st.floats(0, 1), max_size=20))
@examples(7)
def test_any_split_gives_the_same_with_overrides_that_come_and_go(
    seed: int, hours: float, shares: list[float]
) -> None:
    readings = random_evening(random.Random(seed), hours)
    whole, at_once = evening(SOME, readings, [])
    parts, bit_by_bit = evening(SOME, readings, [int(s * len(readings)) for s in shares])
    assert parts == whole
    happened = [
        sorted(repr(e) for e in found if not isinstance(e, SubjectState | LateReadings))
        for found in (at_once, bit_by_bit)
    ]
    assert happened[0] == happened[1]
    assert late_spans(at_once) == late_spans(bit_by_bit)
