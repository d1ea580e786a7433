"""The frog as its household meets it: page, button and eyes around the agent.

It has no loop of its own: the owner of the agent calls :meth:`Frog.turn` in each of its turns. Only
the page's server runs in threads; they read the record and the desk, and write through the desk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from devices.agent.agent import Agent
from devices.agent.clock_state import Moment
from devices.agent.frog_record import Record
from devices.agent.outbox import OutboxError
from devices.agent.outbox_forgotten import Erased
from devices.agent.presses import PressCounter, Pressed
from devices.drivers.button import Button
from devices.drivers.eyes import SORRY, Eyes, Light, Pattern, thanks
from devices.log import get_logger
from devices.page.judge import USUAL, Limits, opinion
from devices.page.ring import CLOCK_SET_S, Ring
from devices.page.server import PageServer
from devices.page.standing import Desk, Left, Standing
from devices.page.words import local

log = get_logger(__name__)

_STANDING_EVERY_S = 1.0
_LISTEN_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FrogParts:
    """What a frog is made of beside its agent; each may be missing.

    Attributes:
        button: the diary button.
        light: its eyes.
        dark_at: whether the eyes stay dark at a local hour.
        zone: the household's time zone.
        serve: makes the page's server, OSError where it can't listen; None means no page.
    """

    button: Button | None = None
    light: Light | None = None
    dark_at: Callable[[int], bool] = lambda hour: False
    zone: ZoneInfo
    serve: Callable[[Ring, Desk], PageServer] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a frog behaves, where it is told (docs/fleet-settings.md).

    Attributes:
        awake: whether the eyes show a mood at all.
        dark_at: whether they stay dark at a local hour; None: as its parts say.
        patterns: how a mood looks, by mood; the usual where one is missing.
        limits: by what it judges.
    """

    awake: bool = True
    dark_at: Callable[[int], bool] | None = None
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    limits: Limits = USUAL


