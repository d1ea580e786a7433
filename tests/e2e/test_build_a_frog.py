"""docs/build-a-frog.md, as somebody without parts copies it: its own shell blocks, one after the other, against a demo."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cityops.embedded.process import free_port
from tests.e2e.test_demo import SMALL, demo, folder, read_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "build-a-frog.md"
SITE, FROG_PORT = "http://127.0.0.1:8080", "8090"
__all__ = ["folder"]


def blocks(page: Path = PAGE) -> list[str]:
    """Return the page's shell blocks in order."""
    return re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def script(here: dict[str, str], of: list[str]) -> str:
    """Return all blocks as one script, for one shell: what one block sets the next ones use."""
    text = "\n".join(f"echo '== {number}'\n{block}" for number, block in enumerate(of))
    for there, mine in here.items():
        text = text.replace(there, mine)
    return f"set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n{text}"


def commands(place: Path) -> Path:
    """Return a folder with the page's commands, as this Python has them."""
    place.mkdir()
    for name, module in (
        ("cityops", "-m ops_api"),
        ("cityops-agent", "-m devices.agent"),
        ("python", ""),
    ):
        file = place / name
        file.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {module} "$@"\n')
        file.chmod(0o755)
    return place


def at_the_demo(process: subprocess.Popen[str], folder: Path) -> tuple[str, str]:
    """Return the address of a demo's site and the folder of its data, once readings come."""
    found = re.search(r"(http://127\.0\.0\.1:\d+)/winter", read_until(process, r"/ops "))
    assert found is not None
    read_until(process, "readings committed")
    return found[1], str(folder / "demo" if (folder / "demo").is_dir() else folder)


@pytest.mark.usefixtures("quick_start")  # test_demo starts it as its user does
def test_each_block_of_the_page_does_what_it_says(folder: Path, tmp_path: Path) -> None:
    bench = tmp_path / "my-frog"
    bench.mkdir()
    with demo(folder, "--port", "0", town=SMALL) as process:
        site, data_dir = at_the_demo(process, folder)
        env = {
            **os.environ,
            "CITYOPS_DATA_DIR": data_dir,
            "PATH": f"{commands(tmp_path / 'bin')}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        done = subprocess.run(
            ["bash", "-c", script({SITE: site, FROG_PORT: str(free_port())}, blocks())],
            env=env,
            cwd=bench,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    assert done.returncode == 0, (done.stdout, done.stderr)
    page = PAGE.read_text(encoding="utf-8")
    for line in (
        "I²C bus 1, 0x44: SHT4x, serial number 0f4a1234",
        "ts,temperature_c,humidity_pct,wall_temperature_c,pressure_hpa",
        "<title>Your cold wall is close to wet – Kitchen",
        "  frog, shard 05, credential token",
    ):
        assert line in page
        assert line in done.stdout.splitlines(), (line, done.stdout)
    parts = dict(re.findall(r"^== (\d+)\n(.*?)(?=^== |\Z)", done.stdout, flags=re.DOTALL | re.MULTILINE))
    resident = next(
        parts[str(number)] for number, block in enumerate(blocks()) if block.startswith("HOME_PAGE=")
    )
    assert re.fullmatch(r"21\.\d +°C\n", resident), resident
    assert "temperature_c 22.5" in done.stdout
    assert "wall_temperature_c 9.5" in done.stdout
