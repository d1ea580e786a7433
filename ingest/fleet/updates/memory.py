"""Roll-outs in memory: for tests and simulations, without any promise."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from devices.contract.update.messages import Said
from ingest.fleet.asks import Asking
from ingest.fleet.core.reach import OFF_LINE, Why
from ingest.fleet.core.rollout import ENDED, Course, Decision, Member, MemberState
from ingest.fleet.updates.ports import Bundle, Rollout, Start


class MemoryUpdates:
    """Implements :class:`ingest.fleet.updates.ports.UpdateStore`."""

    def __init__(self, devices: Sequence[Asking]) -> None:
        self.devices = {device.name: device for device in devices}
        self.said: dict[str, Said] = {}
        self.pinned: set[str] = set()
        self.reasons: dict[tuple[int, str], str] = {}
        self.why: dict[int, str] = {}
        self._bundles: dict[str, tuple[Bundle, bytes]] = {}
        self._rollouts: dict[int, tuple[Rollout, Start]] = {}
        self._members: dict[int, dict[str, Member]] = {}

    def add(self, bundle: Bundle, body: bytes) -> None:
        """Have a bundle."""
        self._bundles[bundle.bundle_id] = (bundle, body)

    def start(self, start: Start, now: datetime) -> int:
        """Begin a roll-out; return its number."""
        number = len(self._rollouts) + 1
        course = Course(rollout_id=number, stages=start.stages, limits=start.limits, stage=0, stage_at=now)
        rollout = Rollout(course=course, bundle=self._bundles[start.bundle_id][0], state="running")
        self._rollouts[number] = (rollout, start)
        self._members[number] = {}
        return number

    def rollout(self, number: int) -> Rollout:
        """Return a roll-out."""
        return self._rollouts[number][0]

    def ended(self, number: int) -> Mapping[str, MemberState]:
        """Return where each device is that was offered the bundle of a roll-out."""
        return {name: member.state for name, member in self._members[number].items()}

    def resume(self, number: int, now: datetime) -> None:
        """Let a halted roll-out go on."""
        rollout, start = self._rollouts[number]
        course = dataclasses.replace(rollout.course, forgiven_at=now)
        self._rollouts[number] = (dataclasses.replace(rollout, state="running", course=course), start)

    async def running(self) -> Sequence[Rollout]:
        """Return the roll-outs that run."""
        return [rollout for rollout, _ in self._rollouts.values() if rollout.state == "running"]

    async def candidates(self, rollout: Rollout) -> Sequence[Asking]:
        """Return the devices that may have its bundle."""
        start = self._rollouts[rollout.rollout_id][1]
        chosen = [d for d in self.devices.values() if not start.devices or d.name in start.devices]
        return [d for d in chosen if self._stand(d, rollout, start) in ("free", "offered")]

    async def reach(self, rollout_id: int) -> Mapping[str, int]:
        """Return how many of its devices stand where."""
        rollout, start = self._rollouts[rollout_id]
        chosen = [d for d in self.devices.values() if not start.devices or d.name in start.devices]
        found = Counter(self._stand(d, rollout, start) for d in chosen)
        return dict(found) | {OFF_LINE: 0}

    def _stand(self, device: Asking, rollout: Rollout, start: Start) -> Why:
        kinds, said = start.kinds or rollout.bundle.kinds, self.said.get(device.name)
        if kinds and device.kind not in kinds:
            return "other_kind"
        if device.name in self.pinned:
            return "pinned"
        if device.name in self._members[rollout.rollout_id]:
            return "offered"
        if said is None:
            return "no_launcher"
        if said.serial == rollout.bundle.serial:
            return "has_it"
        if said.serial < rollout.bundle.min_serial or rollout.bundle.against not in (0, said.serial):
            return "unfit"
        return "busy" if self._elsewhere(device.name, rollout.rollout_id) else "free"

    def _elsewhere(self, device: str, rollout_id: int) -> bool:
        """Whether a device is at work on another roll-out's bundle."""
        return any(
            device in members
            and members[device].state not in ENDED
            and self._rollouts[number][0].state == "running"
            for number, members in self._members.items()
            if number != rollout_id
        )

    async def members(self, rollout_id: int) -> Mapping[str, Member]:
        """Return the devices that were offered its bundle."""
        return dict(self._members[rollout_id])

    async def decided(self, rollout: Rollout, decision: Decision, now: datetime) -> bool:
        """Keep a decision."""
        number = rollout.rollout_id
        current, start = self._rollouts[number]
        if current.state != "running" or current.course.stage != rollout.course.stage:
            return False
        for offering in decision.offers:
            self._members[number][offering.device] = Member(
                device=offering.device,
                state="offered",
                stage=rollout.course.stage,
                attempt=offering.attempt,
                offered_at=now,
                changed_at=now,
            )
        if decision.stage is not None:
            course = dataclasses.replace(current.course, stage=decision.stage, stage_at=now)
            current = dataclasses.replace(current, course=course)
        if decision.halt:
            self.why[number] = decision.halt
        if decision.halt or decision.finished:
            current = dataclasses.replace(current, state="halted" if decision.halt else "finished")
        self._rollouts[number] = (current, start)
        return True

    async def membership(self, device: str) -> tuple[Rollout, Member] | None:
        """Return the newest roll-out that a device is in."""
        numbers = [number for number, members in self._members.items() if device in members]
        if not numbers:
            return None
        return self._rollouts[numbers[-1]][0], self._members[numbers[-1]][device]

    async def heard(self, device: Asking, said: Said, now: datetime) -> None:
        """Keep what a device says that it runs."""
        self.said[device.name] = said

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
        """Keep where a device is with an attempt."""
        member = self._members[rollout_id].get(device)
        if member is None or member.attempt != attempt or member.state in ENDED:
            return
        answered = member.answered_at or now
        self._members[rollout_id][device] = dataclasses.replace(
            member, state=state, changed_at=now, answered_at=answered
        )
        self.reasons[rollout_id, device] = reason

    async def piece(self, bundle_id: str, from_byte: int, count: int) -> bytes:
        """Return up to ``count`` bytes of a bundle."""
        return (
            self._bundles[bundle_id][1][from_byte : from_byte + count] if bundle_id in self._bundles else b""
        )
