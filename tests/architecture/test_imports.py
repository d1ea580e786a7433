"""The import contracts of pyproject.toml hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    code = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_agents_imports_stay_light() -> None:
    """What a Raspberry Pi installs (no extras) is all that importing the agent takes."""
    code = (
        "import sys\n"
        "import pkgutil, importlib, devices.agent\n"
        "for m in pkgutil.iter_modules(devices.agent.__path__, 'devices.agent.'):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        "heavy = {'psycopg', 'fastapi', 'typer', 'scipy', 'uvicorn', 'mqtt5'} & set(sys.modules)\n"
        "sys.exit(f'the agent imports {sorted(heavy)}' if heavy else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
