"""What the desk of updates needs to be kept. Two adapters pass one suite (tests/integration/test_updates_store.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from devices.contract.update.messages import Said
from ingest.fleet.asks import Asking
from ingest.fleet.core.rollout import Course, Decision, Limits, Member, MemberState, Stage

RolloutState = Literal["running", "halted", "finished", "cancelled"]
Via = Literal["cli", "web", "rest", "service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle as the server knows it."""

    bundle_id: str
    serial: int
    version: str
    size: int
    unpacked: int
    kinds: tuple[str, ...] = ()
    min_serial: int = 0
    against: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A roll-out with its bundle."""

    course: Course
    bundle: Bundle
    state: RolloutState

    @property
    def rollout_id(self) -> int:
        """Its number."""
        return self.course.rollout_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A roll-out to be begun. Without devices and groups it is for all devices of the kinds; without kinds, of the bundle's."""

    bundle_id: str
    stages: tuple[Stage, ...]
    limits: Limits
    kinds: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Who does something, and by which way."""

    who: str
    via: Via


class UpdateStore(Protocol):
    """Bundles, roll-outs and what devices say; all raise TransientError where it does not answer."""

    async def running(self) -> Sequence[Rollout]:
        """Return the roll-outs that run, oldest first."""
        ...

    async def candidates(self, rollout: Rollout) -> Sequence[Asking]:
        """Return the devices that may have its bundle, those that were offered it included."""
        ...

    async def reach(self, rollout_id: int) -> Mapping[str, int]:
        """Return how many of its devices stand where; see :mod:`ingest.fleet.core.reach`."""
        ...

    async def members(self, rollout_id: int) -> Mapping[str, Member]:
        """Return the devices that were offered its bundle, by name."""
        ...

    async def decided(self, rollout: Rollout, decision: Decision, now: datetime) -> bool:
        """Keep a decision; False where the roll-out is no longer as it was: nothing is kept then."""
        ...

    async def membership(self, device: str) -> tuple[Rollout, Member] | None:
        """Return the newest roll-out that a device is in, whatever its state."""
        ...

    async def heard(self, device: Asking, said: Said, now: datetime) -> None:
        """Keep what a device says that it runs."""
        ...

    async def moved(
        self,
        rollout_id: int,
        device: str,
        attempt: int,
        state: MemberState,
        reason: str,
        held: int,
        now: datetime,
    ) -> None:
        """Keep where a device is with an attempt. One that ended stays as it is, as does a later attempt."""
        ...

    async def piece(self, bundle_id: str, from_byte: int, count: int) -> bytes:
        """Return up to ``count`` bytes of a bundle that is not withdrawn; empty where there are none."""
        ...
