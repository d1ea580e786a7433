"""The housing team's password and the pass that a browser carries for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cityops.errors import ConfigurationError
from cityops.settings import load_settings
from ops_api.housing.team_door import SHIFT, TeamDoor

NOW = datetime(2026, 1, 12, 9, tzinfo=UTC)
DOOR = TeamDoor("pond lily frog newt")


def test_a_pass_holds_for_a_shift_and_is_taken_by_every_process_with_the_same_password() -> None:
    text = DOOR.issue("Amira Khan", "Visits", NOW + SHIFT)
    found = TeamDoor("pond lily frog newt").read(text, NOW + SHIFT - timedelta(seconds=1))
    assert found is not None
    assert (found.name, found.purpose, found.until_s) == ("Amira Khan", "Visits", (NOW + SHIFT).timestamp())
    assert DOOR.read(text, NOW + SHIFT) is None
    assert TeamDoor("another password!").read(text, NOW) is None, "a new password ends all"


def test_a_pass_that_was_changed_in_any_place_is_none() -> None:
    text = DOOR.issue("Amira", "Visits", NOW + SHIFT)
    for at in range(len(text)):
        other = "A" if text[at] != "A" else "B"
        assert DOOR.read(text[:at] + other + text[at + 1 :], NOW) is None, at
    for wrong in ("", ".", text.partition(".")[0], f"{text}0", "é.é", "\udc80.x"):
        assert DOOR.read(wrong, NOW) is None, wrong


def test_only_the_password_opens() -> None:
    assert DOOR.opens("pond lily frog newt")
    for wrong in ("", "pond lily frog", "pond lily frog newt ", "Pond lily frog newt", "é", "\udc80"):
        assert not DOOR.opens(wrong), wrong


def test_a_password_that_could_be_guessed_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CITYOPS_HOUSING__PASSWORD", "frog-short-one")
    with pytest.raises(ConfigurationError, match="at least 16") as error:
        load_settings()
    assert "frog-short-one" not in str(error.value)
    monkeypatch.setenv("CITYOPS_HOUSING__PASSWORD", "pond lily frog newt")
    assert "pond" not in repr(load_settings().housing)
