"""The part of a device that hears its settings, puts them in force and says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from devices.agent.clock_state import Moment
from devices.agent.effects import Effects
from devices.agent.part import Voice
from devices.agent.settings_card import Card, CardError
from devices.agent.settling import (
    LIVES_S,
    Failure,
    Memory,
    Slot,
    Step,
    heard,
    passed,
    refused,
    rolled_back,
    started,
)
from devices.contract.kind import Kind
from devices.contract.messages import encode
from devices.contract.settings.check import check
from devices.contract.settings.declared import settings_of
from devices.contract.settings.messages import Desired, Reported, read_desired

_REASON_MOST = 200
FAULTS_EVERY_S = 900.0
"""How often failing sensors are told of."""
_REASONS_MOST = 20
RESTING_S = 60.0
"""How often it looks whether sensors fail, with nothing under trial [s]."""


class SettingsPart:
    """Implements :class:`devices.agent.part.Part`.

    Args:
        kind: of the device.
        card: remembers.
        effects: what settings do.
        clock: monotonic, of the network's time [s].
        receipts: how many entries the server has confirmed so far.
        firmware, boot, parts, launcher: said with what is reported.
        up_s: how long the machine has been on [s].
        lives_s: how long a change that can't cut the device off must live [s].
        faults: what the sensors failed with, and how often, so far.
        tell: for the device's own log.
        is_blamed: whether a program that ends soon after its start counts against the settings; not while a new
            firmware is on trial, whose own starts are counted.
    """

    def __init__(
        self,
        kind: Kind,
        card: Card,
        effects: Effects,
        clock: Callable[[], float],
        *,
        receipts: Callable[[], int],
        firmware: str = "",
        boot: int = 0,
        parts: Sequence[str] = (),
        launcher: int = 0,
        up_s: float = 0.0,
        lives_s: float = LIVES_S,
        faults: Callable[[], tuple[int, str]] = lambda: (0, ""),
        tell: Callable[[str], None] = lambda line: None,
        is_blamed: bool = True,
    ) -> None:
        self._declared = settings_of(kind)
        self._cuts_off = frozenset(n for n, s in self._declared.items() if s.cuts_off)
        self._card = card
        self._effects = effects
        self._clock = clock
        self._receipts = receipts
        self._who = (firmware, boot, tuple(parts), launcher)
        self._lives_s = lives_s
        self._tell = tell
        self._faults = faults
        self._faults_told, self._faults_told_s, self._faults_open = 0, float("-inf"), False
        self._notice: Failure | None = None
        self._wall_ms = 0
        self._since_s = clock()
        self._receipts_then = receipts()
        self._unsaid = True
        self._could_say = False
        self.hears: tuple[str, ...] = ("desired",)
        self._memory = self._begin(up_s, is_blamed=is_blamed)
        self._resting = self._memory.trial is None and self._memory.starts == 0

    @property
    def memory(self) -> Memory:
        """What is remembered."""
        return self._memory

    @property
    def is_busy(self) -> bool:
        """Whether it wants a turn: something is on trial, or not said yet."""
        return self._unsaid or not self._resting

    # -- Part ----------------------------------------------------------------------

    @property
    def every_s(self) -> float:
        """How often it wants a turn [s]: seldom, once its settings have come to rest."""
        waits = self._unsaid and self._could_say  # without a network the next connection says it
        return RESTING_S if self._resting and not waits else 1.0

    def connected(self, voice: Voice) -> None:
        """Say how things stand: the server may have missed it."""
        self._unsaid = True
        self._say(voice)

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        """A document came."""
        try:
            asked = read_desired(payload)
        except ValueError as e:
            self._notice = Failure(0, "refused", (f"not understood: {e}"[:_REASON_MOST],))
        else:
            self._take(asked)
        self._unsaid = True
        self._say(voice)

    def turn(self, moment: Moment, voice: Voice) -> None:
        """See whether what is under trial has come to rest, and say what is not said yet."""
        self._wall_ms = moment.wall_ms
        self._could_say = voice.connected
        if not self._resting:
            self._watch()
        if self._unsaid or self._has_failed():
            self._say(voice)

    # -- inside --------------------------------------------------------------------

    def _begin(self, up_s: float, *, is_blamed: bool) -> Memory:
        try:
            memory = self._card.read()
        except CardError as e:
            self._notice = Failure(0, "rolled_back", (f"{e}: as installed until settings come again",))
            memory = Memory()
        step = started(memory, up_s) if is_blamed else Step(memory, apply=True)
        self._memory = memory
        self._do(step, must_keep=False)
        return self._memory

    def _take(self, asked: Desired) -> None:
        self._notice = None
        found = check(self._declared, asked.settings)
        if found.wrong:
            self._do(refused(self._memory, asked.version, found.reasons()[:_REASONS_MOST]))
            return
        slot = Slot(asked.version, dict(found.settings), found.unknown)
        self._do(
            heard(
                self._memory,
                slot,
                must_confirm=self._could_cut_off(slot),
                within_s=asked.confirm_within_s,
                confirmed=asked.confirmed,
            )
        )

    def _could_cut_off(self, slot: Slot) -> bool:
        good = self._memory.good.settings
        return any(slot.settings.get(name) != good.get(name) for name in self._cuts_off)

    def _watch(self) -> None:
        trial = self._memory.trial
        confirmed = trial is not None and trial.must_confirm and self._receipts() > self._receipts_then
        step = passed(self._memory, self._clock() - self._since_s, confirmed=confirmed, lives_s=self._lives_s)
        if step is not None:
            # A card that takes nothing must not keep the device on a broker that never answered, nor have this
            # tried at each turn: after a start it is found as it was, and comes to the same end.
            self._do(step, must_keep=False)
            self._unsaid = True

    def _do(self, step: Step, *, must_keep: bool = True) -> None:
        """Remember, then apply; what can't be remembered is not done, what can't be done is taken back."""
        if step.notice is not None:
            self._notice = step.notice
        if step.memory != self._memory:
            try:
                self._card.write(step.memory)
            except CardError as e:
                if must_keep:
                    self._notice = Failure(step.memory.in_force.version, "refused", (str(e)[:_REASON_MOST],))
                    return
                self._tell(f"settings are in force and not remembered: {e}")
        failed = step.memory.failed
        if failed is not None and failed != self._memory.failed:
            state = failed.state.replace("_", " ")
            self._tell(f"settings version {failed.version} {state}: {'; '.join(failed.reasons)}")
        self._memory = step.memory
        self._resting = step.memory.trial is None and step.memory.starts == 0
        if step.apply:
            self._apply()

    def _apply(self) -> None:
        slot = self._memory.in_force
        self._since_s, self._receipts_then = self._clock(), self._receipts()
        try:
            self._effects.apply(slot.settings)
        except Exception as e:
            self._tell(f"settings version {slot.version} can't be put in force: {e!r}")
            if slot.version > 0:
                self._do(
                    rolled_back(self._memory, f"can't be put in force: {e}"[:_REASON_MOST]), must_keep=False
                )
            return
        self._tell(f"settings version {slot.version} in force")

    def _has_failed(self) -> bool:
        """Whether sensors failed since that was last told, or were told to fail then, and it is time to tell again."""
        now = self._faults()[0] != self._faults_told or self._faults_open
        return now and self._clock() - self._faults_told_s >= FAULTS_EVERY_S

    def _say(self, voice: Voice) -> None:
        if not voice.connected:
            return
        said = self.reported()
        # Retained, as its status is: a server that comes later still hears of it.
        if voice.say("reported", encode(said), retain=True):
            self._unsaid, self._faults_open = False, bool(said.faults)
            self._faults_told, self._faults_told_s = self._faults()[0], self._clock()

    def reported(self) -> Reported:
        """Return what the device says of its settings."""
        memory, (firmware, boot, parts, launcher) = self._memory, self._who
        slot = memory.in_force
        told = self._notice or memory.failed
        settling = memory.trial is not None
        return Reported(
            version=slot.version,
            settings=self._effects.in_force(slot.settings),
            state=told.state if told is not None else "settling" if settling else "applied",
            about=told.version if told is not None else 0,
            at_ms=self._wall_ms,
            reasons=told.reasons if told is not None else (),
            unknown=slot.unknown,
            unused=self._effects.unused(slot.settings),
            firmware=firmware,
            boot=boot,
            parts=parts,
            confirm=memory.trial is not None and memory.trial.must_confirm,
            faults=self._fault_lines(),
            launcher=launcher,
        )

    def _fault_lines(self) -> tuple[str, ...]:
        count, last = self._faults()
        new = count - self._faults_told
        return (f"{new} failed, last: {last}"[:_REASON_MOST],) if new > 0 else ()