class Frog:
    """One frog.

    Args:
        agent: keeps and sends; told to tell ``record``.
        record: what was measured.
        desk: between the page and this.
        clock: monotonic [s], the one that the button's edges are stamped with; it is that of
            the moments, too.
        forget: forgets the household in ``record`` and outbox; OutboxError or sqlite3.Error where it can't.
    """

    def __init__(
        self,
        agent: Agent,
        record: Record,
        desk: Desk,
        parts: FrogParts,
        clock: Callable[[], float],
        forget: Callable[[], Erased],
    ) -> None:
        self._agent = agent
        self._record = record
        self._desk = desk
        self._parts = parts
        self._clock = clock
        self._forget_both = forget
        self._eyes = Eyes(parts.light)
        self._manner = Manner()
        self._presses = PressCounter()
        self._town = _Town(agent)
        self._server: PageServer | None = None
        self._listen_at_s = float("-inf")
        self._standing_at_s = float("-inf")
        agent.tell(record)

    @property
    def port(self) -> int | None:
        """The page's port; None where nothing listens."""
        return None if self._server is None else self._server.port

    @property
    def has_eyes(self) -> bool:
        """Whether there is a light that shows a mood."""
        return self._parts.light is not None

    def behave(self, manner: Manner) -> None:
        """Show and judge by ``manner`` from now on."""
        self._manner = manner
        self._eyes.learn(manner.patterns)
        self._standing_at_s = float("-inf")

    def turn(self, moment: Moment) -> None:
        """Write down what was pressed and tapped, show how things stand, listen. Blocks for no network."""
        now_s = self._clock()
        self._listen(now_s)
        if self._parts.button is not None:
            for pressed in self._presses.update(self._parts.button.edges(), now_s):
                self._write_press(pressed, moment, now_s)
        for tap in self._desk.taps():
            kept = self._agent.diary(tap.activity, _earlier(moment, now_s - tap.at_s), source="page")
            self._standing_at_s = float("-inf")
            self._stand(moment, now_s)
            tap.done.set_result(kept)
        for farewell in self._desk.farewells():
            left = self._forget()
            self._standing_at_s = float("-inf")
            self._stand(moment, now_s)
            farewell.done.set_result(left)
        self._record.scrub()
        self._stand(moment, now_s)

    def close(self) -> None:
        """Stop the page, let the pins go, and write what waits."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._parts.button is not None:
            self._parts.button.close()
        self._eyes.close()
        self._record.close()

    # -- inside --------------------------------------------------------------------

    def _write_press(self, pressed: Pressed, moment: Moment, now_s: float) -> None:
        at = _earlier(moment, now_s - pressed.at_s)
        kept = self._agent.diary(pressed.activity, at, source="button")
        self._eyes.answer(thanks(min(pressed.presses, 9)) if kept else SORRY, now_s)
        self._standing_at_s = float("-inf")

    def _forget(self) -> Left | None:
        """Forget the household, whatever the clock says; return what is left, None where it could not."""
        try:
            erased = self._forget_both()
        except (sqlite3.Error, OutboxError) as e:
            log.warning("the frog could not forget", reason=str(e))
            return None
        log.info("the frog has forgotten its household", waiting=erased.waiting, traces=erased.traces)
        return Left(erased.waiting, erased.traces)

    def _stand(self, moment: Moment, now_s: float) -> None:
        if now_s - self._standing_at_s < _STANDING_EVERY_S:
            return
        self._standing_at_s = now_s
        standing = self._standing(moment, now_s)
        self._desk.standing = standing
        mood = standing.opinion.mood if standing.opinion is not None else "calm"
        self._eyes.mood(mood, now_s, dark=standing.eyes_dark)

    def _standing(self, moment: Moment, now_s: float) -> Standing:
        agent, record, at_s = self._agent, self._record, moment.wall_ms // 1000
        self._town.update(now_s)
        clock_set = at_s >= CLOCK_SET_S
        return Standing(
            now_s=at_s,
            clock_set=clock_set,
            latest=record.latest,
            opinion=opinion(tuple(record.lately), at_s, self._manner.limits),
            connected=agent.connected,
            waiting=agent.publisher.unreceipted,
            waiting_since_s=self._town.waiting_since_s,
            answered_s=None
            if self._town.answered_s is None
            else round(at_s - (now_s - self._town.answered_s)),
            waiting_diary=agent.publisher.unreceipted_diary,
            sensor_trouble=agent.sampler.last_failure,
            card_trouble=agent.trouble or record.trouble,
            eyes=self._parts.light is not None,
            eyes_dark=self._is_dark(at_s, clock_set=clock_set),
            button=self._parts.button is not None,
            limits=self._manner.limits,
        )

    def _is_dark(self, at_s: int, *, clock_set: bool) -> bool:
        dark_at = self._manner.dark_at or self._parts.dark_at
        return not self._manner.awake or (clock_set and dark_at(local(at_s, self._parts.zone).hour))

    def _listen(self, now_s: float) -> None:
        """Open the page; where the port is taken, measuring goes on, and it is tried again."""
        if self._server is not None or self._parts.serve is None or now_s < self._listen_at_s:
            return
        self._listen_at_s = now_s + _LISTEN_AGAIN_S
        try:
            self._server = self._parts.serve(self._record.ring, self._desk)
        except OSError as e:
            log.warning("the frog's page can't listen", reason=str(e), again_in_s=_LISTEN_AGAIN_S)
            return
        self._server.start()
        log.info("the frog's page listens", port=self._server.port)


class _Town:
    """Since when the town has not answered."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._waiting = agent.publisher.unreceipted
        self.answered_s: float | None = None
        self.waiting_since_s: int | None = None

    def update(self, now_s: float) -> None:
        waiting = self._agent.publisher.unreceipted
        if waiting < self._waiting:
            self.answered_s = now_s
        if waiting == 0:
            self.waiting_since_s = None
        elif waiting < self._waiting or self.waiting_since_s is None:
            self.waiting_since_s = self._oldest_s()
        self._waiting = waiting

    def _oldest_s(self) -> int | None:
        try:
            oldest = self._agent.status().oldest_unreceipted
        except OutboxError:
            return None  # a broken card is told elsewhere, and must not end the agent
        return None if oldest is None else round(oldest.timestamp())


def _earlier(moment: Moment, seconds: float) -> Moment:
    return moment.earlier(max(0, round(seconds * 1000)))
