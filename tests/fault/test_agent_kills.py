"""A real agent process killed at random moments, against a real broker: nothing is lost, nothing is doubled."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.agent.kills import kill
from cityops.embedded.mosquitto import EmbeddedMosquitto

pytestmark = pytest.mark.fault


def check(broker: EmbeddedMosquitto, folder: Path, kills: int, seed: int) -> None:
    figures = kill(folder, broker, kills, seed, 0.03)
    assert (figures["lost"], figures["doubled"], figures["conflicts"]) == (0, 0, 0), figures
    assert figures["created"] >= kills // 2, figures
    assert figures["boots"] >= kills // 2, figures


def test_random_kills(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    check(broker, tmp_path, 15, 3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_thousand_random_kills(broker: EmbeddedMosquitto, tmp_path: Path) -> None:
    check(broker, tmp_path, 1000, 4)
