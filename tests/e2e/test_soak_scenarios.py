"""Every scenario through the whole chain, with its own promises: long, so `make test-long` only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from firmware_sim.scenario import scenario_names

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("scenario", scenario_names())
def test_the_scenario_keeps_its_promises(scenario: str, server_dir: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ops_api", "demo", "--check", "--scenario", scenario),
            *("--data-dir", str(server_dir / scenario)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
