"""The agent: sampler → outbox → publisher → link, for one device.

It has no loop and no thread. Its owner calls :meth:`Agent.sample` when a reading is due
and :meth:`Agent.pump` when something may be sent, with whatever clock it likes: the
service on a Raspberry Pi does so in real time, a simulated fleet for hundreds of agents
in one loop.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from devices.agent.clock_state import Moment
from devices.agent.counts import Counts, Observer
from devices.agent.entry import Entry, EntryChannel, Key, Run
from devices.agent.link import Link, ServerLimits
from devices.agent.outbox import Outbox, OutboxError
from devices.agent.part import Part
from devices.agent.publisher import Parcel, Publisher
from devices.agent.sampler import Sampler
from devices.contract.messages import MAX_PAYLOAD_BYTES, Activity, Receipt, Status, encode
from devices.contract.topics import topic

_RECEIPT = msgspec.json.Decoder(Receipt)
_FRESH = 64
_ON_TIME_MS = 100
"""Lateness within which a reading counts as taken when it was due."""
_TOPIC_AND_HEADER_BYTES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the device is on the wire."""

    device: str
    kind: str
    shard: int
    firmware: str = ""
    install: str = ""

    def topic(self, channel: str) -> str:
        """Return the topic of one of its channels."""
        return topic(self.shard, self.kind, self.device, channel)  # type: ignore[arg-type]

    def last_will(self) -> bytes:
        """Return what the broker announces, retained, when the device vanishes."""
        return encode(Status(online=False, firmware=self.firmware))


TELL_EVERY_S = 900.0
"""How often a falling outbox is announced until it is empty."""


class Witness(Protocol):
    """Told of what the device keeps, after the outbox has it: for the frog's own page."""

    def measured(self, key: Key, moment: Moment, fields: Mapping[str, float]) -> None:
        """A reading was put into the outbox."""
        ...

    def noted(self, key: Key, moment: Moment, activity: Activity, source: str) -> None:
        """A diary entry was put into the outbox."""
        ...


