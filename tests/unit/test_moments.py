"""Times as people type them, on the nights on which the clock is changed too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from cityops.errors import ConfigurationError
from ops_api.moments import a_moment, a_time

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize("read", [a_moment, a_time])
@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-01-12T09:30", "2026-01-12T09:30"),
        ("2026-06-12 09:30", "2026-06-12T08:30"),
        ("2026-03-29T00:59", "2026-03-29T00:59"),
        ("2026-03-29T02:00", "2026-03-29T01:00"),
        ("2026-10-25T00:59", "2026-10-24T23:59"),
        ("2026-10-25T02:00", "2026-10-25T02:00"),
        ("2026-10-25T01:30+01:00", "2026-10-25T00:30"),
        ("2026-10-25T01:30+00:00", "2026-10-25T01:30"),
        ("2026-10-25T01:30Z", "2026-10-25T01:30"),
    ],
)
def test_a_time_is_of_the_clock_on_the_wall_or_of_its_offset(read: object, text: str, utc: str) -> None:
    assert callable(read)
    assert read(text, LONDON, "--start") == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-03-29T01:00", r"--start '2026-03-29T01:00' does not exist: the clock is put forward"),
        ("2026-03-29T01:30", r"does not exist: the clock is put forward over it \(Europe/London\)"),
        (
            "2026-10-25T01:30",
            r"comes twice, .* write 2026-10-25T01:30:00\+01:00 or 2026-10-25T01:30:00\+00:00$",
        ),
        ("tomorrow at 9", "write 2026-01-12 or 2026-01-12T09:30"),
    ],
)
def test_what_the_clock_shows_never_or_twice_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        a_moment(text, LONDON, "--start")


def test_a_day_is_noon_where_a_day_will_do_and_refused_where_a_time_is_wanted() -> None:
    assert a_moment("2026-01-12", LONDON, "--at") == datetime(2026, 1, 12, 12, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match=r"--start '2026-11-26' has no time of day: write e\.g\."):
        a_time("2026-11-26", LONDON, "--start")


def test_of_an_hour_that_comes_twice_a_page_takes_the_first_that_is_not_past() -> None:
    """A browser's field has no offset to write."""
    zone, text = ZoneInfo("Europe/London"), "2026-10-25T01:30"
    before, between = datetime(2026, 10, 24, 23, 45, tzinfo=UTC), datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    found = [a_time(text, zone, "start", now).astimezone(UTC).hour for now in (before, between)]
    assert found == [0, 1]
    with pytest.raises(ConfigurationError, match="does not exist"):
        a_time("2026-03-29T01:30", zone, "start", before)
    assert a_time("2026-01-12T01:30", zone, "start", before).astimezone(UTC).hour == 1
