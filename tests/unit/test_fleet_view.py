"""How a device's page says what is known of its clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_api.web.fleet_view import clock_off

AT = datetime(2026, 11, 28, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(seconds=-122_076), ", 33 hours behind when last heard"),
        (timedelta(seconds=122_076), ", 33 hours ahead when last heard"),
        (timedelta(minutes=-75), ", 1 hour behind when last heard"),
        (timedelta(seconds=3), ", 3 seconds ahead when last heard"),
        (timedelta(seconds=-2), ""),
        (timedelta(0), ""),
    ],
)
def test_a_clock_that_is_off_is_said_as_people_say_times(off: timedelta, said: str) -> None:
    assert clock_off({"wall_ms": round((AT + off).timestamp() * 1000), "at": AT}) == said


def test_nothing_is_said_of_a_clock_that_nobody_heard() -> None:
    assert clock_off({"wall_ms": None, "at": AT}) == ""
    assert clock_off({}) == ""
