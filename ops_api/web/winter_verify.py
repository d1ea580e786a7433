"""The morning's verification as the board shows it: what the night's forecasts and decisions were worth, and the season's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ops_api.web import words
from rules.core.winter_nights import in_words, night_of
from rules.core.winter_scores.contingency import Counts, measures
from rules.core.winter_scores.leads import Errors, LeadErrors
from rules.core.winter_scores.night import NightScore, RouteScore
from rules.core.winter_scores.season import RouteSeason, Season, together
from rules.core.winter_scores.service import Service

JUDGED_FROM = time(10)
"""By then the morning's frost is over; noon ends the night, and until then a score may still change."""
LEADS = (1, 3, 6, 9, 12, 15, 18, 24)
OUTCOMES: Mapping[str, tuple[str, str]] = {
    "hit": ("Hit", "a treatment was asked for before a road that was not dry froze"),
    "miss": ("Miss", "a road that was not dry froze, and no treatment asked for stood"),
    "false_alarm": ("False alarm", "asked for, and no road froze that was not dry"),
    "correct_rejection": ("Correct rejection", "not asked for, and no road froze that was not dry"),
    "unknown": ("Not judged", "no sensor to be believed measured here"),
}


@dataclass(frozen=True, slots=True)
class RouteRow:
    """A route's night."""

    label: str
    outcome: str
    name: str
    means: str
    lowest: str
    frost: str
    asked: str
    in_time: str


@dataclass(frozen=True, slots=True)
class Rate:
    """A figure with what it means."""

    name: str
    value: str
    means: str


@dataclass(frozen=True, slots=True)
class LeadRow:
    """Errors so many hours ahead, in the night and in the season."""

    lead: str
    night: tuple[str, str]
    season: tuple[str, str]
    pairs: str


@dataclass(frozen=True, slots=True)
class SeasonRow:
    """A route's season: nights of each outcome, and what is counted of them."""

    label: str
    counts: tuple[str, ...]
    rates: tuple[str, ...]
    salt: str


@dataclass(frozen=True, slots=True)
class VerifyView:
    """The part's content.

    Attributes:
        night: that it is about, ISO.
        early: why there is nothing to judge yet; else empty.
        headline: the answer, in a sentence.
        can_keep: whether the score was only worked out just now.
    """

    night: str
    night_words: str
    early: str
    headline: str
    routes: tuple[RouteRow, ...]
    salt: str
    service: str
    rates: tuple[Rate, ...]
    season: str
    season_salt: str
    season_routes: tuple[SeasonRow, ...]
    leads: tuple[LeadRow, ...]
    minimum: str
    notes: tuple[str, ...]
    can_keep: bool


def judged_from(night: date, zone: ZoneInfo) -> datetime:
    """Return from when on a night can be judged."""
    return datetime.combine(night + timedelta(days=1), JUDGED_FROM, zone)


def last_judged(now: datetime, zone: ZoneInfo) -> date:
    """Return the newest night that can be judged."""
    night = night_of(now.timestamp(), zone)
    return night if now >= judged_from(night, zone) else night - timedelta(days=1)


def view(
    night: date, score: NightScore | None, season: Season, *, kept: bool, now: datetime, zone: ZoneInfo
) -> VerifyView:
    """Return the part.

    Args:
        night: that is asked for.
        score: of it; None: it is too early, or there is nothing to judge by.
        season: up to it.
        kept: whether the score is kept.
        now: the town's time.
        zone: of the town.
    """
    all_of_it = None if score is None else together(r.service for r in score.routes)
    return VerifyView(
        night=night.isoformat(), night_words=in_words(night),
        early="" if score is not None else _early(night, now, zone),
        headline="" if score is None else _headline(score.counts),
        routes=() if score is None else tuple(_route(r, zone) for r in score.routes),
        salt="" if all_of_it is None else _salt(all_of_it), service="" if all_of_it is None else _service(all_of_it),
        rates=_rates(season.counts), season=_season(season),
        season_salt="" if season.nights == 0 else _salt(season.service),
        season_routes=tuple(_season_route(r) for r in season.routes),
        leads=_leads(() if score is None else score.leads, season.leads),
        minimum=_minimum(None if score is None else score.minimum, season.minimum),
        notes=() if score is None else score.notes, can_keep=score is not None and not kept,
    )  # fmt: skip


def _early(night: date, now: datetime, zone: ZoneInfo) -> str:
    at = judged_from(night, zone)
    if now >= at:
        return f"Nobody measured any route in {in_words(night)}: there is nothing to judge it by."
    return f"The {in_words(night).removeprefix('the ')} can be judged from {words.day_and_clock(at, zone, now).removeprefix('today ')}."


