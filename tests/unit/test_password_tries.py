"""How often a team's password may be tried, with the clock in hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.responses import Response

from ops_api.housing.team_door import TeamDoor
from ops_api.housing.tries import (
    FORGOTTEN_S,
    FREE,
    KNOWN_S,
    LONGEST_S,
    MOST,
    TEAM_FREE,
    TEAM_LONGEST_S,
    Tries,
    network_of,
)
from ops_api.routers.password import remember, try_password

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


NOW = datetime(2026, 1, 9, 17, tzinfo=UTC)
PASSWORD = "a long password of the winter service"


def browser(address: str, cookies: dict[str, str]) -> Any:
    url = SimpleNamespace(scheme="https")
    return SimpleNamespace(
        client=SimpleNamespace(host=address),
        cookies=cookies,
        url=url,
        state=SimpleNamespace(),
        app=SimpleNamespace(
            state=SimpleNamespace(context=SimpleNamespace(front=SimpleNamespace(audit=None)))
        ),
    )


def kept_by_browser(answer: Response) -> dict[str, str]:
    name, _, rest = answer.headers["set-cookie"].partition("=")
    return {name: rest.split(";")[0]}


def test_a_browser_that_was_let_in_before_does_not_wait_for_what_others_guess() -> None:
    door, ctx = TeamDoor(PASSWORD, "winter"), Mock()
    ctx.clock.now.return_value = NOW
    answer = Response()
    remember(answer, browser("192.0.2.1", {}), door, NOW, "/winter")
    assert all(
        w in answer.headers["set-cookie"] for w in ("Max-Age=2592000", "HttpOnly", "Secure", "/winter")
    )
    cookies = kept_by_browser(answer)
    assert door.read(next(iter(cookies.values())), NOW) is None, "it opens nothing"
    # Fifteen addresses guess on; the process has been started anew, and the officer is somewhere else.
    door = TeamDoor(PASSWORD, "winter")
    now_s = NOW.timestamp()
    for n in range(TEAM_FREE + 15):
        door.tries.wrong(f"203.0.113.{n % 15}", now_s)
    new = try_password(ctx, browser("198.51.100.7", {}), door, PASSWORD)
    assert new is not None
    assert new.status == 429
    assert try_password(ctx, browser("198.51.100.7", cookies), door, PASSWORD) is None
    # Its own wrong ones cost what they cost anybody.
    for n in range(FREE + 1):
        assert n > FREE or try_password(ctx, browser("198.51.100.8", cookies), door, "wrong") is not None
    held = try_password(ctx, browser("198.51.100.8", cookies), door, PASSWORD)
    assert held is not None
    assert held.status == 429


@pytest.mark.parametrize("what", ["too old", "another team's", "another password's", "made up"])
def test_what_no_longer_says_that_a_browser_was_let_in(what: str) -> None:
    door = TeamDoor(PASSWORD, "winter")
    issuer = {
        "another team's": TeamDoor(PASSWORD, "housing"),
        "another password's": TeamDoor("x" * 20, "winter"),
    }
    text = issuer.get(what, door).issue("", "", NOW)
    assert door.knows(door.issue("Ada", "duty officer", NOW), NOW + timedelta(days=29))
    later = NOW + timedelta(seconds=KNOWN_S if what == "too old" else 0.0)
    assert not door.knows("W10.é\udcff" if what == "made up" else text, later)
