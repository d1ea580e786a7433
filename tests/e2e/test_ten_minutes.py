"""The README's "Ten minutes", as a newcomer copies it: its own blocks, run against a demo."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from owslib.ogcapi.features import Features

from cityops.embedded.mosquitto import EmbeddedMosquitto
from tests.e2e.test_demo import SMALL, demo, folder, read_until
from tests.fakes.home_assistant import HomeAssistant

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
ROOT = Path(__file__).parents[2]
ADDRESS, COMMAND, BROKER = "http://127.0.0.1:8080", ".venv/bin/cityops", "mqtt://homeassistant.local"
__all__ = ["folder"]


def blocks() -> list[tuple[str, str]]:
    """Return the section's blocks in order: language and text."""
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").split("\n## Ten minutes\n")[1].split("\n## ")[0]
    )
    return re.findall(r"```(\w+)\n(.*?)```", section, flags=re.DOTALL)


@pytest.fixture
def household(server_dir: Path) -> Iterator[EmbeddedMosquitto]:
    """The household's own broker."""
    place = Path(tempfile.mkdtemp(prefix="h", dir=server_dir))
    place.chmod(0o711)
    with EmbeddedMosquitto(place) as started:
        yield started


def run(language: str, text: str, env: dict[str, str], cwd: Path) -> str:
    """Run a block and return what it prints."""
    command = (
        [sys.executable, "-c", text] if language == "python" else ["bash", "-euo", "pipefail", "-c", text]
    )
    done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (text, done.stdout, done.stderr)
    return done.stdout


@pytest.mark.usefixtures("quick_start")  # test_demo starts it as its user does
def test_each_block_of_the_readme_does_what_it_says(
    folder: Path, household: EmbeddedMosquitto, tmp_path: Path
) -> None:
    (_, key), (_, python), (_, addresses), (_, frog) = blocks()
    with demo(folder, "--port", "0", town=SMALL) as process:
        found = re.search(r"(http://127\.0\.0\.1:\d+)/winter", read_until(process, r"/ops "))
        assert found is not None
        read_until(process, "readings committed")
        here = {
            ADDRESS: found[1],
            COMMAND: f"{sys.executable} -m ops_api",
            BROKER: f"mqtt://{household.host}:{household.port}",
        }

        def as_here(text: str) -> str:
            for there, mine in here.items():
                text = text.replace(there, mine)
            return text

        env = {**os.environ, "CITYOPS_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
        lines = run("sh", as_here(key), env, tmp_path).splitlines()
        assert lines[-3].startswith("id,label,measured_at,surface_temperature_c"), lines
        coldest = run("python", as_here(python), env, tmp_path).splitlines()
        assert len(coldest) == 5
        assert all(re.match(r" *-?\d+(\.\d+)? °C  ", line) for line in coldest), coldest

        bins, ogc = as_here(addresses).split()
        assert len(json.loads(run("sh", f"curl -sf {bins}", env, tmp_path))["features"]) == 20
        assert len(Features(ogc).collection_items("bins")["features"]) == 20

        with HomeAssistant(household.host, household.port) as shown:
            assert '"homeassistant/sensor/cityops_' in run("sh", as_here(frog), env, tmp_path)
            shown.wait(lambda: any(e.endswith("_temperature_c") for e in shown.entities))
