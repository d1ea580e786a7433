"""An alarm with severities: each level has a life of its own, the highest one up counts.

* A level rises and falls by its own hysteresis and the alarm's dwell
  (:func:`rules.core.alarms.advance`). The alarm is up while any level is; a change of the
  highest one is a change of severity.
* A repeating condition holds while it has begun so many times within its time.
* An alarm that was raised, or became more severe, ``changes`` times within ``within_s``
  flaps. From then on it falls only after ``calm_s`` of calm; falling ends the flapping. So
  within any time as long as the shorter of the two it is raised at most ``changes`` times.

Pure; scalar, one subject at a time. The same observations in any grouping give the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import msgspec

from rules.core import alarms
from rules.core.alarm_spec import AlarmSpec
from rules.core.alarms import INACTIVE, Demand, Lifecycle
from rules.core.conditions.asking import Asked
from rules.core.figures import Dwell

Lives = tuple[Lifecycle, ...]
Times = tuple[float, ...]


class Condition(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where an alarm stands.

    Attributes:
        lives: of each level, from the least severe; empty while nothing is called for.
        raised, stepped: when it was last raised, and became more severe [s since 1970].
        flapping: whether it comes and goes.
        begun: of a repeating condition, when it last began [s since 1970].
        is_on: of a repeating condition, whether it holds now.
    """

    lives: Lives = ()
    raised: Times = ()
    stepped: Times = ()
    flapping: bool = False
    begun: Times = ()
    is_on: bool = False

    @property
    def level(self) -> int:
        """The highest level up, from 1; 0 while the alarm is down."""
        return _highest(self.lives) if self.lives else 0

    @property
    def is_active(self) -> bool:
        """Whether the alarm is up."""
        return bool(self.lives) and self.level > 0

    @property
    def held_since_s(self) -> float | None:
        """Since when the condition holds [s since 1970]; None while the alarm is down."""
        return min((life.held_since_s for life in self.lives if life.is_active), default=None)

    @property
    def clearing_since_s(self) -> float | None:
        """Since when nothing has called for any level [s since 1970]; None where none is clearing."""
        return max((life.since_s for life in self.lives if life.phase == "clearing"), default=None)


DOWN = Condition()
Word = Literal["raised", "severity", "flapping", "calm", "cleared"]


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of an alarm: what, when, from which level to which; ``changes``: raises so far."""

    what: Word
    at_s: float
    before: int
    after: int
    changes: int = 0


def is_down(now: Condition) -> bool:
    """Whether nothing is up or waits, so that only a demand for some level changes anything."""
    return not now.lives and not now.is_on


def advance(now: Condition, asked: Asked, at_s: float, spec: AlarmSpec) -> tuple[Condition, tuple[Turn, ...]]:
    """Return the condition after an observation, and what it changes.

    Args:
        now: before the observation.
        asked: what it asks of each level.
        at_s: its time [s since 1970], not before the last one's.
        spec: levels, dwell, repetition and flapping.

    Returns:
        The same object where nothing changed.
    """
    if is_down(now) and Demand.ON not in asked:
        return now, ()
    now, wanted = _repeated(now, asked, at_s, spec)
    dwell = _dwell(now, spec)
    before = fitted(now.lives, len(wanted))
    lives = tuple(
        alarms.advance(life, demand, at_s, dwell)[0] for life, demand in zip(before, wanted, strict=True)
    )
    if _highest(lives) != now.level:
        return _turned(now, lives, at_s, spec)
    kept = () if all(life == INACTIVE for life in lives) else lives
    return (now if kept == now.lives else msgspec.structs.replace(now, lives=kept)), ()


def fitted(lives: Lives, levels: int) -> Lives:
    """Return lives for so many levels; one that is up beyond the last counts as the last."""
    if len(lives) <= levels:
        return lives + (INACTIVE,) * (levels - len(lives))
    kept = lives[:levels]
    beyond = next((life for life in lives[levels:] if life.is_active), None)
    return kept if beyond is None or kept[-1].is_active else (*kept[:-1], beyond)


def _highest(lives: Lives) -> int:
    for k in range(len(lives), 0, -1):
        if lives[k - 1].is_active:
            return k
    return 0


def _dwell(now: Condition, spec: AlarmSpec) -> Dwell:
    if not now.flapping or spec.flap is None:
        return spec.dwell
    calm_s = max(spec.dwell.clear_after_s, spec.flap.calm_s)
    return msgspec.structs.replace(spec.dwell, clear_after_s=calm_s)


def _repeated(now: Condition, asked: Asked, at_s: float, spec: AlarmSpec) -> tuple[Condition, Asked]:
    """Note a beginning; until there were enough of them nothing is called for."""
    repeat, first = spec.repeat, asked[0]
    if repeat is None or first is None:
        return now, asked
    begins = first is Demand.ON and not now.is_on
    begun = tuple(b for b in now.begun if at_s - b <= repeat.within_s) + ((at_s,) if begins else ())
    begun = begun[-repeat.times :]
    is_on = first is Demand.ON or (now.is_on and first is Demand.HOLD)
    noted = msgspec.structs.replace(now, begun=begun, is_on=is_on)
    if len(begun) < repeat.times:
        return noted, (Demand.OFF,) * len(asked)
    return noted, (Demand.ON, *asked[1:])


def _turned(now: Condition, lives: Lives, at_s: float, spec: AlarmSpec) -> tuple[Condition, tuple[Turn, ...]]:
    before, after = now.level, _highest(lives)
    if after > before:
        return _rises(now, lives, Turn("raised" if before == 0 else "severity", at_s, before, after), spec)
    what: Word = "cleared" if after == 0 else "severity"
    turn = Turn(what, at_s, before, after)
    kept = () if all(life == INACTIVE for life in lives) else lives
    if not now.flapping:
        return msgspec.structs.replace(now, lives=kept), (turn,)
    calm = msgspec.structs.replace(now, lives=kept, raised=(), stepped=(), flapping=False)
    return calm, (Turn("calm", at_s, before, before), turn)


def _rises(now: Condition, lives: Lives, turn: Turn, spec: AlarmSpec) -> tuple[Condition, tuple[Turn, ...]]:
    flap = spec.flap
    if flap is None:
        return msgspec.structs.replace(now, lives=lives), (turn,)
    ring = now.raised if turn.what == "raised" else now.stepped
    ring = (*(t for t in ring if turn.at_s - t < flap.within_s), turn.at_s)[-flap.changes :]
    begins = len(ring) >= flap.changes and not now.flapping
    raised, stepped = (ring, now.stepped) if turn.what == "raised" else (now.raised, ring)
    after = msgspec.structs.replace(
        now, lives=lives, raised=raised, stepped=stepped, flapping=now.flapping or begins
    )
    flaps = Turn("flapping", turn.at_s, turn.after, turn.after, len(ring))
    return after, ((turn, flaps) if begins else (turn,))
