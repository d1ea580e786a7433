"""What is remembered of a bin's fill."""

from __future__ import annotations

from typing import Literal

import msgspec

Point = tuple[float, float]
"""Time [s since 1970] and fill [%]."""
Evidence = Literal["drop", "lorry", "tilt", "crew"]
BinCondition = Literal["ok", "tilted", "blocked", "stuck", "no_echo"]


class Track(msgspec.Struct, frozen=True, array_like=True):
    """The filter after its last reading.

    Attributes:
        at_s: of that reading [s since 1970].
        level_pct, rate_pct_h: fill, and how fast it rises now.
        level_var, cross_var, rate_var: their variances and covariance.
    """

    at_s: float
    level_pct: float
    rate_pct_h: float
    level_var: float
    cross_var: float
    rate_var: float


class Dip(msgspec.Struct, frozen=True, array_like=True):
    """A fall that the next reading must confirm.

    Attributes:
        pre_pct, pre_s: before it; since when the bin may have been emptied unseen [s since 1970].
        low_pct, low_s: the first low reading.
        misses: readings since then that were neither low nor as before.
    """

    pre_pct: float
    pre_s: float
    low_pct: float
    low_s: float
    misses: int = 0


class Fell(msgspec.Struct, frozen=True, array_like=True):
    """A confirmed fall.

    Attributes:
        pre_pct, pre_s: before it; since when nothing else could have shown it [s since 1970].
        after_pct, low_s: after it, and when.
        n: readings since.
        doubtful: the level before was only just there, or had come from here.
        evidence: of an emptying; empty: it is none so far.
        earlier_s: when the bin had been emptied before.
        sparse: whether readings were few.
    """

    pre_pct: float
    pre_s: float
    after_pct: float
    low_s: float
    n: int
    doubtful: bool
    evidence: tuple[Evidence, ...] = ()
    earlier_s: float | None = None
    sparse: bool = False


class Run(msgspec.Struct, frozen=True, array_like=True):
    """Readings in a row that have something in common: since when [s since 1970], how many, and what."""

    since_s: float
    n: int
    pct: float = 0.0


class Fills(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered of a bin's fill.

    Attributes:
        track: the filter; None before the first reading.
        n: readings taken since the filter began.
        recent: the last seven fills as measured, oddities too.
        filtered: the last three levels, newest last [%].
        odd: the last reading, where it was too far from what was expected.
        rise: a jump upwards: readings since, and from where [%].
        jam: readings in a row right at the sensor, and what was before [%].
        dip, fell: a fall.
        held: readings in a row with exactly this fill.
        edge: readings in a row with nothing but 0 %, or but 100 %.
        silent: readings in a row without an echo.
        tilted: readings in a row on its side.
        pulse_s: when it was last tipped for a moment [s since 1970].
        emptied_s: the last emptying [s since 1970].
        cycle: fill after it, and when.
        rate_pct_h: how fast the bin fills, over its last cycles; None before the first.
        judged_s: up to when somebody's word that it was serviced has been looked at [s since 1970].
    """

    track: Track | None = None
    n: int = 0
    recent: tuple[Point, ...] = ()
    filtered: tuple[float, ...] = ()
    odd: Point | None = None
    rise: Run | None = None
    jam: Run | None = None
    dip: Dip | None = None
    fell: Fell | None = None
    held: Run | None = None
    edge: Run | None = None
    silent: Run | None = None
    tilted: Run | None = None
    pulse_s: float | None = None
    emptied_s: float | None = None
    cycle: Point | None = None
    rate_pct_h: float | None = None
    judged_s: float | None = None

    @property
    def fill_pct(self) -> float | None:
        """The filtered fill [%]; None before the first reading."""
        return self.filtered[-1] if self.filtered else None
