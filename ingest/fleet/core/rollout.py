"""How a bundle is rolled out: who is next, when to halt, when a stage is over. Pure.

Devices come in an order that is drawn once per roll-out (a hash of its number and the device's name): a stage is a
random sample of the fleet, the same at every look, and the stages before are part of it.

A roll-out halts where the share of failures is above the limit as surely as 95 %: the lower end of Wilson's interval
(E. B. Wilson 1927; one-sided, z = 1.645) of failures among the devices that ended, and at least ``halt_least`` of
them. One bad card among three devices is no reason; two of three are. A device that was never reached is neither.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from ingest.fleet.core.reach import NOBODY

Z_95 = 1.6448536269514722
MemberState = Literal["offered", "fetching", "staged", "trying", "confirmed", "failed", "passed"]
ENDED: frozenset[MemberState] = frozenset({"confirmed", "failed", "passed"})


@dataclass(frozen=True, slots=True)
class Stage:
    """How many devices, together with the stages before: a share of them, or a count; and how long to wait then [s]."""

    share: float | None = None
    count: int | None = None
    soak_s: float = 3600.0

    def target(self, devices: int) -> int:
        """Return how many of ``devices`` it has: one at least."""
        wanted = self.count if self.count is not None else math.ceil((self.share or 0.0) * devices - 1e-9)
        return min(devices, max(1, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to halt, and how patient to be.

    Attributes:
        halt_at: share of failures above which it halts.
        halt_least: failures without which it never halts for their share.
        quorum: share of a stage's devices that must have proven themselves before the next one.
        tries: how often a device is offered the bundle.
        again_after_s: after a failure it is offered again so much later [s].
        silent_after_s: a device that has not moved for so long does not hold up the stage [s].
        abreast: so many devices at most are at it at once.
        give_up_after_s: a roll-out ends so long after its last stage began, whoever is missing [s].
    """

    halt_at: float = 0.05
    halt_least: int = 2
    quorum: float = 0.5
    tries: int = 2
    again_after_s: float = 6 * 3600.0
    silent_after_s: float = 24 * 3600.0
    abreast: int = 50
    give_up_after_s: float = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A device that was offered the bundle."""

    device: str
    state: MemberState
    stage: int
    attempt: int
    offered_at: datetime
    changed_at: datetime
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Where a roll-out is. ``forgiven_at``: a person let it go on; failures up to then no longer count."""

    rollout_id: int
    stages: tuple[Stage, ...]
    limits: Limits
    stage: int
    stage_at: datetime
    forgiven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Offering:
    """The bundle is offered to a device, for the ``attempt``-th time."""

    device: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is to be done now; nothing where all is empty."""

    offers: tuple[Offering, ...] = ()
    stage: int | None = None
    halt: str = ""
    finished: bool = False


def wilson_lower(failures: int, of: int, z: float = Z_95) -> float:
    """Return the lower end of Wilson's interval for a share."""
    if of == 0:
        return 0.0
    share, z2 = failures / of, z * z
    middle = share + z2 / (2 * of)
    spread = z * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(0.0, (middle - spread) / (1 + z2 / of))


def in_order(rollout_id: int, devices: Iterable[str]) -> list[str]:
    """Return devices in the roll-out's order."""
    return sorted(devices, key=lambda name: (hashlib.sha256(f"{rollout_id}:{name}".encode()).digest(), name))


def why_halt(course: Course, members: Iterable[Member]) -> str:
    """Return why it must halt; empty: it need not."""
    since = course.forgiven_at
    ended = [m for m in members if m.state in ENDED and (since is None or m.changed_at > since)]
    failures = sum(m.state == "failed" for m in ended)
    lower, limits = wilson_lower(failures, len(ended)), course.limits
    if failures < limits.halt_least or lower <= limits.halt_at:
        return ""
    return (
        f"{failures} of {len(ended)} devices failed: with 95 % certainty more than {lower:.1%} do,"
        f" and {limits.halt_at:.1%} is the limit"
    )


def decide(
    course: Course, candidates: Sequence[str], members: Mapping[str, Member], now: datetime
) -> Decision:
    """Return what is to be done now.

    Args:
        course: where the roll-out is.
        candidates: devices that may have the bundle: of its kinds, not retired, not pinned, and not running it or a
            newer one without having been offered it here.
        members: devices that were offered it, by name.
        now: the time.
    """
    halt = why_halt(course, members.values())
    if halt:
        return Decision(halt=halt)
    if not candidates and not members:
        return Decision(halt=NOBODY)
    order = in_order(course.rollout_id, candidates)
    batch = order[: course.stages[course.stage].target(len(order))]
    offers = _offers(course, batch, members, now)
    if offers:
        return Decision(offers=offers)
    return _onwards(course, batch, members, now)


def _offers(
    course: Course, batch: Sequence[str], members: Mapping[str, Member], now: datetime
) -> tuple[Offering, ...]:
    limits = course.limits
    room = limits.abreast - sum(_moving(m, limits, now) for m in members.values())
    found: list[Offering] = []
    for device in batch:
        if len(found) >= room:
            break
        member = members.get(device)
        if member is None:
            found.append(Offering(device, 1))
        elif _again(member, limits) and now - member.changed_at >= timedelta(seconds=limits.again_after_s):
            found.append(Offering(device, member.attempt + 1))
    return tuple(found)


def _onwards(course: Course, batch: Sequence[str], members: Mapping[str, Member], now: datetime) -> Decision:
    limits, last = course.limits, course.stage == len(course.stages) - 1
    of = [members[device] for device in batch if device in members]
    proven = sorted(m.changed_at for m in of if m.state in ("confirmed", "passed"))
    if last:
        open_still = len(of) < len(batch) or any(m.state not in ENDED or _again(m, limits) for m in of)
        given_up = now - course.stage_at >= timedelta(seconds=limits.give_up_after_s)
        if not (given_up or not open_still):
            return Decision()
        return Decision(finished=True) if _runs_anywhere(members) else Decision(halt=_nowhere(members))
    if len(of) < len(batch) or any(_moving(m, limits, now) for m in of):
        return Decision()
    needed = max(1, math.ceil(limits.quorum * len(batch) - 1e-9))
    if len(proven) < needed:
        if all(m.state in ENDED and not _again(m, limits) for m in of):
            return Decision(
                halt=f"of the {len(batch)} devices of stage {course.stage + 1} only {len(proven)} proved themselves"
            )
        return Decision()
    soaked = now - max(proven[needed - 1], course.stage_at) >= timedelta(
        seconds=course.stages[course.stage].soak_s
    )
    return Decision(stage=course.stage + 1) if soaked else Decision()


def _runs_anywhere(members: Mapping[str, Member]) -> bool:
    return any(m.state in ("confirmed", "passed") for m in members.values())


def _nowhere(members: Mapping[str, Member]) -> str:
    failed = sum(m.state == "failed" for m in members.values())
    silent = sum(m.answered_at is None and m.state != "failed" for m in members.values())
    ends = [f"{n} {what}" for n, what in ((failed, "failed"), (silent, "never answered")) if n]
    said = f": {', '.join(ends)}" if ends else ""
    return f"none of the {len(members)} devices that were offered it runs it{said}"


def _again(member: Member, limits: Limits) -> bool:
    return member.state == "failed" and member.attempt < limits.tries


def _moving(member: Member, limits: Limits, now: datetime) -> bool:
    """Whether a device is at it: offered lately, or heard of since, and not ended."""
    silent = now - member.changed_at >= timedelta(seconds=limits.silent_after_s)
    return member.state not in ENDED and not silent
