"""Files stay small enough to read in one sitting."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "cityops",
    "devices",
    "firmware_sim",
    "ingest",
    "rules",
    "dashboards",
    "ops_api",
    "bench",
    "scripts",
)
CODE_LINES = 400
TEST_LINES = 600


def too_long(folder: str, limit: int) -> dict[str, int]:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / folder).rglob("*.py")
    }
    assert lengths, f"no Python file in {folder}"
    return {name: lines for name, lines in lengths.items() if lines > limit}


@pytest.mark.parametrize("folder", PACKAGES)
def test_code_files_stay_below_the_cap(folder: str) -> None:
    assert too_long(folder, CODE_LINES) == {}


def test_test_files_stay_below_the_cap() -> None:
    assert too_long("tests", TEST_LINES) == {}


def test_the_check_finds_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "long.py").write_text("x = 1\n" * 401)
    assert too_long("a", CODE_LINES) == {"a/long.py": 401}
