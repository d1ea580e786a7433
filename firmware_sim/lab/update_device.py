"""A device of the laboratory that is updated: the real launcher, part, files and agent; the chips and the program are simulated.

What the new version does on it is its fault: a version that crashes is one that never gets to make an agent, one that
hangs makes one that takes no turn until the kernel's alarm ends it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from devices.agent.agent import Agent, Identity
from devices.agent.broker import BrokerAddress, Will
from devices.agent.clock_state import Moment
from devices.agent.memory_outbox import MemoryOutbox
from devices.agent.part import Voice
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.update.durable import Places, load
from devices.agent.update.files import RealFiles, keep
from devices.agent.update.part import Updates
from devices.agent.update.section import UpdateSection
from devices.agent.update.settings import UpdateSettings
from devices.agent.update.stager import InlineStager
from devices.contract.kind import discover
from devices.contract.topics import shard_of
from devices.contract.update.manifest import BundleError, read_manifest
from devices.contract.update.messages import piece as piece_of
from devices.contract.update.messages import read_piece
from devices.launcher import launch
from firmware_sim.lab.power_cuts import CutCard, PowerCut
from firmware_sim.lab.update_faults import Fault
from firmware_sim.paho_fleet_link import FleetHub, FleetLink

LONGEST_CUT = 40
"""Operations on the card after the offer within which the power goes."""
_ALARM_S = 2.0
"""In place of the launcher's two minutes beyond the trial [s]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTimes:
    """How quick life is in the laboratory [s]."""

    cadence_s: float = 1.0
    start_within_s: float = 1.0
    confirm_within_s: float = 8.0
    patience_s: float = 2.0
    off_s: float = 0.3


class _Chip:
    """The sensors of a frog; a new version may not find one of them."""

    def __init__(self, *, humidity: bool) -> None:
        self._humidity = humidity

    def read(self) -> Mapping[str, float]:
        return {"temperature_c": 20.0, "wall_temperature_c": 15.0} | (
            {"humidity_pct": 50.0} if self._humidity else {}
        )


class _Fragile:
    """The part, on a card whose power may go: then the device is off, whatever called it."""

    def __init__(self, part: Updates, device: LabDevice) -> None:
        self._part = part
        self._device = device

    @property
    def hears(self) -> Collection[str]:
        return self._part.hears

    def connected(self, voice: Voice) -> None:
        self._part.connected(voice)

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        try:
            self._part.heard(channel, self._device.spoilt(payload), voice)
        except PowerCut:
            self._device.power_gone()

    def turn(self, moment: Moment, voice: Voice) -> None:
        try:
            self._part.turn(moment, voice)
        except PowerCut:
            self._device.power_gone()


