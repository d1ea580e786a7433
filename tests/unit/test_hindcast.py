"""A past night judged: what the rules asked for beside the log, why they differ, what the road did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from cityops.errors import ConfigurationError
from rules.core.hindcast.compare import Night, agreement, compared, verified
from rules.core.hindcast.facts import Hours, Issued, NightFacts, Proposed, Spread
from rules.core.hindcast.nights import cut, forecast_score
from rules.winter.hindcast.activity import read_log
from rules.winter.hindcast.street_town import state_of
from tests.fakes.street_log import HEAD, write_log

ZONE = timezone(timedelta(hours=1))
NIGHT = date(2010, 12, 5)
NOON_S = datetime(2010, 12, 5, 12, tzinfo=ZONE).timestamp()
HOUR_S = 3600.0
ACTION_C = 1.0


def proposed(hour: float, action: str, lowest_c: float = -2.0, left: float | None = None) -> Proposed:
    treats = action in ("treat", "treat_twice", "plough")
    return Proposed(
        at_s=NOON_S + HOUR_S * hour, action=action, rate_g_m2=10.0 if treats else 0.0, passes=1 if treats else 0,
        lowest_c=lowest_c, weather="stations", salt_left_g_m2=left, reason="the street: wet road.",
    )  # fmt: skip


def spread(hour: float, g_m2: float = 10.0) -> Spread:
    return Spread(at_s=NOON_S + HOUR_S * hour, salt_g_m2=g_m2)


def hours(surface_c: float = -3.0, wet: bool = True, snow: float = 0.0) -> Hours:
    at = NOON_S + HOUR_S * np.arange(0.0, 25.0)
    n = len(at)
    return Hours(at, np.full(n, surface_c), np.full(n, wet), np.zeros(n), np.full(n, snow))


def night(decided: list[Proposed], log: list[Spread], seen: Hours) -> NightFacts:
    [found] = cut([NIGHT], ZONE, decided, log, seen, {})
    return found


@pytest.mark.parametrize(
    ("decided", "log", "seen", "why"),
    [
        ([proposed(1, "treat")], [spread(14)], hours(), ""),
        ([proposed(1, "monitor")], [], hours(3.0), ""),
        ([proposed(1, "refer", -12.3)], [spread(14)], hours(-12.0), "at -12.3 °C, where salt does not work; they salted"),
        ([proposed(1, "no_action", 4.0)], [spread(14)], hours(2.5), "stayed above the threshold, at 2.5 °C"),
        ([proposed(1, "monitor")], [spread(1)], hours(), "salted by day"),
        ([proposed(1, "monitor", -2.0, 5.0)], [spread(14)], hours(), "5 g/m² left, for -2.0 °C"),
        ([proposed(1, "monitor")], [spread(14)], hours(wet=False), "dry all night, -3.0 °C"),
        ([proposed(1, "no_action", 2.2)], [spread(14)], hours(0.5), "coldest was 2.2 °C, above the threshold; measured 0.5"),
        ([proposed(1, "monitor")], [spread(14)], hours(), "only watched: the street: wet road."),
        ([], [spread(14)], hours(), "nothing was decided"),
        ([proposed(1, "treat")], [], hours(snow=0.3), "mm of snow (as water) fell at -3.0 °C"),
        ([proposed(1, "treat")], [], hours(), "frozen and not dry for 16 h, -3.0 °C; the log has nothing"),
        ([proposed(1, "treat")], [], hours(wet=False), "false alarm: the surface froze, -3.0 °C, but was dry"),
        ([proposed(1, "treat")], [], hours(0.4), "false alarm: the surface stayed above 0 °C, 0.4 °C"),
    ],
)  # fmt: skip
def test_every_difference_has_a_reason(
    decided: list[Proposed], log: list[Spread], seen: Hours, why: str
) -> None:
    found = compared(night(decided, log, seen), ACTION_C).why
    assert why in found
    assert (found == "") == (why == "")


def test_what_stood_in_the_evening_and_what_came_later_are_told_apart() -> None:
    found = compared(
        night([proposed(1, "monitor"), proposed(8, "treat"), proposed(12, "treat")], [], hours()), ACTION_C
    )
    assert found.standing is not None
    assert (found.standing.action, found.asked, found.later) == ("monitor", "treat", 1)
    assert found.evening == "miss", "the road was frozen at 17 h already"
    assert found.ours == "miss", "asked for three hours too late"
    assert found.theirs == "miss"


def test_outcomes_are_of_a_frozen_road_that_is_not_dry() -> None:
    treats = [proposed(1, "treat")]
    assert compared(night(treats, [], hours()), ACTION_C).evening == "hit"
    assert compared(night(treats, [], hours(wet=False)), ACTION_C).evening == "false_alarm"
    assert compared(night([], [], hours(wet=False)), ACTION_C).ours == "correct_rejection"
    gone = hours(np.nan)
    assert compared(night(treats, [], gone), ACTION_C).ours == "unknown"
    assert compared(night([proposed(1, "refer")], [], hours()), ACTION_C).evening == "hit"


def test_salt_of_before_that_keeps_the_road_liquid_is_no_hazard_and_that_of_the_night_hides_none() -> None:
    def judged(at_hour: float, decided: list[Proposed], seen: Hours) -> Night:
        driven = [spread(at_hour, 20.0)]
        [facts] = cut([NIGHT], ZONE, decided, [s for s in driven if at_hour >= 0.0], seen, {}, driven)
        return compared(facts, ACTION_C)

    wet = hours(-1.0)
    assert (judged(-1.0, [], wet).ours, judged(-1.0, [], wet).road.hazard_h) == ("correct_rejection", 0)
    assert judged(-1.0, [], hours(-6.0)).ours == "miss"
    assert judged(-1.0, [], replace(wet, rain_mm_h=np.full(25, 1.0))).ours == "miss"
    assert judged(-1.0, [], hours(-1.0, snow=0.2)).ours == "miss"
    asked = judged(2.0, [proposed(1, "treat")], wet)
    assert (asked.ours, asked.theirs) == ("hit", "hit")
    false = judged(-1.0, [proposed(1, "treat")], wet)
    assert "kept liquid by salt of before" in false.why


def test_the_table_counts_every_night_once() -> None:
    rows = [
        compared(night(d, log, hours()), ACTION_C)
        for d in ([proposed(1, "treat")], [proposed(1, "refer")], [])
        for log in ([spread(14)], [], [])
    ]
    assert [(a.asked, a.salted, a.unsalted) for a in agreement(rows)] == [
        ("treat", 1, 2), ("refer", 1, 2), ("nothing", 1, 2),
    ]  # fmt: skip
    assert verified(rows)["theirs"].hits == 3
    assert verified(rows)["ours"].misses == 3


def test_a_forecast_is_scored_until_the_morning_only() -> None:
    seen = hours(-3.0)
    evening_s = NOON_S + 5 * HOUR_S
    made = Issued(evening_s, evening_s + HOUR_S * np.arange(1.0, 25.0), np.full(24, -2.0), np.full(24, 1.0))
    facts = cut([NIGHT], ZONE, [], [], seen, {evening_s: made})
    score = forecast_score(facts)
    assert score.lowest is not None
    assert score.below_zero is not None
    assert [e.lead_h for e in score.leads] == list(range(1, 16))
    assert {e.errors.bias_c for e in score.leads} == {1.0}
    assert (score.lowest.bias_c, score.below_zero.brier) == (1.0, 0.0)
    assert forecast_score(cut([NIGHT], ZONE, [], [], seen, {})).lowest is None


def test_the_log_is_read_by_its_clock(tmp_path: Path) -> None:
    path = write_log(
        tmp_path / "activity.txt",
        [("2010-12-07 02", 250.0, 10.0), ("2010-12-06 23", 0.0, 20.0), ("2010-12-09 00", 0.0, 0.0)],
    )  # fmt: skip
    first, second = read_log(path, 1.0)
    assert first.at_s == datetime(2010, 12, 6, 23, tzinfo=ZONE).timestamp()
    assert (first.salt_g_m2, second.salt_g_m2, second.sand_g_m2) == (20.0, 10.0, 250.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Year\tMonth\n", "first line must name"),
        (HEAD + "\n2010\t12\t7\t2\tx\t10\t0\t0\t0\t0\n", "line 2: could not convert"),
        (HEAD + "\n2010\t12\t7\t2\t0\t-1\t0\t0\t0\t0\n", "line 2: salting\\(na\\) is -1; allowed: 0 to 2000"),
        (HEAD + "\n2010\t13\t7\t2\t0\t1\t0\t0\t0\t0\n", "line 2: month must be"),
    ],
)
def test_a_log_that_is_none_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "activity.txt"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        read_log(path, 1.0)
    with pytest.raises(ConfigurationError, match="no such file"):
        read_log(tmp_path / "none.txt", 1.0)


def test_a_wetness_signal_is_a_state_not_a_film() -> None:
    told = state_of(np.array([0.0, 0.2, 0.21, 1.9, 2.0, 3.5, np.nan]))
    np.testing.assert_array_equal(told, [0, 0, 1, 1, 2, 2, np.nan])
