"""How often a team's password may be tried, with the clock in hand."""

from __future__ import annotations

import pytest

from ops_api.housing.tries import (
    FORGOTTEN_S,
    FREE,
    LONGEST_S,
    MOST,
    TEAM_FREE,
    TEAM_LONGEST_S,
    Tries,
    network_of,
)

OFFICE, BAD = "192.0.2.7", "203.0.113.9"


def wrong(tries: Tries, address: str, times: int, now_s: float = 0.0) -> float:
    """So many wrong ones, each as soon as it is looked at; return the time then."""
    for _ in range(times):
        now_s += tries.wait_s(address, now_s)
        tries.wrong(address, now_s)
    return now_s


def test_a_slip_or_two_cost_nothing_then_each_wrong_one_twice_as_much() -> None:
    tries = Tries()
    assert [tries.wrong(OFFICE, 0.0) for _ in range(FREE - 1)] == [0.0] * (FREE - 1)
    waits, now_s = [], 0.0
    for _ in range(12):
        waits.append(tries.wrong(OFFICE, now_s))
        now_s += tries.wait_s(OFFICE, now_s)
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits[-1] == LONGEST_S
    assert tries.wait_s(OFFICE, now_s) == 0.0
    tries.wrong(OFFICE, now_s)
    tries.right(OFFICE, now_s)
    assert tries.wait_s(OFFICE, now_s) == 0.0
    assert tries.wrong(OFFICE, now_s) == 0.0


def test_one_network_waits_and_others_do_not_until_the_team_is_tried_from_many() -> None:
    tries = Tries()
    tries.right(OFFICE, 0.0)
    now_s = wrong(tries, BAD, FREE + 3, 0.0)
    assert tries.wait_s(BAD, now_s) > 0.0
    assert tries.wait_s("198.51.100.1", now_s) == 0.0
    for n in range(TEAM_FREE):
        tries.wrong(f"198.51.100.{n}", now_s)
    assert 0.0 < tries.wait_s("198.51.100.222", now_s) <= TEAM_LONGEST_S
    assert tries.wait_s(OFFICE, now_s) == 0.0, "where the password came from before nobody is kept out"


def test_it_is_forgotten_in_time_and_ipv6_is_counted_by_its_network() -> None:
    tries = Tries()
    now_s = wrong(tries, BAD, FREE + 1)
    assert tries.wrong(BAD, now_s + tries.wait_s(BAD, now_s) + FORGOTTEN_S) == 0.0
    for n in range(FREE + 1):
        tries.wrong(f"2001:db8::{n:x}", 0.0)
    assert tries.wait_s("2001:db8::ffff", 0.0) > 0.0
    assert tries.wait_s("2001:db8:0:1::1", 0.0) == 0.0
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("testclient") == "testclient"


def test_what_is_kept_in_mind_has_an_end() -> None:
    tries = Tries()
    for n in range(MOST + 50):
        tries.wrong(f"n{n}", 0.0)
    assert len(tries._of) == MOST


@pytest.mark.parametrize("networks", [1, 1000])
def test_a_day_of_guessing_as_fast_as_it_is_looked_at(networks: int) -> None:
    tries, now_s, looks = Tries(), 0.0, 0
    while now_s < 86_400.0 and looks < 5000:
        address = f"net-{looks % networks}"
        now_s += tries.wait_s(address, now_s)
        tries.wrong(address, now_s)
        looks += 1
    assert looks <= (110 if networks == 1 else 1500)
