"""Makes the part of updates for a real device, where the launcher started it."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from devices.agent.update.files import RealFiles
from devices.agent.update.part import Updates
from devices.agent.update.section import UpdateSection
from devices.agent.update.settings import UpdateSettings
from devices.agent.update.stager import ProcessStager

CADENCES = 2.5
"""A new version is given so many cadences at least: one reading may fail."""


def make_updates(
    section: UpdateSection | None,
    kind: str,
    cadence_s: Callable[[], float],
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> Updates | None:
    """Return the part; None without a section, or where the agent was not started by the launcher.

    ``cadence_s``: returns how often the device measures [s]. Without the launcher nobody would go back from a version that does not start: such an agent takes no updates.
    """
    slot, root = environment.get("CITYOPS_SLOT"), environment.get("CITYOPS_UPDATE_ROOT")
    if section is None or not slot or not root:
        return None
    settings = UpdateSettings(kind=kind, slot=slot, section=section, least_s=lambda: CADENCES * cadence_s())
    return Updates(
        RealFiles(),
        Path(root),
        settings,
        ProcessStager(),
        random.Random(),
        time.monotonic,
        on_proven=_stop_alarm,
        tell=tell,
    )


def _stop_alarm() -> None:
    """End the kernel's alarm that the launcher set for a trial (devices/launcher/launch.py)."""
    signal.setitimer(signal.ITIMER_REAL, 0.0)