class Agent:
    """One device. Give :meth:`start` its link before anything else.

    Args:
        monotonic: seconds of the clock that the network lives by; always real time, also
            where the sampled time is simulated.
        counts: totals; pass one to several agents to add them up.
        observer: told of each entry's life.
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
    ) -> None:
        self.identity = identity
        self.sampler = sampler
        self.publisher = publisher
        self.counts = counts if counts is not None else Counts()
        self.boot = outbox.start_boot()
        self._outbox = outbox
        self._monotonic = monotonic
        self._observer = observer
        self._link: Link | None = None
        self._witnesses: list[Witness] = []
        self._parts: list[Part] = []
        self._heard_by: dict[str, tuple[str, list[Part]]] = {}
        self._moment: Moment | None = None
        self._next_seq = 0
        self._fresh: dict[Key, Entry] = {}
        self._sent_keys: dict[int, tuple[Key, ...]] = {}
        self._clk = 0
        self._told, self._told_s = 0, 0.0
        self._max_payload = MAX_PAYLOAD_BYTES
        self._topics: Mapping[str, str] = {
            c: identity.topic(c) for c in ("reading", "diary", "status", "receipt")
        }
        for key, channel in outbox.pending():
            publisher.add(key, channel)

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
    def connected(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._link is not None and self._link.connected

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
        self._next_seq += 1
        self.counts.created += 1
        self.publisher.add(entry.key, channel)
        self._forget(given_up)
        if len(self._fresh) >= _FRESH:
            self._fresh.clear()
        self._fresh[entry.key] = entry
        if self._observer is not None:
            self._observer.created(self.identity.device, entry.key)
        return True

    # -- sending -----------------------------------------------------------------

    def pump(self) -> None:
        """Send what may be sent now. The outbox must have been committed."""
        now_s = self._monotonic()
        self.publisher.expire(now_s)
        if self._link is None or not self._link.connected:
            return
        while (parcel := self.publisher.take(now_s)) is not None:
            if not self._send(self._link, parcel, now_s):
                return
        self._tell_outbox(self._link, now_s)

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

    def _tell_outbox(self, link: Link, now_s: float) -> None:
        """Announce a falling outbox from time to time and an empty one at once.

        Without it the server would go by what waited when the connection was made.
        """
        waiting = self.publisher.unreceipted
        if waiting < self._told and (waiting == 0 or now_s - self._told_s >= TELL_EVERY_S):
            self._announce(link, now_s)

    def _announce(self, link: Link, now_s: float) -> None:
        status = self.status()
        if link.publish(self._topics["status"], encode(status), retain=True) is not None:
            self._told, self._told_s = status.outbox, now_s

    def _send(self, link: Link, parcel: Parcel, now_s: float) -> bool:
        entries = self._load(parcel.keys)
        if len(entries) < len(parcel.keys):
            self._forget(set(parcel.keys) - {e.key for e in entries})
            if not entries:
                return True
        payload, used = _pack(entries, self._max_payload)
        if used == 0:
            # Larger than any message may be: it can never be sent, and must not block the rest.
            self._discard(entries[0])
            self.publisher.put_back(e.key for e in entries[1:])
            return True
        keys = tuple(e.key for e in entries[:used])
        mid = link.publish(self._topics[parcel.channel], payload)
        if mid is None:
            self.publisher.put_back(e.key for e in entries)
            return False
        self.publisher.sent(mid, keys, now_s)
        self.publisher.put_back(e.key for e in entries[used:])
        if self._observer is not None:
            self._sent_keys[mid] = keys
        self.counts.messages += 1
        self.counts.sent += used
        self.counts.resent += parcel.again
        return True

    def _load(self, keys: Sequence[Key]) -> list[Entry]:
        fresh = self._fresh
        if all(key in fresh for key in keys):
            return [fresh.pop(key) for key in keys]
        return self._outbox.load(keys)

    def _forget(self, keys: Collection[Key]) -> None:
        self.counts.given_up += len(keys)
        self.publisher.forget(keys)

    def _discard(self, entry: Entry) -> None:
        self._forget([entry.key])
        self._delete(entry.boot, [(entry.seq, entry.seq)])

    def _delete(self, boot: int, runs: Sequence[Run]) -> None:
        try:
            self._outbox.receipted(boot, runs)
        except OutboxError:
            # A full card must not end the device: what it holds can still be sent.
            self.counts.undeleted += 1

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
            clk=self._clk,
            install=self.identity.install,
            wall_ms=None if self._moment is None else self._moment.wall_ms,
            mono_ms=None if self._moment is None else self._moment.mono_ms,
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
        self.counts.connects += 1
        self._max_payload = min(MAX_PAYLOAD_BYTES, limits.maximum_packet_bytes - _TOPIC_AND_HEADER_BYTES)
        self.publisher.connected(limits.receive_maximum)
        if self._link is None:
            return
        self._link.subscribe([self._topics["receipt"], *self._heard_by])
        self._announce(self._link, self._monotonic())
        for part in self._parts:
            part.connected(self)
        self.pump()

    def on_disconnected(self, reason: str) -> None:
        """Everything without a receipt waits for the next connection."""
        self.counts.disconnects += 1
        self._sent_keys.clear()
        self.publisher.disconnected()

    def on_puback(self, mid: int, code: int) -> None:
        """The broker took or refused a message."""
        keys = self._sent_keys.pop(mid, ())
        taken = self.publisher.puback(mid, code, self._monotonic())
        if taken is None:
            return
        if not taken:
            self.counts.refused[code] += 1
            return
        self.counts.pubacked += 1
        if self._observer is not None and keys:
            self._observer.pubacked(self.identity.device, keys)
        self.pump()

    def on_message(self, topic: str, payload: bytes) -> None:
        """A receipt came: delete what it names. Anything else is for the parts."""
        if topic != self._topics["receipt"]:
            channel, parts = self._heard_by.get(topic, ("", []))
            for listener in parts:
                listener.heard(channel, payload, self)
            return
        try:
            receipt = _RECEIPT.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.counts.bad_messages += 1
            return
        for part in receipt.received:
            runs = self.publisher.receipt(part.boot, part.ranges, self._monotonic())
            if not runs:
                continue
            self._delete(part.boot, runs)
            self.counts.receipted += sum(last - first + 1 for first, last in runs)
            if self._observer is not None:
                self._observer.receipted(self.identity.device, part.boot, runs)
        self.pump()


def _pack(entries: Sequence[Entry], max_bytes: int) -> tuple[bytes, int]:
    """Return one payload and how many of ``entries``, from the first, are in it."""
    total, used = 2, 0
    for entry in entries:
        total += len(entry.payload) + 1
        if total > max_bytes:
            break
        used += 1
    if used == 1:
        return entries[0].payload, 1
    return b"[" + b",".join(e.payload for e in entries[:used]) + b"]", used