class LabDevice:
    """One device.

    Args:
        name: of the device.
        folder: its card, prepared: a version in slot a, the council's keys.
        fault: what goes wrong with the new version here.
        hub: its uplink's.
        broker: where it connects to.
        new: serial of the new version.
        seed: of all that is drawn.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        fault: Fault,
        hub: FleetHub,
        broker: BrokerAddress,
        new: int,
        seed: int,
        times: LabTimes | None = None,
    ) -> None:
        self.name = name
        self.fault = fault
        self._folder = folder
        self._hub = hub
        self._broker = broker
        self._new = new
        self._rng = random.Random(f"{seed}:{name}")
        self._times = times or LabTimes()
        self._boots = 0
        self._off_until_s: float | None = 0.0
        self._spoil = 2 if fault == "bad_chunk" else 0
        self._hung_since_s: float | None = None
        self._agent: Agent | None = None
        self._link: FleetLink | None = None
        self._part: Updates | None = None
        self.card = CutCard(RealFiles(), 0, self._rng)
        self.starts = 0
        self.cuts = 0

    # -- life --------------------------------------------------------------------------------

    def turn(self) -> None:
        """Live for a moment."""
        now_s = time.monotonic()
        if self._off_until_s is not None:
            if now_s >= self._off_until_s:
                self._start(now_s)
            return
        if self._hung_since_s is not None:
            if now_s - self._hung_since_s >= _ALARM_S:
                self._end(now_s)
            return
        assert self._agent is not None
        assert self._part is not None
        self._agent.step(Moment(round(time.time() * 1000), round(now_s * 1000)))
        if self._off_until_s is None and self._part.restart_wanted:
            self._end(now_s)

    def power_gone(self) -> None:
        """The power is cut: nothing is said, nothing is kept."""
        self.cuts += 1
        self.card = CutCard(RealFiles(), 0, self._rng)
        if self._link is not None:
            self._link.bar(barred=True)
        self._off_until_s = time.monotonic() + self._times.off_s

    def spoilt(self, payload: bytes) -> bytes:
        """What arrives of a message: a piece may be another than was sent, its checksum right all the same."""
        if self.fault == "power_cut" and self.cuts == 0 and payload[:1] == b"{" and b"offer" in payload:
            self.card.cut_in(self._rng.randint(1, LONGEST_CUT))
        piece = read_piece(payload)
        if self._spoil == 0 or piece is None:
            return payload
        self._spoil -= 1
        body = bytes([piece.body[0] ^ 0xFF]) + piece.body[1:]
        return piece_of(piece.mark.hex() + "0" * 48, piece.from_byte, body)

    def close(self) -> None:
        """Switch it off for good."""
        if self._link is not None:
            self._link.close()

    def _start(self, now_s: float) -> None:
        """What happens with power: launcher, then the program of the slot that it chose."""
        self._off_until_s = None
        self._leave_link()
        self.starts += 1
        root = self._folder / "update"
        try:
            slot, _ = launch.prepare(
                root, lambda _, state: keep(self.card, root / launch.STATE, json.dumps(state).encode())
            )
            serial = self._serial(slot)
            if serial == self._new and self.fault == "crash_at_start":
                self._off_until_s = now_s + self._times.off_s
                return
            self._run(slot, serial, now_s)
        except PowerCut:
            self.power_gone()

    def _run(self, slot: str, serial: int, now_s: float) -> None:
        kind = discover()["frog"]
        new = serial == self._new
        self.card.full = self.fault == "full_disk"
        self._part = self._make_part(slot)
        self._boots += 1
        identity = Identity(device=self.name, kind="frog", shard=shard_of(self.name), firmware=f"1.{serial}")
        agent = Agent(
            identity,
            Sampler(
                kind, [_Chip(humidity=not (new and self.fault == "no_sensor"))], self._times.cadence_s, now_s
            ),
            MemoryOutbox(boots=time.time_ns()),
            Publisher(Limits(interval_s=0.0), self._rng),
            time.monotonic,
            observer=self._part if self._part.on_trial else None,
        )
        agent.join(_Fragile(self._part, self))
        agent.tell(self._part)
        will = Will(identity.topic("status"), identity.last_will())
        self._link = self._hub.link(self._broker, self.name, will, agent, agent.pump)
        agent.start(self._link)
        if new and self.fault == "no_network":
            self._link.bar(barred=True)
        self._agent = agent
        self._hung_since_s = now_s if new and self.fault == "hangs" else None

    def _make_part(self, slot: str) -> Updates:
        times = self._times
        section = UpdateSection(
            keys_file=str(self._folder / "keys.json"),
            start_within_s=times.start_within_s,
            confirm_within_s=times.confirm_within_s,
            rate_bytes_s=10_000_000,
        )
        settings = UpdateSettings(
            kind="frog",
            slot=slot,
            section=section,
            patience_s=times.patience_s,
            say_every_s=10.0,
            switch_after_s=5.0,
        )
        root, rng = self._folder / "update", self._rng
        return Updates(self.card, root, settings, InlineStager(self.card), rng, time.monotonic)

    def _end(self, now_s: float) -> None:
        self._hung_since_s = None
        self._off_until_s = now_s + self._times.off_s
        self._leave_link()

    def _leave_link(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = self._agent = None

    def _serial(self, slot: str) -> int:
        text = (self._folder / "update" / launch.SLOTS / slot / "manifest.json").read_bytes()
        return read_manifest(text).serial

    # -- afterwards ----------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether nothing is going on: no trial, no offer, and it runs."""
        if self._off_until_s is not None or self._hung_since_s is not None or self._part is None:
            return False
        return self._part.state.phase == "idle" and self._part.state.trial is None

    @property
    def receipted(self) -> int:
        """Readings of the program that runs now that the server has."""
        return 0 if self._agent is None else self._agent.counts.receipted

    def running(self) -> int | None:
        """Return the serial that a start would run, None where it would be nothing whole: a brick."""
        root = self._folder / "update"
        slot, trial = launch.prepare(root, lambda _, __: None)
        folder = root / launch.SLOTS / slot
        with contextlib.suppress(OSError, BundleError):
            manifest = read_manifest((folder / "manifest.json").read_bytes())
            files = manifest.files
            if trial is None and all(_same(folder / f.path, f.sha256) for f in files):
                return manifest.serial
        return None

    def outcome(self) -> str:
        """Return how the update ended here: ``confirmed``, or the code of why not; empty: it was never offered."""
        last = load(RealFiles(), Places(self._folder / "update")).last
        return "" if last is None else last.code or last.result


def _same(path: Path, sha256: str) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == sha256
