"""What of a route's plan holds at the next look, and what takes it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import structs

from rules.core.coat import Coat
from rules.core.gritting import Assessment
from rules.core.gritting_parameters import GrittingParameters
from rules.core.hazards import foreseen_ice
from rules.core.planned import RoutePlan


def held_over(
    before: RoutePlan | None,
    minimum: float | None,
    treats: bool,
    p_ice: float | None,
    period: int,
    p: GrittingParameters,
) -> RoutePlan | None:
    """Return the plan so far where it holds: in its own service period, and until it is clearly warmer.

    ``treats``: whether any stretch calls for salt as of now, however warm it is expected to stay; ``p_ice``: the highest
    chance of ice that a forecast of the weather has for any, None where there is none: with it ice must be clearly less
    likely than would be acted on.
    """
    unlikely = p_ice is None or p_ice < p.cost.release_below
    warm = minimum is not None and minimum > p.action_c + p.release_c and unlikely and not treats
    return None if before is None or before.period != period or warm else before


def cautious(p: GrittingParameters) -> GrittingParameters:
    """Return parameters by which the sensors' trend alone takes back what a forecast has asked for only where no air could freeze it."""
    return structs.replace(p, release_c=max(p.release_c, p.air_margin_c))


def is_watched(kept: RoutePlan | None, minimum: float | None, lost: bool, p: GrittingParameters) -> bool:
    """Whether a route on which nothing threatens is watched all the same: it was, or its forecast is lost and it is not warm."""
    if lost and minimum is not None and minimum <= p.action_c + p.release_c:
        return True
    return kept is not None and (kept.outcome in ("treat", "monitor") or bool(kept.aside))


def is_by_trend(kept: RoutePlan | None, forecast_asks: bool) -> bool:
    """Whether only the sensors' trend has asked for a treatment; ``forecast_asks``: whether a forecast does now."""
    return not forecast_asks and (kept is None or not kept.asked or kept.by_trend)


def is_by_forecast(before: RoutePlan | None, period: int) -> bool:
    """Whether a treatment stands that a forecast of the weather has asked for: one made without it takes nothing back."""
    return before is not None and before.period == period and bool(before.asked) and not before.by_trend


def most_of(found: Sequence[Assessment]) -> float | None:
    """Return the highest chance of ice that a fresh forecast has on a route; None where it tells none of some stretch."""
    chances = [c for a in found if (c := foreseen_ice(a.outlook)) is not None]
    return max(chances) if found and len(chances) == len(found) else None


def any_of(found: Sequence[Assessment]) -> float | None:
    """Return the highest chance of ice that a fresh forecast has for any stretch of a route; None where it tells of none."""
    return max((c for a in found if (c := foreseen_ice(a.outlook)) is not None), default=None)


def rests(
    kept: RoutePlan | None, segment_id: str, asks: bool, p_ice: float | None, p: GrittingParameters
) -> bool:
    """Whether what was set aside stays so, though salt may work again: nothing asks for it now, and ice is clearly unlikely.

    Args:
        kept: the plan that holds.
        segment_id: of the stretch.
        asks: whether it calls for salt as of now.
        p_ice: the chance of ice there by a fresh forecast of the weather; None where there is none, or the forecast is lost.
        p: parameters.
    """
    if kept is None or asks or segment_id not in kept.aside or segment_id in kept.needs:
        return False
    return p_ice is not None and p_ice < p.cost.release_below


def on_route(coats: Mapping[str, Coat], ids: Iterable[str]) -> list[Coat]:
    """Return the salt on a route."""
    return [coats[s] for s in ids if s in coats] if coats else []


def released(
    kept: RoutePlan | None,
    most_p_ice: float | None,
    threatens: bool,
    here: Iterable[Coat],
    p: GrittingParameters,
) -> str:
    """Return why a plan that only the trend has asked for is given up, to be put behind a reason; empty where it is not.

    A forecast that has come since must have ice nowhere clearly as likely as would be acted on, nothing else may
    threaten, and nobody may have begun.

    Args:
        kept: the plan that holds.
        most_p_ice: of :func:`most_of`.
        threatens: whether any stretch calls for salt or for the duty officer as of now.
        here: the salt on the route.
        p: parameters.
    """
    if kept is None or not kept.by_trend or not kept.asked or threatens or most_p_ice is None:
        return ""
    asked_s = min(n.since_s for n in kept.asked.values())
    if any(c.last_s >= asked_s for c in here) or most_p_ice >= p.cost.release_below:
        return ""
    return (
        f"; the forecast that has come since gives ice in {100.0 * most_p_ice:.0f} % of cases at most: "
        "what the sensors' trend asked for is not needed"
    )


def still_refused(a: Assessment, kept: RoutePlan | None, p: GrittingParameters) -> Assessment:
    """Return what a stretch needs; where salt did not work, or the matrix had no rate, it is the duty officer's until it is ``dose.back_c`` warmer."""
    minimum = a.outlook.minimum_c
    if kept is None or minimum is None or a.outcome == "refer":
        return a
    by = refused_by(a.outlook.segment_id, minimum, a.condition if a.gap else "", kept, p)
    if by == "":
        return a
    cold = f"salt works again from {p.dose.coldest_c + p.dose.back_c:g} °C on"
    why = cold if by == "cold" else f"the treatment matrix has no rate {p.dose.back_c:g} °C below that"
    return structs.replace(
        a, outcome="refer", why=f"{a.why}: {why}", near=False, plough=False, gap=by == "gap"
    )


def refused_by(segment_id: str, minimum_c: float, gap: str, kept: RoutePlan, p: GrittingParameters) -> str:
    """Return what a stretch that was set aside still waits for: "cold", "gap" of the matrix, or "" nothing.

    ``gap``: the condition that threatens now, where the matrix has no rate for it here or ``dose.back_c`` colder; else "".
    """
    if segment_id not in kept.aside:
        return ""
    if segment_id in kept.gaps:
        return "gap" if kept.gaps[segment_id] == gap else ""
    return "cold" if is_nearly_dead(minimum_c, p) else ""


def is_nearly_dead(minimum_c: float, p: GrittingParameters) -> bool:
    """Whether a surface is so cold that salt which did not work is not tried again."""
    return minimum_c < p.dose.coldest_c + p.dose.back_c
