"""A real agent process killed at random moments, against a real broker: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.agent.kills import kill
from cityops.embedded.mosquitto import EmbeddedMosquitto

pytestmark = pytest.mark.fault


class Movers:
    """Has the card forget after each life, with the real command; every second of these is killed, too."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self.forgotten = self.killed = 0

    def __call__(self, config: Path) -> None:
        command = [sys.executable, "-m", "devices.agent", "forget", "--config", str(config)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        if self._rng.random() < 0.5:
            time.sleep(self._rng.uniform(0.1, 0.5))
            process.kill()
        said, _ = process.communicate(timeout=60)
        assert process.returncode in (0, -9), said
        self.forgotten += said.startswith("forgotten")
        self.killed += process.returncode == -9


def check(
    broker: EmbeddedMosquitto, folder: Path, kills: int, seed: int, movers: Movers | None = None
) -> None:
    figures = kill(folder, broker, kills, seed, 0.03, movers or (lambda config: None))
    assert (figures["lost"], figures["doubled"], figures["conflicts"]) == (0, 0, 0), figures
    assert figures["created"] >= kills // 2, figures
    assert figures["boots"] >= kills // 2, figures


def test_random_kills(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    check(broker, tmp_path, 15, 3)


def test_random_kills_with_households_that_move_out_between(
    broker: EmbeddedMosquitto, tmp_path: Path
) -> None:
    movers = Movers(6)
    check(broker, tmp_path, 8, 5, movers)
    assert (movers.forgotten > 0, movers.killed > 0) == (True, True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_random_kills(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    check(broker, tmp_path, 1000, 4)
