"""How much warmer or colder it would have to be for another gritting decision.

The change is put on every road's surface temperature, now and expected; dew points, water and
salt stay as they are. The decision changes only where a road crosses a limit, so the limits are
tried, not guessed at; and what is found is tried again on both sides before it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from rules.core.coat import Coat
from rules.core.effects import Json
from rules.core.gritting import Assessment, Outlook, assess
from rules.core.matrix import TreatmentMatrix
from rules.core.parameters import GrittingParameters
from rules.core.route_plan import RoutePlan, make_plan

SIDE_C = 0.01
"""A change is tried this much before and after [°C]."""
MOST_C = 15.0
QUANTITY = "surface_temperature_c"

Treats = Callable[[float], bool]


def warmer(o: Outlook, by_c: float) -> Outlook:
    """Return an outlook with a surface that is and becomes ``by_c`` warmer."""
    if o.minimum_c is None:
        return o
    surface = None if o.surface_c is None else o.surface_c + by_c
    return replace(o, surface_c=surface, minimum_c=o.minimum_c + by_c)


def would_change(
    assessed: Sequence[Assessment],
    coats: Mapping[str, Coat],
    held: RoutePlan | None,
    plan: RoutePlan,
    at_s: float,
    p: GrittingParameters,
    matrix: TreatmentMatrix,
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

    Returns:
        ``{quantity, by, unit, then}``, ``by`` with its sign, ``then`` = treat or no_treatment; nothing where
        the duty officer decides, or no change up to ``MOST_C`` would.
    """
    if plan.outcome == "refer":
        return ()
    outlooks = [a.outlook for a in assessed]

    def treats(by_c: float) -> bool:
        found = [assess(warmer(o, by_c), p, matrix) for o in outlooks]
        return make_plan(found, coats, held, at_s, plan.period, p).outcome == "treat"

    treated = plan.outcome == "treat"
    way = 1.0 if treated else -1.0
    limits = sorted({round(way * c, 3) for c in _limits_c(outlooks, p, matrix) if 0.0 <= way * c <= MOST_C})
    by_c = _least(limits, lambda c: treats(way * c) is not treated)
    if by_c is None:
        return ()
    then = "no_treatment" if treated else "treat"
    return ({"quantity": QUANTITY, "by": round(way * by_c, 3), "unit": "°C", "then": then},)


def _limits_c(outlooks: Iterable[Outlook], p: GrittingParameters, matrix: TreatmentMatrix) -> Iterable[float]:
    """Yield the changes [°C] at which a road crosses a limit of the rule or of the matrix."""
    fixed = [p.action_c, p.action_c + p.release_c, p.action_c + p.join_c, 0.0]
    fixed += [b for r in matrix.rows for b in (r.above_c, r.below_c) if b is not None]
    for o in outlooks:
        if o.minimum_c is not None:
            points = [c for c in (o.dew_point_c, o.frost_point_c) if c is not None]
            near = [c + p.hoar_margin_c + more for c in points for more in (0.0, p.join_c)]
            yield from (limit - o.minimum_c for limit in (*fixed, *near))


def _least(limits: Sequence[float], other: Treats) -> float | None:
    """Return the least limit past which the decision is another one, sure on both its sides.

    It is looked for in strides that double, then by halving, as a decision seldom turns twice;
    where that leads astray, nothing is said.
    """
    high = next((i for i in _strides(len(limits)) if other(limits[i] + SIDE_C)), None)
    if high is None:
        return None
    low = 0
    while low < high:
        middle = (low + high) // 2
        if other(limits[middle] + SIDE_C):
            high = middle
        else:
            low = middle + 1
    found = limits[low]
    return None if found > SIDE_C and other(found - SIDE_C) else found


def _strides(n: int) -> Iterable[int]:
    """Yield 0, 1, 3, 7 ... and the last index below ``n``."""
    at = 0
    while at < n - 1:
        yield at
        at = 2 * at + 1
    if n > 0:
        yield n - 1
