"""Why a home is damp: the cause is what, brought to the ordinary, would remove most of the damp.

Every figure that is not known well has a band (fRsi ±0.05 alone moves surface humidity by 3 to
4 %): the question is asked over all of them, and the confidence is how often the answer is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product

from rules.core.damp_cause.counterfactual import (
    REMEDIES,
    Dampness,
    as_is,
    excess_ratio,
    normal_excess_pa,
    outdoor_only,
)
from rules.core.damp_cause.finding import Cause, Evidence, Finding, NotEnough
from rules.core.damp_cause.hours import HomeFacts, HomeHours, Known, known_hours
from rules.core.damp_cause.parameters import CauseParameters
from rules.core.damp_cause.split import load_ratio, ventilation_share

OF_MOISTURE: frozenset[Cause] = frozenset({"moisture", "ventilation", "load"})


def attribute(hours: HomeHours, facts: HomeFacts, p: CauseParameters) -> Finding | NotEnough:
    """Return why a home is damp, or why that can't be told.

    Args:
        hours: some weeks of hourly means, of the heating season.
        facts: what else is known of the home.
        p: the settings.
    """
    k = known_hours(hours, p.wall_lag_h)
    if (lacking := _too_little(k, p)) is not None:
        return lacking
    factors = [facts.factor - facts.factor_band, facts.factor, facts.factor + facts.factor_band]
    base = [as_is(k, f, p.limit_pct) for f in factors]
    left = {name: _left(k, factors, name, p) for name in REMEDIES}
    votes = _votes(k, base, left, facts, p)
    cause = _first(votes)
    evidence = _evidence(k, base, left, facts, p)
    return Finding(
        cause=cause,
        confidence=votes[cause] / votes.total(),
        also=_also(cause, evidence, p),
        evidence=evidence,
    )


def _first(votes: Counter[Cause]) -> Cause:
    """Return what most bands say: first whether it is the moisture, then which of its causes.

    Ventilation and load are one remedy's two names: counted apart, a cause that fewer bands name than
    the moisture came first.
    """
    by_remedy: Counter[Cause] = Counter()
    for cause, n in votes.items():
        by_remedy["moisture" if cause in OF_MOISTURE else cause] += n
    first = max(by_remedy, key=lambda c: by_remedy[c])
    among = {c: n for c, n in votes.items() if c in OF_MOISTURE} if first == "moisture" else {first: 1}
    return max(among, key=lambda c: among[c])


def _too_little(k: Known, p: CauseParameters) -> NotEnough | None:
    n = len(k.room_c)
    if n < p.least_hours:
        reason = f"Only {n} hours have all that is needed; it takes {p.least_hours}."
        return NotEnough(reason=reason, lacks="hours", have=float(n), need=float(p.least_hours))
    difference = float((k.room_c - k.outdoor_c).mean())
    if difference < p.least_difference_c:
        reason = f"Indoors was only {difference:.1f} °C warmer than outdoors; walls tell nothing below {p.least_difference_c:g} °C."
        return NotEnough(reason=reason, lacks="difference", have=difference, need=p.least_difference_c)
    return None


def _values(name: str, p: CauseParameters) -> tuple[float, float, float]:
    return {"heat": p.heated_c, "moisture": p.normal_pa, "fabric": p.sound_factor}[name]


def _left(k: Known, factors: list[float], name: str, p: CauseParameters) -> list[list[Dampness]]:
    """Return what a remedy leaves: by temperature factor, by how far it is taken."""
    return [[REMEDIES[name](k, f, p.limit_pct, v) for v in _values(name, p)] for f in factors]


def _removed(before: Dampness, after: Dampness) -> float:
    return 0.0 if before.dose_pct_h == 0.0 else 1.0 - after.dose_pct_h / before.dose_pct_h


def _votes(
    k: Known,
    base: list[Dampness],
    left: Mapping[str, list[list[Dampness]]],
    facts: HomeFacts,
    p: CauseParameters,
) -> Counter[Cause]:
    """Return how often each is the cause, over all bands."""
    votes: Counter[Cause] = Counter()
    factors = (facts.factor - facts.factor_band, facts.factor, facts.factor + facts.factor_band)
    outdoor = [_removed(b, outdoor_only(k, f, p.limit_pct)) for b, f in zip(base, factors, strict=True)]
    split = {(n, v): _split(k, facts, p, n, v) for n, v in product(range(3), _volumes(facts, p))}
    for i, warm, normal, sound, volume in product(range(3), range(3), range(3), range(3), _volumes(facts, p)):
        if base[i].hours < p.none_share * len(k.room_c):
            votes["none"] += 1
            continue
        taken = {"heat": warm, "moisture": normal, "fabric": sound}
        removed = {name: _removed(base[i], left[name][i][level]) for name, level in taken.items()}
        if 1.0 - outdoor[i] >= p.outdoor_share and max(removed.values()) < 1.0 - p.outdoor_share:
            votes["outdoor"] += 1
            continue
        votes[_named(max(removed, key=lambda name: removed[name]), split[normal, volume])] += 1
    return votes


def _named(remedy: str, share: float | None) -> Cause:
    if remedy == "heat":
        return "heat"
    if remedy == "fabric":
        return "fabric"
    if share is None:
        return "moisture"
    return "ventilation" if share >= 0.5 else "load"


def _volumes(facts: HomeFacts, p: CauseParameters) -> tuple[float, ...]:
    return p.volume_m3 if facts.volume_m3 is None else (facts.volume_m3,)


def _split(k: Known, facts: HomeFacts, p: CauseParameters, level: int, volume_m3: float) -> float | None:
    at_zero = p.normal_pa[level]
    load = load_ratio(facts, p, float(normal_excess_pa(k.outdoor_c, at_zero).mean()), volume_m3)
    return ventilation_share(excess_ratio(k, at_zero), load, facts.shut_clear_min, p)


def _evidence(
    k: Known,
    base: list[Dampness],
    left: Mapping[str, list[list[Dampness]]],
    facts: HomeFacts,
    p: CauseParameters,
) -> Evidence:
    removed, remains = {}, {}
    for name, table in left.items():
        shares = sorted(_removed(b, d) for b, row in zip(base, table, strict=True) for d in row)
        hours = sorted(d.hours for row in table for d in row)
        removed[name] = (shares[0], _removed(base[1], table[1][1]), shares[-1])
        remains[name] = (hours[0], table[1][1].hours, hours[-1])
    damp = sorted(b.hours for b in base)
    volumes = _volumes(facts, p)
    return Evidence(
        hours=len(k.room_c),
        damp_hours=(damp[0], base[1].hours, damp[2]),
        removed=removed,
        hours_left=remains,
        room_c=float(k.room_c.mean()),
        outdoor_c=float(k.outdoor_c.mean()),
        excess_pa=float(k.excess_pa.mean()),
        excess_ratio=excess_ratio(k, p.normal_pa[1]),
        ventilation_share=_split(k, facts, p, 1, volumes[len(volumes) // 2]),
    )


def _also(cause: Cause, e: Evidence, p: CauseParameters) -> tuple[Cause, ...]:
    """Return the other causes whose remedy would remove nearly as much as that of the first."""
    if cause in ("none", "outdoor"):
        return ()
    best = max(shares[1] for shares in e.removed.values())
    near = [name for name, shares in e.removed.items() if best > 0.0 and shares[1] >= p.also_share * best]
    named = [_named(name, e.ventilation_share) for name in near]
    return tuple(c for c in named if c != cause)
