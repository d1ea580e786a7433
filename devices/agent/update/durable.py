"""Keeps the state of updates in one file, and knows where else things lie.

::

    <root>/state.json        where the device is: read by the launcher too
    <root>/keys.json         the newest list of keys that was believed
    <root>/fetch/<bundle>    what came so far of the offered bundle
    <root>/slots/{a,b}/      code, libraries, and manifest.json, which is put there last
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from devices.agent.update.files import Files, keep
from devices.agent.update.state import InSlot, Slot, State
from devices.contract.update.manifest import BundleError, read_manifest
from devices.launcher.launch import SLOTS, STATE


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie below ``root``."""

    root: Path

    @property
    def state(self) -> Path:
        """The state's file."""
        return self.root / STATE

    @property
    def keys(self) -> Path:
        """The believed list of keys."""
        return self.root / "keys.json"

    @property
    def fetch(self) -> Path:
        """The folder of what is being fetched."""
        return self.root / "fetch"

    def bundle(self, bundle: str) -> Path:
        """What came so far of a bundle."""
        return self.fetch / bundle

    def slot(self, name: str) -> Path:
        """A slot's folder."""
        return self.root / SLOTS / name


def load(files: Files, places: Places, slot: str = "factory") -> State:
    """Return the state; where there is none or it can't be read, what ``slot``, which runs, says of itself."""
    body = _read(files, places.state)
    try:
        if body is not None:
            return msgspec.json.decode(body, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    return _found(files, places, slot)


def _found(files: Files, places: Places, slot: str) -> State:
    """Begin anew: what runs is not written over, and nothing older comes back."""
    if slot not in ("a", "b"):
        return State()
    current: Slot = "a" if slot == "a" else "b"
    text = _read(files, places.slot(slot) / "manifest.json")
    try:
        manifest = read_manifest(text or b"")
    except BundleError:  # a worn card: the device goes on, and the next update goes to the other slot
        return State(current=current)
    known = InSlot(
        bundle="",
        serial=manifest.serial,
        version=manifest.version,
        rollback_to=manifest.rollback_to,
        proven=True,
    )
    return State(current=current, slots={slot: known}, floor=manifest.serial)


def _read(files: Files, path: Path) -> bytes | None:
    """Return the content; None where there is none or the card does not give it."""
    try:
        return files.read(path)
    except OSError:
        return None


def save(files: Files, places: Places, state: State) -> None:
    """Keep the state durably; OSError where it can't be."""
    files.make_folder(places.root)
    keep(files, places.state, msgspec.json.encode(state))
