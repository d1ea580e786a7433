"""Several nights as one: counts and pairs are added, never means of means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from rules.core.winter_scores.contingency import Counts, counted
from rules.core.winter_scores.leads import Errors, LeadErrors, pooled
from rules.core.winter_scores.night import NightScore
from rules.core.winter_scores.service import Service


class RouteSeason(msgspec.Struct, frozen=True, kw_only=True):
    """A route over several nights."""

    route_id: str
    label: str
    counts: Counts
    service: Service


class Season(msgspec.Struct, frozen=True, kw_only=True):
    """Several nights.

    Attributes:
        first, last: nights that are in it; None where there are none.
        frost_nights: with frost on any route.
        hazard_nights: with a wet or white frozen road on any route.
    """

    first: date | None
    last: date | None
    nights: int
    frost_nights: int
    hazard_nights: int
    counts: Counts
    leads: tuple[LeadErrors, ...]
    minimum: Errors | None
    routes: tuple[RouteSeason, ...]
    service: Service


def season(nights: Sequence[NightScore]) -> Season:
    """Return nights as one."""
    days = sorted(n.night for n in nights)
    labels = {r.route_id: r.label for n in nights for r in n.routes}
    return Season(
        first=days[0] if days else None, last=days[-1] if days else None, nights=len(nights),
        frost_nights=sum(any(r.frost.from_s is not None for r in n.routes) for n in nights),
        hazard_nights=sum(any(r.frost.hazard_h > 0.0 for r in n.routes) for n in nights),
        counts=sum((n.counts for n in nights), Counts()), leads=_leads(nights),
        minimum=pooled(n.minimum for n in nights if n.minimum is not None),
        routes=tuple(_route(route, label, nights) for route, label in labels.items()),
        service=together(r.service for n in nights for r in n.routes),
    )  # fmt: skip


def together(found: Iterable[Service]) -> Service:
    """Return the service on several routes or nights as one."""
    rows = list(found)
    return Service(**{name: sum(getattr(s, name) for s in rows) for name in Service.__struct_fields__})


def _leads(nights: Sequence[NightScore]) -> tuple[LeadErrors, ...]:
    of_lead: dict[int, list[Errors]] = {}
    for night in nights:
        for lead in night.leads:
            of_lead.setdefault(lead.lead_h, []).append(lead.errors)
    found = [(lead, pooled(rows)) for lead, rows in sorted(of_lead.items())]
    return tuple(LeadErrors(lead_h=lead, errors=e) for lead, e in found if e is not None)


def _route(route: str, label: str, nights: Sequence[NightScore]) -> RouteSeason:
    mine = [r for n in nights for r in n.routes if r.route_id == route]
    return RouteSeason(
        route_id=route, label=label, counts=counted(r.outcome for r in mine),
        service=together(r.service for r in mine),
    )  # fmt: skip
