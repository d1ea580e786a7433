"""How much warmer or colder it would have to be for another gritting decision.

The change is put on every road's surface temperature, now and expected; dew points, water and
salt stay as they are; a forecast's chance of ice moves with it, as far as its spread says. The decision changes only where a road crosses a limit, so the limits are
tried, not guessed at; and what is found is tried again on both sides before it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import NormalDist

from msgspec.structs import replace

from rules.core.coat import Coat
from rules.core.dose import safe_down_to_c
from rules.core.effects import Json
from rules.core.gritting import Assessment, Outlook, assess
from rules.core.gritting_parameters import GrittingParameters
from rules.core.holding import cautious
from rules.core.matrix import TreatmentMatrix
from rules.core.residual import left_g_m2, margin_c
from rules.core.route_plan import RoutePlan, make_plan

SIDE_C = 0.01
"""A change is tried this much before and after [°C]."""
MOST_C = 15.0
QUANTITY = "surface_temperature_c"

NORMAL = NormalDist()
RARE = 1e-4
"""A chance that an ensemble can't tell from none."""
LEAST_SPREAD_C = 0.1

Treats = Callable[[float], bool]


def warmer(o: Outlook, by_c: float) -> Outlook:
    """Return an outlook with a surface that is and becomes ``by_c`` warmer."""
    if o.minimum_c is None:
        return o
    surface = None if o.surface_c is None else o.surface_c + by_c
    warm = replace(o, surface_c=surface, minimum_c=o.minimum_c + by_c)
    if o.p_ice is None:
        return warm
    return replace(warm, p_ice=NORMAL.cdf(_quantile(o.p_ice) - by_c / _spread_c(o)))


def _quantile(chance: float) -> float:
    return NORMAL.inv_cdf(min(max(chance, RARE), 1.0 - RARE))


def _spread_c(o: Outlook) -> float:
    """Return the spread of a forecast's lowest surface temperature [°C]."""
    return LEAST_SPREAD_C if o.spread_c is None else max(LEAST_SPREAD_C, o.spread_c)


def would_change(
    assessed: Sequence[Assessment],
    coats: Mapping[str, Coat],
    held: RoutePlan | None,
    plan: RoutePlan,
    at_s: float,
    p: GrittingParameters,
    matrix: TreatmentMatrix,
    lost: bool = False,
) -> tuple[Json, ...]:
    """Return the least change after which a route is not treated, or is.

    Args:
        assessed: what each of its segments needs.
        coats: the salt on them.
        held: the plan before this one.
        plan: what was decided.
        at_s: when [s since 1970].
        p: of the rule.
        matrix: of the rule.
        lost: whether the road forecast is lost.

    Returns:
        ``{quantity, by, unit, then}``, ``by`` with its sign, ``then`` = treat or no_treatment; nothing where
        the duty officer decides, or no change up to ``MOST_C`` would.
    """
    if plan.outcome == "refer":
        return ()
    p = cautious(p) if lost else p
    treated = plan.outcome == "treat"
    way = 1.0 if treated else -1.0

    def other(by_c: float, among: Sequence[Outlook]) -> bool:
        found = [assess(warmer(o, way * by_c), p, matrix) for o in among]
        return (make_plan(found, coats, held, at_s, plan.period, p, lost).outcome == "treat") is not treated

    outlooks = [a.outlook for a in assessed]
    # Warming asks for no new salt: roads that need none now are left out of the search.
    asked = [o for o in outlooks if o.segment_id in plan.needs or o.segment_id == plan.coldest]
    searched = asked if treated else outlooks
    limits = sorted(
        {round(way * c, 3) for c in _limits_c(searched, coats, at_s, p, matrix) if 0.0 <= way * c <= MOST_C}
    )
    by_c = _least(limits, lambda c: other(c, searched))
    if by_c is None or not other(by_c + SIDE_C, outlooks):
        return ()
    if by_c > SIDE_C and other(by_c - SIDE_C, outlooks):
        return ()
    then = "no_treatment" if treated else "treat"
    return ({"quantity": QUANTITY, "by": round(way * by_c, 3), "unit": "°C", "then": then},)


def _limits_c(
    outlooks: Iterable[Outlook],
    coats: Mapping[str, Coat],
    at_s: float,
    p: GrittingParameters,
    matrix: TreatmentMatrix,
) -> Iterable[float]:
    """Yield the changes [°C] at which a road crosses a limit of the rule, of the matrix or of the salt on it."""
    fixed = [p.action_c, p.action_c + p.release_c, p.action_c + p.join_c, 0.0, p.dose.coldest_c]
    fixed += [b for r in matrix.rows for b in (r.above_c, r.below_c) if b is not None]
    for o in outlooks:
        if o.minimum_c is not None:
            points = [c for c in (o.dew_point_c, o.frost_point_c) if c is not None]
            near = [c + p.hoar_margin_c + more for c in points for more in (0.0, p.join_c)]
            salt = _protected_from_c(o, coats[o.segment_id], at_s, p) if o.segment_id in coats else []
            yield from (limit - o.minimum_c for limit in (*fixed, *near, *salt))
            if o.p_ice is not None:
                limits = (p.cost.act_from, p.cost.release_below)
                yield from (_spread_c(o) * (_quantile(o.p_ice) - _quantile(limit)) for limit in limits)


def _protected_from_c(o: Outlook, here: Coat, at_s: float, p: GrittingParameters) -> list[float]:
    """Return the surface temperatures from which earlier salt does, for each film that may be there [°C]."""
    left = left_g_m2(here, o.rain_mm, o.ahead_h, at_s, p)
    films = [p.dose.damp_film_mm, p.dose.wet_film_mm, o.film_mm, o.deposit_mm]
    safe = {safe_down_to_c(left, film) for film in films if film is not None and film > 0.0 and left > 0.0}
    return [c + margin_c(held, p) for c in safe for held in (False, True)]


def _least(limits: Sequence[float], other: Treats) -> float | None:
    """Return the least limit past which the decision is another one.

    It is looked for by halving, as a decision seldom turns twice; where it is the old one again at the
    far end, first in strides that double.
    """
    if not limits:
        return None
    low, high = 0, len(limits) - 1
    if not other(limits[high] + SIDE_C):
        found = next((i for i in _strides(len(limits)) if other(limits[i] + SIDE_C)), None)
        if found is None:
            return None
        high = found
    while low < high:
        middle = (low + high) // 2
        if other(limits[middle] + SIDE_C):
            high = middle
        else:
            low = middle + 1
    return limits[low]


def _strides(n: int) -> Iterable[int]:
    """Yield 0, 1, 3, 7 ... below ``n``."""
    at = 0
    while at < n:
        yield at
        at = 2 * at + 1
