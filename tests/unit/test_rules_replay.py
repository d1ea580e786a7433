"""A frost night played again: the same catalogue says the same, another one saves and risks what it should."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from msgspec import structs

from bench.frost_night import Night, batches, frost_night
from firmware_sim.world.town import TownSizes
from rules.catalogue.loader import load
from rules.core.context import build_context
from rules.core.diff import compare
from rules.core.overrides import Override, prepare, with_value
from rules.core.parameters import Catalogue
from rules.core.replayed import AlarmSpan, ColdSpell, DecisionMade, Replayed
from rules.core.savings import driven, treatments
from rules.replay.hide import hide_homes
from rules.replay.memory import MemoryReadings
from rules.replay.ports import SPAN_S
from rules.replay.runner import run

SMALL = TownSizes(segments=120, homes=8, road_sensors=6, weather_stations=2, bins=5, gritters=1, routes=3)
CATALOGUE = load()
HOURS = 15.0
NOON_S = 1767960000.0
assert NOON_S % 86_400 == 43_200


@cache
def night() -> Night:
    """A wet night whose roads come down to about the threshold, and after nine hours suddenly 3 °C lower."""
    made = frost_night(HOURS, SMALL)
    first = min(r[1] for r in made.readings)
    return Night(
        made.registry, [(*r[:4], milder(r[2], (r[1] - first) / 3600.0, r[4])) for r in made.readings]
    )


def milder(kind: str, hour: float, fields: dict[str, float]) -> dict[str, float]:
    if kind not in ("road", "weather"):
        return fields
    by_c = 2.2 - 3.0 * min(1.0, max(0.0, (hour - 9.0) / 1.5))
    found = {
        k: v + by_c if k in ("surface_temperature_c", "air_temperature_c") else v for k, v in fields.items()
    }
    found.pop("surface_state", None)
    return {**found, "water_film_mm": 0.3} if kind == "road" else found


@dataclass(frozen=True)
class Window:
    """The night from its second hour on."""

    from_s: float
    to_s: float


@cache
def window() -> Window:
    first = min(r[1] for r in night().readings)
    return Window(first + 3600.0, first + HOURS * 3600.0)


@cache
def source() -> MemoryReadings:
    [(readings, _)] = batches(night().readings, len(night().readings))
    return MemoryReadings(readings)


def play(
    catalogue: Catalogue, overrides: list[Override] | None = None, warm_up_s: float = 3600.0
) -> Replayed:
    ctx = build_context(
        night().registry, catalogue, ZoneInfo("Europe/London"), overrides=prepare(catalogue, overrides or [])
    )
    return run(source(), ctx, window().from_s, window().to_s, warm_up_s)


@cache
def as_shipped() -> Replayed:
    return play(CATALOGUE)


@cache
def at_colder() -> Replayed:
    return play(with_value(CATALOGUE, "winter.gritting", "parameters.action_c", -1.5))


def test_spans_hold_every_reading_once_in_order_of_time() -> None:
    times: list[float] = []
    for span in source().spans(0.0, 1e12):
        rows = sorted(
            (int(p), float(t)) for r in span.values() for p, t in zip(r.position, r.ts_s, strict=True)
        )
        assert np.diff([t for _, t in rows]).min(initial=0.0) >= 0
        assert rows[-1][1] // SPAN_S == rows[0][1] // SPAN_S
        assert not times or rows[0][1] >= times[-1]
        times += [t for _, t in rows]
    assert times == sorted(r[1] for r in night().readings)


def test_the_night_does_something() -> None:
    found = as_shipped()
    assert found.readings > 3000
    assert {a.rule_id for a in found.alarms}
    treat = next(d for d in found.decisions if d.outcome == "treat")
    assert treat.salt_kg > 0
    assert treat.km > 0
    assert treat.segments
    assert found.spells
    for spell in found.spells:
        assert spell.minimum_c <= 0.0
        assert sum(spell.within(0.0, 1e12).values()) == pytest.approx(spell.to_s - spell.from_s)


def test_the_same_catalogue_says_the_same() -> None:
    again = play(CATALOGUE)
    assert compare(as_shipped(), again) == ()
    assert treatments(as_shipped(), again, NOON_S, 5400.0).savings == ()


def test_a_lower_threshold_saves_treatments_and_takes_risks() -> None:
    differences = compare(as_shipped(), at_colder())
    assert {d.rule_id for d in differences if d.what == "decision"} == {"winter.gritting"}
    assert [d for d in differences if d.what == "alarm"] == []  # what a road is does not depend on it
    found = treatments(as_shipped(), at_colder(), NOON_S, 5400.0)
    runs, _, kg = found.total  # fewer runs at other hours: the way may be as long
    assert runs > 0
    assert kg > 0
    # Each stretch at risk was to be treated before, is later or not at all, and did go to freezing meanwhile.
    still = {s for d in at_colder().decisions if d.outcome == "treat" for s in d.segments}
    before = {s for d in as_shipped().decisions if d.outcome == "treat" for s in d.segments}
    assert found.untreated == len(before - still)
    assert found.risks
    for risk in found.risks:
        assert (risk.segment_id in still) == (risk.treated_s is not None)
        assert risk.treated_s is None or risk.treated_s > risk.decided_s
        assert risk.minimum_c <= 0.0
        assert 0.0 <= risk.slippery_s <= risk.cold_s + 1e-6


def test_an_override_of_then_counts_in_a_replay() -> None:
    routes = sorted({d.subject for d in as_shipped().decisions if d.outcome == "treat"})
    colder = Override(
        override_id=1, rule_id="winter.gritting", path="parameters.action_c", scope_kind="route", scope=routes[0],
        value=-30.0, author="A", reason="r", starts_s=0.0, expires_s=1e10,
    )  # fmt: skip
    found = compare(as_shipped(), play(CATALOGUE, [colder]))
    assert {d.subject for d in found if d.rule_id == "winter.gritting"} == {routes[0]}


def alarm(
    subject: str, raised_s: float, cleared_s: float | None, severity: str = "warning", *members: str
) -> AlarmSpan:
    return AlarmSpan(
        rule_id="winter.ice", subject_kind="route", subject=subject, severity=severity, raised_s=raised_s,
        cleared_s=cleared_s, title=f"{subject}: ice", reason="cold", members=members,
    )  # fmt: skip


def treat(route: str, at_s: float, *segments: str, rate: float = 10.0, **more: Any) -> DecisionMade:
    return DecisionMade(
        rule_id="winter.gritting", subject_kind="route", subject=route, at_s=at_s, outcome="treat", reason="cold",
        rate_g_m2=rate, passes=1, km=5.0, salt_kg=100.0 * len(segments), segments=segments, **more,
    )  # fmt: skip


def no_action(route: str, at_s: float) -> DecisionMade:
    return structs.replace(treat(route, at_s), outcome="no_action", rate_g_m2=0.0, km=0.0)


def replayed(*items: AlarmSpan | DecisionMade, spells: tuple[ColdSpell, ...] = ()) -> Replayed:
    return Replayed(
        from_s=1000.0,
        to_s=90_000.0,
        alarms=tuple(i for i in items if isinstance(i, AlarmSpan)),
        decisions=tuple(i for i in items if isinstance(i, DecisionMade)),
        spells=spells,
    )


@pytest.mark.parametrize(
    ("before", "after", "change", "says"),
    [
        (alarm("r1", 2000, 5000), None, "only_before", "r1: ice: no longer raised"),
        (None, alarm("r1", 2000, 5000), "only_after", "raised now"),
        (alarm("r1", 2000, 5000), alarm("r1", 2000, 5000, "major"), "severity", "warning before, major after"),
        (alarm("r1", 2000, 5000, "major", "s1"), alarm("r1", 2000, 5000, "major", "s1", "s2"), "members", "also s2"),
        (alarm("r1", 2000, 5000), alarm("r1", 3200, 5000), "time", "raised 20 min later, cleared at the same time"),
        (alarm("r1", 2000, 5000), alarm("r1", 2000, None), "time", "raised at the same time, cleared not yet"),
        (treat("r1", 4000, "s1"), None, "only_before", "(100 kg): no longer decided"),
        (treat("r1", 4000, "s1"), treat("r1", 4100, "s1", "s2"), "amount", "treat 1 stretches"),
        (treat("r1", 4000, "s1"), treat("r1", 7600, "s1"), "time", "60 min later"),
        (treat("r1", 4000, "s1"), structs.replace(treat("r1", 4000), outcome="monitor"), "outcome", "monitor after"),
    ],
)  # fmt: skip
def test_what_differs_is_told(before, after, change, says) -> None:
    [found] = compare(replayed(*([before] if before else [])), replayed(*([after] if after else [])))
    assert found.change == change
    assert says in found.text
    assert (found.before is None, found.after is None) == (before is None, after is None)


def test_what_is_near_enough_or_began_earlier_is_the_same() -> None:
    assert compare(replayed(alarm("r1", 2000, 5000)), replayed(alarm("r1", 2200, 4900))) == ()
    assert compare(replayed(alarm("r1", -9000, 5000)), replayed(alarm("r1", 500, 5000))) == ()
    assert compare(replayed(treat("r1", 4000, "s1")), replayed(treat("r1", 4299, "s1"))) == ()


def spell(
    segment: str, from_s: float, to_s: float, minimum_c: float, *states: tuple[float, str]
) -> ColdSpell:
    return ColdSpell(segment_id=segment, from_s=from_s, to_s=to_s, minimum_c=minimum_c, states=states)


def test_treatments_saved_and_risks_taken_are_counted_by_route_and_period() -> None:
    cold = (
        spell("s1", 6000, 9000, -1.5, (6000, "wet"), (6500, "ice"), (8000, "dry")),
        spell("s2", 6000, 7000, -0.1, (6000, "dry")),
        spell("s3", 6000, 7000, -2.0, (6000, "hoar")),  # treated as before
        spell("s1", 2000, 3000, -0.5, (2000, "ice")),  # before it was to be treated
        spell("s4", 200_000, 210_000, -5.0, (200_000, "ice")),  # another night
        spell("s5", 6000, 20_000, -3.0, (6000, "ice")),  # treated later
    )
    before = replayed(treat("r1", 4000, "s1", "s2", "s4"), treat("r2", 5000, "s3"), treat("r3", 5000, "s5"))
    after = replayed(treat("r2", 5000, "s3"), treat("r3", 8000, "s5"), spells=cold)
    found = treatments(before, after, 0.0, 3000.0)
    assert [(s.route_id, s.runs, s.km, s.salt_kg) for s in found.savings] == [("r1", 1, 5.0, 300.0)]
    assert found.total == (1, 5.0, 300.0)
    assert (found.untreated, found.later) == (3, 1)
    assert [(r.segment_id, r.treated_s, r.cold_s, r.slippery_s, r.minimum_c) for r in found.risks] == [
        ("s5", 8000, 3000.0, 3000.0, -3.0), ("s1", None, 2000.0, 1000.0, -1.5),
    ]  # fmt: skip
    assert found.risks[1].states_s == {"ice": 1000.0, "dry": 1000.0}
    assert [(r.from_s, r.to_s) for r in found.risks] == [(8000, 11_000), (7000, 9000)]


def test_only_what_a_lorry_would_leave_for_is_a_treatment() -> None:
    given_up = [treat("r1", 1000, "s1", call_out_s=9000.0), no_action("r1", 4000)]
    replaced = [treat("r2", 1000, "s1", call_out_s=3000.0), treat("r2", 2500, "s1", "s2", call_out_s=3000.0)]
    assert driven(given_up, 21_600.0) == []
    assert driven(replaced, 21_600.0) == replaced[1:]
    left_already = [treat("r1", 1000, "s1", call_out_s=2000.0), no_action("r1", 4000)]
    assert driven(left_already, 21_600.0) == left_already[:1]


def test_a_plan_that_nobody_drove_in_a_replay_counts_once_while_its_salt_would_hold() -> None:
    first, again = treat("r1", 1000, "s1"), treat("r1", 5000, "s1", "s2")
    [kept, more] = driven([first, again], 21_600.0)
    assert kept == first
    assert (more.segments, more.km, more.salt_kg) == (("s2",), again.km / 2, again.salt_kg / 2)
    much_later = treat("r1", 30_000, "s1")
    assert driven([first, much_later], 21_600.0) == [first, much_later]
    stronger = treat("r1", 5000, "s1", rate=20.0)
    assert driven([first, stronger], 21_600.0) == [first, stronger]
    salted = treat("r1", 5000, "s1", is_salted=True)  # gritters reported: the rules know what is missing
    assert driven([first, salted], 21_600.0) == [first, salted]


def test_homes_are_told_by_number() -> None:
    damp = AlarmSpan(
        rule_id="damp.surface_humidity", subject_kind="home", subject="OAK", severity="warning", raised_s=2000.0,
        cleared_s=None, title="1 Oak Street: damp wall", reason="OAK at 1 Oak Street is damp",
    )  # fmt: skip
    [hidden] = hide_homes(replayed(damp), [("OAK", "1 Oak Street", 17)]).alarms
    assert (hidden.subject, hidden.title) == ("home 17", "Home 17: damp wall")
    assert hidden.reason == "home 17 at Home 17 is damp"
    [renamed] = hide_homes(replayed(damp), [("OAK", "Flat 2: rear", 17)]).alarms
    assert renamed.title == "Home 17: damp wall"
    [stranger] = hide_homes(replayed(damp), []).alarms
    assert (stranger.subject, stranger.title, stranger.reason) == ("home ?", "Home ?", "")
