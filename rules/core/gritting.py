"""Whether to treat a route tonight, how, by when, and why.

Per segment: nothing above the action threshold; on a dry road whose surface stays above
the dew or frost point nothing but watching; else what the treatment matrix says for the
lowest surface temperature of the coming hours. Where the matrix has a gap or no reading
is there, the duty officer decides. A route follows its worst segments.

The decision is precautionary and holds: once a route is to be treated it stays so, with the
highest rate asked for, until the service period ends (noon) or the road has become clearly
warmer than the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from rules.core.matrix import Condition, TreatmentMatrix
from rules.core.parameters import GrittingParameters

Outcome = Literal["treat", "no_action", "monitor", "refer"]
Precipitation = Literal["none", "rain", "snow", "freezing_rain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is known of a segment for the coming hours. None = unknown; temperatures in °C.

    ``wet``: water is on the road or rain is falling; ``damp``: moist or white already.
    ``zero_in_h``: hours until the surface reaches 0 °C, None = not within the horizon.
    ``air_c``: of the town. ``snow_mm``: water equivalent of snow expected [mm].
    """

    segment_id: str
    street: str
    surface_c: float | None
    minimum_c: float | None
    zero_in_h: float | None = None
    dew_point_c: float | None = None
    frost_point_c: float | None = None
    air_c: float | None = None
    state: str = "unknown"
    wet: bool = False
    damp: bool = False
    precipitation: Precipitation = "none"
    snow_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one segment needs."""

    outlook: Outlook
    outcome: Outcome
    rate_g_m2: float = 0.0
    passes: int = 1
    why: str = ""


def assess(o: Outlook, p: GrittingParameters, matrix: TreatmentMatrix) -> Assessment:
    """Return what a segment needs in the coming hours, with the reason in words."""
    if o.minimum_c is None:
        return _unknown(o, p)
    if o.minimum_c > p.action_c:
        return Assessment(o, "no_action", why=f"stays above {p.action_c:g} °C, lowest {o.minimum_c:.1f} °C")
    found = _hazard(o, o.minimum_c, p)
    if found is None:
        return Assessment(
            o, "monitor", why=f"may fall to {o.minimum_c:.1f} °C, but is dry and the air too dry for hoar"
        )
    condition, wet, why = found
    row = matrix.find(condition, wet, o.minimum_c)
    rate = None if row is None else row.rate_g_m2(p.spread.material)
    if row is None or rate is None:
        return Assessment(
            o, "refer", why=f"{why}, lowest {o.minimum_c:.1f} °C: the treatment matrix has no rate for it"
        )
    return Assessment(o, "treat", rate, row.passes, f"{why}, lowest {o.minimum_c:.1f} °C")


def _unknown(o: Outlook, p: GrittingParameters) -> Assessment:
    """Without a road reading only air far too warm for frost excuses from asking a person."""
    why = "no fresh reading from here or nearby"
    if o.air_c is not None and o.air_c > p.action_c + p.air_margin_c:
        return Assessment(o, "no_action", why=f"{why}, but the air is at {o.air_c:.1f} °C")
    return Assessment(o, "refer", why=why)


def _hazard(o: Outlook, minimum_c: float, p: GrittingParameters) -> tuple[Condition, bool, str] | None:
    """Return condition, wet road, and why; None where a dry road stays dry."""
    if o.precipitation == "freezing_rain":
        return "freezing_rain", True, "freezing rain"
    if o.state == "snow" or o.precipitation == "snow":
        light = o.snow_mm < p.light_snow_mm
        return ("light_snow" if light else "heavy_snow"), True, "snow"
    if o.state == "ice":
        return "ice", True, "ice on the road"
    if o.wet:
        return "frost", True, "wet road that may freeze"
    if o.damp:
        return "frost", False, "damp road that may freeze"
    point = o.frost_point_c if minimum_c < 0.0 and o.frost_point_c is not None else o.dew_point_c
    if point is not None and minimum_c <= point + p.hoar_margin_c:
        name = "frost point" if point is o.frost_point_c else "dew point"
        return "frost", False, f"hoar frost likely, {name} {point:.1f} °C"
    return None


class RoutePlan(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route's decision, remembered so that it does not flutter.

    Attributes:
        period: service period (a night, noon to noon), counted from 1970.
        segments: ids to treat, sorted.
        minimum_c: lowest surface temperature expected on the route [°C].
        treat_by_s: the treatment should be done by then [s since 1970].
        coldest: segment id of the lowest expected temperature.
    """

    period: int
    outcome: Outcome
    why: str
    rate_g_m2: float = 0.0
    passes: int = 1
    segments: tuple[str, ...] = ()
    minimum_c: float | None = None
    coldest: str | None = None
    treat_by_s: float | None = None

    def key(self) -> tuple[str, float, int]:
        """What makes it another decision at once."""
        return self.outcome, self.rate_g_m2, self.passes


