"""Starts the agent out of one of two slots, and goes back where the new one does not prove itself.

It is one file of the standard library, lies where no update writes (install.sh renews it), and every start goes through
it: ``python3 -IS launch.py ROOT [arguments of cityops-agent]``. ``ROOT/state.json`` says which slot runs; this file counts
the starts of one on trial, before it starts it. What a start can't count it does not try.

A trial also runs against the kernel's own clock: ``alarm(2)`` outlives ``exec``, so that a new version that hangs, or
never judges itself, is ended and counted like one that crashes.
"""

# ruff: noqa: PTH100, PTH103, PTH105, PTH113, PTH118, PTH123
from __future__ import annotations

import contextlib
import json
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # a start pays for what is imported: pathlib and typing are 0.15 s of a Pi Zero 2 W
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    State = dict[str, Any]

VERSION = 2  # grows with each change to this file: devices say it
STATE, SLOTS, PROVEN = "state.json", "slots", "proven"
FACTORY = "factory"
"""The agent as it was installed, beside the slots: always there."""
ALARM_MORE_S = 120


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


def is_whole(root: str | Path, slot: str) -> bool:
    """Whether a slot was staged to its end: its manifest is put there last. False, too, where a worn card fails."""
    return slot == FACTORY or os.path.isfile(os.path.join(root, SLOTS, slot, "manifest.json"))


def is_proven(root: str | Path, slot: str) -> bool:
    """Whether a slot is whole and proved itself once."""
    return is_whole(root, slot) and os.path.isfile(os.path.join(root, SLOTS, slot, PROVEN))


def read_state(root: str | Path) -> State | None:
    """Return what is kept; None where there is none, or it is no state."""
    try:
        with open(os.path.join(root, STATE), "rb") as file:
            state = json.loads(file.read())
        trial = state["trial"]
        if trial is not None:
            int(trial["starts"]), int(trial["limit"]), str(trial["fallback"]), float(trial["within_s"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return dict(state)


def write_state(root: str | Path, state: State) -> None:
    """Keep ``state``: a power cut leaves the old or the new one. Raises OSError where it can't."""
    path = os.path.join(root, STATE)
    with open(path + ".launch", "wb") as file:
        file.write(json.dumps(state).encode())
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".launch", path)
    folder = os.open(root, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def prepare(root: str | Path, write: Callable[[Any, State], None] = write_state) -> tuple[str, float | None]:
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


def environment(root: str | Path, slot: str, of: dict[str, str]) -> dict[str, str]:
    """Return the environment to start ``slot`` with."""
    own = [] if slot == FACTORY else [os.path.join(root, SLOTS, slot, part) for part in ("code", "site")]
    path = os.pathsep.join([*own, *filter(None, [of.get("CITYOPS_FACTORY_PATH", "")])])
    made = {**of, "CITYOPS_SLOT": slot, "CITYOPS_UPDATE_ROOT": str(root), "CITYOPS_LAUNCHER": str(VERSION)}
    made["PYTHONDONTWRITEBYTECODE"] = (
        "1"  # what a slot was compiled to lies in it; nothing else is written there
    )
    return {**made, "PYTHONPATH": path} if path else made


def main(arguments: list[str] | None = None) -> None:
    """Start the agent; does not come back."""
    if not (words := sys.argv[1:] if arguments is None else arguments):
        sys.exit("launch: python3 launch.py ROOT [arguments of cityops-agent]")
    root = os.path.abspath(words[0])
    with contextlib.suppress(OSError):
        os.makedirs(root, exist_ok=True)
    slot, within_s = prepare(root)
    if within_s is not None:
        signal.setitimer(signal.ITIMER_REAL, within_s)
    os.chdir("/")
    command = [sys.executable, "-P", "-m", "devices.agent", *(words[1:] or ["run"])]
    os.execve(sys.executable, command, environment(root, slot, dict(os.environ)))  # noqa: S606


if __name__ == "__main__":
    main()
