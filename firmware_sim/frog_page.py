"""One simulated frog that serves its own page, with the code of a real one."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.agent.frog import Frog, FrogParts
from devices.agent.frog_record import Record, open_ring
from devices.agent.outbox_forgotten import Erased
from devices.agent.outbox_mark import NEVER
from devices.page.app import FrogApp, FrogHouse
from devices.page.ring import Ring
from devices.page.server import PageServer
from devices.page.standing import Desk
from firmware_sim.fleet import Fleet

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrogPagePlan:
    """Which frog serves a page, on the loopback address.

    Attributes:
        device: its name.
        room: what the page calls its room.
        zone: the household's time zone.
        port: 0 takes a free one.
    """

    device: str
    room: str = "Sample home"
    zone: ZoneInfo
    port: int = 0


class FrogPage:
    """The page of one frog of a fleet; everything but :attr:`port` in the fleet's thread.

    Args:
        folder: where its record goes; an earlier one there is gone on with.
    """

    def __init__(self, fleet: Fleet, plan: FrogPagePlan, folder: Path) -> None:
        self._fleet = fleet
        self._plan = plan
        self._agent = fleet.agent(plan.device)
        parts = FrogParts(zone=plan.zone, serve=self._serve)
        self._record = Record(open_ring(folder))
        desk = Desk(time.monotonic)
        self._frog = Frog(self._agent, self._record, desk, parts, time.monotonic, self._forget)

    @property
    def port(self) -> int | None:
        """Where it listens; None before the first turn, or where the port is taken."""
        return self._frog.port

    def turn(self) -> None:
        """Answer the page; have the fleet send what was tapped there."""
        self._frog.turn(self._fleet.moment())
        if self._agent.publisher.unreceipted_diary:
            self._fleet.wake(self._plan.device)

    def close(self) -> None:
        """Stop serving."""
        self._frog.close()

    def _forget(self) -> Erased:
        """Forget the record; the fleet's outbox keeps nothing that has its receipt, and is not read into it."""
        self._record.forget(NEVER)
        return Erased(waiting=self._agent.publisher.unreceipted, traces=self._record.ring.traces)

    def _serve(self, ring: Ring, desk: Desk) -> PageServer:
        names = frozenset({"localhost", self._plan.device, f"{self._plan.device}.local"})
        house = FrogHouse(room=self._plan.room, names=names, zone=self._plan.zone)
        app = FrogApp(house, ring.reader(), desk, None, time.monotonic)
        return PageServer(app, _LOOPBACK, self._plan.port)
