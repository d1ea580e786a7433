"""Whatever others type, whoever has signed in from a browser before can sign in from it at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ops_api.identity.core.tries import (
    FREE,
    LONGEST_S,
    Count,
    Of,
    bound_by,
    right,
    tried,
    wait_s,
)

START = datetime(2026, 1, 9, tzinfo=UTC)
GAPS_S = st.floats(0.0, 4000.0)
NETWORKS = st.sampled_from(["office", "a", "b", "c"])


class Book:
    """What ``ops_api.identity.tries.TryBook`` does, on a dictionary."""

    def __init__(self) -> None:
        self.counts: dict[tuple[Of, str], Count] = {}

    def keys(self, network: str, known: str) -> dict[Of, tuple[Of, str]]:
        source = {"network": network, "browser": known, "account": ""}
        return {of: (of, source[of]) for of in bound_by(known_browser=bool(known))}

    def wait(self, network: str, known: str, now: datetime) -> float:
        return max(wait_s(self.counts.get(key), now) for key in self.keys(network, known).values())

    def wrong(self, network: str, known: str, now: datetime) -> bool:
        if self.wait(network, known, now) > 0.0:
            return False
        for of, key in self.keys(network, known).items():
            self.counts[key] = tried(self.counts.get(key), now, of)
        return True

    def right(self, network: str, known: str, now: datetime) -> None:
        for of, key in self.keys(network, known).items():
            left = right(tried(self.counts.get(key), now, of), now, of)
            if left is None:
                self.counts.pop(key, None)
            else:
                self.counts[key] = left


@given(st.lists(st.tuples(NETWORKS, GAPS_S), max_size=120))
def test_a_known_browser_never_waits_for_others(tries: list[tuple[str, float]]) -> None:
    book, now = Book(), START
    for network, gap_s in tries:
        now += timedelta(seconds=gap_s)
        book.wrong(network, "", now)
        assert book.wait("office", "browser of the owner", now) == 0.0


@given(st.lists(st.tuples(NETWORKS, GAPS_S), max_size=120))
def test_an_unknown_browser_elsewhere_waits_a_minute_at_most(tries: list[tuple[str, float]]) -> None:
    book, now = Book(), START
    for network, gap_s in tries:
        now += timedelta(seconds=gap_s)
        book.wrong(network, "", now)
        assert book.wait("home", "", now) <= LONGEST_S["account"]


@given(st.lists(st.floats(0.0, 30.0), min_size=200, max_size=200))
def test_guessing_from_one_network_gets_slow(gaps_s: list[float]) -> None:
    book, now, looked_at = Book(), START, 0
    for gap_s in gaps_s:
        now += timedelta(seconds=gap_s)
        looked_at += book.wrong("a", "", now)
    spent_s = (now - START).total_seconds()
    # After the free ones each wait is twice the one before: 2, 4, 8, … s.
    doubled = next(n for n in range(20) if 2.0 ** (n + 1) - 2.0 >= spent_s)
    assert looked_at <= FREE["network"] + doubled + 1


@given(st.lists(st.booleans(), max_size=60))
def test_the_owners_right_ones_leave_no_wait_behind(kinds: list[bool]) -> None:
    book = Book()
    for is_right in kinds:
        if is_right:
            book.right("home", "", START)
    assert book.wait("home", "", START) == 0.0
    assert book.counts == {}
