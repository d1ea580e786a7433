"""What ``cityops rules replay`` does: run, compare, count; as values, without printing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from devices.registry import Registry
from ops_api.rules_text import names_of
from rules.core.context import Context, build_context
from rules.core.diff import Difference, compare
from rules.core.overrides import Override, prepare
from rules.core.parameters import Catalogue
from rules.core.replayed import Replayed
from rules.core.savings import Treatments, treatments
from rules.replay.hide import hide_homes
from rules.replay.reader import PostgresReadings
from rules.replay.runner import Progress, run, widths_m


@dataclass(frozen=True, slots=True)
class Town:
    """What is installed now, the catalogue that runs, every override that counted, and whether road forecasts are made."""

    registry: Registry
    live: Catalogue
    overrides: tuple[Override, ...]
    forecasts_expected: bool = False


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What to play. ``against``: ``stored`` = the tables, ``live`` = a run of the live catalogue, or a catalogue."""

    from_s: float
    to_s: float
    catalogue: Catalogue
    against: str | Catalogue | None
    warm_up_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. ``differences`` and ``saved``: None where nothing was compared.

    ``names``: what people call routes and stretches.
    """

    found: Replayed
    differences: Sequence[Difference] | None
    saved: Treatments | None
    names: Mapping[str, str]


def play(plan: ReplayPlan, source: PostgresReadings, town: Town, progress: Progress | None) -> Outcome:
    """Run the plan. Blocking.

    Raises:
        TransientError: the database does not answer.
    """
    ctx = _context(town, plan.catalogue)
    homes, names = source.homes(), names_of(town.registry)
    found = hide_homes(run(source, ctx, plan.from_s, plan.to_s, plan.warm_up_s, progress), homes)
    if plan.against is None:
        return Outcome(found, None, None, names)
    if plan.against == "stored":
        before = source.stored(plan.from_s, plan.to_s, widths_m(ctx))
    else:
        other = town.live if isinstance(plan.against, str) else plan.against
        before = run(source, _context(town, other), plan.from_s, plan.to_s, plan.warm_up_s, progress)
    before = hide_homes(before, homes)
    p = plan.catalogue.gritting.parameters
    start_s = period_start_s(plan.from_s, p.period_start_h, ZoneInfo(p.time_zone))
    saved = treatments(before, found, start_s, p.respond_s, 3600.0 * p.treatment.holds_h)
    return Outcome(found, compare(before, found), saved, names)


def period_start_s(from_s: float, start_h: float, zone: ZoneInfo) -> float:
    """Return when the service period of a time begins [s since 1970]."""
    day = datetime.fromtimestamp(from_s, zone)
    at = datetime.combine(day.date(), time(0), zone) + timedelta(hours=start_h)
    return (at if at <= day else at - timedelta(days=1)).timestamp()


def _context(town: Town, catalogue: Catalogue) -> Context:
    zone = ZoneInfo(catalogue.gritting.parameters.time_zone)
    taken, expected = prepare(catalogue, town.overrides), town.forecasts_expected
    return build_context(town.registry, catalogue, zone, overrides=taken, forecasts_expected=expected)
