from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = "cityops|devices|firmware_sim|ingest|rules|dashboards|ops_api|tests|bench|docs|deploy|scripts|requirements"
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./-]*)`")
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {
        m.rstrip("/") for m in PATH.findall(text) if not m.startswith("deploy/secrets/")
    }  # made by `make stack-secrets`
    assert not sorted(n for n in named if not (ROOT / n).exists())


@pytest.mark.parametrize("page", pages(), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert not sorted(t for t in targets if not (page.parent / t).exists())


def test_the_walk_of_one_reading_is_there() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert len(PATH.findall(text)) > 20


def test_every_row_of_the_fault_table_names_a_test_or_says_why_not() -> None:
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if re.match(r"\| \d+ \|", line)]
    assert {int(row[1]) for row in rows} == set(range(1, 25))
    for row in rows:
        assert PATH.findall(row[3]) or "not tested" in row[6], row
