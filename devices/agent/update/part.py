"""Updates as a part of the agent: takes offers, fetches, has them staged, switches, judges what is on trial."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from devices.agent.clock_state import Clk, Moment
from devices.agent.entry import Key, Run
from devices.agent.part import Voice
from devices.agent.update import state as steps
from devices.agent.update.durable import Places, load, save
from devices.agent.update.files import Files, keep
from devices.agent.update.gate import Failed, Gate
from devices.agent.update.job import Job, Staged
from devices.agent.update.pieces import Pieces
from devices.agent.update.section import in_window
from devices.agent.update.settings import ROOM_BYTES, UpdateSettings
from devices.agent.update.stager import Stager
from devices.agent.update.state import State
from devices.contract.messages import Activity
from devices.contract.topics import ASK
from devices.contract.update.messages import Firmware, Offer, Said, read_piece
from devices.launcher.launch import PROVEN

_FIRMWARE = msgspec.json.Decoder(Firmware)
_AGAIN_S = 60.0
_BUSY_S, _IDLE_S = 1.0, 60.0


class Updates:
    """Implements :class:`devices.agent.part.Part`, and an agent's witness and observer.

    When :attr:`restart_wanted` turns true the process is to end: the launcher then starts what the state says.

    Args:
        files: the card.
        root: of updates on it.
        settings: of the device.
        stager: verifies and unpacks.
        rng: spreads devices in time.
        monotonic: seconds of a clock that no one sets.
        on_proven: called when what is on trial has proven itself.
        tell: takes lines for the log.
    """

    def __init__(
        self,
        files: Files,
        root: Path,
        settings: UpdateSettings,
        stager: Stager,
        rng: random.Random,
        monotonic: Callable[[], float],
        on_proven: Callable[[], None] | None = None,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._files = files
        self._places = Places(root)
        self._settings = settings
        self._stager = stager
        self._rng = rng
        self._monotonic = monotonic
        self._on_proven = on_proven
        self._tell = tell or (lambda line: None)
        self._started_s = monotonic()
        self._fields: tuple[str, ...] = ()
        self._pieces: Pieces | None = None
        self._begin_s = 0.0
        self._stage_s = 0.0
        self._rest_s = 0.0
        self._say_s = 0.0
        self._told: bytes = b""
        self._gate: Gate | None = None
        self._was_connected = False
        self.restart_wanted = False
        self.state = load(files, self._places, settings.slot)
        self._wake()

    @property
    def hears(self) -> Collection[str]:
        """The channel of offers and pieces."""
        return ("firmware",)

    @property
    def every_s(self) -> float:
        """How often it wants a turn at least [s]: seldom while it only waits, so that the device may sleep."""
        fetches = self.state.phase == "fetching" and self._was_connected
        return _BUSY_S if self._gate is not None or self._stager.busy or fetches else _IDLE_S

    @property
    def version(self) -> str:
        """Of the bundle that runs; "" for the agent as it was installed."""
        return "" if self.state.running is None else self.state.running.version

    @property
    def on_trial(self) -> bool:
        """Whether what runs has yet to prove itself."""
        return self._gate is not None

    # -- witness and observer of the agent ---------------------------------------------

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was kept."""
        self._fields = tuple(sorted({*self._fields, *fields}))
        if self._gate is not None:
            self._gate.measured(key, moment, fields)

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """A diary entry was kept: nothing to a version's proof."""

    def created(self, device: str, key: Key) -> None:
        """An entry is in the outbox: nothing to a version's proof."""

    def pubacked(self, device: str, keys: Sequence[Key]) -> None:
        """The broker took it: nothing to a version's proof."""

    def receipted(self, device: str, boot: int, runs: Sequence[Run]) -> None:
        """The server holds these."""
        if self._gate is not None:
            self._gate.receipted(boot, runs)

    # -- part ----------------------------------------------------------------------------

    def connected(self, voice: Voice) -> None:
        """Say how it stands; the server answers with an offer where there is one."""
        self._told = b""
        self._say(voice)
        if self._pieces is not None:
            self._pieces.at_once()

    def heard(self, channel: str, payload: bytes, voice: Voice) -> None:
        """An offer, its end, or a piece of a bundle."""
        try:
            if payload[:1] == b"{":
                self._told_by_server(_FIRMWARE.decode(payload), voice)
            else:
                self._take(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            self._tell(f"a message on updates can't be read: {e}")
        except OSError as e:
            self._card(e)

    def turn(self, moment: Moment, voice: Voice) -> None:
        """Do what is due."""
        now_s = self._monotonic()
        self._was_connected = voice.connected
        if self.restart_wanted or now_s < self._rest_s:
            return
        try:
            self._do(moment, voice, now_s)
        except OSError as e:
            self._card(e)
        if now_s >= self._say_s or self._said() != self._told:
            self._say(voice)

    def stop(self) -> None:
        """The process ends: a fetch or staging goes on after the next start."""
        self._stager.stop()

    # -- what the server says ----------------------------------------------------------

    def _told_by_server(self, firmware: Firmware, voice: Voice) -> None:
        before = self.state
        if firmware.withdraw:
            self._to(steps.withdrawn(before, firmware.withdraw))
        if firmware.offer is not None:
            self._to(self._judged(firmware.offer))
            if self.state is before:
                self._told = b""  # it did not know how that one ended
        if self.state is not before:
            self._wake()
        self._say(voice)

    def _judged(self, offer: Offer) -> State:
        """Take up an offer, or refuse it where that is clear already: the signed manifest is judged when it is here."""
        after = steps.offered(self.state, offer)
        if after is self.state or after.offer is None:
            return after
        running = self.state.running
        back = () if running is None else running.rollback_to
        if offer.serial <= max(self.state.serial, self.state.floor) and offer.serial not in back:
            here = max(self.state.serial, self.state.floor)
            return steps.refused(after, "older", f"serial {offer.serial}: here was {here} already")
        return after

    def _take(self, payload: bytes) -> None:
        piece = read_piece(payload)
        if piece is None or self._pieces is None or self.state.phase != "fetching":
            return
        if self._pieces.take(piece, self._monotonic()):
            self._to(steps.fetching(self.state, self._pieces.held))

    # -- what is due -----------------------------------------------------------------------

    def _do(self, moment: Moment, voice: Voice, now_s: float) -> None:
        if self._gate is not None:
            self._judge(self._gate, voice, now_s)
        elif self.state.phase == "offered" and now_s >= self._begin_s:
            self._begin()
        elif self.state.phase == "fetching":
            self._fetch(moment, voice, now_s)
        elif self.state.phase == "staged":
            self._switch(moment, voice, now_s)

    def _judge(self, gate: Gate, voice: Voice, now_s: float) -> None:
        verdict = gate.judge(now_s, connected=voice.connected)
        if verdict is False:
            return
        if isinstance(verdict, Failed):
            self._tell(f"the new version goes back: {verdict.reason}")
            self._to(steps.rolled_back(self.state, verdict.code, verdict.reason))
            self._gate, self.restart_wanted = None, True
            return
        self._to(steps.confirmed(self.state))
        self._gate = None
        if self._on_proven is not None:
            self._on_proven()
        self._mark()
        self._files.remove(self._places.fetch)
        self._tell(f"the new version, serial {self.state.serial}, proved itself")

    def _mark(self) -> None:
        """Mark the slot that runs as proven, for a launcher that has lost the state."""
        running, mark = self.state.running, self._places.slot(self.state.current) / PROVEN
        if running is not None and running.proven and self._files.size(mark) is None:
            keep(self._files, mark, b"")

    def _begin(self) -> None:
        offer = self.state.offer
        assert offer is not None
        self._files.make_folder(self._places.root)
        there = self._files.size(self._places.bundle(offer.bundle)) or 0
        # Twice: Python files are compiled beside themselves, to about their own size.
        needed = offer.size - min(there, offer.size) + 2 * offer.unpacked + ROOM_BYTES
        free = self._files.free_bytes(self._places.root)
        if free < needed:
            self._to(
                steps.refused(self.state, "space", f"{free} bytes are free on the card, {needed} are needed")
            )
            return
        self._to(steps.fetching(self.state, 0))
        self._wake()

    def _fetch(self, moment: Moment, voice: Voice, now_s: float) -> None:
        offer, pieces = self.state.offer, self._pieces
        assert offer is not None
        staged = self._stager.ended()
        if staged is not None:
            self._staged(staged, now_s)
        elif self._stager.busy or now_s < self._stage_s:
            return
        elif self._by_http(offer) or (pieces is not None and pieces.whole):
            self._stager.begin(self._job(offer, moment))
        elif pieces is not None and voice.connected and (ask := pieces.ask(now_s)) is not None:
            voice.say(ASK, msgspec.json.encode(ask))

    def _by_http(self, offer: Offer) -> bool:
        return self._settings.section.transfer == "http" and offer.url != ""

    def _job(self, offer: Offer, moment: Moment) -> Job:
        state, section = self.state, self._settings.section
        running = state.running
        return Job(
            root=str(self._places.root),
            bundle=offer.bundle,
            size=offer.size,
            slot=state.spare,
            running_slot=state.current if running is not None else "",
            keys_file=section.keys_file,
            kind=self._settings.kind,
            machine=self._settings.machine,
            python=self._settings.python,
            running=state.serial,
            floor=state.floor,
            back_to=() if running is None else running.rollback_to,
            now_s=moment.wall_ms / 1000 if moment.clk == Clk.SYNCHRONISED else None,
            url=section.base_url.rstrip("/") + offer.url if self._by_http(offer) else "",
            tls_ca=section.tls_ca,
            rate_bytes_s=section.rate_bytes_s,
        )

    def _staged(self, staged: Staged, now_s: float) -> None:
        if staged.slot is not None:
            self._to(steps.staged(self.state, staged.slot))
        elif staged.code in ("network", "process", "card"):
            self._tell(f"the update waits: {staged.reason}")
            self._stage_s = now_s + self._settings.patience_most_s * self._rng.uniform(0.25, 1.0)
        elif staged.code == "damaged":
            offer = self.state.offer
            self._to(steps.damaged(self.state, self._settings.damaged_limit))
            if offer is not None:
                self._files.remove(self._places.bundle(offer.bundle))
            self._wake()
        else:
            self._tell(f"the update is refused: {staged.reason}")
            self._to(steps.refused(self.state, staged.code, staged.reason))
            self._files.remove(self._places.fetch)

    def _switch(self, moment: Moment, voice: Voice, now_s: float) -> None:
        settings = self._settings
        if not voice.connected:  # without a connection no version proves itself
            return
        if not self._fields and now_s - self._started_s < settings.switch_after_s:
            return
        if moment.clk == Clk.SYNCHRONISED and not in_window(settings.section.window, moment.wall_ms):
            return
        self._tell(f"the next start is the new version's, in slot {self.state.spare}")
        starts, within_s = settings.section.starts, settings.within_s
        self._to(steps.switching(self.state, fields=self._fields, limit=starts, within_s=within_s))
        self.restart_wanted = True

    # -- inside ----------------------------------------------------------------------------

    def _to(self, state: State) -> None:
        if state is not self.state:
            save(self._files, self._places, state)
            self.state = state

    def _wake(self) -> None:
        """Set up what the state needs that is not kept: after a start and after an offer."""
        state, settings, now_s = self.state, self._settings, self._monotonic()
        self._pieces = None
        self._safely(self._mark)
        if state.trial is not None and settings.slot == state.current:
            self._gate = Gate(state.trial.fields, state.trial.within_s, now_s)
        elif state.trial is not None:
            # The launcher could not count the start, and did not try it.
            because = "the start of the new version could not be counted"
            self._safely(lambda: self._to(steps.rolled_back(state, "card", because)))
        elif state.phase == "offered":
            self._begin_s = now_s + self._rng.uniform(0.0, settings.section.start_within_s)
        elif state.phase == "fetching" and state.offer is not None:
            self._pieces = Pieces(
                self._files,
                self._places.bundle(state.offer.bundle),
                state.offer.bundle,
                state.offer.size,
                state.held,
                count=settings.pieces,
                rate_bytes_s=settings.section.rate_bytes_s,
                patience_s=(settings.patience_s, settings.patience_most_s),
                rng=self._rng,
            )

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            act()
        except OSError as e:
            self._card(e)

    def _card(self, error: OSError) -> None:
        self._tell(f"the card fails the update, which waits: {error}")
        self._rest_s = self._monotonic() + _AGAIN_S

    def _said(self) -> bytes:
        state = self.state
        running, offer = state.running, state.offer
        return msgspec.json.encode(
            Said(
                slot=self._settings.slot,
                serial=state.serial,
                version="" if running is None else running.version,
                bundle="" if running is None else running.bundle,
                phase=state.phase,
                offered="" if offer is None else offer.bundle,
                attempt=0 if offer is None else offer.attempt,
                last=state.last,
            )
        )

    def _say(self, voice: Voice) -> None:
        said = self._said()
        with_held = msgspec.json.encode({**msgspec.json.decode(said), "held": self.state.held})
        if voice.say(ASK, with_held):
            self._told = said
            self._say_s = self._monotonic() + self._settings.say_every_s * self._rng.uniform(0.75, 1.0)
