"""The agent: sampler → outbox → publisher → link, for one device.

It has no loop and no thread. Its owner calls :meth:`Agent.sample` when a reading is due
and :meth:`Agent.pump` when something may be sent, with whatever clock it likes: the
service on a Raspberry Pi does so in real time, a simulated fleet for hundreds of agents
in one loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec

from devices.agent.clock_state import Clk, Moment
from devices.agent.counts import Counts, Observer
from devices.agent.entry import Entry, EntryChannel, Key
from devices.agent.identity import Identity
from devices.agent.link import Link, ServerLimits
from devices.agent.outbox import Outbox, OutboxError
from devices.agent.part import Part
from devices.agent.publisher import Publisher
from devices.agent.sampler import Sampler
from devices.agent.sending import Sending
from devices.agent.witness import Witness
from devices.contract.messages import Activity, Status, encode

__all__ = ["TELL_EVERY_S", "Agent", "Identity", "Witness"]

_ON_TIME_MS = 100
"""Lateness within which a reading counts as taken when it was due."""
_PART_EVERY_S = 1.0

TELL_EVERY_S = 900.0
"""How often a falling outbox is announced until it is empty."""


class Agent:
    """One device. Give :meth:`start` its link before anything else.

    Args:
        monotonic: seconds of the clock that the network lives by; always real time, also
            where the sampled time is simulated.
        counts: totals; pass one to several agents to add them up.
        observer: told of each entry's life.
        trouble: what is wrong with the card, "" where nothing is; announced when it changes.
        recalls_at_once: whether it knows at once what the outbox holds; else some of it with each :meth:`pump`, for
            a full one takes a small machine seconds, in which it could measure.
    """

    def __init__(
        self,
        identity: Identity,
        sampler: Sampler,
        outbox: Outbox,
        publisher: Publisher,
        monotonic: Callable[[], float],
        counts: Counts | None = None,
        observer: Observer | None = None,
        trouble: Callable[[], str] = str,
        *,
        recalls_at_once: bool = True,
    ) -> None:
        self.identity = identity
        self.sampler = sampler
        self.publisher = publisher
        self.counts = counts if counts is not None else Counts()
        self.boot = outbox.start_boot()
        self._outbox = outbox
        self._monotonic = monotonic
        self._trouble = trouble
        self._sending = Sending(identity, outbox, publisher, self.counts, observer)
        self._recalled = recalls_at_once and self._sending.recall_all()
        self._link: Link | None = None
        self._witnesses: list[Witness] = []
        self._parts: list[Part] = []
        self._heard_by: dict[str, tuple[str, list[Part]]] = {}
        self._moment: Moment | None = None
        self._next_seq = 0
        self._clk = 0
        self._told: Status | None = None
        self._told_s = 0.0
        self._topics: Mapping[str, str] = {c: identity.topic(c) for c in ("status", "receipt")}

    def start(self, link: Link) -> None:
        """Use ``link`` from now on; its events must come to this agent."""
        self._link = link

    def tell(self, witness: Witness) -> None:
        """Have ``witness`` told, too, of each reading and diary entry that is kept from now on."""
        self._witnesses.append(witness)

    def join(self, part: Part) -> None:
        """Have ``part`` take turns and hear its channels; before :meth:`start`."""
        self._parts.append(part)
        for channel in part.hears:
            self._heard_by.setdefault(self.identity.topic(channel), (channel, []))[1].append(part)

    def say(self, channel: str, payload: bytes, *, retain: bool = False) -> bool:
        """Send on one of the device's channels; see :class:`devices.agent.part.Voice`."""
        if self._link is None or not self._link.connected:
            return False
        return self._link.publish(self.identity.topic(channel), payload, retain=retain) is not None

    def turn(self, moment: Moment) -> None:
        """Give each part its turn."""
        self._moment = moment
        for part in self._parts:
            part.turn(moment, self)

    @property
    def part_every_s(self) -> float:
        """How often the most impatient part wants a turn [s]; infinite where there is none."""
        return min((getattr(part, "every_s", _PART_EVERY_S) for part in self._parts), default=float("inf"))

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._link is not None and self._link.connected

    @property
    def trouble(self) -> str:
        """What is wrong with the card, "" where nothing is."""
        return self._trouble()

    # -- measuring ---------------------------------------------------------------

    def sample(self, moment: Moment) -> bool:
        """Read the sensors and put a reading into the outbox; return whether there was one.

        It becomes durable with the outbox's next commit and is sent by :meth:`pump`.
        """
        self._clk = moment.clk
        fields = self.sampler.read()
        if fields is None:
            self.counts.skipped += 1
            return False
        if not self._keep("reading", moment, {"mono_ms": moment.mono_ms, "clk": moment.clk, **fields}):
            return False
        for witness in self._witnesses:
            witness.measured(self._last_key, moment, fields)
        return True

    def report(self, moment: Moment, fields: Mapping[str, object]) -> bool:
        """Put a reading that was measured elsewhere (a file, a gateway) into the outbox.

        The fields go on the wire as they are, without this device's clock: the server judges
        them. Returns whether it was kept.
        """
        return self._keep("reading", moment, fields)

    def diary(self, activity: Activity, moment: Moment, note: str = "", source: str = "") -> bool:
        """Put a press of the diary button into the outbox; return whether it was kept.

        ``source`` says what was pressed, ``button`` or ``page``.
        """
        said = {"activity": activity, "note": note, "source": source}
        if not self._keep("diary", moment, {name: value for name, value in said.items() if value != ""}):
            return False
        for witness in self._witnesses:
            witness.noted(self._last_key, moment, activity, source)
        return True

    @property
    def _last_key(self) -> Key:
        return (self.boot, self._next_seq - 1)

    def _keep(self, channel: EntryChannel, moment: Moment, fields: Mapping[str, object]) -> bool:
        seq = self._next_seq
        document = {"ts": moment.wall_ms, "boot": self.boot, "seq": seq}
        payload = msgspec.json.encode({**document, **fields})
        entry = Entry(self.boot, seq, channel, moment.wall_ms, moment.mono_ms, moment.clk, payload)
        try:
            given_up = self._outbox.append(entry)
        except OutboxError:
            self.counts.unstored += 1
            return False
        finally:
            # Also where it failed: it may be on the card all the same, and a gap tells the server what is lost.
            self._next_seq += 1
        self._sending.kept(entry, given_up)
        return True

    # -- sending -----------------------------------------------------------------

    def pump(self) -> None:
        """Send what may be sent now. The outbox must have been committed."""
        if not self._recalled:
            self._recalled = self._sending.recall()
            if not self._recalled:
                return
        now_s = self._monotonic()
        self.publisher.expire(now_s)
        if self._link is None or not self._link.connected:
            return
        if self._sending.pump(self._link, now_s):
            self._tell(self._link, now_s)

    def step(self, moment: Moment) -> float:
        """Sample if due, commit, send; return seconds until the next sample [s].

        For an owner with a single agent; ``moment.mono_ms`` is the sampling clock. A reading
        taken as good as on time carries the time at which it was due: timers wake late by a few
        milliseconds, no sensor is that quick, and equal intervals cost the server's storage
        nothing (docs/adr/010).
        """
        now_s = moment.mono_ms / 1000.0
        if now_s >= self.sampler.due_s:
            late_ms = moment.mono_ms - round(self.sampler.due_s * 1000)
            self.sample(moment.earlier(late_ms) if late_ms <= _ON_TIME_MS else moment)
            self.sampler.advance(now_s)
        self._outbox.commit()
        self.turn(moment)
        self.pump()
        return self.sampler.due_s - now_s

    def wake_in_s(self) -> float:
        """Return when something is due beside the next sample, from now [s]; infinite for nothing."""
        if not self._recalled:
            return 0.0
        due_s = self.publisher.wake_s()
        sending_s = float("inf") if due_s is None else max(0.0, due_s - self._monotonic())
        return min(sending_s, self.part_every_s)

    def _tell(self, link: Link, now_s: float) -> None:
        """Announce trouble, its end and a clock that was set at once, a falling outbox from time to time.

        Without it the server would go by what waited when the connection was made, and date readings
        from before the clock was set only with the next one.
        """
        told, waiting = self._told, self.publisher.unreceipted
        if told is None:
            return
        falls = waiting < told.outbox and (waiting == 0 or now_s - self._told_s >= TELL_EVERY_S)
        if falls or told.trouble != self.trouble or told.clk < Clk.SYNCHRONISED == self._now_clk:
            self._announce(link, now_s)

    @property
    def _now_clk(self) -> int:
        return self._clk if self._moment is None else self._moment.clk

    def _announce(self, link: Link, now_s: float) -> None:
        status = self.status()
        if link.publish(self._topics["status"], encode(status), retain=True) is not None:
            self._told, self._told_s = status, now_s

    def status(self) -> Status:
        """Return the birth message."""
        oldest = self.publisher.oldest
        entries = self._outbox.load([oldest]) if oldest is not None else []
        since = datetime.fromtimestamp(entries[0].wall_ms / 1000, UTC) if entries else None
        return Status(
            online=True,
            boot=self.boot,
            firmware=self.identity.firmware,
            outbox=self.publisher.unreceipted,
            oldest_unreceipted=since,
            clk=self._now_clk,
            install=self.identity.install,
            wall_ms=None if self._moment is None else self._moment.wall_ms,
            mono_ms=None if self._moment is None else self._moment.mono_ms,
            trouble=self.trouble,
            lost=self.counts.given_up + self.counts.unstored,
        )

    def stop(self) -> None:
        """Announce the end, close the link and the outbox. What is unreceipted stays there."""
        if self._link is not None and self._link.connected:
            self._link.publish(self._topics["status"], self.identity.last_will(), retain=True)
        if self._link is not None:
            self._link.close()
        self._outbox.close()

    # -- what the link tells (LinkEvents) ------------------------------------------

    def on_connected(self, limits: ServerLimits) -> None:
        """Subscribe, announce the device, and send what waits."""
        self._recalled = self._sending.recall_all()
        self._sending.connected(limits)
        if self._link is None:
            return
        self._link.subscribe([self._topics["receipt"], *self._heard_by])
        self._announce(self._link, self._monotonic())
        for part in self._parts:
            part.connected(self)
        self.pump()

    def on_disconnected(self, reason: str) -> None:
        """Everything without a receipt waits for the next connection."""
        self._sending.disconnected()

    def on_puback(self, mid: int, code: int) -> None:
        """The broker took or refused a message."""
        if self._sending.puback(mid, code, self._monotonic()):
            self.pump()

    def on_message(self, topic: str, payload: bytes) -> None:
        """A receipt came: delete what it names. Anything else is for the parts."""
        if topic == self._topics["receipt"]:
            if self._sending.receipt(payload, self._monotonic()):
                self.pump()
            return
        channel, parts = self._heard_by.get(topic, ("", []))
        for listener in parts:
            listener.heard(channel, payload, self)
