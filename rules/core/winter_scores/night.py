"""The score of a night: each route, all together, the forecast, the service."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo

import msgspec
import numpy as np

from rules.core.winter_orders.model import Case
from rules.core.winter_orders.standing import routes_of
from rules.core.winter_scores.asked import asked_s, first_warned_s, warned_since_s
from rules.core.winter_scores.contingency import Counts, Outcome, counted, outcome_of
from rules.core.winter_scores.facts import Floats, Forecasts, Measured, NightFacts, ScoreParameters
from rules.core.winter_scores.frost import Frost, frost_on
from rules.core.winter_scores.leads import Errors, LeadErrors, Probability, by_lead, errors, probability
from rules.core.winter_scores.service import NOT_KNOWN, Service, due_on, service_on


class RouteScore(msgspec.Struct, frozen=True, kw_only=True):
    """A route in a night.

    Attributes:
        outcome: of its warning: a treatment that was asked for, by the rules or an officer, or a referral to one.
        warned_s: since when the warning was there that stood when the hazard began, or in the morning
            where there was none [s since 1970]; else since when one was that came later; None: none stood.
        frost: as its sensors measured it.
        service: what was done.
    """

    route_id: str
    label: str
    outcome: Outcome
    warned_s: float | None
    frost: Frost
    service: Service


class NightScore(msgspec.Struct, frozen=True, kw_only=True):
    """A night.

    Attributes:
        counts: of the routes' outcomes.
        leads: errors of forecast surface temperatures by lead.
        minimum: error of the night's lowest surface temperature, as the evening's forecast said it.
        below_zero: how its probabilities did.
        notes: what could not be judged, and why.
    """

    night: date
    routes: tuple[RouteScore, ...]
    counts: Counts
    leads: tuple[LeadErrors, ...]
    minimum: Errors | None
    below_zero: Probability | None
    parameters: ScoreParameters
    notes: tuple[str, ...] = ()


def score(facts: NightFacts, zone: tzinfo, p: ScoreParameters) -> NightScore:
    """Return the score of a night."""
    by_route = routes_of(facts.cases)
    anybody = any(asked_s(c) is not None for cases in by_route.values() for c in cases)
    judged = _at_s(facts, zone, p.from_h), _at_s(facts, zone, p.until_h)
    routes = tuple(
        _route(route, label, by_route.get(route, ()), facts, judged, p, p.policy_g_m2 if anybody else 0.0)
        for route, label in facts.labels.items()
    )
    leads, minimum, below = _forecasts(facts, zone, p)
    return NightScore(
        night=facts.night, routes=routes, counts=counted(r.outcome for r in routes), leads=leads, minimum=minimum,
        below_zero=below, parameters=p, notes=_notes(facts, routes),
    )  # fmt: skip


def _route(
    route: str, label: str, cases: tuple[Case, ...], facts: NightFacts, judged: tuple[float, float],
    p: ScoreParameters, policy_g_m2: float,
) -> RouteScore:  # fmt: skip
    stretches = facts.stretches.get(route, ())
    frost = frost_on(stretches, facts, judged, p, first_warned_s(cases))
    warned_s = warned_since_s(cases, frost.hazard_from_s, judged[1], facts.treated)
    due = due_on(cases, frost.hazard_from_s is not None)
    # Where nobody knows any more what was spread, nothing is said of it: not that all was left untreated.
    service = NOT_KNOWN if facts.passes_gone else service_on(stretches, due, frost, facts, policy_g_m2)
    return RouteScore(
        route_id=route, label=label, outcome=outcome_of(frost.hazard_from_s, warned_s, frost.is_judged),
        warned_s=warned_s, frost=frost, service=service,
    )  # fmt: skip


def _forecasts(
    facts: NightFacts, zone: tzinfo, p: ScoreParameters
) -> tuple[tuple[LeadErrors, ...], Errors | None, Probability | None]:
    f = facts.forecasts
    if f is None or len(f.segment) == 0:
        return (), None, None
    device = {s.segment_id: s.device for row in facts.stretches.values() for s in row}
    observed_c = np.full(len(f.segment), np.nan)
    where: dict[str, list[int]] = {}
    for i, segment in enumerate(f.segment):
        where.setdefault(segment, []).append(i)
    for segment, rows in where.items():
        name = device.get(segment) or ""
        measured = facts.measured.get(name)
        if measured is not None and name not in facts.wrong:
            observed_c[rows] = nearest(measured, f.at_s[rows], p.near_s)
    minimum = _minimum(f, observed_c, where, _at_s(facts, zone, p.evening_h))
    return by_lead(f.lead_h, f.surface_c, observed_c), minimum, probability(f.below_zero, observed_c)


def nearest(m: Measured, at_s: Floats, near_s: float) -> Floats:
    """Return the measurement next to each time; NaN where none is within ``near_s`` [s]."""
    if len(m.ts_s) == 0:
        return np.full(len(at_s), np.nan)
    after = np.clip(np.searchsorted(m.ts_s, at_s), 0, len(m.ts_s) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(m.ts_s[before] - at_s) <= np.abs(m.ts_s[after] - at_s)
    chosen = np.where(closer, before, after)
    found: Floats = np.where(np.abs(m.ts_s[chosen] - at_s) <= near_s, m.surface_c[chosen], np.nan)
    return found


def _at_s(facts: NightFacts, zone: tzinfo, hour: float) -> float:
    """Return when an hour of the day is in the night [s since 1970]; those before noon are of the morning."""
    hours, minutes = divmod(round(hour * 60), 60)
    day = facts.night if hours >= 12 else facts.night + timedelta(days=1)
    return datetime.combine(day, time(hours, minutes), zone).timestamp()


def _minimum(
    f: Forecasts, observed_c: Floats, where: dict[str, list[int]], evening_s: float
) -> Errors | None:
    """Return the errors of the lowest temperature over the hours of the evening's forecast that were measured."""
    said, came = [], []
    for rows in where.values():
        index = np.array(rows)
        made = f.issued_s[index]
        if not (made <= evening_s).any():
            continue
        last = index[(made == made[made <= evening_s].max()) & ~np.isnan(observed_c[index])]
        if len(last):
            said.append(float(np.nanmin(f.surface_c[last])))
            came.append(float(observed_c[last].min()))
    return errors(np.array(said), np.array(came)) if said else None


def _notes(facts: NightFacts, routes: tuple[RouteScore, ...]) -> tuple[str, ...]:
    notes = []
    blind = [r.label for r in routes if r.outcome == "unknown"]
    if blind:
        notes.append(f"Nobody measured the surface on: {', '.join(blind)}. These are not judged.")
    seen = {s.device for row in facts.stretches.values() for s in row}
    wrong = sorted(name for name in facts.wrong if name in seen)
    if wrong:
        notes.append(f"Found wrong by their neighbours, and not asked: {', '.join(wrong)}.")
    if facts.roads_gone:
        notes.append(facts.roads_gone)
    elif facts.forecasts is None or len(facts.forecasts.segment) == 0:
        notes.append("There is no road forecast of this night: errors by lead are not known.")
    if facts.passes_gone:
        notes.append(facts.passes_gone)
    elif not any(facts.from_s <= p.at_s < facts.to_s for m in facts.treated.values() for p in m.passes):
        notes.append("No gritter reported what it spread: salt and treated length are as far as known.")
    return tuple(notes)
