"""What goes wrong with updates in a fleet, and which devices it happens to."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

Fault = Literal[
    "none",
    "bad_chunk",
    "power_cut",
    "crash_at_start",
    "hangs",
    "no_sensor",
    "no_network",
    "wrong_signature",
    "full_disk",
]
FAULTS: tuple[Fault, ...] = tuple(fault for fault in get_args(Fault) if fault != "none")
HEALS: frozenset[Fault] = frozenset({"none", "bad_chunk", "power_cut"})
"""With these a device ends on the new version all the same."""


def draw(devices: Sequence[str], share: float, rng: random.Random) -> Mapping[str, Fault]:
    """Return the fault of each device: ``share`` of them have one, each sort about as often."""
    faulty = rng.sample(list(devices), round(share * len(devices)))
    faults: dict[str, Fault] = dict.fromkeys(devices, "none")
    for number, device in enumerate(faulty):
        faults[device] = FAULTS[number % len(FAULTS)]
    return faults
