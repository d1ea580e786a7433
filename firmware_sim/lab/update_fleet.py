"""Hundreds of devices that are updated, with faults, over a real broker: who ends where.

The server's side is whoever calls: something that answers what devices ask (``ingest.fleet.updates.desk``) and gives
receipts. See ``bench/ota.py``.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from devices.agent.broker import BrokerAddress
from devices.agent.update.durable import Places, save
from devices.agent.update.files import RealFiles, keep
from devices.agent.update.state import InSlot, State
from devices.agent.update.unpack import unpack
from devices.contract.update.container import read_head
from devices.contract.update.manifest import read_manifest
from devices.launcher.launch import PROVEN
from firmware_sim.lab.update_device import LabDevice, LabTimes
from firmware_sim.lab.update_faults import Fault
from firmware_sim.paho_fleet_link import FleetHub

_TURN_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How it ended.

    Attributes:
        running: devices by the serial that a start of them runs; the key 0 counts bricks.
        bricked: devices of which no start runs anything whole.
        outcomes: ends by fault and code, ``fault: code``.
        measuring: devices whose readings, taken by the version that runs, the server has.
        took_s: time until all had settled [s].
        starts: of all devices.
        cuts: of power.
    """

    devices: int
    running: Mapping[int, int]
    bricked: Sequence[str]
    outcomes: Mapping[str, int]
    measuring: int
    took_s: float
    starts: int
    cuts: int


def prepare_card(folder: Path, bundle: Path, bundle_id: str, keys: bytes) -> None:
    """Make the card of a device that runs ``bundle`` out of slot a, proven."""
    files, places = RealFiles(), Places(folder / "update")
    with bundle.open("rb") as file:
        text = read_head(file).manifest.text.encode()
        manifest = read_manifest(text)
        unpack(files, file, manifest, text, places.slot("a"), None)
    keep(files, places.slot("a") / PROVEN, b"")
    slot = InSlot(bundle=bundle_id, serial=manifest.serial, version=manifest.version, proven=True)
    save(files, places, State(current="a", slots={"a": slot}, floor=manifest.serial))
    (folder / "keys.json").write_bytes(keys)


class UpdateFleet:
    """Devices made from one card.

    Args:
        folder: where their cards are made.
        card: the card that is copied.
        other_keys: the list of keys on the cards of devices with ``wrong_signature``.
        faults: of each device.
        new: serial of the new version.
        seed: of all that is drawn.
    """

    def __init__(
        self,
        folder: Path,
        card: Path,
        other_keys: bytes,
        faults: Mapping[str, Fault],
        broker: BrokerAddress,
        new: int,
        seed: int = 1,
        times: LabTimes | None = None,
    ) -> None:
        self.hub = FleetHub(time.monotonic, random.Random(seed), ramp_s=1.0)
        self.devices = []
        for name, fault in faults.items():
            own = folder / name
            shutil.copytree(card, own)
            if fault == "wrong_signature":
                (own / "keys.json").write_bytes(other_keys)
            self.devices.append(LabDevice(name, own, fault, self.hub, broker, new, seed, times))

    def run(self, done: Callable[[], bool], most_s: float) -> float:
        """Let them live until ``done()`` and all have settled; return how long it took [s].

        Raises:
            TimeoutError: they have not after ``most_s``.
        """
        began_s = time.monotonic()
        ready_s: float | None = None
        while True:
            now_s = time.monotonic()
            for device in self.devices:
                device.turn()
            self.hub.poll(max(0.0, now_s + _TURN_S - time.monotonic()))
            if done() and all(device.settled for device in self.devices):
                if all(device.receipted for device in self.devices) or (
                    ready_s is not None and now_s - ready_s > 10.0
                ):
                    return now_s - began_s
                ready_s = ready_s or now_s
            else:
                ready_s = None
            if now_s - began_s > most_s:
                left = [f"{d.name} ({d.fault}, {d.outcome()})" for d in self.devices if not d.settled]
                raise TimeoutError(
                    f"after {most_s:g} s these are not done: {', '.join(left) or 'the roll-out'}"
                )

    def ending(self, took_s: float) -> Ending:
        """Return how it ended."""
        running = {device.name: device.running() for device in self.devices}
        return Ending(
            devices=len(self.devices),
            running=dict(Counter(serial or 0 for serial in running.values())),
            bricked=[name for name, serial in running.items() if serial is None],
            outcomes=dict(Counter(f"{d.fault}: {d.outcome() or 'not offered'}" for d in self.devices)),
            measuring=sum(d.receipted > 0 for d in self.devices),
            took_s=took_s,
            starts=sum(d.starts for d in self.devices),
            cuts=sum(d.cuts for d in self.devices),
        )

    def close(self) -> None:
        """Switch all off."""
        for device in self.devices:
            device.close()
        self.hub.close()
