"""What an officer's form says, on the night when the clock is put back too: one hour comes twice, the field has no offset."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.errors import ConfigurationError
from ops_api.housing.team_door import Pass
from ops_api.routers.order_form import OrderForm
from ops_api.web.orders_view import case_views
from rules.core.winter_orders import model as m
from rules.core.winter_orders.commands import BACK_S, Terms, obey
from rules.winter.orders.memory import MemoryOrders
from tests.fakes.winter_orders import R1

LONDON = ZoneInfo("Europe/London")
FIRST = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
"""When the hour begins that comes twice: 01:00 BST."""
ADA = Pass("Ada", "duty officer", FIRST.timestamp() + 3600.0)


def form(what: str = "order", **said: str) -> OrderForm:
    empty = dict.fromkeys(("ref", "passes", "start", "start_was", "once"), "")
    fields: dict[str, Any] = {**empty, "rate": "10", "reason": "x", **said}
    return OrderForm(what=what, segments=None, plough=None, **fields)


def start_s(now: datetime, **said: str) -> float:
    command = form(**said).command(ADA, R1, LONDON, now)
    assert isinstance(command, m.OrderOwn | m.Change)
    assert command.start_s is not None
    return command.start_s


def test_who_types_now_gets_a_lorry_now_at_every_second_of_the_night() -> None:
    for second in range(-300, 2 * 3600 + 300):
        now = FIRST + timedelta(seconds=second + 0.5)
        command = form(start=f"{now.astimezone(LONDON):%Y-%m-%dT%H:%M}").command(ADA, R1, LONDON, now)
        act = obey(None, command, now.timestamp(), R1, Terms(zone=LONDON))
        assert act.treatment is not None
        assert act.treatment.start_s is not None
        assert 0.0 <= now.timestamp() - act.treatment.start_s < 60.0, now


@given(now_s=st.floats(-7200.0, 10_800.0), minute=st.integers(0, 59))
def test_of_two_times_the_first_counts_that_the_desk_allows(now_s: float, minute: int) -> None:
    now = FIRST + timedelta(seconds=now_s)
    either = [(FIRST + timedelta(hours=h, minutes=minute)).timestamp() for h in (0, 1)]
    allowed = [s for s in either if s >= now.timestamp() - BACK_S]
    assert start_s(now, start=f"2026-10-25T01:{minute:02}") == (allowed or either[1:])[0]


@pytest.mark.parametrize(
    ("was", "typed", "now_min", "means_min"),
    [
        ("2026-10-25T01:30+00:00", "01:40", -180, 100),
        ("2026-10-25T01:30+01:00", "01:40", -180, 40),
        ("2026-10-25T00:50+01:00", "01:10", -180, 10),
        ("2026-10-25T04:00+00:00", "01:50", -180, 110),
        ("2026-10-25T01:30+01:00", "01:40", 45, 100),  # the first one is past
        ("", "01:40", -180, 40),
        ("no time", "01:40", -180, 40),
    ],
)
def test_a_time_that_is_moved_stays_in_its_hour(was: str, typed: str, now_min: int, means_min: int) -> None:
    now = FIRST + timedelta(minutes=now_min)
    found = start_s(now, what="change", start=f"2026-10-25T{typed}", start_was=was)
    assert found == (FIRST + timedelta(minutes=means_min)).timestamp()


@pytest.mark.parametrize("hour", [0, 1])
def test_a_time_that_is_left_as_it_was_is_no_other_one(hour: int) -> None:
    start = (FIRST + timedelta(hours=hour, minutes=30, seconds=20)).timestamp()
    asks = m.OrderOwn(route_id="r1", by="Ada", role="duty officer", reason="Burst", g_m2=10.0, start_s=start)
    desk = MemoryOrders(installed=(R1,))
    case = asyncio.run(desk.act(asks, FIRST.timestamp() - 3600.0))
    [view] = case_views([case], LONDON, FIRST.timestamp(), names=True)
    zone = ("+01:00", "+00:00")[hour]
    assert (view.start, view.start_was) == ("2026-10-25T01:30", f"2026-10-25T01:30{zone}")
    left = form("change", start=view.start, start_was=view.start_was).command(ADA, R1, LONDON, FIRST)
    assert isinstance(left, m.Change)
    assert left.start_s is None


def test_a_form_is_one_request_of_one_officer() -> None:
    ids = [
        form(what, once=once).command(who, R1, LONDON, FIRST).request_id
        for who in (ADA, Pass("Bob", "duty officer", ADA.until_s))
        for what in ("confirm", "change", "cancel", "order")
        for once in ("P1-0", "P1-1")
    ]
    assert len(set(ids)) == len(ids)
    again = form("confirm", once="P1-0").command(ADA, R1, LONDON, FIRST)
    assert again.request_id == ids[0]
    assert form("confirm", once=" ").command(ADA, R1, LONDON, FIRST).request_id is None


@pytest.mark.parametrize("once", ["P1-0\0", "x" * 99])
def test_a_forged_name_of_a_request_is_refused_in_words(once: str) -> None:
    with pytest.raises(ConfigurationError, match=r"once .* is not allowed: write 1 to 100 characters"):
        form("confirm", once=once).command(ADA, R1, LONDON, FIRST)


def test_no_pass_is_not_one_pass() -> None:
    """The desk refuses 0 in its words; here it must not become another number."""
    asked = form("order", rate="8", passes="0").command(ADA, R1, LONDON, FIRST)
    assert isinstance(asked, m.OrderOwn)
    assert asked.passes == 0
