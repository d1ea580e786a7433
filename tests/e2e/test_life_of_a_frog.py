"""docs/life-of-a-frog.md as it stands: its own shell blocks, one after the other, against a demo and a frog with a launcher."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_build_a_frog import SITE, at_the_demo, blocks, commands, script
from tests.e2e.test_demo import SMALL, demo, folder

# Thirty-odd commands and six starts of an agent, one after the other: among the long ones (`make test-long`).
pytestmark = [pytest.mark.e2e, pytest.mark.soak, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "life-of-a-frog.md"
__all__ = ["folder"]


@pytest.mark.usefixtures("quick_start")  # test_demo starts it as its user does
def test_a_frog_lives_from_its_box_to_the_bin(folder: Path, tmp_path: Path) -> None:
    bench = tmp_path / "my-frog"
    bench.mkdir()
    with demo(folder, "--port", "0", town=SMALL) as process:
        site, data_dir = at_the_demo(process, folder)
        done = subprocess.run(
            ["bash", "-c", script({SITE: site}, blocks(PAGE))],
            env={
                **os.environ,
                "CITYOPS_DATA_DIR": data_dir,
                "PATH": f"{commands(tmp_path / 'bin')}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
            },
            cwd=bench,
            capture_output=True,
            text=True,
            timeout=480,
            check=False,
        )
    log = (bench / "agent.log").read_text(errors="replace") if (bench / "agent.log").exists() else ""
    assert done.returncode == 0, (done.stdout, done.stderr, log)
    said, page = done.stdout.splitlines(), PAGE.read_text(encoding="utf-8")
    for line in (
        "runs: slot a, version 1.4.0, serial 14",
        "last update: confirmed",
        "slot b: version 1.5.0, serial 15, not proven",
        "last update: rolled back: it did not prove itself in 3 starts",
        "fail  login     refused: Not authorized",
        "my-frog: retired: broken",
    ):
        assert line in page
        assert line in said, (line, done.stdout, done.stderr, log)
    assert said.count("runs: slot a, version 1.4.0, serial 14") == 2  # before the bad one and after it
    assert "This code opens nothing." in done.stderr
    assert "       1 resident" in said
    assert not any(file.is_file() for file in (bench / "card").rglob("*"))
    assert not (bench / "agent.toml").exists()
