"""docs/security-devices.md: every provision once, with a status, and every file and test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security-devices.md"
STATUS = {"met", "partly", "not met", "not applicable"}
COUNTS = {
    "5.1": 5, "5.2": 3, "5.3": 16, "5.4": 4, "5.5": 8, "5.6": 9, "5.7": 2, "5.8": 3, "5.9": 3, "5.10": 1, "5.11": 4,
    "5.12": 3, "5.13": 1, "6": 5, "4": 1,
}  # fmt: skip
"""Provisions of EN 303 645 V2.1.1 by clause."""
PATH = re.compile(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*\.(?:py|md|sh|toml|conf|html|yml))`")
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| asked", "| provision"))
]


def test_every_provision_is_there_once() -> None:
    found = [row[0].split(" ")[0] for row in ROWS if re.match(r"\d[\d.]*-\d+ ", row[0])]
    assert found == list(dict.fromkeys(found))
    assert set(found) == {f"{clause}-{n}" for clause, count in COUNTS.items() for n in range(1, count + 1)}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:20])
def test_each_has_a_status_and_what_holds_it(row: list[str]) -> None:
    assert len(row) == 3, row
    _, status, how = row
    assert status in STATUS
    assert how
    named = PATH.findall(how)
    assert [name for name in named if not (ROOT / name).exists()] == []
    if status == "met":
        assert [n for n in named if n.startswith("tests/")], "which test holds it?"
        assert [n for n in named if not n.startswith("tests/")], "what meets it?"
    if status == "partly" and not how.startswith(("with", "none", "one")):
        assert "Missing:" in how


def test_the_page_it_leads_to_and_the_policy_are_there() -> None:
    assert (ROOT / "SECURITY.md").exists()
    assert "cityops-agent claim" in (ROOT / "docs" / "provisioning.md").read_text(encoding="utf-8")


def test_it_speaks_of_the_tree_that_it_is_in() -> None:
    """Written while others were at work, it said of them that they are elsewhere."""
    text = PAGE.read_text(encoding="utf-8")
    assert [word for word in ("branch", "work of their own") if word in text] == []
