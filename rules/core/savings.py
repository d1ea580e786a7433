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


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment that a lorry leaves for: when it is decided, when it is called out [s since 1970], and how much."""

    decided_s: float
    call_out_s: float
    rate_g_m2: float
    passes: int
    stretches: int
    salt_kg: float


class RouteSaving(msgspec.Struct, frozen=True, kw_only=True):
    """Treatments of a route in one service period, before minus after: negative = more of them after.

    ``before``, ``after``: its runs in both, in order of time.
    """

    route_id: str
    period_s: float
    runs: int
    km: float
    salt_kg: float
    before: tuple[Run, ...] = ()
    after: tuple[Run, ...] = ()


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch that is treated later or not at all, and what its surface did meanwhile.

    Attributes:
        decided_s: when it was to be treated before [s since 1970].
        treated_s: when it is to be treated after [s since 1970]; None = not in that service period.
        from_s, to_s: when it was at or below 0 °C while there would have been salt on it before and
            is none after, from the first to the last [s since 1970].
        cold_s: how long of that [s]; minimum_c: the lowest of those cold spells.
        states_s: how long of that in which state [s].
        slippery_s: how long of that wet, white, icy or under snow [s].
    """

    route_id: str
    segment_id: str
    decided_s: float
    treated_s: float | None
    from_s: float
    to_s: float
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


def treatments(
    before: Replayed, after: Replayed, period_start_s: float, respond_s: float, holds_s: float = 21_600.0
) -> Treatments:
    """Return treatments saved and risks taken; what a run is, see :func:`driven`.

    Args:
        before: one run of the rules.
        after: another of the same time; the surfaces are this one's.
        period_start_s: when any service period begins [s since 1970], e.g. noon of some day.
        respond_s: from a decision to salt on the road [s].
        holds_s: how long salt holds [s].
    """
    mine, other = (_by_period(driven(r.decisions, holds_s), period_start_s) for r in (before, after))
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
            risk = _risk(key[1], segment_id, spells[segment_id], decided_s, treated_s, (respond_s, until_s))
            risks += [] if risk is None else [risk]
    risks.sort(key=lambda r: (-r.slippery_s, -r.cold_s, r.segment_id))
    return Treatments(savings=tuple(savings), risks=tuple(risks), untreated=untreated, later=later)


def driven(decisions: Iterable[DecisionMade], holds_s: float) -> list[DecisionMade]:
    """Return the treatments that lorries would have left for.

    Not one that was given up or replaced before it was time to call out. In a replay nobody
    spreads, so a plan is asked for again and again where no gritter reports: of one that repeats
    an earlier one only the stretches count that have no such salt yet, with their share of km and kg.
    """
    held: dict[str, tuple[float, float]] = {}
    found = list[DecisionMade]()
    for d in _standing(decisions):
        total = d.rate_g_m2 * d.passes
        new = tuple(
            s
            for s in d.segments
            if d.is_salted or held.get(s, (0.0, 0.0))[0] < total or d.at_s > held[s][1] + holds_s
        )
        held |= dict.fromkeys(new, (total, d.at_s))
        if new == d.segments:
            found.append(d)
        elif new:
            share = len(new) / len(d.segments)
            km, kg = share * d.km, share * d.salt_kg
            found.append(msgspec.structs.replace(d, segments=new, km=km, salt_kg=kg))
    return found


def _standing(decisions: Iterable[DecisionMade]) -> list[DecisionMade]:
    """Return the treatments that still stood when it was time to call out, in order of time."""
    found, newer_s = list[DecisionMade](), dict[str, float]()
    for d in sorted(decisions, key=lambda d: -d.at_s):
        next_s = newer_s.get(d.subject)
        leaves_s = d.at_s if d.call_out_s is None else max(d.at_s, d.call_out_s)
        if d.outcome == "treat" and (next_s is None or leaves_s < next_s):
            found.append(d)
        newer_s[d.subject] = d.at_s
    return found[::-1]


def _saved(key: tuple[float, str], a: Sequence[DecisionMade], b: Sequence[DecisionMade]) -> list[RouteSaving]:
    runs, km, kg = (
        sum(getattr(d, n) for d in a) - sum(getattr(d, n) for d in b) for n in ("passes", "km", "salt_kg")
    )
    if not any(abs(x) > 1e-6 for x in (runs, km, kg)):
        return []
    return [
        RouteSaving(
            route_id=key[1], period_s=key[0], runs=runs, km=round(km, 3), salt_kg=round(kg, 1),
            before=tuple(_run(d) for d in a), after=tuple(_run(d) for d in b),
        )
    ]  # fmt: skip


def _run(d: DecisionMade) -> Run:
    leaves_s = d.at_s if d.call_out_s is None else max(d.at_s, d.call_out_s)
    return Run(
        decided_s=d.at_s, call_out_s=leaves_s, rate_g_m2=d.rate_g_m2, passes=d.passes,
        stretches=len(d.segments), salt_kg=round(d.salt_kg, 1),
    )  # fmt: skip


def _by_period(
    decisions: Iterable[DecisionMade], start_s: float
) -> dict[tuple[float, str], list[DecisionMade]]:
    found: dict[tuple[float, str], list[DecisionMade]] = defaultdict(list)
    for d in decisions:
        found[start_s + (d.at_s - start_s) // PERIOD_S * PERIOD_S, d.subject].append(d)
    return found


def _first(decisions: Sequence[DecisionMade]) -> dict[str, float]:
    """Return when each stretch was first to be treated [s since 1970]."""
    return {s: d.at_s for d in sorted(decisions, key=lambda d: -d.at_s) for s in d.segments}


def _risk(
    route_id: str,
    segment_id: str,
    spells: Sequence[ColdSpell],
    decided_s: float,
    treated_s: float | None,
    window_s: tuple[float, float],
) -> Risk | None:
    """Return what a stretch did while it would have had salt before; None where it was never cold.

    ``window_s``: from a decision to salt on the road, and until when there is none after.
    """
    from_s, until_s = decided_s + window_s[0], window_s[1]
    states_s: dict[str, float] = defaultdict(float)
    cold: list[ColdSpell] = []
    for spell in spells:
        part = spell.within(from_s, until_s)
        for state, seconds in part.items():
            states_s[state] += seconds
        if part:
            cold.append(spell)
    if not cold:
        return None
    return Risk(
        route_id=route_id,
        segment_id=segment_id,
        decided_s=decided_s,
        treated_s=treated_s,
        from_s=max(from_s, min(s.from_s for s in cold)),
        to_s=min(until_s, max(s.to_s for s in cold)),
        cold_s=sum(states_s.values()),
        minimum_c=min(s.minimum_c for s in cold),
        states_s=dict(states_s),
        slippery_s=sum(s for state, s in states_s.items() if state in SLIPPERY),
    )
