"""Simulated devices that take updates over the air: the real part, launcher and files, each on a small card of its own.

What a device measures is the world's, whichever version runs: a version is its number, and what goes wrong with it is
that its program ends at each start, as a bad one does. The launcher then counts, and goes back.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from devices.agent.counts import Observer
from devices.agent.entry import Key, Run
from devices.agent.update.files import RealFiles
from devices.agent.update.join import CADENCES
from devices.agent.update.part import Updates
from devices.agent.update.section import UpdateSection
from devices.agent.update.settings import UpdateSettings
from devices.agent.update.stager import InlineStager
from devices.contract.update.manifest import BundleError, read_manifest
from devices.launcher import launch
from devices.registry import Device

EVERY_S = 0.5
"""How often a device that takes updates has a turn for them [s, real]."""
_START_WITHIN_S = 2.0
_RATE_BYTES_S = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePlan:
    """Which devices take updates, and of which one the new version does not start.

    Attributes:
        folder: where the devices' cards are made.
        card: what each begins with (:func:`firmware_sim.lab.update_fleet.prepare_card`).
        devices: by name.
        fails: of these the version ``bad_serial`` ends at its start.
    """

    folder: Path
    card: Path
    devices: frozenset[str]
    fails: frozenset[str] = frozenset()
    bad_serial: int = 0


class Cards:
    """The cards of the devices of a plan.

    Args:
        rng: spreads devices in time.
        monotonic: the network's time [s].
    """

    def __init__(self, plan: UpdatePlan, rng: random.Random, monotonic: Callable[[], float]) -> None:
        self._plan = plan
        self._rng = rng
        self._monotonic = monotonic

    def takes(self, device: str) -> bool:
        """Whether a device takes updates."""
        return device in self._plan.devices

    def start(self, device: Device, cadence_s: Callable[[], float]) -> Updates:
        """Have the launcher choose a slot, and return the part of the agent that runs out of it.

        Args:
            device: which.
            cadence_s: returns how often it measures [s].
        """
        own = self._plan.folder / device.name
        if not own.exists():
            shutil.copytree(self._plan.card, own)
        root = own / "update"
        slot = self._booted(root, device.name)
        settings = UpdateSettings(
            kind=device.kind,
            slot=slot,
            section=UpdateSection(
                keys_file=str(own / "keys.json"),
                start_within_s=_START_WITHIN_S,
                rate_bytes_s=_RATE_BYTES_S,
            ),
            least_s=lambda: CADENCES * cadence_s(),
        )
        files = RealFiles()
        return Updates(files, root, settings, InlineStager(files), self._rng, self._monotonic)

    def _booted(self, root: Path, device: str) -> str:
        """Return the slot whose program stays: one that ends at its start is started again, as systemd does."""
        while True:
            slot, _ = launch.prepare(root)
            if device not in self._plan.fails or self._serial(root, slot) != self._plan.bad_serial:
                return slot

    def _serial(self, root: Path, slot: str) -> int:
        with suppress(OSError, BundleError):
            return read_manifest((root / launch.SLOTS / slot / "manifest.json").read_bytes()).serial
        return 0


class Both:
    """An observer that tells two."""

    def __init__(self, first: Observer, second: Observer) -> None:
        self._observers = (first, second)

    def created(self, device: str, key: Key) -> None:
        """An entry is in the outbox."""
        for one in self._observers:
            one.created(device, key)

    def pubacked(self, device: str, keys: Sequence[Key]) -> None:
        """The broker took a message with these entries."""
        for one in self._observers:
            one.pubacked(device, keys)

    def receipted(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The server confirmed these."""
        for one in self._observers:
            one.receipted(device, boot, runs)


def observers(town: Observer | None, updates: Updates | None) -> Observer | None:
    """Return who is told of a device's entries: the town's checker, and what is on trial."""
    if updates is None or not updates.on_trial:
        return town
    return updates if town is None else Both(town, updates)
