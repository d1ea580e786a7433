"""The benchmark of moisture events: what counts as found, the hobby rule, and that homes are what they are called."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.__main__ import parser
from bench.moisture import events, hobby, report
from bench.moisture.cause import CAUSES, said
from bench.moisture.looking import found_in
from bench.moisture.rooms import room_of
from bench.moisture.truth import QUICK, Score, TrueEvent, diary_of, truth_of
from firmware_sim.world.home_events import SHOWER
from firmware_sim.world.home_remedies import dose_pct_h, mended
from firmware_sim.world.home_weeks import KINDS, Weeks, kinds_of, model_of, weeks
from firmware_sim.world.winter import Winter
from rules.core.damp_cause.finding import NotEnough
from rules.core.moisture_events.parameters import MoistureParameters

TRUTH = [TrueEvent("shower", 1000.0, 1600.0, 200.0), TrueEvent("cooking", 9000.0, 11_000.0, 200.0)]


@pytest.fixture(scope="module")
def played() -> Weeks:
    return weeks(5, 6, 3)


def test_precision_recall_and_names_are_counted() -> None:
    score = Score()
    score.add(
        [(900.0, 1500.0, "shower"), (30_000.0, 30_600.0, "cooking"), (9100.0, 10_000.0, "shower")], TRUTH
    )
    figures = score.figures()
    assert (figures["precision"], figures["recall"], figures["right_activity"]) == (0.667, 1.0, 0.5)
    assert figures["recall_by_activity"] == {"cooking": 1.0, "shower": 1.0}


def test_one_found_event_stands_for_one_true_one_where_that_is_asked() -> None:
    score = Score()
    two = [TRUTH[0], TrueEvent("shower", 1700.0, 2200.0, 200.0)]
    score.add([(900.0, 2300.0, "shower")], two)
    assert (score.figures()["recall"], score.figures()["recall_one_to_one"]) == (1.0, 0.5)


def test_nothing_found_has_no_precision() -> None:
    score = Score()
    score.add([], TRUTH)
    assert (score.figures()["precision"], score.figures()["recall"]) == (None, 0.0)


def test_a_diary_tells_a_share_near_its_time() -> None:
    rng = np.random.default_rng(1)
    assert diary_of(TRUTH, 0.0, rng) == []
    told = diary_of(TRUTH, 1.0, rng)
    assert [e.activity for e in told] == ["shower", "cooking"]
    assert 700.0 <= told[0].at_s <= 4300.0


def test_the_hobby_rule_finds_a_peak_and_holds_for_ever_in_a_humid_home() -> None:
    at_s = np.arange(600) * 300.0
    dry = np.full(600, 50.0)
    dry[400:410] = 60.0
    assert hobby.events(at_s, dry) == [(400 * 300.0, 400 * 300.0, "shower")]
    assert len(hobby.events(at_s, np.full(600, 75.0))) == 1


def test_homes_have_what_they_are_called_after(played: Weeks) -> None:
    assert played.kind == KINDS
    at = {kind: i for i, kind in enumerate(KINDS)}
    assert played.fabric.factor[at["cold_wall"]] < 0.58 < played.fabric.factor[at["ordinary"]]
    assert played.fabric.leak_per_hour[at["unaired"]] < 0.25 < played.fabric.leak_per_hour[at["ordinary"]]
    mean_c = played.temperature_c.mean(axis=0)
    assert mean_c[at["underheated"]] < mean_c[at["ordinary"]] - 3.0
    assert played.habits.loads_per_day[at["loaded"]] == 1.0


def test_boxes_report_with_noise_to_their_resolution(played: Weeks) -> None:
    assert np.allclose(played.humidity_pct * 10.0, np.round(played.humidity_pct * 10.0))
    assert np.allclose(played.temperature_c * 100.0, np.round(played.temperature_c * 100.0))
    assert ((played.outdoor_c > -12.0) & (played.outdoor_c < 22.0)).all()


def test_a_room_sees_its_own_events_more_than_the_home_does(played: Weeks) -> None:
    bathroom = room_of(played, SHOWER, 14.4, 10.0, 1)
    assert (bathroom.vapour_g_m3 >= played.vapour_g_m3 - 1e-9).all()
    assert (bathroom.vapour_g_m3 - played.vapour_g_m3).max() > 1.0
    score = Score()
    p = events.places(played, 1)["bathroom"][1]
    for home in range(6):
        found = [(e.start_s, e.peak_s, e.activity) for e in found_in(bathroom, home, p).events]
        score.add(found, truth_of(played, home, QUICK))
    assert score.figures()["recall_by_activity"]["shower"] > 0.9  # type: ignore[index]


def test_figures_say_all_that_was_asked(played: Weeks) -> None:
    found = events.figures(played, 1, 0.5, sweep=False)
    assert set(found) == {"home", "bathroom", "kitchen"}
    assert {"ours", "hobby_rule", "by_kind", "grams", "windows", "drying", "diary", "with_gaps"} <= set(
        found["home"]
    )
    assert found["home"]["ours"]["precision"] > 0.9 > (found["home"]["hobby_rule"]["precision"] or 0.0)
    assert found["home"]["diary"]["known_seen_or_told"] >= found["home"]["ours"]["recall"]


def test_mending_mends_one_thing() -> None:
    kind = kinds_of(6)
    for cause in CAUSES[:-1]:
        before, after = (model_of(kind, 3, Winter(3)) for _ in range(2))
        mended(after, cause)
        changed = {
            name
            for part in ("fabric", "habits")
            for name in getattr(before, part).__slots__
            if not np.array_equal(getattr(getattr(before, part), name), getattr(getattr(after, part), name))
        }
        expected = {
            "heat": {"boiler_w", "comfort_c", "setback_c"}, "ventilation": {"leak_per_hour", "extract_share"},
            "load": {"loads_per_day"}, "fabric": {"factor"},
        }  # fmt: skip
        assert changed == expected[cause]


def test_too_short_weeks_are_refused_and_a_dry_wall_has_no_dose(played: Weeks) -> None:
    assert isinstance(said(played, 0, facts_known=True), NotEnough)
    dry = replace(played, surface_humidity_pct=np.full_like(played.surface_humidity_pct, 79.0))
    assert (dose_pct_h(dry) == 0.0).all()


def test_the_seed_of_the_settings_is_no_seed_of_the_figures() -> None:
    options = parser().parse_args(["moisture", "--seeds", "11"])
    with pytest.raises(ValueError, match="seed 11 was used to choose the settings"):
        report.run(options)
    assert MoistureParameters().rise.rise_g_m3 == 0.6
