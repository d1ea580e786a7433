"""docs/security-devices.md: every provision once, with a status, and every file and test that it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security-devices.md"
STATUS = {"met", "partly", "not met", "not applicable"}
V2_1_1 = """
4-1 M; 5.1-1 MC 5.1-2 MC 5.1-3 M 5.1-4 MC 5.1-5 MC; 5.2-1 M 5.2-2 R 5.2-3 R; 5.3-1 R 5.3-2 MC 5.3-3 MC 5.3-4 RC 5.3-5 RC
5.3-6 RC 5.3-7 MC 5.3-8 MC 5.3-9 RC 5.3-10 MC 5.3-11 RC 5.3-12 RC 5.3-13 M 5.3-14 RC 5.3-15 RC 5.3-16 M; 5.4-1 M 5.4-2 MC
5.4-3 M 5.4-4 M; 5.5-1 M 5.5-2 R 5.5-3 R 5.5-4 R 5.5-5 M 5.5-6 R 5.5-7 M 5.5-8 M; 5.6-1 M 5.6-2 M 5.6-3 R 5.6-4 MC 5.6-5 R
5.6-6 R 5.6-7 R 5.6-8 R 5.6-9 R; 5.7-1 R 5.7-2 R; 5.8-1 R 5.8-2 M 5.8-3 M; 5.9-1 R 5.9-2 R 5.9-3 R; 5.10-1 RC; 5.11-1 M
5.11-2 R 5.11-3 R 5.11-4 R; 5.12-1 R 5.12-2 R 5.12-3 R; 5.13-1 M; 6-1 M 6-2 MC 6-3 M 6-4 RC 6-5 MC
"""
"""Annex B of V2.1.1 (2020-06): M shall, R should, C under a condition."""
V3_1_3 = """
5.0-1 M; 5.1-1 MF 5.1-2 MF 5.1-2A R 5.1-3 MF 5.1-4 MF 5.1-5 MCF; 5.2-1 M 5.2-2 R 5.2-3 R; 5.3-1 RF 5.3-2 MC 5.3-3 MF 5.3-4A RF
5.3-4B RF 5.3-5 RF 5.3-6A RF 5.3-6B RF 5.3-7 MF 5.3-8 MC 5.3-9 RF 5.3-10 MF 5.3-11 RC 5.3-12 RC 5.3-13 M 5.3-14 RC 5.3-15A RC
5.3-15B RC 5.3-16 M; 5.4-1 MF 5.4-2 MF 5.4-3 M 5.4-4 MF; 5.5-1 M 5.5-2 R 5.5-3 R 5.5-4 R 5.5-5 MF 5.5-6 RF 5.5-7 MF 5.5-8 MC;
5.6-1 MF 5.6-2 M 5.6-3 R 5.6-4A MF 5.6-4B RF 5.6-5 R 5.6-6 R 5.6-7 R 5.6-8 R 5.6-9 R; 5.7-1 R 5.7-2 RF; 5.8-1 RF 5.8-2 MF
5.8-3 MF; 5.9-1 R 5.9-2 R 5.9-3 R; 5.10-1 RF; 5.11-1 M 5.11-2 RF 5.11-3 R 5.11-4 R; 5.12-1 R 5.12-2 R 5.12-3 R; 5.13-1A M
5.13-1B M; 6-1 M 6-2 MF 6-3A MF 6-3B MF 6-4 RF 6-5 MF 6-6 MF 6-7 RF 6-8 RF
"""
"""Table B.1 of V3.1.3 (2024-09); F where the device has the feature."""
NUMBER = re.compile(r"\d[\d.]*-\d+[AB]? ")
PATH = re.compile(r"`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*\.(?:py|md|sh|toml|conf|html|yml))`")
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and not line.startswith(("| ---", "| asked", "| provision"))
]
PROVISIONS = [row for row in ROWS if NUMBER.match(row[0])]


def table(text: str) -> dict[str, str]:
    words = text.replace(";", "").split()
    return dict(zip(words[::2], words[1::2], strict=True))


def test_every_provision_of_2024_is_there_once_in_order_as_the_standard_has_it() -> None:
    found = [(row[0].split(" ")[0], row[2].replace(" ", "")) for row in PROVISIONS]
    assert found == list(table(V3_1_3).items())


def test_every_provision_of_2020_is_there_as_the_standard_has_it() -> None:
    found: dict[str, set[str]] = {}
    for row in PROVISIONS:
        other = re.search(r"\(2020: ([\d.]+-\d+)\)", row[0])
        number = other[1] if other else row[0].split(" ")[0].rstrip("AB")
        if row[1] != "–":
            found.setdefault(number, set()).add(row[1].replace(" ", ""))
    assert found == {number: {status} for number, status in table(V2_1_1).items()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:20])
def test_each_has_a_status_and_what_holds_it(row: list[str]) -> None:
    assert len(row) == (5 if row in PROVISIONS else 3), row
    *_, status, how = row
    assert status in STATUS
    assert how
    named = PATH.findall(how)
    assert [name for name in named if not (ROOT / name).exists()] == []
    if status == "met":
        assert [n for n in named if n.startswith("tests/")], "which test holds it?"
        assert [n for n in named if not n.startswith("tests/")], "what meets it?"
    if status == "partly":
        assert "Missing:" in how
    if status == "not applicable":
        assert {"C", "F"} & {*row[1], *row[2]}, "open to what has a condition alone"


def test_the_page_it_leads_to_and_the_policy_are_there() -> None:
    assert (ROOT / "SECURITY.md").exists()
    assert "cityops-agent claim" in (ROOT / "docs" / "provisioning.md").read_text(encoding="utf-8")


def test_it_speaks_of_the_tree_that_it_is_in() -> None:
    """Written while others were at work, it said of them that they are elsewhere."""
    text = PAGE.read_text(encoding="utf-8")
    assert [word for word in ("branch", "work of their own") if word in text] == []
