"""What the service did on a route: how much was treated in time, how late the rest, how much salt."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rules.core.memory import TreatedMemory
from rules.core.treatment import Pass
from rules.core.winter_orders.model import Case
from rules.core.winter_scores.asked import asked_of
from rules.core.winter_scores.facts import NightFacts, Stretch
from rules.core.winter_scores.frost import Frost

NOTHING = TreatedMemory()


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What the service did on a route in a night.

    Attributes:
        due_km: length of the stretches that were to be treated.
        in_time_km: of them, treated before a road that was not dry froze; where it did not, treated at all.
        late_km, late_km_min: treated after it froze: their length, and length times minutes of delay.
        untreated_km: of them, not treated at all.
        untreated_hazard_h: hours of a wet or white frozen road where some of it was never treated.
        salt_t: put on the route [t].
        policy_t: what the fixed policy had put there [t].
    """

    due_km: float
    in_time_km: float
    late_km: float
    late_km_min: float
    untreated_km: float
    untreated_hazard_h: float
    salt_t: float
    policy_t: float

    @property
    def in_time_pct(self) -> float | None:
        """Share of what was due that was treated in time [%]; None where nothing was due."""
        return None if self.due_km == 0.0 else 100.0 * self.in_time_km / self.due_km


NOT_KNOWN = Service(**dict.fromkeys(Service.__struct_fields__, 0.0))
"""Where it is no longer known what was spread: counts nothing."""


def due_on(cases: Iterable[Case], is_hazard: bool) -> frozenset[str]:
    """Return the stretches that were to be treated: by what stands, and by proposals nobody answered.

    Where a hazard came (``is_hazard``), also those of what was cancelled or withdrawn: they needed it.
    """
    needed = {"open", "cancelled", "withdrawn"} if is_hazard else {"open"}
    found: set[str] = set()
    for case in cases:
        asked = case.treatment
        if asked is None and case.state in needed:
            asked = asked_of(case)
        found.update(() if asked is None else asked.segments)
    return frozenset(found)


def service_on(
    stretches: Iterable[Stretch],
    due: frozenset[str],
    frost: Frost,
    facts: NightFacts,
    policy_g_m2: float,
) -> Service:
    """Return what the service did on a route; ``policy_g_m2``: of the fixed policy in this night, 0 = none."""
    due_m = in_time_m = late_m = late_m_min = untreated_m = salt_kg = policy_kg = 0.0
    for s in stretches:
        passes = _of_night(facts.treated.get(s.segment_id, NOTHING).passes, facts)
        area_m2 = s.length_m * s.width_m
        salt_kg += sum(p.g_m2 * (p.high - p.low) for p in passes) * area_m2 / 1000.0
        policy_kg += policy_g_m2 * area_m2 / 1000.0
        if s.segment_id not in due:
            continue
        due_m += s.length_m
        first_s = min((p.at_s for p in passes), default=None)
        if first_s is None:
            untreated_m += s.length_m
        elif frost.hazard_from_s is None or first_s < frost.hazard_from_s:
            in_time_m += s.length_m
        else:
            late_m += s.length_m
            late_m_min += s.length_m * (first_s - frost.hazard_from_s) / 60.0
    return Service(
        due_km=due_m / 1000.0, in_time_km=in_time_m / 1000.0, late_km=late_m / 1000.0,
        late_km_min=late_m_min / 1000.0, untreated_km=untreated_m / 1000.0,
        untreated_hazard_h=frost.hazard_h if untreated_m > 0.0 else 0.0, salt_t=salt_kg / 1000.0,
        policy_t=policy_kg / 1000.0,
    )  # fmt: skip


def _of_night(passes: Iterable[Pass], facts: NightFacts) -> list[Pass]:
    return [p for p in passes if facts.from_s <= p.at_s < facts.to_s]
