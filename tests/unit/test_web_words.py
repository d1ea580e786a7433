from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops_api.web import words
from ops_api.web.winter_ahead import hour_labels
from rules.core.effects import clock
from rules.core.winter_orders.words import moment

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # 23:30 in London


@pytest.mark.parametrize(
    ("value", "digits", "said"),
    [
        (0.0, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (-0.06, 1, "−0.1"),
        (1234.5, 0, "1,234"),
        (None, 1, "–"),
        (-1234, 0, "−1,234"),
    ],
)
def test_numbers(value: float | None, digits: int, said: str) -> None:
    assert words.number(value, digits) == said


def test_zero_is_a_value() -> None:
    assert words.degrees(0.0) == "0.0\N{NO-BREAK SPACE}°C"
    assert words.percent(0.0) == "0%"
    assert (words.degrees(None), words.percent(None)) == ("–", "–")


def test_days_are_those_of_the_town_not_of_utc() -> None:
    assert words.day_and_clock(NOW, LONDON, NOW) == "today 23:30"
    assert words.day_and_clock(NOW + timedelta(hours=1), LONDON, NOW) == "tomorrow 00:30"
    assert words.day_and_clock(NOW - timedelta(days=1), LONDON, NOW) == "yesterday 23:30"
    assert words.day_and_clock(NOW - timedelta(days=5), LONDON, NOW) == "Fri 26 Jun 23:30"
    assert words.day_and_clock(None, LONDON, NOW) == "–"
    assert words.long_date(NOW, LONDON) == "Wednesday 1 July 2026"


@given(st.integers(-200_000, 200_000))
def test_no_two_moments_of_a_night_are_said_alike(at_s: int) -> None:
    """Over the change of the clocks in autumn, minute by minute."""
    now = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
    at = now + timedelta(seconds=at_s // 60 * 60)
    others = [at + timedelta(minutes=m) for m in (-60, -1, 1, 60)]
    for said in (
        lambda t: words.day_and_clock(t, LONDON, now),
        lambda t: words.clock(t, LONDON),
        lambda t: clock(t.timestamp(), LONDON),
        lambda t: moment(t.timestamp(), LONDON),
        lambda t: hour_labels([t.timestamp()], LONDON)[0],
    ):
        assert said(at) not in [said(t) for t in others]


def test_the_zone_is_named_where_an_hour_comes_twice_only() -> None:
    hours = [datetime(2026, 10, 25, 0, 30, tzinfo=UTC) + timedelta(hours=h) for h in (-1, 0, 1, 2)]
    assert [words.clock(t, LONDON) for t in hours] == ["00:30", "01:30 BST", "01:30 GMT", "02:30"]
    assert [clock(t.timestamp(), LONDON) for t in hours] == ["00:30", "01:30 BST", "01:30 GMT", "02:30"]
    assert words.local_times("by 2026-10-25T01:30:00Z.", LONDON, hours[0]) == "by today 01:30 GMT."
    spring = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert [words.clock(spring + timedelta(minutes=m), LONDON) for m in (0, 1)] == ["00:59", "02:00"]
    assert clock(hours[1].timestamp(), UTC) == "00:30"
    assert clock(None, LONDON) is None


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [
        (1, "1 second", "1 s"),
        (59, "59 seconds", "59 s"),
        (60, "1 minute", "1 min"),
        (7200, "2 hours", "2 h"),
        (200_000, "2 days", "2 d"),
        (-5, "0 seconds", "0 s"),
    ],
)
def test_durations(seconds: int, long: str, short: str) -> None:
    assert words.duration(timedelta(seconds=seconds)) == long
    assert words.short_duration(timedelta(seconds=seconds)) == short.replace(" ", "\N{NO-BREAK SPACE}")


def test_ago() -> None:
    assert words.ago(None, NOW) == "never"
    assert words.ago(NOW, NOW) == "just now"
    assert words.ago(NOW - timedelta(minutes=5), NOW) == "5 minutes ago"


def test_moments_in_json_need_a_zone() -> None:
    assert words.moment("2026-07-01T22:30:00+00:00") == NOW
    assert words.moment("2026-07-01T23:30:00+01:00") == NOW
    assert words.moment(NOW) == NOW
    for other in ("2026-07-01T22:30:00", "soon", "", None, 5):
        assert words.moment(other) is None


def test_lists() -> None:
    assert [words.joined(x) for x in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]
    assert words.plural(1, "stretch", "stretches") == "1 stretch"
    assert words.plural(1200, "stretch", "stretches") == "1,200 stretches"


def test_instants_in_a_reason_are_said_in_local_time() -> None:
    zone, now = ZoneInfo("Europe/London"), datetime(2026, 7, 2, 20, 0, tzinfo=UTC)
    reason = (
        "at 80 % or more since 2026-07-02T15:36:03Z, before 2026-07-01T23:30:00.5+00:00, bin-2026-07-02T1"
    )
    assert (
        words.local_times(reason, zone, now)
        == "at 80 % or more since today 16:36, before today 00:30, bin-2026-07-02T1"
    )
    impossible = "since 2026-13-45T99:00:00Z"
    assert words.local_times(impossible, zone, now) == impossible
