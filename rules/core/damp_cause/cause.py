"""Why a home is damp: the cause is what, mended, would remove most of the damp.

Every figure that is not known well has a band (fRsi ±0.05 alone moves surface humidity by 3 to
4 %): the question is asked over all of them, and the confidence is how often the answer is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import cast

from rules.core.damp_cause.counterfactual import (
    REMEDIES,
    Dampness,
    as_is,
    drier,
    excess_ratio,
    outdoor_only,
)
from rules.core.damp_cause.drier import Drier, driers
from rules.core.damp_cause.finding import Cause, Evidence, Finding, NotEnough
from rules.core.damp_cause.hours import HomeFacts, HomeHours, Known, known_hours
from rules.core.damp_cause.parameters import CauseParameters

APART = ("heat", "moisture", "fabric")
"""What the bands choose among: ventilation and load are two names of one remedy."""
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
    air = driers(k, facts, p)
    left = _left(k, factors, air, p)
    votes = _votes(k, factors, base, left, air, p)
    cause = _first(votes)
    evidence = _evidence(k, base, left, air, p)
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


Left = list[list[Dampness]]
"""What a remedy leaves: by temperature factor, by how far it is taken."""


def _left(k: Known, factors: list[float], air: list[Drier], p: CauseParameters) -> dict[str, Left]:
    """Return what each remedy leaves; ventilation and load alone only where they can be told apart."""
    taken = {"heat": p.heated_c, "fabric": p.sound_factor}
    left = {
        name: [[REMEDIES[name](k, f, p.limit_pct, v) for v in taken[name]] for f in factors] for name in taken
    }
    for name in ("moisture", "ventilation", "load"):
        parts = [part for a in air if (part := getattr(a, name)) is not None]
        if parts:
            left[name] = [[drier(k, f, p.limit_pct, part) for part in parts] for f in factors]
    return left


def _removed(before: Dampness, after: Dampness) -> float:
    return 0.0 if before.dose_pct_h == 0.0 else 1.0 - after.dose_pct_h / before.dose_pct_h


def _votes(
    k: Known,
    factors: list[float],
    base: list[Dampness],
    left: Mapping[str, Left],
    air: list[Drier],
    p: CauseParameters,
) -> Counter[Cause]:
    """Return how often each is the cause, over all bands."""
    votes: Counter[Cause] = Counter()
    outdoor = [_removed(b, outdoor_only(k, f, p.limit_pct)) for b, f in zip(base, factors, strict=True)]
    removed = {
        name: [[_removed(b, d) for d in row] for b, row in zip(base, left[name], strict=True)]
        for name in APART
    }
    for i, warm, dry, sound in product(range(3), range(3), range(len(air)), range(3)):
        if base[i].hours < p.none_share * len(k.room_c):
            votes["none"] += 1
            continue
        taken = {"heat": warm, "moisture": dry, "fabric": sound}
        by_remedy = {name: removed[name][i][level] for name, level in taken.items()}
        if 1.0 - outdoor[i] >= p.outdoor_share and max(by_remedy.values()) < 1.0 - p.outdoor_share:
            votes["outdoor"] += 1
            continue
        votes[_named(max(by_remedy, key=lambda name: by_remedy[name]), air[dry].ventilation_share)] += 1
    return votes


def _named(remedy: str, share: float | None) -> Cause:
    """Return the cause that a remedy mends; of moisture as a whole by the share of it that is slow ventilation."""
    if remedy in ("heat", "fabric", "ventilation", "load"):
        return cast("Cause", remedy)
    if share is None:
        return "moisture"
    return "ventilation" if share >= 0.5 else "load"


def _evidence(
    k: Known,
    base: list[Dampness],
    left: Mapping[str, Left],
    air: list[Drier],
    p: CauseParameters,
) -> Evidence:
    removed, remains = {}, {}
    for name, table in left.items():
        shares = sorted(_removed(b, d) for b, row in zip(base, table, strict=True) for d in row)
        hours = sorted(d.hours for row in table for d in row)
        middle = table[1][len(table[1]) // 2]
        removed[name] = (shares[0], _removed(base[1], middle), shares[-1])
        remains[name] = (hours[0], middle.hours, hours[-1])
    damp = sorted(b.hours for b in base)
    return Evidence(
        hours=len(k.room_c),
        damp_hours=(damp[0], base[1].hours, damp[2]),
        removed=removed,
        hours_left=remains,
        room_c=float(k.room_c.mean()),
        outdoor_c=float(k.outdoor_c.mean()),
        excess_pa=float(k.excess_pa.mean()),
        excess_ratio=excess_ratio(k, p.normal_pa[1]),
        ventilation_share=air[len(air) // 2].ventilation_share,
    )


def _also(cause: Cause, e: Evidence, p: CauseParameters) -> tuple[Cause, ...]:
    """Return the other causes whose remedy would remove nearly as much as that of the first."""
    if cause in ("none", "outdoor"):
        return ()
    apart = {
        name: shares[1] for name, shares in e.removed.items() if name != "moisture" or "load" not in e.removed
    }
    best = max(apart.values())
    near = [name for name, share in apart.items() if best > 0.0 and share >= p.also_share * best]
    named = [_named(name, e.ventilation_share) for name in near]
    return tuple(c for c in named if c != cause)
