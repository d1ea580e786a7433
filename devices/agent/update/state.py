"""How far an update is: a value, and the steps from one to the next. Pure.

::

    idle ─► offered ─► fetching ─► staged ─► switching ─► trying(n) ─┬─► idle, confirmed
      ▲        │           │          │                              └─► idle, rolled back (why)
      └────────┴───────────┴──────────┘ refused (why), withdrawn

All of it is one value in one file, so that each step is one write. The launcher (devices/launcher/launch.py, of the
standard library) does the two steps that happen before the agent runs: counting a trial's starts, and going back.
A step that was done already changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from devices.contract.update.messages import Offer, Outcome, Phase, Result

FACTORY = "factory"
Slot = Literal["a", "b", "factory"]


class InSlot(msgspec.Struct, frozen=True, kw_only=True):
    """The bundle in a slot, and whether it proved itself there."""

    bundle: str
    serial: int
    version: str
    rollback_to: tuple[int, ...] = ()
    proven: bool = False


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """A new version at work that has not proven itself.

    Attributes:
        fallback: the slot to go back to.
        starts: how often it was started, counted by the launcher.
        limit: of starts.
        within_s: how long it may take from a start [s].
        fields: what the sensors gave before.
    """

    fallback: Slot
    starts: int
    limit: int
    within_s: float
    fields: tuple[str, ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Where the device is.

    Attributes:
        current: the slot that runs.
        held: bytes of the offered bundle that are durable here.
        damaged: how often the offered bundle came whole and was not what it should be.
        floor: the highest serial that was ever confirmed here.
        last: how the last update ended.
    """

    current: Slot = "factory"
    slots: Mapping[str, InSlot] = msgspec.field(default_factory=dict)
    phase: Phase = "idle"
    offer: Offer | None = None
    held: int = 0
    damaged: int = 0
    trial: Trial | None = None
    floor: int = 0
    last: Outcome | None = None

    @property
    def running(self) -> InSlot | None:
        """The bundle that runs; None: as installed."""
        return self.slots.get(self.current)

    @property
    def serial(self) -> int:
        """Serial of what runs; 0: as installed."""
        return 0 if self.running is None else self.running.serial

    @property
    def spare(self) -> Slot:
        """The slot that an update goes to."""
        return "b" if self.current == "a" else "a"


def answered(state: State, offer: Offer) -> bool:
    """Whether this attempt at an offer has had its end here: it is not begun again."""
    last = state.last
    return last is not None and last.bundle == offer.bundle and offer.attempt <= last.attempt


def offered(state: State, offer: Offer) -> State:
    """An offer came: it is taken up, unless it is known, had its end here, or something is on trial."""
    if state.phase in ("switching", "trying", "staged") or answered(state, offer):
        return state
    if state.offer is not None and state.offer.bundle == offer.bundle:
        return msgspec.structs.replace(state, offer=offer)
    if state.running is not None and state.running.bundle == offer.bundle:
        done = Outcome(bundle=offer.bundle, attempt=offer.attempt, result="confirmed")
        return msgspec.structs.replace(state, last=done, phase="idle", offer=None, held=0, damaged=0)
    return msgspec.structs.replace(state, phase="offered", offer=offer, held=0, damaged=0)


def withdrawn(state: State, bundle: str) -> State:
    """The server takes an offer back: what has not begun to run is left."""
    if state.offer is None or state.offer.bundle != bundle or state.phase in ("switching", "trying"):
        return state
    return msgspec.structs.replace(state, phase="idle", offer=None, held=0, damaged=0)


def fetching(state: State, held: int) -> State:
    """So much of the offered bundle is durable. The spare slot is given up: it is about to be written."""
    if state.offer is None or state.phase not in ("offered", "fetching"):
        return state
    slots = {name: slot for name, slot in state.slots.items() if name != state.spare}
    return msgspec.structs.replace(state, phase="fetching", held=held, slots=slots)


def damaged(state: State, limit: int) -> State:
    """All of it came and it was not what it should be: from the start, a few times, then no more."""
    if state.phase != "fetching":
        return state
    if state.damaged + 1 >= limit:
        return refused(state, "damaged", f"the bundle came damaged {state.damaged + 1} times")
    return msgspec.structs.replace(state, held=0, damaged=state.damaged + 1)


def staged(state: State, slot: InSlot) -> State:
    """The spare slot holds the bundle, whole and verified."""
    if state.phase != "fetching":
        return state
    return msgspec.structs.replace(state, phase="staged", slots={**state.slots, state.spare: slot})


def switching(state: State, *, fields: tuple[str, ...], limit: int, within_s: float) -> State:
    """The next start is the new version's, on trial."""
    if state.phase != "staged":
        return state
    trial = Trial(fallback=state.current, starts=0, limit=limit, within_s=within_s, fields=fields)
    return msgspec.structs.replace(state, phase="switching", current=state.spare, trial=trial)


def confirmed(state: State) -> State:
    """What runs has proven itself."""
    offer, running = state.offer, state.running
    if state.trial is None or offer is None or running is None:
        return state
    proven = msgspec.structs.replace(running, proven=True)
    return msgspec.structs.replace(
        state,
        phase="idle",
        offer=None,
        held=0,
        trial=None,
        slots={**state.slots, state.current: proven},
        floor=max(state.floor, running.serial),
        last=Outcome(bundle=offer.bundle, attempt=offer.attempt, result="confirmed"),
    )


def rolled_back(state: State, code: str, reason: str) -> State:
    """What is on trial did not prove itself: the next start is the old version's."""
    if state.trial is None:
        return state
    return msgspec.structs.replace(
        _ended(state, "rolled_back", code, reason), current=state.trial.fallback, trial=None
    )


def refused(state: State, code: str, reason: str) -> State:
    """The offered bundle is not taken."""
    if state.offer is None or state.trial is not None:
        return state
    return _ended(state, "refused", code, reason)


def taken_back(state: State) -> State:
    """Go back to the other slot, at a person's wish: only to one that proved itself. Else as it is."""
    other = state.slots.get(state.spare)
    if state.trial is not None:
        return rolled_back(state, "person", "taken back by a person at the device")
    if other is None or not other.proven:
        return state
    return msgspec.structs.replace(state, phase="idle", offer=None, held=0, current=state.spare)


def _ended(state: State, result: Result, code: str, reason: str) -> State:
    bundle, attempt = (state.offer.bundle, state.offer.attempt) if state.offer is not None else ("0" * 64, 1)
    last = Outcome(bundle=bundle, attempt=attempt, result=result, code=code, reason=reason[:200])
    return msgspec.structs.replace(state, phase="idle", offer=None, held=0, damaged=0, last=last)
