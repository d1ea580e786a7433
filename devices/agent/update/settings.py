"""What the part of updates needs to know of its device."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.agent.update.section import UpdateSection

ROOM_BYTES = 16 * 2**20
"""Left free on the card beside an update [B]: the outbox goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSettings:
    """Of one device.

    Attributes:
        kind: of the device.
        slot: what the launcher started: ``a``, ``b`` or ``factory``.
        section: of the device's file.
        least_s: returns what a new version is given to prove itself, whatever the section says [s]; asked at the
            switch, for the fleet may have set another cadence.
        pieces: asked for at once.
        patience_s: without a piece that was asked for it asks again, later each time [s].
        patience_most_s: at most so late [s].
        say_every_s: how it stands is said at least so often [s].
        switch_after_s: so long a staged version waits for a reading, to know what the sensors give [s].
    """

    kind: str
    slot: str
    section: UpdateSection
    least_s: Callable[[], float] = lambda: 0.0
    machine: str = field(default_factory=platform.machine)
    python: tuple[int, int] = field(default_factory=lambda: sys.version_info[:2])
    pieces: int = 8
    patience_s: float = 30.0
    patience_most_s: float = 1800.0
    say_every_s: float = 6 * 3600.0
    switch_after_s: float = 900.0
    damaged_limit: int = 3

    @property
    def within_s(self) -> float:
        """How long a new version has to prove itself [s]."""
        return max(self.section.confirm_within_s, self.least_s())
