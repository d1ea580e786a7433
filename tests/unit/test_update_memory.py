"""What updates cost a device that is not being updated: no cryptography, no lzma, no subprocess in the agent's process."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = (
    "cryptography",
    "lzma",
    "subprocess",
    "urllib.request",
    "devices.agent.update.stage",
    "devices.agent.update.unpack",
)


def test_the_part_imports_nothing_of_the_updates_process() -> None:
    code = (
        "import sys, msgspec, devices.agent.part\nbefore = set(sys.modules)\n"
        "import devices.agent.update.join\nprint(*(set(sys.modules) - before))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not set(HEAVY) & set(said.stdout.split())


def test_what_a_pi_installs_has_no_library_of_the_server() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {word.split(">")[0].split("=")[0].split("[")[0] for word in project["dependencies"]}
    extra = {word.split(">")[0].split("=")[0] for word in project["optional-dependencies"]["pi"]}
    assert extra == {"cryptography", "gpiozero", "lgpio", "smbus2"}
    assert not (names | extra) & {
        "fastapi",
        "psycopg",
        "typer",
        "uvicorn",
        "scipy",
        "numba",
        "jinja2",
        "aiomqtt",
        "shapely",
    }
