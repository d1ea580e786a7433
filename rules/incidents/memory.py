"""Incidents in memory, with the behaviour of the database's: for tests and dry runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rules.core.incidents import commands as c
from rules.core.incidents.fold import after
from rules.core.incidents.model import Act, Incident, NewAct, Signal
from rules.core.incidents.obey import Case, obey
from rules.core.incidents.parameters import GroupingParameters
from rules.core.incidents.part import seen
from rules.core.incidents.timeline import Line
from rules.incidents.asked import check_same, goes_on
from rules.incidents.ports import REF_HINT, Judge, Looked, NoSuchIncidentError


@dataclass
class MemoryIncidents:
    """:class:`rules.incidents.ports.IncidentBook` and ``IncidentStore`` in memory.

    Attributes:
        now: the signals that there are, by key; a test puts them there.
        kept: signals of incidents as they were last seen; ``belongs``: which is in which.
        looked: version of ``now`` and the log at the last look.
        lines: what other books say, by incident.
    """

    now: dict[str, Signal] = field(default_factory=dict)
    kept: dict[str, Signal] = field(default_factory=dict)
    belongs: dict[str, int] = field(default_factory=dict)
    book: dict[int, Incident] = field(default_factory=dict)
    log: list[Act] = field(default_factory=list)
    lines: dict[int, tuple[Line, ...]] = field(default_factory=dict)
    looked: object = None

    async def incidents(self, *, live: bool = True, since_s: float | None = None) -> tuple[Incident, ...]:
        """Return incidents by number."""
        return tuple(
            i
            for _, i in sorted(self.book.items())
            if (live and i.is_live) or (since_s is not None and i.changed_at_s >= since_s)
        )

    async def incident(self, incident_id: int) -> Incident:
        """Return one incident."""
        return self._one(incident_id)

    async def signals(self, incident_id: int) -> tuple[Signal, ...]:
        """Return what belongs to one, by time."""
        found = [self.kept[k] for k, n in self.belongs.items() if n == incident_id]
        return tuple(sorted(found, key=lambda s: (s.at_s, s.key)))

    async def acts(
        self,
        incident_id: int | None = None,
        since_s: float | None = None,
        *,
        after: int = 0,
        most: int | None = None,
    ) -> tuple[Act, ...]:
        """Return acts in order."""
        found = [
            a
            for a in self.log[after:]
            if incident_id in (None, a.incident_id) and (since_s is None or a.at_s >= since_s)
        ]
        return tuple(found if most is None else found[-most:])

    async def around(self, incident_id: int) -> tuple[Line, ...]:
        """Return what other books say."""
        return self.lines.get(incident_id, ())

    async def act(self, command: c.Command, now_s: float) -> Incident:
        """Do what is asked; see :class:`rules.incidents.ports.IncidentBook`."""
        known = next((a for a in self.log if command.request_id and a.request_id == command.request_id), None)
        if known is not None:
            check_same(command, known)
            return self._one(goes_on(known))
        obeyed = obey(command, await self._case(command), now_s)
        self._write(obeyed.acts)
        self.belongs.update(obeyed.members)
        return self._one(goes_on(obeyed.acts[0]))

    async def look(self, p: GroupingParameters, now_s: float, judge: Judge, *, anyhow: bool) -> bool:
        """Look, judge and write; see :class:`rules.incidents.ports.IncidentStore`."""
        if self.looked == (self.now, len(self.log)) and not anyhow:
            return False
        mine = {k for k, n in self.belongs.items() if self.book[n].is_live}
        since_s = now_s - p.longest_s
        fresh = {k: s for k, s in self.now.items() if k in mine or s.ended_s is None or s.ended_s >= since_s}
        over = {k: self.kept[k].severity for k in self.belongs if k not in mine}
        signals = seen(fresh, {k: self.kept[k] for k in mine}, over, p, now_s)
        live = tuple(i for _, i in sorted(self.book.items()) if i.is_live)
        belongs = {k: n for k, n in self.belongs.items() if k in signals}
        settled = judge(Looked(live, belongs, tuple(signals.values()), self._next_id()))
        self._write(settled.acts)
        self.belongs.update(settled.members)
        self.kept.update({k: s for k, s in signals.items() if k in mine or k in settled.members})
        self.looked = (dict(self.now), len(self.log))
        return bool(settled.acts or settled.members)

    async def town_now_s(self, wall_s: float) -> float:
        """Return the wall's time: nothing is simulated here."""
        return wall_s

    async def _case(self, command: c.Command) -> Case:
        about = command.incident_id if isinstance(command, c.About | c.Open) else None
        if about is None:
            return Case(None, self._next_id())
        incident, signals = self._one(about), await self.signals(about)
        version = command.seen if isinstance(command, c.About) else None
        since = () if version is None else await self.acts(about, after=version)
        if isinstance(command, c.Merge):
            into = self._one(command.into)
            return Case(incident, self._next_id(), signals, into, await self.signals(command.into), since)
        return Case(incident, self._next_id(), signals, since=since)

    def _next_id(self) -> int:
        return max(self.book, default=0) + 1

    def _one(self, incident_id: int) -> Incident:
        if incident_id not in self.book:
            raise NoSuchIncidentError(f"There is no incident I{incident_id}: {REF_HINT}.")
        return self.book[incident_id]

    def _write(self, acts: Sequence[NewAct]) -> None:
        for new in acts:
            fields = {f: getattr(new, f) for f in NewAct.__struct_fields__}
            act = Act(act_id=len(self.log) + 1, **fields)
            self.log.append(act)
            self.book[act.incident_id] = after(self.book.get(act.incident_id), act)
