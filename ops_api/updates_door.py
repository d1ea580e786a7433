"""What the website does with roll-outs, as its routes see it; ``ops_api.wiring_updates`` makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Change = Literal["halted", "resumed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A roll-out as a person asks for it.

    Attributes:
        bundle: the beginning of its id, its version or its serial.
        stages: as ``1%,10%:24h,100%``.
        halt_at: share of failures, as ``5%``.
        soak_s: wait after a stage that does not say [s].
        abreast: devices at it at once; None: as usual.
    """

    bundle: str
    stages: str = "1%,10%,100%"
    halt_at: str = "5%"
    halt_least: int = 2
    tries: int = 2
    soak_s: float = 3600.0
    abreast: int | None = None
    kinds: Sequence[str] = ()
    groups: Sequence[str] = ()
    devices: Sequence[str] = ()


class UpdatesDoor(Protocol):
    """Acts; each raises ConfigurationError, in words, where it can't be done."""

    async def start(self, wanted: Wanted, who: str, via: str) -> int:
        """Begin a roll-out; return its number."""
        ...

    async def reach(self, rollout_id: int) -> Mapping[str, int]:
        """Return how many devices of a roll-out stand where; see :mod:`ingest.fleet.core.reach`."""
        ...

    async def change(self, rollout_id: int, change: Change, reason: str, who: str, via: str) -> None:
        """Halt, resume or cancel."""
        ...

    async def pin(self, device: str, reason: str, who: str, via: str, *, pinned: bool = True) -> None:
        """Keep a device at what it runs, or no longer."""
        ...
