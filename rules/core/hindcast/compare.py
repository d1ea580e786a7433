"""A past night judged: what the rules proposed beside what was done, why they differ, and what the road did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec
import numpy as np

from rules.core.hindcast.facts import STREET_CLASS, NightFacts, Proposed, Spread
from rules.core.psychrometrics import Floats
from rules.core.road_surface.traffic import traffic_of
from rules.core.treatment import Pass
from rules.core.winter_scores.contingency import Counts, Outcome, counted
from rules.core.winter_scores.facts import ScoreParameters
from rules.core.winter_scores.hazard import by_salt_c, counts_until_s, freezing_point_c, is_hazard

Asked = Literal["treat", "refer", "nothing"]
ASKED: tuple[Asked, ...] = ("treat", "refer", "nothing")
HOLDS = ScoreParameters()
"""How long salt counts that lay there."""


class Road(msgspec.Struct, frozen=True, kw_only=True):
    """What the road did from evening to morning.

    Attributes:
        hours: that were measured.
        lowest_c: surface [°C]; None: nobody measured.
        frozen_h: hours at or below 0 °C; hazard_h: those of them with a hazard (:mod:`rules.core.winter_scores.hazard`).
        hazard_from_s: when the first of these began [s since 1970].
        dry_h: hours in which the road was dry.
        rain_mm, snow_mm: that fell.
    """

    hours: int
    lowest_c: float | None
    frozen_h: int
    hazard_h: int
    hazard_from_s: float | None
    dry_h: int
    rain_mm: float
    snow_mm: float


class Night(msgspec.Struct, frozen=True, kw_only=True):
    """A night, compared.

    Attributes:
        standing: what the rules said in the evening.
        asked: the most that they asked for in the night; ``refer``: that an officer decides.
        first: the first decision of the night to treat or refer; later: how many others followed it.
        log: what was done.
        salted: whether salt was spread.
        road: what it did.
        why: where the two differ, the plain reason; empty where they agree.
        evening: how the evening's decision did; ours, theirs: the night's.
    """

    night: date
    standing: Proposed | None
    asked: Asked
    first: Proposed | None
    later: int
    log: tuple[Spread, ...]
    salted: bool
    road: Road
    why: str
    evening: Outcome
    ours: Outcome
    theirs: Outcome


def compared(n: NightFacts, action_c: float) -> Night:
    """Return a night; ``action_c``: the catalogue's threshold [°C].

    Each is judged on the road with the salt that lay there before its own: the rules', and what was done.
    """
    asking = [d for d in n.decided if asks(d)]
    stood = [n.standing] if n.standing is not None and asks(n.standing) else []
    road = road_of(n, min((d.at_s for d in stood + asking), default=None))
    first_s = min((s.at_s for s in n.log if s.salt_g_m2 > 0.0), default=None)
    salted = first_s is not None
    asked: Asked = "treat" if any(d.treats for d in asking) else "refer" if asking else "nothing"
    at_five = len(stood) > 0
    in_time = at_five or any(d.at_s <= (road.hazard_from_s or n.morning_s) for d in asking)
    return Night(
        night=n.night, standing=n.standing, asked=asked, first=asking[0] if asking else None,
        later=max(0, len(asking) - 1), log=n.log, salted=salted, road=road,
        why=difference(n, asked, road, salted, action_c), evening=_outcome(road, at_five),
        ours=_outcome(road, asked != "nothing" and in_time), theirs=_outcome(road_of(n, first_s), salted),
    )  # fmt: skip


def asks(d: Proposed) -> bool:
    """Whether somebody is to do something: a treatment, or a decision of one's own."""
    return d.treats or d.action == "refer"


def road_of(n: NightFacts, warned_s: float | None = None) -> Road:
    """Return what the road did in a night; ``warned_s``: since when salt was spread for it, None: it was not warned of."""
    h = n.hours
    known, falls = ~np.isnan(h.surface_c), np.nan_to_num(h.snow_mm_h) > 0.0
    frozen = known & (h.surface_c <= 0.0)
    freezes_c = freezing_point_c(
        np.full(len(h.at_s), np.nan), _salted(n, counts_until_s(warned_s, n.evening_s))
    )
    hazard = is_hazard(h.surface_c, h.wet, falls, freezes_c)
    return Road(
        hours=int(known.sum()), lowest_c=float(h.surface_c[known].min()) if known.any() else None,
        frozen_h=int(frozen.sum()), hazard_h=int(hazard.sum()),
        hazard_from_s=float(h.at_s[hazard][0]) if hazard.any() else None, dry_h=int((known & ~h.wet).sum()),
        rain_mm=float(np.nansum(h.rain_mm_h)), snow_mm=float(np.nansum(h.snow_mm_h)),
    )  # fmt: skip


