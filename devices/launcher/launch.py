"""Starts the agent out of one of two slots, and goes back where the new one does not prove itself.

It is one file of the standard library, lies where no update writes, and is the only thing that every start goes
through: ``python3 launch.py ROOT [arguments of cityops-agent]``. ``ROOT/state.json`` says which slot runs; this file
counts the starts of one on trial, before it starts it. What a start can't count it does not try.

A trial also runs against the kernel's own clock: ``alarm(2)`` outlives ``exec``, so that a new version that hangs, or
never judges itself, is ended and counted like one that crashes.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATE = "state.json"
SLOTS = "slots"
PROVEN = "proven"
FACTORY = "factory"
"""The agent as it was installed, beside the slots: always there."""
ALARM_MORE_S = 120

State = dict[str, Any]


def choose(
    state: State | None, whole: Callable[[str], bool], proven: Callable[[str], bool]
) -> tuple[State | None, str]:
    """Return the state to keep before the start (None: as it is) and the slot to start.

    Args:
        state: as read; None where there is none or it can't be read.
        whole: whether a slot is all there.
        proven: whether it is, and has proven itself: what is started where the state is lost.
    """
    fallback = next((slot for slot in ("a", "b") if proven(slot)), FACTORY)
    if state is None:
        return None, fallback
    trial, current = state.get("trial"), str(state.get("current", FACTORY))
    if trial is None:
        return None, current if whole(current) else fallback
    if not whole(current):
        return _back(state, "broken", "the new slot is not whole", whole)
    if trial["starts"] >= trial["limit"]:
        return _back(state, "starts", f"it did not prove itself in {trial['limit']} starts", whole)
    return {**state, "phase": "trying", "trial": {**trial, "starts": trial["starts"] + 1}}, current


def _back(state: State, code: str, reason: str, whole: Callable[[str], bool]) -> tuple[State, str]:
    fallback = str(state["trial"]["fallback"])
    slot = fallback if whole(fallback) else FACTORY
    offer = state.get("offer") or {}
    of = {"bundle": offer.get("bundle", "0" * 64), "attempt": offer.get("attempt", 1)}
    last = {**of, "result": "rolled_back", "code": code, "reason": reason}
    back = {"current": slot, "phase": "idle", "trial": None, "offer": None, "held": 0, "last": last}
    return {**state, **back}, slot


def is_whole(root: Path, slot: str) -> bool:
    """Whether a slot was staged to its end: its manifest is put there last."""
    return slot == FACTORY or _is_file(root / SLOTS / slot / "manifest.json")


def is_proven(root: Path, slot: str) -> bool:
    """Whether a slot is whole and proved itself once."""
    return is_whole(root, slot) and _is_file(root / SLOTS / slot / PROVEN)


def _is_file(path: Path) -> bool:
    """Whether it is there and the card gives it: whatever a worn card says instead, something is started."""
    with contextlib.suppress(OSError):
        return path.is_file()
    return False


def read_state(root: Path) -> State | None:
    """Return what is kept; None where there is none, or it is no state."""
    try:
        state = json.loads((root / STATE).read_bytes())
        trial = state["trial"]
        if trial is not None:
            int(trial["starts"]), int(trial["limit"]), str(trial["fallback"]), float(trial["within_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(state)


def write_state(root: Path, state: State) -> None:
    """Keep ``state``: a power cut leaves the old or the new one. Raises OSError where it can't."""
    new = root / (STATE + ".launch")
    with new.open("wb") as file:
        file.write(json.dumps(state).encode())
        file.flush()
        os.fsync(file.fileno())
    new.replace(root / STATE)
    folder = os.open(root, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def prepare(root: Path, write: Callable[[Path, State], None] = write_state) -> tuple[str, float | None]:
    """Return the slot to start and within how many seconds it must prove itself (None: it has)."""
    state = read_state(root)
    kept, slot = choose(state, lambda name: is_whole(root, name), lambda name: is_proven(root, name))
    if state is None or kept is None:
        return slot, None
    try:
        write(root, kept)
    except OSError as e:
        sys.stderr.write(f"launch: {STATE} can't be written ({e.strerror}): what is proven is started\n")
        fallback = str(state["trial"]["fallback"])
        return (fallback if is_whole(root, fallback) else FACTORY), None
    trial = kept["trial"]
    return slot, None if trial is None else float(trial["within_s"]) + ALARM_MORE_S


def environment(root: Path, slot: str, of: dict[str, str]) -> dict[str, str]:
    """Return the environment to start ``slot`` with."""
    own = [] if slot == FACTORY else [str(root / SLOTS / slot / part) for part in ("code", "site")]
    path = os.pathsep.join([*own, *filter(None, [of.get("CITYOPS_FACTORY_PATH", "")])])
    made = {**of, "CITYOPS_SLOT": slot, "CITYOPS_UPDATE_ROOT": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    return {**made, "PYTHONPATH": path} if path else made


def main(arguments: list[str] | None = None) -> None:
    """Start the agent; does not come back."""
    if not (words := sys.argv[1:] if arguments is None else arguments):
        sys.exit("launch: python3 launch.py ROOT [arguments of cityops-agent]")
    root = Path(words[0]).absolute()
    with contextlib.suppress(OSError):
        root.mkdir(parents=True, exist_ok=True)
    slot, within_s = prepare(root)
    if within_s is not None:
        signal.setitimer(signal.ITIMER_REAL, within_s)
    os.chdir("/")
    command = [sys.executable, "-P", "-m", "devices.agent", *(words[1:] or ["run"])]
    os.execve(sys.executable, command, environment(root, slot, dict(os.environ)))  # noqa: S606


if __name__ == "__main__":
    main()
