"""What pages, REST and commands about incidents are given, and what they make of it."""

from __future__ import annotations

from asyncio import Semaphore
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from ops_api.housing.team_door import TeamDoor
from rules.core.incidents.handover import ACTS_MOST, Handover, handover
from rules.core.incidents.model import Incident, Signal
from rules.core.incidents.timeline import MOST, Line, assembled
from rules.incidents.ports import IncidentBook, ShiftBook

SINCE_MOST = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Whole:
    """An incident with what belongs to it; ``older``: its log goes further back than the timeline."""

    incident: Incident
    signals: tuple[Signal, ...]
    timeline: tuple[Line, ...]
    older: bool


@dataclass(frozen=True, slots=True)
class IncidentDesk:
    """The book, what other services stand at, the town's zone, and the door that lets people act; None: nobody.

    ``setting``: held by who sets a handover for paper, one at a time: everybody may have one, and it takes a core.
    """

    book: IncidentBook
    shift: ShiftBook
    zone: ZoneInfo
    door: TeamDoor | None = None
    setting: Semaphore = field(default_factory=lambda: Semaphore(1), compare=False)

    async def whole(self, incident_id: int, *, names: bool, most: int | None = MOST) -> Whole:
        """Return an incident; NoSuchIncidentError where there is none.

        Args:
            incident_id: its number.
            names: whether to say who said what.
            most: so many lines of what happened, the newest; None: all.
        """
        incident, signals = await self.book.incident(incident_id), await self.book.signals(incident_id)
        acts = await self.book.acts(incident_id, most=None if most is None else most + 1)
        lines = assembled(acts, signals, await self.book.around(incident_id), names=names)
        return Whole(incident, signals, lines[:most], most is not None and len(lines) > most)

    async def handover(self, now_s: float, since: timedelta, *, names: bool) -> Handover:
        """Return what a shift hands over; ``since``: how far back, at most :data:`SINCE_MOST`."""
        since_s = now_s - min(since, SINCE_MOST).total_seconds()
        incidents = await self.book.incidents(live=True, since_s=since_s)
        acts = await self.book.acts(since_s=since_s, most=ACTS_MOST)
        shift = await self.shift.shift(now_s, self.zone)
        return handover(incidents, acts, shift, since_s=since_s, now_s=now_s, names=names)
