"""docs/configuration.md says what the settings are."""

from __future__ import annotations

from pathlib import Path

from cityops.settings import Settings
from cityops.settings_check import leaves, variable
from cityops.settings_docs import render

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run `cityops config docs`"


def test_every_setting_is_there_with_a_meaning() -> None:
    rows = {line.split("|")[1].strip(" `"): line for line in render().splitlines() if line.startswith("| `")}
    missing = [variable(path) for path in leaves(Settings) if variable(path) not in rows]
    empty = [name for name, row in rows.items() if len(row.split("|")[3].strip()) < 5]
    assert (missing, empty) == ([], [])
