"""Buckets of requests: never more than is allowed, and never somebody else's."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ops_api.access.limits import MOST, Buckets, allowance
from ops_api.access.model import NOBODY, Role, Rule
from tests.fakes.principals import principal, program

OPEN, SEARCH = Rule(who="open"), Rule(who="open", cost="search")
DOOR = Rule(who="door", door="crew", roles=frozenset({Role.BIN_CREW}))
PEOPLE = Rule(who="roles", roles=frozenset({Role.OPERATIONS}), audit="look")


@given(
    a_minute=st.floats(1.0, 100.0),
    gaps_s=st.lists(st.floats(0.0, 30.0), min_size=1, max_size=200),
)
def test_no_more_than_a_full_bucket_and_what_runs_in(a_minute: float, gaps_s: list[float]) -> None:
    buckets, now_s, taken = Buckets(), 1000.0, 0
    for gap_s in gaps_s:
        now_s += gap_s
        wait_s = buckets.wait_s("a", a_minute, now_s)
        taken += wait_s == 0.0
        assert 0.0 <= wait_s <= 60.0 / a_minute + 1e-6
    assert taken <= a_minute + (now_s - 1000.0) * a_minute / 60.0 + 1.0


def test_who_waits_as_long_as_is_said_is_let_in_and_others_need_not() -> None:
    buckets = Buckets()
    for _ in range(60):
        assert buckets.wait_s("a", 60.0, 0.0) == 0.0
    wait_s = buckets.wait_s("a", 60.0, 0.0)
    assert 0.0 < wait_s <= 1.0
    assert buckets.wait_s("b", 60.0, 0.0) == 0.0
    assert buckets.wait_s("a", 60.0, wait_s + 1e-6) == 0.0
    assert buckets.wait_s("a", 60.0, -100.0) > 0.0, "a clock that is put back gives nothing away"


def test_ever_new_askers_take_no_memory() -> None:
    buckets = Buckets()
    for number in range(MOST + 50):
        buckets.wait_s(str(number), 60.0, 0.0)
    assert len(buckets._of) == MOST


def test_walls_may_poll_and_strangers_may_not_write_without_end() -> None:
    assert allowance(OPEN, NOBODY, safe=True) is None
    assert allowance(SEARCH, NOBODY, safe=True) == 60.0
    assert allowance(SEARCH, program("bins:write"), safe=True) == 60.0
    assert allowance(SEARCH, program("open:read"), safe=True) == 6000.0
    assert allowance(OPEN, NOBODY, safe=False) == 60.0
    assert allowance(PEOPLE, principal("operations"), safe=True) == 600.0
    assert allowance(DOOR, NOBODY, safe=False) == 600.0
    assert allowance(OPEN, principal("waste"), safe=False) == 600.0
    assert allowance(OPEN, program("bins:write"), safe=False) == 6000.0