def _headline(c: Counts) -> str:
    if c.judged == 0:
        return "Nobody measured whether it froze: nothing can be judged"
    named = (
        (c.hits, "hit", "hits"), (c.misses, "miss", "misses"), (c.false_alarms, "false alarm", "false alarms"),
        (c.correct_rejections, "correct rejection", "correct rejections"),
    )  # fmt: skip
    said = words.joined([words.plural(n, one, many) for n, one, many in named if n > 0])
    return f"{c.hits + c.correct_rejections} of {words.plural(c.judged, 'route')} right: {said}"


def _route(r: RouteScore, zone: ZoneInfo) -> RouteRow:
    name, means = OUTCOMES[r.outcome]
    f, s = r.frost, r.service
    frost = "none" if f.from_s is None else f"from {_clock(f.from_s, zone)}, {words.number(f.frost_h, 1)} h"
    return RouteRow(
        label=r.label, outcome=r.outcome, name=name, means=means, lowest=words.degrees(f.minimum_c),
        frost="–" if f.minimum_c is None else frost, asked=_clock(r.warned_s, zone),
        in_time="–" if s.in_time_pct is None else f"{words.number(s.in_time_km, 1)} of {words.number(s.due_km, 1)} km",
    )  # fmt: skip


def _clock(at_s: float | None, zone: ZoneInfo) -> str:
    return "–" if at_s is None else words.clock(datetime.fromtimestamp(at_s, UTC), zone)


def _salt(s: Service) -> str:
    said = f"{words.number(s.salt_t, 2)} t of salt; the fixed policy, every route once at 10 g/m², {words.number(s.policy_t, 2)} t"
    if s.policy_t == 0.0:
        return said
    less = 100.0 * (1.0 - s.salt_t / s.policy_t)
    return f"{said}: {words.percent(abs(less))} {'less' if less >= 0 else 'more'}"


def _service(s: Service) -> str:
    if s.due_km == 0.0:
        return "Nothing was to be treated"
    said = f"{words.number(s.in_time_km, 1)} of {words.number(s.due_km, 1)} km treated before it froze"
    late = f", {words.number(s.late_km, 1)} km late" if s.late_km >= 0.05 else ""
    never = f", {words.number(s.untreated_km, 1)} km never" if s.untreated_km >= 0.05 else ""
    return said + late + never


def _rates(c: Counts) -> tuple[Rate, ...]:
    m = measures(c)
    named = (
        ("POD", m.pod, "of hazards, so many were asked for in time"),
        ("FAR", m.far, "of treatments asked for, so many had no hazard"),
        ("POFD", m.pofd, "of nights without a hazard, so many were treated"),
        ("TSS", m.tss, "POD − POFD: 1 is perfect, 0 no skill"),
    )  # fmt: skip
    return tuple(Rate(name, "–" if v is None else words.number(v, 2), means) for name, v, means in named)


def _season(s: Season) -> str:
    if s.nights == 0 or s.first is None:
        return "No night of this season has a score yet"
    c = s.counts
    return (
        f"Season, {words.plural(s.nights, 'night')} since {s.first.day} {s.first:%B}, {words.number(s.frost_nights)} with frost: "
        f"{words.plural(c.hits, 'hit')}, {words.plural(c.misses, 'miss', 'misses')}, "
        f"{words.plural(c.false_alarms, 'false alarm')}, {words.plural(c.correct_rejections, 'correct rejection')}"
    )


def _season_route(r: RouteSeason) -> SeasonRow:
    c, m, s = r.counts, measures(r.counts), r.service
    return SeasonRow(
        label=r.label,
        counts=tuple(words.number(n) for n in (c.hits, c.misses, c.false_alarms, c.correct_rejections)),
        rates=tuple("–" if v is None else words.number(v, 2) for v in (m.pod, m.far, m.tss)),
        salt=f"{words.number(s.salt_t, 2)} of {words.number(s.policy_t, 2)} t",
    )


def _leads(night: tuple[LeadErrors, ...], season: tuple[LeadErrors, ...]) -> tuple[LeadRow, ...]:
    mine, all_ = ({e.lead_h: e.errors for e in of} for of in (night, season))
    return tuple(
        LeadRow(f"{h} h", _errors(mine.get(h)), _errors(all_.get(h)), words.number(all_[h].n if h in all_ else mine[h].n))
        for h in LEADS
        if h in mine or h in all_
    )  # fmt: skip


def _errors(e: Errors | None) -> tuple[str, str]:
    return ("–", "–") if e is None else (_signed(e.bias_c), words.number(e.rmse_c, 2))


def _signed(value: float) -> str:
    text = words.number(value, 2)
    return text if value < 0.0 or text == "0.00" else f"+{text}"


def _minimum(night: Errors | None, season: Errors | None) -> str:
    e = night or season
    if e is None:
        return ""
    of = "of the night" if night is not None else "of the season’s nights"
    return f"Lowest temperature {of} as the afternoon’s forecast said it: bias {_signed(e.bias_c)} °C, RMSE {words.number(e.rmse_c, 2)} °C."
