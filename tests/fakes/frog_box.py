"""A frog that is driven by hand: the real agent, outbox, record and desk; its clocks, room and button are made up."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

from devices.agent.agent import Agent, Identity
from devices.agent.clock_state import Clk, Moment
from devices.agent.frog import Frog, FrogParts
from devices.agent.frog_parts import make_frog
from devices.agent.frog_record import Record
from devices.agent.publisher import Limits, Publisher
from devices.agent.sampler import Sampler
from devices.agent.sqlite_outbox import SqliteOutbox
from devices.contract.kind import discover
from devices.drivers.button import SimulatedButton
from devices.drivers.eyes import SimulatedLight
from devices.page.samples import SLOT_S
from devices.page.standing import Desk, Left
from tests.fakes.frog_page import ZONE

START_S = 1_767_960_600
FOREVER = (0, 2**40)
KIND = discover()["frog"]


class Room:
    """What the sensor finds."""

    temperature_c = 20.0
    humidity_pct = 50.0

    def read(self) -> dict[str, float]:
        """Return it."""
        return {
            "temperature_c": self.temperature_c,
            "humidity_pct": self.humidity_pct,
            "wall_temperature_c": 12.0,
        }


class Box:
    """A frog that is driven by hand: ``now_s`` is both of its clocks until ``wrong_s`` sets one off."""

    def __init__(
        self, folder: Path, *, wrong_s: int = 0, clk: int = Clk.SYNCHRONISED, start_s: int = 0
    ) -> None:
        self.now_s = float(start_s)
        self.wrong_s, self.clk = wrong_s, clk
        self.room, self.button, self.light = Room(), SimulatedButton(), SimulatedLight()
        self.outbox = SqliteOutbox(folder / "outbox.db")
        self.agent = Agent(
            Identity(device="frog-1", kind="frog", shard=0),
            Sampler(KIND, [self.room], SLOT_S, self.now_s),
            self.outbox,
            Publisher(Limits(), random.Random(1)),
            lambda: self.now_s,
        )
        parts = FrogParts(button=self.button, light=self.light, zone=ZONE)
        made = make_frog(self.agent, self.outbox, folder, parts, lambda: self.now_s)
        assert made is not None
        self.frog: Frog = made
        self.record: Record = made._record
        self.desk: Desk = made._desk

    def moment(self) -> Moment:
        """Return what its clocks say."""
        at_ms = round(self.now_s * 1000)
        return Moment(START_S * 1000 + at_ms + self.wrong_s * 1000, at_ms, self.clk)

    def turn(self, seconds: float = 0.0) -> None:
        """Take a turn ``seconds`` later."""
        self.now_s += seconds
        self.agent.step(self.moment())
        self.frog.turn(self.moment())

    def run(self, samples: int) -> None:
        """Measure so often."""
        for _ in range(samples):
            self.turn(SLOT_S)

    def times(self) -> list[int]:
        """Return when the samples of its record were measured [s since the start]."""
        return [s.at_s - START_S for s in self.record.ring.reader().samples(*FOREVER)]

    def cut(self) -> None:
        """The power goes: nothing is closed, nothing flushed."""
        self.record.ring._db.close()
        self.outbox.close()

    def close(self) -> None:
        """Switch it off in good order."""
        self.frog.close()
        self.agent.stop()


def asked_to_forget(box: Box) -> Left | Literal["failed", "soon"]:
    """What the page is told when the household has the frog forget."""
    with ThreadPoolExecutor(1) as page:
        told = page.submit(box.desk.forget)
        while not told.done():
            box.turn()
        return told.result()