def _salted(n: NightFacts, until_s: float) -> Floats:
    """Return the freezing point by the salt that lay there before ``until_s`` [°C]; NaN where there was none."""
    passes = [
        Pass(s.at_s, s.salt_g_m2, 0.0, 1.0, "log", s.at_s, s.at_s)
        for s in n.lying
        if s.salt_g_m2 > 0.0 and s.at_s < until_s
    ]
    count = len(n.hours.at_s)
    damp = np.zeros(count, dtype=np.bool_) if n.hours.damp is None else n.hours.damp
    return by_salt_c(
        passes, n.rain, n.hours.at_s, np.full(count, np.nan), damp, HOLDS, traffic_of(STREET_CLASS)
    )


def _outcome(road: Road, warned: bool) -> Outcome:
    if road.lowest_c is None:
        return "unknown"
    if road.hazard_h > 0:
        return "hit" if warned else "miss"
    return "false_alarm" if warned else "correct_rejection"


def difference(n: NightFacts, asked: Asked, road: Road, salted: bool, action_c: float) -> str:
    """Return why the rules and the log differ, in a sentence; empty where they agree."""
    if asked == "refer":
        return _referred(n, salted)
    if salted == (asked == "treat"):
        return ""
    return _only_theirs(n, road, action_c) if salted else _only_ours(n, road)


def _referred(n: NightFacts, salted: bool) -> str:
    lowest = min(
        (d.lowest_c for d in n.decided if d.action == "refer" and d.lowest_c is not None), default=None
    )
    cold = "" if lowest is None else f" at {lowest:.1f} °C"
    done = "they salted" if salted else "they did nothing"
    return f"The rules leave it to the duty officer{cold}, where salt does not work; {done}."


def _only_theirs(n: NightFacts, road: Road, action_c: float) -> str:
    first = next(s for s in n.log if s.salt_g_m2 > 0.0)
    before = last_before(n, first.at_s)
    if not n.evening_s <= first.at_s <= n.morning_s:
        return "They salted by day, outside the hours that are judged."
    if road.lowest_c is not None and road.lowest_c > action_c:
        return f"The surface stayed above the threshold, at {road.lowest_c:.1f} °C at its coldest."
    if before is not None and before.salt_left_g_m2 is not None and before.salt_left_g_m2 >= 0.5:
        return (
            f"Salt of before still does by the rules' reckoning: {before.salt_left_g_m2:.0f} g/m² left, for "
            f"{_lowest(before.lowest_c)}."
        )
    if road.hours > 0 and road.dry_h == road.hours:
        return f"The road was dry all night, {_lowest(road.lowest_c)} at its coldest."
    if before is not None and before.lowest_c is not None and before.lowest_c > action_c:
        return f"The forecast's coldest was {before.lowest_c:.1f} °C, above the threshold; measured {_lowest(road.lowest_c)}."
    return "The rules only watched: " + ("nothing was decided." if before is None else before.reason)


def _only_ours(n: NightFacts, road: Road) -> str:
    first = next(d for d in n.decided if d.treats)
    if road.snow_mm >= 0.2:
        return (
            f"{road.snow_mm:.1f} mm of snow (as water) fell at {_lowest(road.lowest_c)}; the log has nothing."
        )
    if road.hazard_h > 0:
        return f"The road was frozen and not dry for {road.hazard_h} h, {_lowest(road.lowest_c)}; the log has nothing."
    if road.frozen_h > 0 and road.dry_h < road.hours:
        return f"A false alarm: the surface froze, {_lowest(road.lowest_c)}, but was dry or kept liquid by salt of before. {first.reason}"
    if road.frozen_h > 0:
        return f"A false alarm: the surface froze, {_lowest(road.lowest_c)}, but was dry. {first.reason}"
    return f"A false alarm: the surface stayed above 0 °C, {_lowest(road.lowest_c)}. {first.reason}"


def last_before(n: NightFacts, at_s: float) -> Proposed | None:
    """Return what stood before a time."""
    found = [d for d in n.decided if d.at_s < at_s]
    return found[-1] if found else n.standing


def _lowest(lowest_c: float | None) -> str:
    return "not measured" if lowest_c is None else f"{lowest_c:.1f} °C"


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """So many nights by what the rules asked for, where salt was spread and where it was not."""

    asked: Asked
    salted: int
    unsalted: int


def agreement(nights: Iterable[Night]) -> tuple[Agreement, ...]:
    """Return the table of agreement."""
    rows = list(nights)
    return tuple(
        Agreement(
            asked=asked, salted=sum(n.salted for n in rows if n.asked == asked),
            unsalted=sum(not n.salted for n in rows if n.asked == asked),
        )
        for asked in ASKED
    )  # fmt: skip


def verified(nights: Iterable[Night]) -> dict[str, Counts]:
    """Return how the evening's decisions, the night's and the log's did against a frozen road that was not dry."""
    rows = list(nights)
    return {name: counted(getattr(n, name) for n in rows) for name in ("evening", "ours", "theirs")}
