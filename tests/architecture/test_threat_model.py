"""Each threat has a control and a test that is there; no test is named that is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "threat-model.md").read_text("utf-8").splitlines()
    if re.match(r"\| T\d+ \|", line)
]


def test_there_are_all_of_them_once_and_in_order() -> None:
    numbers = [int(cells[0][1:]) for cells in LINES]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 40


@pytest.mark.parametrize("cells", LINES, ids=[cells[0] for cells in LINES])
def test_a_threat_has_a_control_and_a_test(cells: list[str]) -> None:
    _, threat, control, test = cells
    assert min(len(threat), len(control)) > 8
    named = re.fullmatch(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", test)
    assert named, test
    file = ROOT / named[1]
    assert file.is_file(), f"{named[1]} is not there"
    assert re.search(rf"^(async )?def {named[2] or 'test_'}", file.read_text("utf-8"), flags=re.M), test
