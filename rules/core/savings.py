"""What a changed catalogue saves on the roads, and what it risks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rules.core.replayed import ColdSpell, DecisionMade, Replayed

PERIOD_S = 86_400.0
"""A service period [s]."""
SLIPPERY = ("wet", "hoar", "ice", "snow")
"""States in which a road at or below 0 °C is slippery."""


class RouteSaving(msgspec.Struct, frozen=True, kw_only=True):
    """Treatments of a route in one service period, before minus after: negative = more of them after."""

    route_id: str
    period_s: float
    runs: int
    km: float
    salt_kg: float


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is treated later or not at all, and what its surface did meanwhile.

    Attributes:
        decided_s: when it was to be treated before [s since 1970].
        treated_s: when it is to be treated after [s since 1970]; None = not in that service period.
        cold_s: how long it was at or below 0 °C while there would have been salt on it before and
            is none after [s]; minimum_c: the lowest of those cold spells.
        states_s: how long of that in which state [s].
        slippery_s: how long of that wet, white, icy or under snow [s].
    """

    route_id: str
    segment_id: str
    decided_s: float
    treated_s: float | None
    cold_s: float
    minimum_c: float
    states_s: Mapping[str, float]
    slippery_s: float


class Treatments(msgspec.Struct, frozen=True, kw_only=True):
    """What a changed catalogue saves on the roads, and what it risks.

    ``untreated``, ``later``: stretches that are not treated any more, or later, per service period.
    """

    savings: tuple[RouteSaving, ...]
    risks: tuple[Risk, ...]
    untreated: int
    later: int

    @property
    def total(self) -> tuple[int, float, float]:
        """Runs, km and kg of salt saved in all."""
        s = self.savings
        return sum(x.runs for x in s), sum(x.km for x in s), sum(x.salt_kg for x in s)


def treatments(before: Replayed, after: Replayed, period_start_s: float, respond_s: float) -> Treatments:
    """Return treatments saved and risks taken.

    Args:
        before: one run.
        after: another of the same time; the surfaces are this one's.
        period_start_s: when any service period begins [s since 1970], e.g. noon of some day.
        respond_s: from a decision to salt on the road [s].
    """
    mine, other = (_by_period(r.decisions, period_start_s) for r in (before, after))
    spells: dict[str, list[ColdSpell]] = defaultdict(list)
    for spell in after.spells:
        spells[spell.segment_id].append(spell)
    savings, risks, untreated, later = list[RouteSaving](), list[Risk](), 0, 0
    for key in sorted(mine.keys() | other.keys()):
        a, b = mine.get(key, []), other.get(key, [])
        savings += _saved(key, a, b)
        first, then = _first(a), _first(b)
        untreated += len(first.keys() - then.keys())
        for segment_id, decided_s in first.items():
            treated_s = then.get(segment_id)
            if treated_s is not None and treated_s <= decided_s:
                continue
            later += treated_s is not None
            until_s = key[0] + PERIOD_S if treated_s is None else treated_s + respond_s
            risk = _risk(spells[segment_id], decided_s + respond_s, until_s)
            if risk is not None:
                cold_s, minimum_c, states_s = risk
                risks.append(
                    Risk(
                        route_id=key[1],
                        segment_id=segment_id,
                        decided_s=decided_s,
                        treated_s=treated_s,
                        cold_s=cold_s,
                        minimum_c=minimum_c,
                        states_s=states_s,
                        slippery_s=sum(s for state, s in states_s.items() if state in SLIPPERY),
                    )
                )
    risks.sort(key=lambda r: (-r.slippery_s, -r.cold_s, r.segment_id))
    return Treatments(savings=tuple(savings), risks=tuple(risks), untreated=untreated, later=later)


def _saved(key: tuple[float, str], a: Sequence[DecisionMade], b: Sequence[DecisionMade]) -> list[RouteSaving]:
    runs, km, kg = (
        sum(getattr(d, n) for d in a) - sum(getattr(d, n) for d in b) for n in ("passes", "km", "salt_kg")
    )
    if not any(abs(x) > 1e-6 for x in (runs, km, kg)):
        return []
    return [RouteSaving(route_id=key[1], period_s=key[0], runs=runs, km=round(km, 3), salt_kg=round(kg, 1))]


def _by_period(
    decisions: Iterable[DecisionMade], start_s: float
) -> dict[tuple[float, str], list[DecisionMade]]:
    found: dict[tuple[float, str], list[DecisionMade]] = defaultdict(list)
    for d in decisions:
        if d.outcome == "treat":
            found[start_s + (d.at_s - start_s) // PERIOD_S * PERIOD_S, d.subject].append(d)
    return found


def _first(decisions: Sequence[DecisionMade]) -> dict[str, float]:
    """Return when each stretch was first to be treated [s since 1970]."""
    return {s: d.at_s for d in sorted(decisions, key=lambda d: -d.at_s) for s in d.segments}


def _risk(
    spells: Sequence[ColdSpell], from_s: float, until_s: float
) -> tuple[float, float, dict[str, float]] | None:
    """Return for how long it was cold, the lowest temperature and the time in each state; None where never."""
    states_s: dict[str, float] = defaultdict(float)
    lowest = []
    for spell in spells:
        part = spell.within(from_s, until_s)
        for state, seconds in part.items():
            states_s[state] += seconds
        if part:
            lowest.append(spell.minimum_c)
    return (sum(states_s.values()), min(lowest), dict(states_s)) if lowest else None
