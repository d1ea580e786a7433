"""The inbox in memory: keeps what PostgreSQL would, and passes the same tests."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from cityops.clock import Clock
from cityops.errors import TransientError
from ingest.bridge.ports import Arrival, QueuedDownlink, SenmlDevice, Source, Waiting
from ingest.core.lorawan.judge import Binding
from ingest.core.lorawan.marks import DownlinkNote, Heard, InboxMarks, Outcome
from ingest.core.lorawan.numbering import AGAIN, Run
from ingest.core.lorawan.server_battery import ServerBattery
from ingest.ports import EventsTakenError, UnstorableError


@dataclass(slots=True)
class Kept:
    """An event of the inbox and what became of it."""

    arrival: Arrival
    received_at: datetime
    state: str = "waiting"
    outcome: Outcome | None = None


class MemoryInbox:
    """An :class:`ingest.bridge.ports.Inbox` and ``Downlinks`` in memory.

    Attributes:
        known: sources by number.
        events: the inbox by number.
        bound: bindings by DevEUI.
        named: devices that packs of SenML are for, by name.
        heard: what envelopes said, newest last.
        notes: news of downlinks.
        queue: downlinks that wait, and in ``gone`` what became of the others.
        down: while True, nothing can be asked.
    """

    def __init__(self, sources: Collection[Source], clock: Clock) -> None:
        self.known = {s.source_id: s for s in sources}
        self._clock = clock
        self.events: dict[int, Kept] = {}
        self.bound: dict[str, Binding] = {}
        self.named: dict[str, SenmlDevice] = {}
        self.heard: list[Heard] = []
        self.notes: list[DownlinkNote] = []
        self.queue: dict[int, QueuedDownlink] = {}
        self.gone: dict[int, str] = {}
        self.said: dict[int, str] = {}
        self._runs: dict[tuple[str, int], Run] = {}
        self._keys: dict[tuple[int, str], datetime | None] = {}
        self.down = False

    async def sources(self) -> list[Source]:
        """See the port."""
        self._check()
        return [s for s in self.known.values() if s.enabled]

    async def receive(self, arrival: Arrival) -> bool:
        """See the port."""
        self._check()
        if arrival.source_id not in self.known:
            raise UnstorableError(f"there is no source {arrival.source_id}")
        key = arrival.key
        for _ in range(2):
            if (arrival.source_id, key) not in self._keys:
                return self._keep(arrival, key)
            other, at = self._keys[arrival.source_id, key], arrival.network_at
            if arrival.kind != "uplink" or other is None or at is None or abs(at - other) <= AGAIN:
                return False
            key = f"{arrival.key}@{int(at.timestamp())}"
        return False

    def _keep(self, arrival: Arrival, key: str) -> bool:
        self._keys[arrival.source_id, key] = arrival.network_at
        now = self._clock.now()
        state = "waiting" if arrival.reason_code is None else "dead"
        self.events[len(self.events) + 1] = Kept(arrival, now, state)
        return True

    async def connection(self, source_id: int, said: str) -> None:
        """See the port."""
        self._check()
        self.said[source_id] = said

    async def lead(self) -> bool:
        """See the port."""
        self._check()
        return True

    async def waiting(self, limit: int) -> list[Waiting]:
        """See the port."""
        self._check()
        due = [
            Waiting(
                event_id=number,
                source=self.known[kept.arrival.source_id],
                topic=kept.arrival.topic,
                body=kept.arrival.body,
                received_at=kept.received_at,
                again=kept.outcome is not None,
            )
            for number, kept in self.events.items()
            if kept.state == "waiting"
        ]
        return due[:limit]

    async def bindings(self, dev_euis: Collection[str]) -> dict[str, Binding]:
        """See the port."""
        self._check()
        return {eui: self._with_battery(self.bound[eui]) for eui in dev_euis if eui in self.bound}

    def _with_battery(self, binding: Binding) -> Binding:
        told = [
            ServerBattery(pct=None if h.external_power else h.battery_pct, at=h.status_at)
            for h in self.heard
            if h.dev_eui == binding.dev_eui and h.status_at is not None
        ]
        return replace(binding, battery=max(told, key=lambda t: t.at)) if told else binding

    async def senml_devices(self, names: Collection[str]) -> dict[str, SenmlDevice]:
        """See the port."""
        self._check()
        return {name: self.named[name] for name in names if name in self.named}

    async def runs(self, dev_euis: Collection[str]) -> dict[str, list[Run]]:
        """See the port."""
        self._check()
        found: dict[str, list[Run]] = {}
        for (eui, _), run in sorted(self._runs.items()):
            if eui in dev_euis:
                found.setdefault(eui, []).append(run)
        return found

    async def frames(self, dev_eui: str, f_cnt: int, first_at: datetime, last_at: datetime) -> list[datetime]:
        """See the port."""
        self._check()
        arrivals = (kept.arrival for kept in self.events.values() if kept.state == "stored")
        return [
            a.network_at
            for a in arrivals
            if (a.kind, a.dev_eui, a.f_cnt) == ("uplink", dev_eui, f_cnt)
            and a.network_at is not None
            and first_at <= a.network_at <= last_at
        ]

    async def queued(self, limit: int) -> list[QueuedDownlink]:
        """See the port."""
        self._check()
        return list(self.queue.values())[:limit]

    async def sent(self, downlink_id: int) -> None:
        """See the port."""
        self._leave(downlink_id, "sent")

    async def failed(self, downlink_id: int, problem: str) -> None:
        """See the port."""
        self._leave(downlink_id, f"failed: {problem}")

    async def postpone_downlink(self, downlink_id: int, problem: str, delay_s: float) -> None:
        """See the port."""
        self._leave(downlink_id, f"postponed by {delay_s:g} s: {problem}")

    async def close(self) -> None:
        """Do nothing: there is nothing to give back."""

    def settle(self, marks: InboxMarks) -> None:
        """Take what is written with a batch; for :attr:`ingest.memory_store.MemorySink.settle_events`.

        Raises:
            EventsTakenError: some of its events do not wait any more.
        """
        taken = {n for n in marks.event_ids if n not in self.events or self.events[n].state != "waiting"}
        if taken:
            raise EventsTakenError(taken)
        for outcome in marks.outcomes:
            kept = self.events[outcome.event_id]
            kept.state, kept.outcome = outcome.state, outcome
            if outcome.forget:
                kept.arrival = replace(kept.arrival, payload=None, body=b"")
        self._runs |= {(run.dev_eui, run.boot): run for run in marks.runs}
        self.heard += marks.heard
        self.notes += marks.downlinks

    def _leave(self, downlink_id: int, how: str) -> None:
        self._check()
        del self.queue[downlink_id]
        self.gone[downlink_id] = how

    def _check(self) -> None:
        if self.down:
            raise TransientError("the memory inbox is down")
