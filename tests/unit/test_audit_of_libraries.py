"""What `make audit` says: clean only where all were looked up."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from scripts.audit import ALLOWED, CLEAN, FOUND, LOCKS, NOT_ASKED, ROOT, judge

TODAY = date(2026, 11, 27)
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1", "GHSA-x"], "fix_versions": ["2.0"]}


def package(name: str, *holes: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": list(holes)}


SKIPPED = {"name": "b", "skip_reason": "Dependency not found on PyPI and could not be audited: b (1.0)"}


@pytest.mark.parametrize(
    ("packages", "code", "words"),
    [
        ([package("a"), package("b")], CLEAN, "2 libraries looked up"),
        ([package("a", HOLE)], FOUND, "a 1.0: PYSEC-2026-1; mended in 2.0"),
        ([package("a"), SKIPPED], NOT_ASKED, "NOT AUDITED: 1 of 2"),
        ([SKIPPED] * 9, NOT_ASKED, "NOT AUDITED: 9 of 9"),
        ([package("a", HOLE), SKIPPED], FOUND, "NOT AUDITED: 1 of 2"),
        ([], NOT_ASKED, "no advisory service answered"),
    ],
)
def test_only_what_was_looked_up_is_clean(packages: list[dict[str, Any]], code: int, words: str) -> None:
    verdict = judge({"dependencies": packages}, {}, TODAY)
    assert verdict.code == code
    assert words in "\n".join(verdict.lines)


def test_no_report_is_not_clean() -> None:
    assert judge(None, {}, TODAY).code == NOT_ASKED


@pytest.mark.parametrize(
    ("name", "days", "code"), [("CVE-2026-1", 0, CLEAN), ("GHSA-x", -1, FOUND), ("CVE-2", 9, FOUND)]
)
def test_what_is_allowed_is_allowed_until_its_day(name: str, days: int, code: int) -> None:
    allowed = {"allowed": [{"id": name, "until": TODAY + timedelta(days), "reason": "no reach"}]}
    assert judge({"dependencies": [package("a", HOLE)]}, allowed, TODAY).code == code


def test_each_allowed_one_has_a_day_and_a_reason() -> None:
    for one in tomllib.loads(ALLOWED.read_text("utf-8")).get("allowed", ()):
        assert isinstance(one["until"], date)
        assert len(one["reason"]) > 10


def test_each_lock_there_is_asked_for() -> None:
    assert [lock for lock in LOCKS if not (ROOT / "requirements" / lock).exists()] == []
    makefile = Path(ROOT / "Makefile").read_text("utf-8")
    assert "scripts/audit.py" in makefile
    assert "make audit" in Path(ROOT / ".ci" / "run").read_text("utf-8")
