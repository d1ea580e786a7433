"""How a new version of settings becomes the one in force, and how a bad one is taken back. Pure.

::

    heard ─ not allowed ───────────────────────────────► refused
      └─ remembered as *trying* ─ in force ─ settling ─┬─ confirmed, or lived long enough ─► good
                                                       └─ not in time, or it keeps ending ─► rolled back to good

What could cut the device off must be confirmed: by the server's word, or by a receipt that came since. Anything else must
only live a while. Each step is remembered (:mod:`devices.agent.settings_card`) before it is done, so that a power cut at any
point leaves a device that is on the new version, still trying, or on the good one, never between.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from devices.contract.settings.messages import CONFIRM_WITHIN_S, State
from devices.contract.settings.model import Value

MOST_STARTS = 3
"""Starts that a version under trial may take without coming to rest; the next one is on the good version."""
MOST_ENDS = 5
"""As many of the version in force, without the machine itself having been off: then it is the settings' fault."""
LIVES_S = 30.0
"""How long a change that can't cut the device off must live [s]."""


class Slot(msgspec.Struct, frozen=True):
    """A version and all that it sets; 0 sets nothing: as installed."""

    version: int = 0
    settings: dict[str, Value] = {}
    unknown: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True):
    """A version that is in force and may be taken back."""

    slot: Slot
    must_confirm: bool = False
    within_s: float = float(CONFIRM_WITHIN_S)


class Failure(msgspec.Struct, frozen=True):
    """What became of a version that is not in force: it is not tried again."""

    version: int
    state: State
    reasons: tuple[str, ...] = ()


class Memory(msgspec.Struct, frozen=True):
    """What outlives a power cut.

    Attributes:
        good: the version to go back to.
        before: the one that was good before it.
        trial: the version under trial.
        failed: the last that was refused or rolled back.
        starts: starts since the version in force last came to rest.
        started_s: seconds that the machine had been on at the last start.
    """

    good: Slot = Slot()
    before: Slot | None = None
    trial: Trial | None = None
    failed: Failure | None = None
    starts: int = 0
    started_s: float = 0.0

    @property
    def in_force(self) -> Slot:
        """The version that the device is to be like now."""
        return self.good if self.trial is None else self.trial.slot


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next.

    Attributes:
        memory: to be remembered before anything is done.
        apply: whether another version is in force than before.
        notice: what to say of a message that changes nothing.
    """

    memory: Memory
    apply: bool = False
    notice: Failure | None = None


def started(m: Memory, up_s: float) -> Step:
    """The process has started; ``up_s``: how long the machine has been on [s]."""
    same_boot = up_s >= m.started_s > 0.0
    if m.trial is not None:
        if m.starts >= MOST_STARTS:
            return rolled_back(m, f"the device started {m.starts} times and did not come to rest")
        return Step(msgspec.structs.replace(m, starts=m.starts + 1, started_s=up_s), apply=True)
    if m.good.version == 0:
        return Step(m, apply=True)
    if same_boot and m.starts >= MOST_ENDS:
        return _left(m, f"the device's program ended {m.starts} times soon after its start")
    starts = m.starts + 1 if same_boot else 1
    return Step(msgspec.structs.replace(m, starts=starts, started_s=up_s), apply=True)


def heard(m: Memory, slot: Slot, *, must_confirm: bool, within_s: float, confirmed: bool) -> Step:
    """A version came that is allowed."""
    if m.failed is not None and slot.version == m.failed.version and m.failed.state == "rolled_back":
        return Step(m)  # what became of it is said again; what was refused may be allowed by a newer firmware
    if slot.version == m.in_force.version and not _knows_more(m.in_force, slot):
        if slot.settings != m.in_force.settings:
            why = f"version {slot.version} is held with other settings; send them under a new number"
            return Step(m, notice=Failure(slot.version, "refused", (why,)))
        return settled(m) if confirmed and m.trial is not None else Step(m)
    if slot.version < m.in_force.version:
        why = f"version {slot.version} is older than {m.in_force.version}, which is held: ignored"
        return Step(m, notice=Failure(slot.version, "refused", (why,)))
    trial = Trial(slot, must_confirm, within_s)
    return Step(msgspec.structs.replace(m, trial=trial, failed=None, starts=0), apply=True)


def _knows_more(held: Slot, slot: Slot) -> bool:
    """Whether it is the same version, read by a firmware that knows settings which an older one did not."""
    known_then = {name: value for name, value in slot.settings.items() if name not in held.unknown}
    return known_then == held.settings and slot.settings != held.settings


def refused(m: Memory, version: int, reasons: tuple[str, ...]) -> Step:
    """A version came that is not allowed."""
    if version <= m.in_force.version or (m.failed is not None and version < m.failed.version):
        return Step(m, notice=Failure(version, "refused", reasons))
    return Step(msgspec.structs.replace(m, failed=Failure(version, "refused", reasons)))


def settled(m: Memory) -> Step:
    """The version in force has come to rest: it is the good one."""
    if m.trial is None:
        return Step(m if m.starts == 0 else msgspec.structs.replace(m, starts=0))
    return Step(msgspec.structs.replace(m, good=m.trial.slot, before=m.good, trial=None, starts=0))


def passed(m: Memory, waited_s: float, *, confirmed: bool, lives_s: float = LIVES_S) -> Step | None:
    """Return what ``waited_s`` [s] of the version in force come to; None: nothing yet.

    Args:
        m: what is remembered.
        waited_s: since it was put in force, or since the start.
        confirmed: whether a receipt came since.
        lives_s: see :data:`LIVES_S`.
    """
    if m.trial is not None and m.trial.must_confirm:
        if confirmed:
            return settled(m)
        if waited_s >= m.trial.within_s:
            return rolled_back(m, f"not confirmed within {m.trial.within_s:g} s")
        return None
    at_rest = m.trial is None and m.starts == 0
    return None if at_rest or waited_s < lives_s else settled(m)


def rolled_back(m: Memory, why: str) -> Step:
    """The version under trial, or the one in force, does not do."""
    if m.trial is None:
        return _left(m, why)
    failed = Failure(m.trial.slot.version, "rolled_back", (why,))
    return Step(msgspec.structs.replace(m, trial=None, failed=failed, starts=0), apply=True)


def _left(m: Memory, why: str) -> Step:
    """Leave the good version for the one before it, and then for none."""
    if m.good.version == 0:
        return Step(m)
    failed = Failure(m.good.version, "rolled_back", (why,))
    return Step(Memory(good=m.before or Slot(), failed=failed), apply=True)