def period_of(at_s: float, start_h: float, utc_offset_s: float = 0.0) -> int:
    """Return the service period that a time belongs to: periods begin at ``start_h`` local."""
    return int((at_s + utc_offset_s - start_h * 3600.0) // 86_400.0)


def propose(found: Sequence[Assessment], at_s: float, period: int, p: GrittingParameters) -> RoutePlan:
    """Return the plan of a route from its segments' assessments, without memory."""
    known = [a for a in found if a.outlook.minimum_c is not None]
    coldest = min(known, key=lambda a: (a.outlook.minimum_c or 0.0, a.outlook.segment_id), default=None)
    minimum = None if coldest is None else coldest.outlook.minimum_c
    cold_id = None if coldest is None else coldest.outlook.segment_id
    treat = [a for a in found if a.outcome == "treat"]
    if not treat:
        outcome, why = _without_treatment(found)
        return RoutePlan(period, outcome, why, minimum_c=minimum, coldest=cold_id)
    worst = max(treat, key=lambda a: (a.rate_g_m2 * a.passes, -(a.outlook.minimum_c or 0.0)))
    hours = [p.horizon_h if a.outlook.zero_in_h is None else a.outlook.zero_in_h for a in treat]
    return RoutePlan(
        period=period,
        outcome="treat",
        why=f"{worst.outlook.street}: {worst.why}" + _referred(found),
        rate_g_m2=worst.rate_g_m2,
        passes=worst.passes,
        segments=tuple(sorted(a.outlook.segment_id for a in treat)),
        minimum_c=minimum,
        coldest=cold_id,
        treat_by_s=at_s + 3600.0 * min(hours),
    )


def _referred(found: Sequence[Assessment]) -> str:
    n = sum(a.outcome == "refer" for a in found)
    return "" if n == 0 else f"; {n} more segments need the duty officer's decision"


def _without_treatment(found: Sequence[Assessment]) -> tuple[Outcome, str]:
    outcomes: tuple[Outcome, ...] = ("refer", "monitor")
    for outcome in outcomes:
        first = next((a for a in found if a.outcome == outcome), None)
        if first is not None:
            return outcome, f"{first.outlook.street}: {first.why}"
    if not found:
        return "no_action", "the route has no segments"
    warmest_low = min(found, key=lambda a: a.outlook.minimum_c or 0.0)
    return "no_action", f"{warmest_low.outlook.street}: {warmest_low.why}"


def hold(before: RoutePlan | None, fresh: RoutePlan, p: GrittingParameters) -> RoutePlan:
    """Return the plan that stands, given the one before: it only ever rises within a period.

    It falls when the period ends, or when the route's lowest expected temperature is more
    than ``release_c`` above the action threshold.
    """
    if before is None or before.period != fresh.period:
        return fresh
    warm = fresh.minimum_c is not None and fresh.minimum_c > p.action_c + p.release_c
    if warm or before.outcome in ("no_action", "refer"):
        return fresh
    if before.outcome == "monitor":
        return _keep(before, fresh) if fresh.outcome == "no_action" else fresh
    if fresh.outcome != "treat":
        return _keep(before, fresh)
    added = set(fresh.segments) - set(before.segments)
    stronger = fresh if fresh.rate_g_m2 * fresh.passes > before.rate_g_m2 * before.passes else before
    return msgspec.structs.replace(
        fresh,
        rate_g_m2=stronger.rate_g_m2,
        passes=stronger.passes,
        why=stronger.why,
        segments=tuple(sorted({*before.segments, *fresh.segments})),
        # The hour that was promised stands, unless there is more to do.
        treat_by_s=fresh.treat_by_s if added else before.treat_by_s,
    )


def _keep(before: RoutePlan, fresh: RoutePlan) -> RoutePlan:
    return msgspec.structs.replace(before, minimum_c=fresh.minimum_c, coldest=fresh.coldest)


def changed_at_once(before: RoutePlan | None, after: RoutePlan) -> bool:
    """Whether a new decision must be written now: another outcome, rate or number of passes."""
    return before is None or before.key() != after.key()


def in_words(plan: RoutePlan, of_segments: int, treat_by: str | None) -> str:
    """Return the decision as one or two sentences."""
    if plan.outcome == "treat":
        how = f"{plan.passes} × {plan.rate_g_m2:g}" if plan.passes > 1 else f"{plan.rate_g_m2:g}"
        when = "" if treat_by is None else f" Finish by {treat_by}."
        return f"Treat {len(plan.segments)} of {of_segments} segments at {how} g/m². {plan.why}.{when}"
    lead = {
        "monitor": "Keep watching",
        "refer": "Duty officer to decide; treat if in doubt",
        "no_action": "No treatment",
    }[plan.outcome]
    return f"{lead}. {plan.why}."
