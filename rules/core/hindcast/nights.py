"""Decisions, log, hours and road forecasts of a winter, cut into nights from noon to noon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

import msgspec
import numpy as np

from rules.core.hindcast.facts import Hours, Issued, NightFacts, Proposed, Spread
from rules.core.winter_nights import span_s
from rules.core.winter_scores.hazard import LOOK_BACK_S
from rules.core.winter_scores.leads import Errors, LeadErrors, Probability, by_lead, errors, probability

EVENING, MORNING = time(17), time(8)


def days(first: date, last: date) -> tuple[date, ...]:
    """Return all nights from one to another."""
    return tuple(first + timedelta(days=k) for k in range((last - first).days + 1))


def cut(
    nights: Sequence[date],
    zone: tzinfo,
    decided: Sequence[Proposed],
    log: Sequence[Spread],
    hours: Hours,
    issued: Mapping[float, Issued],
    driven: Sequence[Spread] = (),
) -> tuple[NightFacts, ...]:
    """Return the facts of each night; ``driven``: the salt that lay on the road."""
    return tuple(_night(n, zone, decided, log, hours, issued, driven) for n in nights)


def _night(
    night: date, zone: tzinfo, decided: Sequence[Proposed], log: Sequence[Spread], hours: Hours,
    issued: Mapping[float, Issued], driven: Sequence[Spread],
) -> NightFacts:  # fmt: skip
    from_s, to_s = span_s(night, zone)
    evening_s = datetime.combine(night, EVENING, zone).timestamp()
    morning_s = datetime.combine(night + timedelta(days=1), MORNING, zone).timestamp()
    before = hours.between(from_s - LOOK_BACK_S, to_s)
    stood = [d for d in decided if d.at_s <= evening_s]
    return NightFacts(
        night=night, from_s=from_s, to_s=to_s, evening_s=evening_s, morning_s=morning_s,
        standing=stood[-1] if stood else None, decided=tuple(d for d in decided if from_s <= d.at_s < to_s),
        log=tuple(s for s in log if from_s <= s.at_s < to_s), hours=hours.between(evening_s, morning_s),
        issued=issued.get(evening_s), lying=tuple(s for s in driven if from_s - LOOK_BACK_S <= s.at_s < to_s),
        rain=tuple(zip(before.at_s.tolist(), np.nan_to_num(before.rain_mm_h).tolist(), strict=True)),
    )  # fmt: skip


class ForecastScore(msgspec.Struct, frozen=True, kw_only=True):
    """How the evenings' road forecasts did: errors by lead, of the nights' lowest, and P(surface < 0 °C) [°C]."""

    nights: int
    leads: tuple[LeadErrors, ...]
    lowest: Errors | None
    below_zero: Probability | None


def forecast_score(nights: Sequence[NightFacts]) -> ForecastScore:
    """Return how the road forecasts of the evenings did until the mornings."""
    made = [(n, n.issued) for n in nights if n.issued is not None]
    lead, said, chance, came, lowest = [], [], [], [], []
    for n, f in made:
        inside = f.at_s <= n.morning_s
        truth = _measured(n.hours, f.at_s[inside])
        lead.append(np.round((f.at_s[inside] - f.issued_s) / 3600.0).astype(np.int64))
        said.append(f.middle_c[inside])
        chance.append(f.below_zero[inside])
        came.append(truth)
        if not np.isnan(truth).all():
            both = ~np.isnan(truth)
            lowest.append((float(f.middle_c[inside][both].min()), float(truth[both].min())))
    if not made:
        return ForecastScore(nights=0, leads=(), lowest=None, below_zero=None)
    middle, truth = np.concatenate(said), np.concatenate(came)
    pairs = np.array(lowest, dtype=np.float64).reshape(-1, 2)
    return ForecastScore(
        nights=len(made), leads=by_lead(np.concatenate(lead), middle, truth),
        lowest=errors(pairs[:, 0], pairs[:, 1]), below_zero=probability(np.concatenate(chance), truth),
    )  # fmt: skip


def _measured(
    hours: Hours, at_s: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    place = {at: i for i, at in enumerate(hours.at_s.tolist())}
    return np.array([hours.surface_c[place[t]] if t in place else np.nan for t in at_s.tolist()])
