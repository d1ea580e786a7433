"""Whether two devices live under one name: what is a copy, and what is a technician, a power cut, a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_api.provisioning.core.claims import Claim, decide
from ops_api.provisioning.core.clones import SAME_START_MS, WINDOW, Run, find_clone

NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)


def run(install: str, boot: int, minute: float, started_ms: int | None = None) -> Run:
    at = NOON + timedelta(minutes=minute)
    return Run(install, boot, started_ms, at, at)


def test_two_cards_in_turn_are_two_devices() -> None:
    found = find_clone([run("a", 7, 0), run("b", 3, 1), run("a", 7, 2)])
    assert found is not None
    assert found.installs == ("a", "b")
    assert "cards a and b showed themselves in turn: 12:00:00, 12:01:00 and again 12:02:00" in found.reason


def test_a_copied_card_is_found_by_its_starts() -> None:
    found = find_clone([run("a", 7, 0), run("a", 8, 1), run("a", 7, 2)])
    assert found is not None
    assert "starts 7 and 8 of card a" in found.reason


def test_a_copied_card_with_the_same_number_is_found_by_when_it_started() -> None:
    runs = [run("a", 7, 0, 1_000_000), run("a", 7, 1, 9_000_000), run("a", 7, 2, 1_000_500)]
    assert find_clone(runs) is not None


@pytest.mark.parametrize(
    "runs",
    [
        [],
        [run("a", 1, 0)],
        [run("a", 1, 0), run("a", 2, 1), run("a", 3, 2)],  # power cuts
        [run("a", 1, 0), run("b", 1, 1)],  # a technician's new card, the old one never seen again
        [run("a", 1, 0), run("b", 1, 1), run("a", 2, 2)],  # and the old one put back, which starts anew
        [run("a", 1, 0, 0), run("a", 1, 1, SAME_START_MS + 1)],  # a clock that was set
        [run("a", 1, 0, 0), run("a", 1, 1, SAME_START_MS), run("a", 1, 2, 0)],  # a clock that wanders
    ],
)
def test_what_happens_to_one_device_is_no_copy(runs: list[Run]) -> None:
    assert find_clone(runs) is None


def test_what_was_long_ago_is_over() -> None:
    later = WINDOW.total_seconds() / 60 + 5
    assert find_clone([run("a", 1, 0), run("b", 1, later - 1), run("a", 1, later)]) is None


def test_after_a_release_another_card_is_found_at_once() -> None:
    assert find_clone([run("a", 1, 0)], keep="a") is None
    found = find_clone([run("b", 1, 0)], keep="a")
    assert found is not None
    assert "only a is believed" in found.reason


def claim(**given: object) -> Claim:
    known = {"expires_at": NOON, "revoked": False, "install": None, "verifier": None, "state": "unclaimed"}
    return Claim(**(known | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, "unknown"),
        (claim(), "grant"),
        (claim(revoked=True), "unknown"),
        (claim(expires_at=NOON - timedelta(days=1)), "expired"),
        (claim(install="card", verifier="v"), "again"),
        (claim(install="card", verifier="v", expires_at=NOON - timedelta(days=1)), "again"),
        (claim(install="card", verifier="other"), "used"),
        (claim(install="other", verifier="v"), "used"),
        (claim(state="quarantined"), "closed"),
        (claim(state="retired"), "closed"),
        (claim(state="active"), "grant"),  # a new label for a device in service
    ],
)
def test_what_becomes_of_a_claim(known: Claim | None, expected: str) -> None:
    assert decide(known, "card", "v", NOON - timedelta(minutes=1)) == expected
