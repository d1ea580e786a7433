"""A frog's page without a frog: a record with a year in it, a desk that answers, and its page."""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.page.app import FrogApp, FrogHouse, Request, Response
from devices.page.judge import opinion
from devices.page.ring import Ring
from devices.page.samples import SLOT_S, Note, Sample
from devices.page.standing import Desk, Left, Standing

NOW_S = 1_767_960_600  # 2026-01-09 12:10 UTC
HOST = "frog-0001.local"
ZONE = ZoneInfo("Europe/London")


def room_at(at_s: int) -> Sample:
    """Return a damp room's air: cool nights, a shower each morning, a cold wall."""
    hour = at_s % 86_400 / 3600
    temperature_c = 17.5 + 2.0 * math.sin((hour - 9) / 24 * 2 * math.pi)
    shower = 18.0 * math.exp(-(hour - 7.5) / 1.2) if hour >= 7.5 else 0.0
    return Sample(
        at_s, 3829, round(temperature_c, 2), round(min(99.0, 63.0 + shower), 1), round(temperature_c - 5.0, 2)
    )


def filled(path: Path, days: int) -> Ring:
    """Return a record of so many days up to now: every five minutes of three days, before that each hour."""
    ring = Ring(path / "frog.db", batch=200)
    ring._db.execute("pragma synchronous = off")
    for i in [*range(days * 288, 3 * 288, -12), *range(3 * 288, -1, -1)]:
        ring.add(room_at(NOW_S - i * SLOT_S))
    ring.flush()
    return ring


def standing(**changes: object) -> Standing:
    """Return how things stand with a frog that the town has not answered for a while."""
    lately = [room_at(NOW_S - i * SLOT_S) for i in range(36, -1, -1)]
    st = Standing(
        now_s=NOW_S,
        latest=lately[-1],
        opinion=opinion(lately, NOW_S),
        waiting=37,
        waiting_since_s=NOW_S - 37 * SLOT_S,
        eyes=True,
        button=True,
    )
    return replace(st, **changes)  # type: ignore[arg-type]


class Clerk(threading.Thread):
    """Answers taps as the agent does, and writes them into the record."""

    def __init__(self, desk: Desk, ring: Ring, *, keeps: bool = True) -> None:
        super().__init__(daemon=True)
        self.written: list[str] = []
        self.left = Left()
        """What is left when it has forgotten."""
        self._desk, self._path, self._keeps = desk, ring.path, keeps
        self._over = threading.Event()

    def run(self) -> None:
        """Answer until :meth:`stop`."""
        ring = Ring(self._path)
        while not self._over.wait(0.01):
            for tap in self._desk.taps():
                self.written.append(tap.activity)
                key = (3829, 5_000 + len(self.written))
                if self._keeps:
                    ring.note(Note(*key, NOW_S, tap.activity, "page"))
                if self._desk.standing is not None:
                    waiting = self._desk.standing.waiting_diary | {key}
                    self._desk.standing = replace(self._desk.standing, waiting_diary=waiting)
                tap.done.set_result(self._keeps)
            for farewell in self._desk.farewells():
                self.written.append("forgotten")
                farewell.done.set_result(self.left if self._keeps else None)
        ring.close()

    def stop(self) -> None:
        """End and wait for it."""
        self._over.set()
        self.join(10)


@contextmanager
def answered(desk: Desk, ring: Ring, *, keeps: bool = True) -> Iterator[Clerk]:
    """Have somebody answer taps until the end of the block."""
    clerk = Clerk(desk, ring, keeps=keeps)
    clerk.start()
    try:
        yield clerk
    finally:
        clerk.stop()


def app_of(
    ring: Ring, desk: Desk, pin: str | None = None, clock: object = lambda: 1000.0, room: str = "Bedroom"
) -> FrogApp:
    """Return the page of a record."""
    house = FrogHouse(room=room, names=frozenset({HOST, "localhost"}), zone=ZONE)
    return FrogApp(house, ring.reader(), desk, pin, clock)  # type: ignore[arg-type]


def get(app: FrogApp, target: str = "/", **headers: str) -> Response:
    """Ask for a page."""
    return app.handle(Request("GET", target, {"host": HOST, **headers}))


def post(app: FrogApp, target: str, body: str, **headers: str) -> Response:
    """Send a form."""
    said = {"host": HOST, "origin": f"http://{HOST}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    return app.handle(Request("POST", target, said, body.encode()))


def token_in(response: Response) -> str:
    """Return the token of the page's form."""
    found = re.search(rb'name="token" value="([^"]+)"', response.body)
    assert found is not None
    return found[1].decode()


def text_of(response: Response) -> str:
    """Return the words of a page, without what only draws."""
    without = re.sub(r"<svg.*?</svg>|<title>.*?</title>", "", response.body.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", without)).strip()
